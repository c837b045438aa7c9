#ifndef QUEUES_QUEUE_SHUTDOWN_H
#define QUEUES_QUEUE_SHUTDOWN_H

#include "stock/queue.h"

/* Shut it down; engine_run() does what follows. */
void queue_stop(struct queue *queue, enum queue_shutdown how);

/* Answer putters: nothing enters any more. */
void shutdown_begin(struct queue *queue);

/* Answer getters to whom nothing can come any more. */
void shutdown_serve(struct queue *queue);

#endif
