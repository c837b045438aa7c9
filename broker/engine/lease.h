#ifndef ENGINE_LEASE_H
#define ENGINE_LEASE_H

#include "base/heap.h"
#include "base/list.h"
#include "engine/engine.h"

struct queue;

/*
 * An item in the hands of a session. Leases live in the slots of their session's
 * table, and slots never move. The number of a lease is its slot and how often
 * the slot has been used, so that the number of a lease that ended is never that
 * of another.
 */
struct lease {
	struct item *item; /* NULL: the slot is free */
	struct queue *queue;
	struct engine_peer *peer;
	struct list in_queue;
	struct ahead *ahead; /* while its item is unread */
	struct list in_ahead;
	struct heap_node timer; /* if its time is limited */
	uint64_t number;
	uint32_t next_free; /* slot + 1; 0: none */
	bool marked;        /* seen while a list of leases is checked */
};

#define LEASE_SLOT_BITS 24
#define LEASE_MAX_SLOTS (UINT32_C(1) << LEASE_SLOT_BITS)

/* Leases side by side, and which of them are in use. */
struct lease_chunk {
	struct lease *leases;
	uint64_t used; /* a bit each */
};

struct lease_table {
	struct lease_chunk *chunks;
	uint32_t chunk_count;
	uint32_t chunk_capacity;
	uint32_t used;      /* slots */
	uint32_t next_free; /* slot + 1; 0: none */
};

/* Make sure that items of the queue can be leased to the peer, and come back one day:
 * *room of them, at least one. It holds until something else is done with the queue or
 * the peer. LIMIT (leases of the session), QUOTA, NO_MEMORY. */
int lease_reserve(struct engine_peer *peer, struct queue *queue, uint32_t *room);

/* Lease the item, which has just left the queue's stock. */
struct lease *lease_new(struct engine_peer *peer, struct queue *queue, struct item *item);

/* The lease of that number, or NULL. */
struct lease *lease_find(struct engine_peer *peer, uint64_t number);

/* End a lease; its item is the caller's. */
struct item *lease_end(struct lease *lease);

/* End a lease by giving its item back to its place. */
void lease_return(struct lease *lease);

/* The same for an item that was never looked at. */
void lease_return_unread(struct lease *lease);

/* End a lease because its item is done with. Returns what the store said. */
int lease_acknowledge(struct lease *lease);

/* NOT_OWNER, naming the first that is not held or is named twice. */
int leases_check(struct engine_peer *peer, const uint64_t *leases, size_t count,
		 struct error *error);

/* Whether all items of the queue that are held are one session's, and whose; NULL: none is.
 * False, too, if it is not known yet, since the piece of work is used up. */
bool leases_of_one(struct queue *queue, struct engine_peer **peer);

/* The peer's next lease: in the slot `*slot` or behind it. NULL: no more. Moves
 * `*slot` on. Slots that are free cost next to nothing, 64 of them a step. */
struct lease *lease_next(struct engine_peer *peer, uint32_t *slot);

/* What the table costs. */
size_t leases_cost(const struct lease_table *table);

/* The session has ended: return a piece of them; and: of the table. False: there is more. */
bool leases_return(struct engine_peer *peer);
bool leases_free(struct engine_peer *peer);

/* The limits that lease_reserve() meets, in words; returns the status. */
int lease_refused(struct engine_peer *peer, int status, struct error *error);

#endif
