/* Memory of items: many of them in one allocation. */
#include "queue/item_block.h"

#include "base/thread_error.h"
#include "queue/properties.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct item_block {
	atomic_size_t items; /* not freed yet; in whatever thread they are */
	uint64_t epoch;
	_Alignas(max_align_t) uint8_t bytes[];
};

/* Every item starts aligned for anything, so that a caller may read it as a
 * struct, and has its byte 0 behind it. */
struct relevo_item_body {
	struct item_block *block;
	struct relevo_properties *properties; /* NULL: none */
	_Alignas(max_align_t) uint8_t bytes[];
};

static size_t item_block_room_for(size_t size)
{
	size_t unit = _Alignof(max_align_t);
	return sizeof(struct relevo_item_body) + ((size + 1 + unit - 1) & ~(unit - 1));
}

static struct relevo_item_body *item_block_put(struct item_block *block, void *place,
					       const uint8_t *bytes, size_t size)
{
	struct relevo_item_body *body = place;
	body->block = block;
	body->properties = NULL;
	memcpy(body->bytes, bytes, size);
	body->bytes[size] = 0;
	return body;
}

bool item_source_read(struct item_source *source, const struct frame *frame, size_t most)
{
	const Relevo__Header *header = frame->header;
	if (header->op_case != RELEVO__HEADER__OP_QUEUE_ITEMS)
		return false;
	const Relevo__QueueItems *items = header->queue_items;
	*source = (struct item_source){
		.bodies = frame->bodies,
		.sizes = header->sizes,
		.leases = items->leases,
		.deliveries = items->n_deliveries > 0 ? items->deliveries : NULL,
		.properties = items->n_properties > 0 ? items->properties : NULL,
		.count = header->n_sizes,
	};
	return header->n_sizes > 0 && header->n_sizes <= most &&
	       items->n_leases == header->n_sizes &&
	       (items->n_deliveries == 0 || items->n_deliveries == header->n_sizes) &&
	       (items->n_properties == 0 || items->n_properties == header->n_sizes);
}

bool item_block_fill(relevo_item *items, const struct item_source *source)
{
	size_t total = 0;
	for (size_t i = 0; i < source->count; i++)
		total += item_block_room_for(source->sizes[i]);
	struct item_block *block = malloc(sizeof *block + total);
	if (block == NULL)
		return false;
	atomic_init(&block->items, source->count);
	block->epoch = source->epoch;
	const uint8_t *body = source->bodies;
	uint8_t *place = block->bytes;
	for (size_t i = 0; i < source->count; i++) {
		size_t size = source->sizes[i];
		struct relevo_item_body *item = item_block_put(block, place, body, size);
		items[i] = (relevo_item){
			.data = item->bytes,
			.size = size,
			.lease = source->leases != NULL ? source->leases[i] : 0,
			.deliveries = source->deliveries != NULL ? source->deliveries[i] : 1,
			.body = item,
		};
		if (source->properties != NULL && source->properties[i].len > 0)
			item->properties = properties_unpack(&source->properties[i]);
		place += item_block_room_for(size);
		body += size;
	}
	return true;
}

uint64_t item_block_epoch(const relevo_item *item)
{
	return item->body != NULL ? item->body->block->epoch : 0;
}

const struct relevo_properties *item_block_properties(const relevo_item *item)
{
	return item->body != NULL ? item->body->properties : NULL;
}

void relevo_item_free(relevo_item *item)
{
	if (!given(item))
		return;
	struct relevo_item_body *body = item->body;
	item->body = NULL;
	item->data = NULL;
	if (body == NULL)
		return;
	struct item_block *block = body->block;
	free(body->properties);
	if (atomic_fetch_sub(&block->items, 1) == 1)
		free(block);
}
