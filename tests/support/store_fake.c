/* Passing operations on to a store in memory, or failing them or holding them back. */
#include "support/store_fake.h"

#include "base/list.h"

#include <assert.h>
#include <relevo/status.h>
#include <stdlib.h>

struct held_commit {
	struct held_commit *next;
	void (*done)(void *context, int status);
	void *context;
};

static struct store_fake *fake_of(struct store *store)
{
	return container_of(store, struct store_fake, store);
}

static struct item *item_new(struct store *store, const void *body, size_t size, size_t extension)
{
	struct store_fake *fake = fake_of(store);
	if (fake->items_left == 0)
		return NULL;
	if (fake->items_left > 0)
		fake->items_left--;
	struct item *item = fake->memory->operations->item_new(fake->memory, body, size, extension);
	fake->items += item != NULL;
	return item;
}

static void item_free(struct store *store, struct item *item)
{
	struct store_fake *fake = fake_of(store);
	fake->items--;
	fake->memory->operations->item_free(fake->memory, item);
}

static int queue_created(struct store *store, store_queue_t queue, const char *name)
{
	struct store_fake *fake = fake_of(store);
	(void)queue;
	(void)name;
	if (fake->created_status == RELEVO_OK)
		fake->created++;
	return fake->created_status;
}

static int queue_deleted(struct store *store, store_queue_t queue)
{
	(void)queue;
	fake_of(store)->deleted++;
	return RELEVO_OK;
}

static int item_added(struct store *store, store_queue_t queue, uint64_t sequence,
		      const struct item *item)
{
	struct store_fake *fake = fake_of(store);
	(void)queue;
	(void)sequence;
	(void)item;
	if (fake->added_status == RELEVO_OK)
		fake->added++;
	return fake->added_status;
}

static int item_removed(struct store *store, store_queue_t queue, uint64_t sequence)
{
	struct store_fake *fake = fake_of(store);
	(void)queue;
	(void)sequence;
	if (fake->removed_status == RELEVO_OK)
		fake->removed++;
	return fake->removed_status;
}

static int item_changed(struct store *store, store_queue_t queue, uint64_t sequence,
			const struct item *item)
{
	(void)queue;
	(void)sequence;
	(void)item;
	fake_of(store)->changed++;
	return RELEVO_OK;
}

static void commit(struct store *store, void (*done)(void *context, int status), void *context)
{
	struct store_fake *fake = fake_of(store);
	fake->commits++;
	struct held_commit *held = fake->hold ? malloc(sizeof *held) : NULL;
	if (held == NULL) {
		done(context, fake->commit_status);
		return;
	}
	*held = (struct held_commit){ .done = done, .context = context };
	*fake->last_held = held;
	fake->last_held = &held->next;
}

static const struct store_operations operations = {
	.item_new = item_new,
	.item_free = item_free,
	.queue_created = queue_created,
	.queue_deleted = queue_deleted,
	.item_added = item_added,
	.item_removed = item_removed,
	.item_changed = item_changed,
	.commit = commit,
};

bool store_fake_init(struct store_fake *fake)
{
	*fake = (struct store_fake){
		.store.operations = &operations,
		.memory = store_memory_open(),
		.items_left = -1,
	};
	fake->last_held = &fake->first_held;
	return fake->memory != NULL;
}

void store_fake_fini(struct store_fake *fake)
{
	assert(fake->first_held == NULL);
	fake->memory->operations->close(fake->memory);
}

bool store_fake_complete(struct store_fake *fake, int status)
{
	struct held_commit *held = fake->first_held;
	if (held == NULL)
		return false;
	fake->first_held = held->next;
	if (fake->first_held == NULL)
		fake->last_held = &fake->first_held;
	held->done(held->context, status);
	free(held);
	return true;
}
