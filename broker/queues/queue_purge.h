#ifndef QUEUES_QUEUE_PURGE_H
#define QUEUES_QUEUE_PURGE_H

#include "stock/queue.h"

/* Drop all that is ready or delayed; how many that were. */
uint64_t queue_drain(struct queue *queue);

#endif
