#ifndef ENGINE_QUEUE_PURGE_H
#define ENGINE_QUEUE_PURGE_H

#include "engine/queue.h"

/* Drop all that is ready or delayed; how many that were. */
uint64_t queue_drain(struct queue *queue);

#endif
