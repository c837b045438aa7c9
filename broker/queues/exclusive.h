#ifndef QUEUES_EXCLUSIVE_H
#define QUEUES_EXCLUSIVE_H

#include "base/error.h"

struct engine_peer;
struct queue;

/* A queue that one session at a time may get from: the first that does has it until
 * it has closed its handles of it, or ends. */

/* DENIED: it is another's. */
int exclusive_enter(struct engine_peer *peer, struct queue *queue, struct error *error);

/* The peer has closed a handle of the queue. */
void exclusive_leave(struct engine_peer *peer, struct queue *queue);

#endif
