/* Making items of the bodies of a put, and letting go of those that no queue has. */
#include "queues/item_list.h"

#include "base/mutant.h"
#include "core/charge.h"
#include "core/extension.h"
#include "core/item_hold.h"
#include "core/peer.h"
#include "core/work.h"

#include <string.h>

static size_t overdue_size(const struct put_request *request)
{
	const char *name = request->overdue_to;
	return request->hold != 0 && name != NULL && name[0] != '\0' ? strlen(name) + 1 : 0;
}

/* What an item of that request has beside its body; 0: nothing. */
static size_t extension_size(const struct put_request *request)
{
	if (request->expires == 0 && request->key_size == 0 && request->properties_size == 0 &&
	    request->hold == 0)
		return 0;
	return sizeof(struct item_extension) + request->key_size + request->properties_size +
	       overdue_size(request);
}

/* Of those from the `first` on. */
static size_t items_cost(const struct put_request *request, size_t first)
{
	size_t extension = extension_size(request);
	size_t sum = 0;
	for (size_t i = first; i < request->count; i++)
		sum += item_memory_cost(request->sizes[i], extension);
	return sum;
}

static void item_extend(struct item *item, const struct put_request *request)
{
	struct item_extension *extension = item_extension(item);
	*extension = (struct item_extension){
		.item = item,
		.expiry.key = request->expires,
		.key_size = (uint32_t)request->key_size,
		.properties_size = (uint32_t)request->properties_size,
		.overdue_size = (uint32_t)overdue_size(request),
		.hold = request->hold,
	};
	if (request->key_size > 0)
		memcpy(extension->bytes, request->key, request->key_size);
	if (request->properties_size > 0)
		memcpy(extension->bytes + request->key_size, request->properties,
		       request->properties_size);
	if (extension->overdue_size > 0)
		memcpy(extension->bytes + request->key_size + request->properties_size,
		       request->overdue_to, extension->overdue_size);
}

/* Each item holds its account, and pays for itself out of what was charged. */
static struct item *item_list_new(struct engine_peer *peer, const struct put_request *request,
				  const void *body, size_t size)
{
	struct item *item =
		item_memory_new(&peer->engine->items, body, size, extension_size(request));
	if (item == NULL)
		return NULL;
	if (item->extended)
		item_extend(item, request);
	item->account = peer->account;
	account_hold(peer->account);
	work_spend_on_bytes(peer->engine, size);
	return item;
}

int items_new(struct engine_peer *peer, const struct put_request *request, size_t extra,
	      struct item **items, struct error *error)
{
	struct account *account = peer->account;
	int status = charge(account, items_cost(request, 0) + extra, "items", error);
	if (status != RELEVO_OK)
		return status;
	struct item *first = NULL;
	struct item **link = &first;
	const uint8_t *body = request->bodies;
	for (size_t i = 0; i < request->count; i++) {
		size_t size = request->sizes[i];
		struct item *item = item_list_new(peer, request, body, size);
		if (item == NULL) {
			account_release(account, items_cost(request, i) + extra);
			items_drop(peer->engine, first);
			return error_set(error, RELEVO_NO_MEMORY,
					 "no memory for an item of %zu bytes", size);
		}
		/* Where all are empty there may be no bodies. */
		if (size > 0)
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

static void discarded_go_on(struct work *work)
{
	struct engine *engine = container_of(work, struct engine, discarding);
	struct item *item;
	while ((item = engine->discarded) != NULL) {
		if (work_over(engine) && !MUTANT(discarded_at_once)) {
			work_later(engine, work);
			return;
		}
		engine->discarded = item->next;
		work_spend(engine, 1);
		item_drop(engine, item);
	}
}

void items_discard(struct engine *engine, struct item *first, struct item *last)
{
	engine->discarding.go_on = discarded_go_on;
	last->next = engine->discarded;
	engine->discarded = first;
	if (!work_is_left(&engine->discarding))
		discarded_go_on(&engine->discarding);
}
