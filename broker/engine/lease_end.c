/* How a session ends its leases. */
#include "engine/lease.h"
#include "engine/peer.h"
#include "engine/queue.h"

#include <inttypes.h>

static int not_held(uint64_t number, struct error *error)
{
	return error_set(error, RELEVO_NOT_OWNER, "lease %" PRIu64 " is not held by this session",
			 number);
}

int lease_acknowledge(struct lease *lease)
{
	struct queue *queue = lease->queue;
	struct engine *engine = queue->engine;
	struct item *item = lease_end(lease);
	engine->recorded = true;
	int status =
		engine->store->operations->item_removed(engine->store, queue->key, item->order.key);
	queue->acknowledged++;
	queue->bytes -= item->size;
	item_drop(engine, item);
	return status;
}

int lease_ack(struct engine_peer *peer, const uint64_t *leases, size_t count, nsec_t now,
	      struct error *error)
{
	struct engine *engine = peer->engine;
	int result = RELEVO_OK;
	engine_at(engine, now);
	for (size_t i = 0; i < count; i++) {
		struct lease *lease = lease_find(peer, leases[i]);
		int status = RELEVO_NOT_OWNER;
		if (lease != NULL)
			status = lease_acknowledge(lease);
		if (status == RELEVO_OK || result != RELEVO_OK)
			continue;
		result = status;
		if (lease == NULL)
			not_held(leases[i], error);
		else
			error_set(error, status, "the end of lease %" PRIu64 " was not recorded",
				  leases[i]);
	}
	engine_run(engine);
	return result;
}

/* The delivery that is given back unread has not taken place. */
static void take_back_delivery(struct queue *queue, struct item *item)
{
	if (item->deliveries == UINT16_MAX)
		return;
	if (item->deliveries > 1)
		queue->redelivered--;
	item->deliveries--;
	queue_record_deliveries(queue, item);
}

void lease_return_unread(struct lease *lease)
{
	take_back_delivery(lease->queue, lease->item);
	lease_return(lease);
}

static int give_back(struct lease *lease, nsec_t not_before, bool unread)
{
	struct queue *queue = lease->queue;
	bool delay = not_before > queue->engine->now;
	if (delay && !queue_reserve_delay(queue))
		return RELEVO_NO_MEMORY;
	if (unread)
		take_back_delivery(queue, lease->item);
	if (delay)
		queue_delay(queue, lease_end(lease), not_before);
	else
		lease_return(lease);
	return RELEVO_OK;
}

int lease_nack(struct engine_peer *peer, const uint64_t *leases, size_t count, nsec_t not_before,
	       bool unread, nsec_t now, struct error *error)
{
	struct engine *engine = peer->engine;
	int result = RELEVO_OK;
	engine_at(engine, now);
	for (size_t i = 0; i < count; i++) {
		struct lease *lease = lease_find(peer, leases[i]);
		int status = RELEVO_NOT_OWNER;
		if (lease != NULL)
			status = give_back(lease, not_before, unread);
		if (status == RELEVO_OK || result != RELEVO_OK)
			continue;
		result = status;
		if (lease == NULL)
			not_held(leases[i], error);
		else
			error_set(error, status, "no memory to delay lease %" PRIu64, leases[i]);
	}
	engine_run(engine);
	return result;
}

static void unmark(struct engine_peer *peer, const uint64_t *leases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		lease_find(peer, leases[i])->marked = false;
}

int leases_check(struct engine_peer *peer, const uint64_t *leases, size_t count,
		 struct error *error)
{
	int status = RELEVO_OK;
	size_t i = 0;
	for (; i < count && status == RELEVO_OK; i++) {
		struct lease *lease = lease_find(peer, leases[i]);
		if (lease == NULL)
			status = not_held(leases[i], error);
		else if (lease->marked)
			status = error_set(error, RELEVO_NOT_OWNER,
					   "lease %" PRIu64 " is named twice", leases[i]);
		else
			lease->marked = true;
	}
	/* The one that stopped the loop has no mark of its own. */
	unmark(peer, leases, status == RELEVO_OK ? i : i - 1);
	return status;
}
