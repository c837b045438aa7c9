#include "base/mutant.h"
#include "engine/manage.h"
#include "engine/peer.h"
#include "engine/queue.h"
#include "engine/waiter.h"

static int check_kind(const struct queue *queue, struct error *error)
{
	if (queue->options.kind == QUEUE_ITEMS)
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_ARGUMENT,
			 "\"%s\" is no queue of items: it cannot be shut down", queue->name);
}

static void dismiss(struct list *line)
{
	struct waiter *waiter;
	while ((waiter = waiter_first(line)) != NULL)
		waiter_finish(waiter, RELEVO_SHUT_DOWN);
}

void queue_stop(struct queue *queue, enum queue_shutdown how)
{
	/* Who drained it may still be in a hurry later; not the other way round. */
	if (how > queue->shutdown)
		queue->shutdown = how;
	dismiss(&queue->putters);
	if (how == QUEUE_SHUT)
		queue_drain(queue);
	queue_activate(queue);
}

int queue_shut_down(struct engine_peer *peer, uint32_t handle, enum queue_shutdown how, nsec_t now,
		    struct error *error)
{
	struct queue *queue;
	engine_at(peer->engine, now);
	int status = peer_find_queue(peer, handle, &queue, error);
	if (status == RELEVO_OK)
		status = check_kind(queue, error);
	if (status != RELEVO_OK)
		return status;
	queue_stop(queue, how);
	engine_run(peer->engine);
	return RELEVO_OK;
}

/* Whether an item could still come to the getter: what it holds itself will not,
 * while it waits. */
static bool may_come(const struct queue *queue, const struct waiter *getter)
{
	if (stock_size(&queue->stock) > 0)
		return true;
	list_for_each (node, &queue->leases) {
		if (container_of(node, struct lease, in_queue)->peer != getter->peer)
			return true;
	}
	return false;
}

void shutdown_serve(struct queue *queue)
{
	if (MUTANT(shutdown_wakes_nobody))
		return;
	if (queue->shutdown == QUEUE_SHUT)
		dismiss(&queue->getters);
	if (queue->shutdown != QUEUE_DRAINING)
		return;
	list_for_each (node, &queue->getters) {
		struct waiter *getter = container_of(node, struct waiter, in_line);
		if (!may_come(queue, getter))
			waiter_finish(getter, RELEVO_SHUT_DOWN);
	}
}
