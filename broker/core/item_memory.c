/* Memory for items: slabs for most, malloc(3) for those with an extension. */
#include "core/item_memory.h"

#include "collections/populate.h"
#include "core/charge.h"
#include "core/item.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct item *item_memory_new(struct item_memory *memory, const void *body, size_t size,
			     size_t extension)
{
	if (size > UINT32_MAX)
		return NULL;
	struct item *item = extension > 0 ? malloc(item_extension_at(size) + extension)
					  : slab_take(&memory->slabs, sizeof *item + size);
	if (item == NULL)
		return NULL;
	memory->alive++;
	populate(item, sizeof *item + size);
	*item = (struct item){
		.size = (uint32_t)size,
		.references = 1,
		.extended = extension > 0,
	};
	if (size > 0)
		memcpy(item->body, body, size);
	return item;
}

void item_memory_free(struct item_memory *memory, struct item *item)
{
	memory->alive--;
	if (item->extended)
		free(item);
	else
		slab_give(&memory->slabs, item, sizeof *item + item->size);
}

void item_memory_fini(struct item_memory *memory)
{
	assert(memory->alive == 0);
	slab_fini(&memory->slabs);
}

/* Behind an item stand its allocation, and places in heaps that may have twice
 * the room they need. */
size_t item_memory_cost(size_t size, size_t extension)
{
	size_t plain =
		sizeof(struct item) + size + CHARGE_OVERHEAD + 2 * sizeof(struct heap_node *);
	if (extension == 0)
		return plain;
	return plain + sizeof(uint64_t) + extension + 4 * sizeof(struct heap_node *);
}
