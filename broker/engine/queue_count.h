#ifndef ENGINE_QUEUE_COUNT_H
#define ENGINE_QUEUE_COUNT_H

#include "engine/queue.h"

struct queue_counts queue_counts_of(const struct queue *queue);

#endif
