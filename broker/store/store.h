#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "collections/account.h"
#include "collections/heap.h"

#include <stddef.h>
#include <stdint.h>

/*
 * One item of a queue. The store allocates it, with its body behind it; the
 * engine alone reads and writes the fields. Small on purpose: a million queued
 * items are a million of these.
 */
struct item {
	struct heap_node order; /* its sequence in the queue, or the time while it is delayed */
	union {
		struct item *next; /* in a line of new items */
		uint64_t sequence; /* while it is delayed */
	};
	struct account *account;  /* who pays */
	uint32_t size;            /* of the body */
	uint16_t deliveries;      /* how often it was handed out; stays at the maximum */
	uint16_t references : 15; /* the queue or lease, and output that shows the body */
	uint16_t extended : 1;    /* behind the body stands what few items have */
	uint8_t body[];
};

enum { ITEM_MAX_REFERENCES = (1 << 15) - 1 };

/* Where the extension of an item with a body of that size begins, aligned for
 * anything the engine keeps there. */
static inline size_t item_extension_at(size_t size)
{
	const size_t mask = sizeof(uint64_t) - 1;
	return (sizeof(struct item) + size + mask) & ~mask;
}

/* Key of a queue in the store. Never used twice, also across restarts. */
typedef uint64_t store_queue_t;

/*
 * What the engine asks of a store. All calls come from the broker's loop. A
 * call that changes something records it as part of the current batch;
 * commit() ends the batch. Everything in a batch becomes durable together, in
 * order, or none of it does.
 */
struct store {
	const struct store_operations *operations;
};

struct store_operations {
	/* An item with a copy of the body and one reference, else zero; `extension`
	 * bytes more, not initialised, if that is not 0. NULL when memory ran out. Not
	 * yet recorded. */
	struct item *(*item_new)(struct store *store, const void *body, size_t size,
				 size_t extension);

	/* Free the memory of an item that nothing refers to any more. */
	void (*item_free)(struct store *store, struct item *item);

	/* Record: the queue exists under that name. */
	int (*queue_created)(struct store *store, store_queue_t queue, const char *name);
	/* Record: the queue and all its items are gone. */
	int (*queue_deleted)(struct store *store, store_queue_t queue);
	/* Record: the item is in the queue at `sequence`. */
	int (*item_added)(struct store *store, store_queue_t queue, uint64_t sequence,
			  const struct item *item);
	/* Record: the item has left the queue for good. */
	int (*item_removed)(struct store *store, store_queue_t queue, uint64_t sequence);
	/* Record: its delivery count has changed. */
	int (*item_changed)(struct store *store, store_queue_t queue, uint64_t sequence,
			    const struct item *item);

	/*
	 * End the batch. `done` is called with OK once it is durable, or with the
	 * reason why it is not; from inside commit() or later, from the loop, in
	 * the order of the commits.
	 */
	void (*commit)(struct store *store, void (*done)(void *context, int status), void *context);

	void (*close)(struct store *store);
};

/* The store that remembers nothing beyond the broker's life; commits at once.
 * NULL when memory ran out. */
struct store *store_memory_open(void);

#endif
