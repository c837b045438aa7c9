#ifndef STOCK_DEAD_LETTER_H
#define STOCK_DEAD_LETTER_H

#include "stock/queue.h"

/*
 * Items that nobody will be given any more where they are: handed out too often,
 * rejected, expired, or in the way of others. They go to the dead-letter queue that
 * their queue names, which is made if it is not there, or nowhere.
 */

/* BAD_NAME, or BAD_ARGUMENT: it cannot be the dead-letter queue of that one. */
int dead_letter_check(struct engine *engine, const char *name, const struct queue_options *options,
		      struct error *error);

/* Whether an item that comes back has been handed out as often as it may be. */
bool dead_letter_due(const struct queue *queue, const struct item *item);

/* The item, which is out of stock, leaves the queue for good: counted in *counter.
 * NO_MEMORY, QUOTA, BAD_STATE or the recorder's reason: the dead-letter queue does not
 * take it, and it is still the queue's. */
int dead_letter_send(struct queue *queue, struct item *item, uint64_t *counter);

/* The same; if it cannot be sent, it stays in stock, ready, and does not expire. */
void dead_letter_or_give_back(struct queue *queue, struct item *item, uint64_t *counter);

#endif
