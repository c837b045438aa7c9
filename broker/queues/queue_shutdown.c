/* Shutting a queue down, and ending the calls that wait there in vain. */
#include "queues/queue_shutdown.h"

#include "base/mutant.h"
#include "core/peer.h"
#include "core/run.h"
#include "core/waiter.h"
#include "core/work.h"
#include "leases/lease.h"
#include "queues/manage.h"
#include "queues/queue_get.h"
#include "queues/queue_handle.h"
#include "queues/queue_purge.h"
#include "stock/queue_kind.h"
#include "stock/queue_life.h"
#include "stock/queue_record.h"

void queue_stop(struct queue *queue, enum queue_shutdown how)
{
	/* Who drained it may still be in a hurry later; not the other way round. */
	if (how > queue->shutdown) {
		queue->shutdown = how;
		queue_record_shutdown(queue);
	}
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
		status = kind_need_items(queue, "it cannot be shut down", error);
	if (status != RELEVO_OK)
		return status;
	queue_stop(queue, how);
	engine_run(peer->engine);
	return RELEVO_OK;
}

static void dismiss(struct queue *queue, const struct list *line)
{
	struct waiter *waiter;
	while (!work_over(queue->engine) && (waiter = waiter_first(line)) != NULL) {
		work_spend(queue->engine, 1);
		waiter_finish(waiter, RELEVO_SHUT_DOWN);
	}
}

void shutdown_begin(struct queue *queue)
{
	if (queue->shutdown != QUEUE_OPEN)
		dismiss(queue, &queue->putters);
}

/* What a session holds itself will not come to it while it waits; what is ready, or held
 * by another, may come to anybody. */
static void dismiss_in_vain(struct queue *queue)
{
	struct engine_peer *holder;
	if (stock_size(&queue->stock) > 0 || !leases_of_one(queue, &holder))
		return;
	if (holder == NULL)
		dismiss(queue, &queue->getters);
	else
		getters_dismiss(queue, holder, RELEVO_SHUT_DOWN);
}

void shutdown_serve(struct queue *queue)
{
	if (MUTANT(shutdown_wakes_nobody))
		return;
	if (queue->shutdown == QUEUE_SHUT)
		dismiss(queue, &queue->getters);
	else if (queue->shutdown == QUEUE_DRAINING && queue->getter_count > 0)
		dismiss_in_vain(queue);
}
