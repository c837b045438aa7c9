/* Which session may get from an exclusive queue, and until when. */
#include "queues/exclusive.h"

#include "base/mutant.h"
#include "core/peer.h"
#include "core/work.h"
#include "stock/queue.h"

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

static bool has_another(const struct engine_peer *peer, const struct queue *queue)
{
	/* As fast as one unit of other work. */
	enum { HANDLES_A_UNIT = 16 };
	uint32_t handle = 1;
	while (handle <= peer->queues.capacity && handle_find(&peer->queues, handle) != queue)
		handle++;
	work_spend(peer->engine, handle / HANDLES_A_UNIT);
	return handle <= peer->queues.capacity;
}

void exclusive_leave(struct engine_peer *peer, struct queue *queue)
{
	if (queue->holder != peer)
		return;
	/* Of one that has gone every handle will be closed. */
	if (!peer->gone && has_another(peer, queue))
		return;
	queue->holder = NULL;
}
