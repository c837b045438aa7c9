/* The store that keeps everything in memory and commits at once. */
#include "store/store.h"

#include "collections/populate.h"
#include "collections/slab.h"

#include <relevo/status.h>
#include <stdlib.h>
#include <string.h>

struct memory_store {
	struct store base;
	struct slabs slabs; /* of items without an extension */
};

static struct slabs *slabs_of(struct store *store)
{
	return &((struct memory_store *)store)->slabs;
}

static struct item *store_memory_item_new(struct store *store, const void *body, size_t size,
					  size_t extension)
{
	if (size > UINT32_MAX)
		return NULL;
	struct item *item = extension > 0 ? malloc(item_extension_at(size) + extension)
					  : slab_take(slabs_of(store), sizeof *item + size);
	if (item == NULL)
		return NULL;
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

static void item_free(struct store *store, struct item *item)
{
	if (item->extended)
		free(item);
	else
		slab_give(slabs_of(store), item, sizeof *item + item->size);
}

static int queue_created(struct store *store, store_queue_t queue, const char *name)
{
	(void)store;
	(void)queue;
	(void)name;
	return RELEVO_OK;
}

static int queue_deleted(struct store *store, store_queue_t queue)
{
	(void)store;
	(void)queue;
	return RELEVO_OK;
}

static int item_recorded(struct store *store, store_queue_t queue, uint64_t sequence,
			 const struct item *item)
{
	(void)store;
	(void)queue;
	(void)sequence;
	(void)item;
	return RELEVO_OK;
}

static int item_removed(struct store *store, store_queue_t queue, uint64_t sequence)
{
	(void)store;
	(void)queue;
	(void)sequence;
	return RELEVO_OK;
}

static void store_memory_commit(struct store *store, void (*done)(void *context, int status),
				void *context)
{
	(void)store;
	done(context, RELEVO_OK);
}

static void store_memory_close(struct store *store)
{
	slab_fini(slabs_of(store));
	free(store);
}

static const struct store_operations operations = {
	.item_new = store_memory_item_new,
	.item_free = item_free,
	.queue_created = queue_created,
	.queue_deleted = queue_deleted,
	.item_added = item_recorded,
	.item_removed = item_removed,
	.item_changed = item_recorded,
	.commit = store_memory_commit,
	.close = store_memory_close,
};

struct store *store_memory_open(void)
{
	struct memory_store *store = calloc(1, sizeof *store);
	if (store == NULL)
		return NULL;
	store->base.operations = &operations;
	return &store->base;
}
