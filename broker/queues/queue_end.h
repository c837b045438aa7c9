#ifndef QUEUES_QUEUE_END_H
#define QUEUES_QUEUE_END_H

#include "stock/queue.h"

/* Delete: its name is free, its items are gone, those who wait will be told. */
void queue_end(struct queue *queue);

/* The same, but not on record. */
void queue_forget(struct queue *queue);

#endif
