#include "process/pool.h"

#include <stdlib.h>

int pool_reply_take(relevo_pool *pool, relevo_queue **reply)
{
	*reply = NULL;
	pthread_mutex_lock(&pool->lock);
	if (pool->reply_count > 0)
		*reply = pool->replies[--pool->reply_count];
	pthread_mutex_unlock(&pool->lock);
	if (*reply != NULL)
		return RELEVO_OK;
	struct relevo_queue_options options = { .lifetime = RELEVO_WITH_SESSION };
	return relevo_queue_open(pool->session, NULL, &options, reply);
}

static bool keep(relevo_pool *pool, relevo_queue *reply)
{
	if (pool->reply_count == pool->reply_capacity) {
		size_t capacity = pool->reply_capacity > 0 ? 2 * pool->reply_capacity : 4;
		relevo_queue **replies = realloc(pool->replies, capacity * sizeof *replies);
		if (replies == NULL)
			return false;
		pool->replies = replies;
		pool->reply_capacity = capacity;
	}
	pool->replies[pool->reply_count++] = reply;
	return true;
}

void pool_reply_return(relevo_pool *pool, relevo_queue *reply)
{
	pthread_mutex_lock(&pool->lock);
	bool kept = keep(pool, reply);
	pthread_mutex_unlock(&pool->lock);
	if (!kept)
		pool_reply_drop(pool, reply);
}

void pool_reply_drop(relevo_pool *pool, relevo_queue *reply)
{
	/* So that workers are told that nobody waits. */
	relevo_queue_delete(pool->session, relevo_queue_name(reply));
	relevo_queue_close(reply);
}
