/* The line of puts that wait at a queue. */
#ifndef STOCK_QUEUE_PUTTERS_H
#define STOCK_QUEUE_PUTTERS_H

#include "stock/queue.h"

/* The item that a getter could have of the first of them now, or NULL. */
const struct item *putters_offer(const struct queue *queue);

/* When the item of the first of them may be handed out; NSEC_NEVER: no time is set. */
nsec_t putters_due(const struct queue *queue);

/* Its time may have come. */
void putters_ripen(struct queue *queue);

#endif
