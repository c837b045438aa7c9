#ifndef STOCK_ORDER_H
#define STOCK_ORDER_H

#include "stock/queue.h"

/*
 * The ranks of items: in a queue that is not first in, first out, the lowest rank
 * is next. An item keeps its rank while it is in the queue, so that one which comes
 * back has its old place.
 *
 * `fair` is made of ranks too. The items of one session have ranks that follow each
 * other, beginning behind the one that was handed out last: so of two sessions that
 * put at the same time one does not wait for the other, however much that has put,
 * and a session that comes later begins where the others are now.
 */

/* The rank of items put with that priority and cost, unless the queue is fair. */
uint32_t order_rank(const struct queue *queue, int32_t priority, uint32_t cost);

/* Rank an item of the session that is about to enter the queue. NO_MEMORY, QUOTA: it
 * cannot be. */
int order_enter(struct queue *queue, struct item *item, uint64_t session);

/* The item of another queue is about to enter this one: its rank says nothing here. */
void order_reset(const struct queue *queue, const struct queue *from, struct item *item);

/* The item, which is on record, is in the queue again. Whoever puts now begins where the first
 * of these are. */
void order_restore(struct queue *queue, const struct item *item);

/* The item is handed out. */
void order_advance(struct queue *queue, const struct item *item);

void order_fini(struct queue *queue);

#endif
