/* Where items are. */
#ifndef CORE_ITEM_MEMORY_H
#define CORE_ITEM_MEMORY_H

#include "collections/slab.h"

#include <stddef.h>
#include <stdint.h>

struct item;

/* Zero is empty. */
struct item_memory {
	struct slabs slabs; /* of items without an extension */
	uint64_t alive;     /* items there are */
};

/* An item with a copy of the body and one reference, else zero; `extension` bytes more, not
 * initialised, if that is not 0. NULL when memory ran out. */
struct item *item_memory_new(struct item_memory *memory, const void *body, size_t size,
			     size_t extension);

/* Free an item that nothing refers to any more. */
void item_memory_free(struct item_memory *memory, struct item *item);

/* Every item must have been freed. */
void item_memory_fini(struct item_memory *memory);

/* What an item costs whoever put it. */
size_t item_memory_cost(size_t size, size_t extension);

#endif
