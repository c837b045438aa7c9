#include "base/mutant.h"
#include "engine/manage.h"
#include "engine/peer.h"
#include "engine/queue.h"
#include "engine/waiter.h"

void queue_join(struct engine_peer *peer, uint32_t handle, nsec_t deadline, nsec_t now,
		struct waiter *waiter)
{
	struct queue *queue;
	struct error error;
	engine_at(peer->engine, now);
	int status = peer_find_queue(peer, handle, &queue, &error);
	if (status == RELEVO_OK) {
		*waiter = (struct waiter){
			.answer = waiter->answer,
			.kind = WAITER_JOIN,
			.queue = queue,
		};
		status = waiter_park(waiter, peer, deadline);
		if (status != RELEVO_OK)
			error_set(&error, status, "no memory for a call that waits");
	}
	if (status == RELEVO_OK)
		engine_run(peer->engine);
	else
		waiter_refuse(waiter, &error);
}

void joiners_serve(struct queue *queue)
{
	struct waiter *joiner;
	if (stock_size(&queue->stock) + queue->leased > 0 && !MUTANT(join_returns_at_once))
		return;
	while ((joiner = waiter_first(&queue->joiners)) != NULL)
		waiter_finish(joiner, RELEVO_OK);
}
