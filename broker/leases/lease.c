/* The table of a session's leases: making one, finding it by its number, ending it. */
#include "leases/lease.h"

#include "base/mutant.h"
#include "core/charge.h"
#include "core/peer.h"
#include "core/work.h"
#include "leases/ahead.h"
#include "leases/hold.h"
#include "stock/queue.h"
#include "stock/queue_kind.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

/* As many as `used` has bits. */
enum { CHUNK_SLOTS = 64 };

/* The table of chunks may have twice the room it needs. */
static const size_t chunk_cost =
	CHUNK_SLOTS * sizeof(struct lease) + CHARGE_OVERHEAD + 2 * sizeof(struct lease_chunk);

static struct lease *slot_lease(const struct lease_table *table, uint32_t slot)
{
	return &table->chunks[slot / CHUNK_SLOTS].leases[slot % CHUNK_SLOTS];
}

static void set_used(struct lease_table *table, uint32_t slot, bool used)
{
	struct lease_chunk *chunk = &table->chunks[slot / CHUNK_SLOTS];
	uint64_t bit = UINT64_C(1) << slot % CHUNK_SLOTS;
	chunk->used = used ? chunk->used | bit : chunk->used & ~bit;
}

static bool reserve_chunk(struct lease_table *table)
{
	if (table->chunk_count < table->chunk_capacity)
		return true;
	uint32_t capacity = table->chunk_capacity > 0 ? table->chunk_capacity * 2 : 1;
	struct lease_chunk *chunks = realloc(table->chunks, capacity * sizeof *chunks);
	if (chunks == NULL)
		return false;
	table->chunks = chunks;
	table->chunk_capacity = capacity;
	return true;
}

/* Called when no slot is free. */
static int lease_add_chunk(struct engine_peer *peer)
{
	struct lease_table *table = &peer->leases;
	if (!reserve_chunk(table))
		return RELEVO_NO_MEMORY;
	if (!account_charge_buffer(peer->account, chunk_cost))
		return RELEVO_QUOTA;
	struct lease *chunk = calloc(CHUNK_SLOTS, sizeof *chunk);
	if (chunk == NULL) {
		account_release(peer->account, chunk_cost);
		return RELEVO_NO_MEMORY;
	}
	uint32_t first = table->chunk_count * CHUNK_SLOTS;
	for (uint32_t i = 0; i < CHUNK_SLOTS; i++) {
		/* The first use of a slot is number 1, so that no lease is 0. */
		chunk[i].number = (first + i) | UINT64_C(1) << LEASE_SLOT_BITS;
		chunk[i].next_free = i + 1 < CHUNK_SLOTS ? first + i + 2 : 0;
		chunk[i].peer = peer;
	}
	table->chunks[table->chunk_count++] = (struct lease_chunk){ .leases = chunk };
	table->next_free = first + 1;
	return RELEVO_OK;
}

int lease_reserve(struct engine_peer *peer, struct queue *queue, uint32_t *room)
{
	struct engine *engine = peer->engine;
	const struct lease_table *table = &peer->leases;
	*room = 0;
	if (table->used >= engine->config.peer_leases)
		return RELEVO_LIMIT;
	if (table->next_free == 0) {
		int status = lease_add_chunk(peer);
		if (status != RELEVO_OK)
			return status;
	}
	uint32_t allowed = engine->config.peer_leases - table->used;
	uint32_t count = table->chunk_count * CHUNK_SLOTS - table->used;
	if (count > CHUNK_SLOTS)
		count = CHUNK_SLOTS;
	if (count > allowed)
		count = allowed;
	if ((queue->options.lease != 0 || queue->holds) &&
	    !heap_reserve(&engine->lease_timers, count))
		return RELEVO_NO_MEMORY;
	if (!stock_reserve(&queue->stock, queue->leased + count))
		return RELEVO_NO_MEMORY;
	*room = count;
	return RELEVO_OK;
}

int lease_refused(struct engine_peer *peer, int status, struct error *error)
{
	if (status == RELEVO_LIMIT)
		return error_set(error, status,
				 "the session holds %u items, the most that it may hold",
				 peer->leases.used);
	if (status == RELEVO_QUOTA)
		return charge_refused(peer->account, chunk_cost, "its table of leases", error);
	return status;
}

