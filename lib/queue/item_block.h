#ifndef QUEUE_ITEM_BLOCK_H
#define QUEUE_ITEM_BLOCK_H

#include <protobuf-c/protobuf-c.h>
#include <relevo/queue.h>

#include "wire/frame.h"

#include <stdbool.h>

/*
 * The items of one answer share one allocation, freed with the last of them: a
 * batch costs one malloc() and not one an item. It remembers which connection of
 * the session they came with, since their leases are numbers of that one.
 */
struct item_source {
	const uint8_t *bodies; /* one behind the other */
	const uint32_t *sizes;
	const uint64_t *leases;                /* NULL: they are not leased */
	const uint32_t *deliveries;            /* NULL: 1 each */
	const ProtobufCBinaryData *properties; /* packed; NULL: none has any */
	size_t count;
	uint64_t epoch; /* of the connection */
};

/* What an answer with items says: false when it is none, or has more than `most`. */
bool item_source_read(struct item_source *source, const struct frame *frame, size_t most);

/* Fills in all of the items; false when memory ran out. */
bool item_block_fill(relevo_item *items, const struct item_source *source);

/* Which connection an item came with; 0 when it has been freed. */
uint64_t item_block_epoch(const relevo_item *item);

/* What it brought along; NULL: nothing, or it has been freed. */
const struct relevo_properties *item_block_properties(const relevo_item *item);

#endif
