/* What one session waits for and what it holds, collected for whoever looks at the broker. */
#include "engine/peer_look.h"

#include "base/mutant.h"
#include "core/peer.h"
#include "core/waiter.h"
#include "core/work.h"
#include "leases/lease.h"
#include "stock/queue_kind.h"

/* ---- what it waits for -------------------------------------------------- */

static struct peer_wait peer_look_describe(const struct waiter *waiter)
{
	struct peer_wait wait = { .since = waiter->since };
	waiter->kind->look(waiter, &wait);
	return wait;
}

static void look_at_waiters(const struct engine_peer *peer, struct peer_look *look)
{
	look->waits = MUTANT(waits_untold) ? 0 : peer->told;
	list_for_each (node, &peer->waits) {
		const struct waiter *waiter = container_of(node, struct waiter, in_peer);
		if (look->waiting_count == LOOK_MOST || look->waits == 0)
			break;
		if (waiter->told)
			look->waiting[look->waiting_count++] = peer_look_describe(waiter);
	}
}

/* ---- what it holds ------------------------------------------------------ */

/* The entry of that queue, made if there is room; or NULL. */
static struct peer_hold *hold_of(struct peer_look *look, const struct queue *queue)
{
	for (uint32_t i = 0; i < look->held_count; i++) {
		if (look->held[i].object == queue->name)
			return &look->held[i];
	}
	if (look->held_count == LOOK_MOST)
		return NULL;
	struct peer_hold *hold = &look->held[look->held_count++];
	*hold = (struct peer_hold){ .kind = queue_noun(queue), .object = queue->name };
	return hold;
}

static void look_at_leases(struct engine_peer *peer, uint32_t *effort, struct peer_look *look)
{
	uint32_t slot = 0;
	const struct lease *lease;
	while (*effort > 0 && (lease = lease_next(peer, &slot)) != NULL) {
		--*effort;
		struct peer_hold *hold = lease->ahead == NULL ? hold_of(look, lease->queue) : NULL;
		if (hold != NULL)
			hold->count++;
	}
}

static size_t peer_look_cost_of(const struct engine_peer *peer)
{
	size_t handles =
		(size_t)peer->queues.capacity + peer->cells.capacity + peer->shared.capacity;
	return handles * sizeof(struct handle) + leases_cost(&peer->leases);
}

/* What is done as fast as one unit of other work. */
enum { LEASES_A_UNIT = 8, CHUNKS_A_UNIT = 128 };

void peer_look(struct engine_peer *peer, uint32_t *effort, struct peer_look *look)
{
	*look = (struct peer_look){
		.handles = (uint64_t)peer->queues.count + peer->cells.count + peer->shared.count,
		.leases = peer->leases.used,
		.bytes = peer_look_cost_of(peer),
	};
	uint32_t before = *effort;
	look_at_waiters(peer, look);
	look_at_leases(peer, effort, look);
	/* Leases are only read, and free slots of their table are passed over. */
	work_spend(peer->engine, 1 + (before - *effort) / LEASES_A_UNIT +
					 peer->leases.chunk_count / CHUNKS_A_UNIT);
}
