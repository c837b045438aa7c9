#ifndef STOCK_DUPLICATE_H
#define STOCK_DUPLICATE_H

#include "stock/queue.h"

/*
 * Keys against duplicates: while an item with a key is in the queue, ready, delayed
 * or held, no other with that key enters.
 */

/* Whether one with the item's key is there. */
bool duplicate_is(struct queue *queue, const struct item *item);

/* The item enters the queue, or leaves it. NO_MEMORY: it cannot enter. */
int duplicate_enter(struct queue *queue, struct item *item);
void duplicate_leave(struct queue *queue, struct item *item);

#endif
