/*
 * That there is somebody who waits: a queue that ends with the handle of the pool. Workers
 * wait for that end while they run what was submitted with it (worker_caller.c).
 */
#include "pool/pool.h"

#include <string.h>

static relevo_queue *pool_caller_exchange(relevo_pool *pool, relevo_queue *queue)
{
	pthread_mutex_lock(&pool->lock);
	relevo_queue *before = pool->caller;
	pool->caller = queue;
	pthread_mutex_unlock(&pool->lock);
	return before;
}

/* False: there is none yet. */
static bool copy_name(relevo_pool *pool, char *name)
{
	pthread_mutex_lock(&pool->lock);
	bool there = pool->caller != NULL;
	if (there)
		strcpy(name, relevo_queue_name(pool->caller));
	pthread_mutex_unlock(&pool->lock);
	return there;
}

int pool_caller_name(relevo_pool *pool, char name[NAME_MAX_BYTES + 1])
{
	const struct relevo_queue_options options = {
		.lifetime = RELEVO_LIFETIME_SESSION,
		.durable = pool->durable,
	};
	relevo_queue *queue;
	if (copy_name(pool, name))
		return RELEVO_OK;
	int status = relevo_queue_open(pool->session, NULL, &options, &queue);
	if (status != RELEVO_OK)
		return status;
	strcpy(name, relevo_queue_name(queue));
	/* Another thread's, opened meanwhile, ends with the session. */
	relevo_queue_close(pool_caller_exchange(pool, queue));
	return RELEVO_OK;
}

void pool_caller_end(relevo_pool *pool)
{
	relevo_queue *queue = pool_caller_exchange(pool, NULL);
	if (queue == NULL)
		return;
	relevo_queue_delete(pool->session, relevo_queue_name(queue));
	relevo_queue_close(queue);
}

void pool_caller_forget(relevo_pool *pool)
{
	relevo_queue_close(pool_caller_exchange(pool, NULL));
}
