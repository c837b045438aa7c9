/*
 * Waiting for the results of a pool, for whatever else ends such a wait, and for nothing
 * else: no waiter wakes to see whether there is still somebody to wait for.
 */
#include "base/mutant.h"
#include "base/thread_error.h"
#include "os/descriptor.h"
#include "pool/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int pool_reply_make(relevo_pool *pool, struct reply *reply)
{
	const struct relevo_queue_options options = {
		.lifetime = RELEVO_LIFETIME_SESSION,
		.durable = pool->durable,
	};
	reply->event = descriptor_raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (reply->event < 0)
		return error_set_errno(thread_error(), RELEVO_SYSTEM, errno,
				       "no descriptor to wait for results");
	int status = relevo_queue_open(pool->session, NULL, &options, &reply->queue);
	if (status != RELEVO_OK)
		close(reply->event);
	return status;
}

int pool_reply_take(relevo_pool *pool, struct reply *reply)
{
	pthread_mutex_lock(&pool->lock);
	bool kept = pool->reply_count > 0;
	if (kept)
		*reply = pool->replies[--pool->reply_count];
	pthread_mutex_unlock(&pool->lock);
	return kept ? RELEVO_OK : pool_reply_make(pool, reply);
}

static bool pool_reply_keep(relevo_pool *pool, const struct reply *reply)
{
	if (pool->reply_count == pool->reply_capacity) {
		size_t capacity = pool->reply_capacity > 0 ? 2 * pool->reply_capacity : 4;
		struct reply *replies = realloc(pool->replies, capacity * sizeof *replies);
		if (replies == NULL)
			return false;
		pool->replies = replies;
		pool->reply_capacity = capacity;
	}
	pool->replies[pool->reply_count++] = *reply;
	return true;
}

void pool_reply_return(relevo_pool *pool, const struct reply *reply)
{
	pthread_mutex_lock(&pool->lock);
	bool kept = pool_reply_keep(pool, reply);
	pthread_mutex_unlock(&pool->lock);
	if (!kept)
		pool_reply_drop(pool, reply);
}

void pool_reply_drop(relevo_pool *pool, const struct reply *reply)
{
	/* So that workers are told that nobody waits. */
	relevo_queue_delete(pool->session, relevo_queue_name(reply->queue));
	relevo_queue_close(reply->queue);
	close(reply->event);
}

void pool_reply_stir(const struct reply *reply)
{
	/* A counter too full to be written is readable all the same. */
	if (!MUTANT(waiters_sleep_on))
		eventfd_write(reply->event, 1);
}

int pool_reply_receive(relevo_pool *pool, const struct reply *reply, struct queue_items *items,
		       nsec_t deadline, bool *stirred)
{
	const int end = pool->keeper_watch >= 0 ? pool->keeper_watch : pool->owner_of.event;
	struct attention attention = { .fds = { reply->event, end } };
	eventfd_t count;
	int64_t msec = RELEVO_FOREVER;
	if (deadline != NSEC_NEVER)
		msec = clock_msec_until(clock_now(), deadline);
	int status = queue_get_attentively(reply->queue, items, msec, &attention);
	*stirred = attention.due;
	if (attention.due)
		eventfd_read(reply->event, &count);
	return status;
}
