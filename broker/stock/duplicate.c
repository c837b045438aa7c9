/* The keys of a queue's items: finding a duplicate, entering a key, freeing it. */
#include "stock/duplicate.h"

#include "base/mutant.h"
#include "core/extension.h"

/* It is neither held nor in stock: its key is free, though its memory is not yet. */
static bool is_discarded(const struct queue *queue, const struct item *item)
{
	return item->order.place != 0 && !stock_has(&queue->stock, item) &&
	       !MUTANT(key_outlives_purge);
}

bool duplicate_is(struct queue *queue, const struct item *item)
{
	const struct item_extension *extension = item_extension(item);
	if (extension == NULL || extension->key_size == 0 || MUTANT(duplicates_enter))
		return false;
	struct map_node *node = map_find(&queue->keys, extension->bytes, extension->key_size);
	if (node == NULL)
		return false;
	struct item *other = container_of(node, struct item_extension, key)->item;
	if (!is_discarded(queue, other))
		return true;
	duplicate_leave(queue, other);
	return false;
}

int duplicate_enter(struct queue *queue, struct item *item)
{
	struct item_extension *extension = item_extension(item);
	if (extension == NULL || extension->key_size == 0 || MUTANT(duplicates_enter))
		return RELEVO_OK;
	if (!map_insert(&queue->keys, &extension->key, extension->bytes, extension->key_size))
		return RELEVO_NO_MEMORY;
	extension->has_key = true;
	return RELEVO_OK;
}

void duplicate_leave(struct queue *queue, struct item *item)
{
	struct item_extension *extension = item_extension(item);
	if (extension == NULL || !extension->has_key)
		return;
	map_remove(&queue->keys, &extension->key);
	extension->has_key = false;
}