struct lease *lease_new(struct engine_peer *peer, struct queue *queue, struct item *item)
{
	struct lease_table *table = &peer->leases;
	uint32_t slot = table->next_free - 1;
	struct lease *lease = slot_lease(table, slot);
	assert(lease->item == NULL);
	set_used(table, slot, true);
	table->next_free = lease->next_free;
	table->used++;
	lease->item = item;
	lease->queue = queue;
	list_append(&queue->leases, &lease->in_queue);
	queue->leased++;
	nsec_t time = hold_time(queue, item);
	if (time != 0 && !MUTANT(lease_never_expires)) {
		/* There is room: lease_reserve() has seen to it. */
		heap_push_reserved(&peer->engine->lease_timers, &lease->timer,
				   clock_after(peer->engine->now, time));
	}
	return lease;
}

struct lease *lease_find(struct engine_peer *peer, uint64_t number)
{
	uint32_t slot = number & (LEASE_MAX_SLOTS - 1);
	if (slot >= peer->leases.chunk_count * CHUNK_SLOTS)
		return NULL;
	struct lease *lease = slot_lease(&peer->leases, slot);
	if (lease->item == NULL || lease->number != number)
		return NULL;
	return !lease->queue->deleted || MUTANT(lease_outlives_queue) ? lease : NULL;
}

/* It is not the last of the same session any more. */
static void same_leave(const struct lease *lease)
{
	struct queue *queue = lease->queue;
	if (queue->same != &lease->in_queue)
		return;
	queue->same = lease->in_queue.previous;
	if (queue->same == &queue->leases)
		queue->same = NULL;
}

static struct lease *lease_at(struct list *node)
{
	return container_of(node, struct lease, in_queue);
}

/* Whatever leaves, what has been looked at once need not be looked at again. */
bool leases_of_one(struct queue *queue, struct engine_peer **peer)
{
	struct list *first = list_first(&queue->leases);
	*peer = NULL;
	if (first == NULL)
		return true;
	*peer = lease_at(first)->peer;
	if (queue->same == NULL)
		queue->same = first;
	while (queue->same->next != &queue->leases && !work_over(queue->engine)) {
		if (lease_at(queue->same->next)->peer != *peer)
			return false;
		queue->same = queue->same->next;
		work_spend(queue->engine, 1);
	}
	return queue->same->next == &queue->leases;
}

struct item *lease_end(struct lease *lease)
{
	struct lease_table *table = &lease->peer->leases;
	struct item *item = lease->item;
	if (lease->ahead != NULL)
		ahead_remove(lease);
	if (heap_holds(&lease->timer))
		heap_remove(&lease->peer->engine->lease_timers, &lease->timer);
	same_leave(lease);
	list_remove(&lease->in_queue);
	lease->queue->leased--;
	lease->item = NULL;
	uint32_t slot = lease->number & (LEASE_MAX_SLOTS - 1);
	set_used(table, slot, false);
	lease->number += LEASE_MAX_SLOTS;
	lease->next_free = table->next_free;
	table->next_free = slot + 1;
	table->used--;
	return item;
}

struct lease *lease_next(struct engine_peer *peer, uint32_t *slot)
{
	const struct lease_table *table = &peer->leases;
	while (*slot < table->chunk_count * CHUNK_SLOTS) {
		uint64_t used = table->chunks[*slot / CHUNK_SLOTS].used >> *slot % CHUNK_SLOTS;
		if (used != 0) {
			*slot += (uint32_t)__builtin_ctzll(used) + 1;
			return slot_lease(table, *slot - 1);
		}
		*slot = (*slot / CHUNK_SLOTS + 1) * CHUNK_SLOTS;
	}
	return NULL;
}

size_t leases_cost(const struct lease_table *table)
{
	return table->chunk_count * chunk_cost;
}

bool leases_free(struct engine_peer *peer)
{
	struct lease_table *table = &peer->leases;
	while (table->chunk_count > 0) {
		if (work_over(peer->engine))
			return false;
		work_spend(peer->engine, 1);
		free(table->chunks[--table->chunk_count].leases);
		account_release(peer->account, chunk_cost);
	}
	free(table->chunks);
	*table = (struct lease_table){ 0 };
	return true;
}

int lease_not_held(uint64_t number, struct error *error)
{
	return error_set(error, RELEVO_NOT_OWNER, "lease %" PRIu64 " is not held by this session",
			 number);
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
			status = lease_not_held(leases[i], error);
		else if (lease->marked)
			status = error_set(error, RELEVO_NOT_OWNER,
					   "lease %" PRIu64 " is named twice", leases[i]);
		else if (token_refuse(lease->queue, "released, not acknowledged", error) !=
			 RELEVO_OK)
			status = RELEVO_BAD_ARGUMENT;
		else
			lease->marked = true;
	}
	/* The one that stopped the loop has no mark of its own. */
	unmark(peer, leases, status == RELEVO_OK ? i : i - 1);
	return status;
}
