#include "engine/exclusive.h"

#include "base/mutant.h"
#include "engine/queue.h"

int exclusive_enter(struct engine_peer *peer, struct queue *queue, struct error *error)
{
	if (!queue->options.exclusive || MUTANT(exclusive_for_nobody))
		return RELEVO_OK;
	if (queue->holder != NULL && queue->holder != peer)
		return error_set(error, RELEVO_DENIED,
				 "the queue \"%s\" is exclusive, and another session gets from it",
				 queue->name);
	queue->holder = peer;
	return RELEVO_OK;
}

void exclusive_leave(struct engine_peer *peer, struct queue *queue)
{
	if (queue->holder != peer)
		return;
	/* Of one that has gone every handle will be closed. */
	for (uint32_t handle = 1; !peer->gone && handle <= peer->queues.capacity; handle++) {
		if (handle_find(&peer->queues, handle) == queue)
			return;
	}
	queue->holder = NULL;
}
