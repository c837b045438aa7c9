#include "engine/item.h"

#include "engine/charge.h"

#include <assert.h>

/* Behind an item stand its allocation, and a place in a heap that may have
 * twice the room it needs. */
static size_t item_cost(size_t size)
{
	return sizeof(struct item) + size + CHARGE_OVERHEAD + 2 * sizeof(struct heap_node *);
}

static size_t items_cost(const struct put_request *request)
{
	size_t cost = 0;
	for (size_t i = 0; i < request->count; i++)
		cost += item_cost(request->sizes[i]);
	return cost;
}

/* Each item holds its account, and pays for itself out of what was charged. */
static struct item *item_new(struct engine *engine, struct account *account, const void *body,
			     size_t size)
{
	struct item *item = engine->store->operations->item_new(engine->store, body, size);
	if (item == NULL)
		return NULL;
	item->account = account;
	account_hold(account);
	return item;
}

int items_new(struct engine_peer *peer, const struct put_request *request, size_t extra,
	      struct item **items, struct error *error)
{
	struct engine *engine = peer->engine;
	struct account *account = peer->account;
	size_t left = items_cost(request);
	int status = charge(account, left + extra, "items", error);
	if (status != RELEVO_OK)
		return status;
	struct item *first = NULL;
	struct item **link = &first;
	const uint8_t *body = request->bodies;
	for (size_t i = 0; i < request->count; i++) {
		size_t size = request->sizes[i];
		struct item *item = item_new(engine, account, body, size);
		if (item == NULL) {
			account_release(account, left + extra);
			items_drop(engine, first);
			return error_set(error, RELEVO_NO_MEMORY,
					 "no memory for an item of %zu bytes", size);
		}
		left -= item_cost(size);
		body += size;
		*link = item;
		link = &item->next;
	}
	*items = first;
	return RELEVO_OK;
}

void items_drop(struct engine *engine, struct item *items)
{
	while (items != NULL) {
		struct item *next = items->next;
		item_drop(engine, items);
		items = next;
	}
}

void item_hold(struct item *item)
{
	assert(item->references < UINT16_MAX);
	item->references++;
}

void item_drop(struct engine *engine, struct item *item)
{
	assert(item->references > 0);
	if (--item->references > 0)
		return;
	account_release(item->account, item_cost(item->size));
	account_drop(item->account);
	engine->store->operations->item_free(engine->store, item);
}
