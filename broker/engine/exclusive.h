#ifndef ENGINE_EXCLUSIVE_H
#define ENGINE_EXCLUSIVE_H

#include "engine/engine.h"

struct queue;

/* A queue that one session at a time may get from: the first that does has it until
 * it has closed its handles of it, or ends. */

/* DENIED: it is another's. */
int exclusive_enter(struct engine_peer *peer, struct queue *queue, struct error *error);

/* The peer has closed a handle of the queue. */
void exclusive_leave(struct engine_peer *peer, struct queue *queue);

#endif
