/*
 * Jobs that are taken back. Which worker has a task, only the broker knows: so all
 * workers that watch their tasks are told, each in a queue of its own. Those that come
 * later look at what is kept. First it is kept, then the queues are listed; a worker
 * makes its queue first, and then looks: so none misses it.
 */
#include "base/mutant.h"
#include "base/thread_error.h"
#include "pool/pool.h"
#include "task.pb-c.h"

#include <relevo/manage.h>
#include <stdlib.h>
#include <string.h>

/* What is kept: as many as a worker remembers. */
enum { MOST_KEPT = 1024 };

static int open_cancelled(relevo_pool *pool)
{
	/* Of all who have it open and cancel something, for the last of them takes it away. */
	const struct relevo_queue_options options = {
		.lifetime = RELEVO_LIFETIME_UNTIL_UNUSED,
		.durable = pool->durable,
	};
	char name[NAME_MAX_BYTES + 1];
	relevo_queue *queue;
	pthread_mutex_lock(&pool->lock);
	bool open = pool->cancelled != NULL;
	pthread_mutex_unlock(&pool->lock);
	if (open)
		return RELEVO_OK;
	int status = pool_queue_name(POOL_CANCELLED, relevo_pool_name(pool), name, thread_error());
	if (status == RELEVO_OK)
		status = relevo_queue_open(pool->session, name, &options, &queue);
	if (status != RELEVO_OK)
		return status;
	pthread_mutex_lock(&pool->lock);
	if (pool->cancelled == NULL) {
		pool->cancelled = queue;
		queue = NULL;
	}
	pthread_mutex_unlock(&pool->lock);
	relevo_queue_close(queue);
	return RELEVO_OK;
}

static int pool_cancel_keep(relevo_pool *pool, const struct buffer *order)
{
	int status = open_cancelled(pool);
	if (status != RELEVO_OK)
		return status;
	pthread_mutex_lock(&pool->lock);
	bool full = ++pool->cancel_count % MOST_KEPT == 0;
	pthread_mutex_unlock(&pool->lock);
	if (full)
		relevo_queue_purge(pool->cancelled, NULL);
	return relevo_queue_put(pool->cancelled, buffer_data(order), buffer_size(order),
				RELEVO_FOREVER);
}

struct telling {
	relevo_pool *pool;
	const struct buffer *order;
};

/* One worker. It may be gone by now. */
static int pool_cancel_tell(const struct relevo_queue_info *info, void *user)
{
	const struct telling *telling = user;
	const struct relevo_queue_options options = { .mode = RELEVO_OPEN_EXISTING };
	relevo_queue *queue;
	if (relevo_queue_open(telling->pool->session, info->name, &options, &queue) != RELEVO_OK)
		return 0;
	relevo_queue_put(queue, buffer_data(telling->order), buffer_size(telling->order),
			 RELEVO_FOREVER);
	relevo_queue_close(queue);
	return 0;
}

static int tell_all(relevo_pool *pool, const struct buffer *order)
{
	char prefix[NAME_MAX_BYTES + 2];
	struct telling telling = { pool, order };
	int status = pool_queue_name(POOL_CONTROL, relevo_pool_name(pool), prefix, thread_error());
	if (status != RELEVO_OK)
		return status;
	strcat(prefix, "/");
	if (MUTANT(cancelled_goes_on))
		return RELEVO_OK;
	return relevo_queue_list(pool->session, prefix, pool_cancel_tell, &telling);
}

static bool pool_cancel_encode(struct buffer *out, const char *reply_to, uint64_t job)
{
	Relevo__PoolCancel order = RELEVO__POOL_CANCEL__INIT;
	order.reply_to = (char *)reply_to;
	order.job = job;
	uint8_t *place = buffer_reserve(out, relevo__pool_cancel__get_packed_size(&order));
	if (place == NULL)
		return false;
	buffer_commit(out, relevo__pool_cancel__pack(&order, place));
	return true;
}

int pool_cancel_job(relevo_pool *pool, const char *reply_to, uint64_t job)
{
	struct buffer order = { 0 };
	if (!pool_cancel_encode(&order, reply_to, job))
		return error_set(thread_error(), RELEVO_NO_MEMORY, "no memory to cancel a job");
	int status = pool_cancel_keep(pool, &order);
	if (status == RELEVO_OK)
		status = tell_all(pool, &order);
	buffer_fini(&order);
	return status;
}

void pool_cancel_all(relevo_pool *pool)
{
	struct buffer order = { 0 };
	/* The number that no job has stands for all. */
	if (pool_cancel_encode(&order, "", 0))
		tell_all(pool, &order);
	buffer_fini(&order);
}

void pool_cancel_fini(relevo_pool *pool)
{
	if (pool->cancelled == NULL)
		return;
	relevo_queue_close(pool->cancelled);
}
