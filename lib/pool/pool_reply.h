#ifndef POOL_POOL_REPLY_H
#define POOL_POOL_REPLY_H

#include "base/clock.h"
#include "queue/queue.h"

#include <relevo/pool.h>

/* Where results come to, and how whoever waits for them is stirred for another reason. */
struct reply {
	relevo_queue *queue;
	int event; /* an eventfd */
};

/* For the results of one map. */
int pool_reply_take(relevo_pool *pool, struct reply *reply);

/* Keep it for the next map. */
void pool_reply_return(relevo_pool *pool, const struct reply *reply);

/* Results may still come to it, and nobody wants them. */
void pool_reply_drop(relevo_pool *pool, const struct reply *reply);

/* Whoever waits looks around. */
void pool_reply_stir(const struct reply *reply);

/*
 * Results, as soon as there are some: relevo_queue_get_many(). INTERRUPTED also if there is
 * something else to look at; then *stirred says so.
 */
int pool_reply_receive(relevo_pool *pool, const struct reply *reply, struct queue_items *items,
		       nsec_t deadline, bool *stirred);

#endif
