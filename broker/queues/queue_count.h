#ifndef QUEUES_QUEUE_COUNT_H
#define QUEUES_QUEUE_COUNT_H

#include "queues/queue_call.h"
#include "stock/queue.h"

struct queue_counts queue_counts_of(const struct queue *queue);

#endif
