#include "engine/duplicate.h"

#include "base/mutant.h"
#include "engine/extension.h"

bool duplicate_is(const struct queue *queue, const struct item *item)
{
	const struct item_extension *extension = item_extension(item);
	return extension != NULL && extension->key_size > 0 && !MUTANT(duplicates_enter) &&
	       map_find(&queue->keys, extension->bytes, extension->key_size) != NULL;
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
