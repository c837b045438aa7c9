#ifndef QUEUES_QUEUE_SETTLE_H
#define QUEUES_QUEUE_SETTLE_H

#include "stock/queue.h"

/* Serve whoever can be served, a piece of it if it is much. Calls answers. For
 * engine->settle_queue. */
void queue_settle(struct work *settling);

/* Make ready what is due. */
void queue_ripen(struct queue *queue);

#endif
