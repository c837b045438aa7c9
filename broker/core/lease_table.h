#ifndef CORE_LEASE_TABLE_H
#define CORE_LEASE_TABLE_H

#include "base/list.h"
#include "collections/heap.h"

struct engine_peer;
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

#endif
