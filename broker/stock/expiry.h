#ifndef STOCK_EXPIRY_H
#define STOCK_EXPIRY_H

#include "stock/queue.h"

/*
 * Items whose time is limited. One past it is never handed out: it becomes a dead
 * letter, or is dropped. While somebody holds it, it does not expire, but may when it
 * comes back.
 */

/* Make sure that expiry_watch() succeeds. NO_MEMORY. */
int expiry_reserve(struct queue *queue, const struct item *item);

/* The item enters the queue. */
void expiry_watch(struct queue *queue, struct item *item);

/* The item leaves the queue. */
void expiry_forget(struct queue *queue, struct item *item);

/* Whether its time is over. */
bool expiry_is_over(const struct queue *queue, const struct item *item);

#endif
