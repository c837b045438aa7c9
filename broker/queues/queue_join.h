#ifndef QUEUES_QUEUE_JOIN_H
#define QUEUES_QUEUE_JOIN_H

#include "stock/queue.h"

/* Answer those who wait until nothing is left, if so. */
void joiners_serve(struct queue *queue);

#endif
