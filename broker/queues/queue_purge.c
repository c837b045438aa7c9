/* Emptying a queue of what nobody has taken yet. */
#include "queues/queue_purge.h"

#include "core/peer.h"
#include "core/run.h"
#include "core/work.h"
#include "leases/ahead.h"
#include "leases/lease.h"
#include "queues/manage.h"
#include "queues/queue_handle.h"
#include "stock/discard.h"
#include "stock/queue_kind.h"
#include "stock/queue_life.h"
#include "stock/queue_timer.h"

/* What somebody was handed ahead and has not read counts as ready; who has it is told
 * to forget it. */
static uint64_t discard_unread(struct queue *queue)
{
	uint64_t count = queue->unread;
	ahead_recall(queue);
	work_spend(queue->engine, count);
	list_for_each (reader, &queue->recalled) {
		struct ahead *ahead = container_of(reader, struct ahead, in_queue);
		struct list *node;
		while ((node = list_first(&ahead->leases)) != NULL)
			discard_item(queue, lease_end(container_of(node, struct lease, in_ahead)));
	}
	return count;
}

uint64_t queue_drain(struct queue *queue)
{
	uint64_t count = discard_unread(queue) + discard_stock(queue);
	queue_set_timer(queue);
	queue_activate(queue);
	return count;
}

int queue_purge(struct engine_peer *peer, uint32_t handle, nsec_t now, uint64_t *count,
		struct error *error)
{
	struct queue *queue;
	*count = 0;
	engine_at(peer->engine, now);
	int status = peer_find_queue(peer, handle, &queue, error);
	if (status == RELEVO_OK)
		status = kind_need_items(queue, "it cannot be purged", error);
	if (status != RELEVO_OK)
		return status;
	*count = queue_drain(queue);
	engine_run(peer->engine);
	return RELEVO_OK;
}
