#ifndef ENGINE_QUEUE_JOIN_H
#define ENGINE_QUEUE_JOIN_H

#include "engine/queue.h"

/* Answer those who wait until nothing is left, if so. */
void joiners_serve(struct queue *queue);

#endif
