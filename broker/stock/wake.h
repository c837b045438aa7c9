/* Items that wait on disk come into memory when their turn is near. */
#ifndef STOCK_WAKE_H
#define STOCK_WAKE_H

#include "stock/queue.h"

/* Have some of those on disk in line, if none is. STORAGE, DAMAGED, QUOTA, NO_MEMORY, with the
 * reason: they are still on disk. */
int queue_wake(struct queue *queue, struct error *error);

/* Whether queue_wake() has something to do. */
static inline bool queue_sleeps(const struct queue *queue)
{
	return queue->stock.first_new == NULL && queue->stock.cold.items > 0;
}

#endif
