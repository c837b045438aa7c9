#ifndef CORE_ITEM_H
#define CORE_ITEM_H

#include "collections/account.h"
#include "collections/heap.h"

#include <stddef.h>
#include <stdint.h>

/*
 * One item of a queue. It is allocated with its body behind it, and the engine
 * alone writes the fields. Small on purpose: a million queued items are a million of
 * these.
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

#endif
