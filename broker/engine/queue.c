#include "engine/queue.h"

#include "engine/charge.h"
#include "engine/lease.h"
#include "engine/peer.h"
#include "engine/waiter.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static size_t queue_cost(const char *name)
{
	return sizeof(struct queue) + strlen(name) + 1 + CHARGE_OVERHEAD;
}

static struct queue *allocate(struct engine_peer *peer, const char *name,
			      const struct queue_options *options)
{
	size_t name_size = strlen(name) + 1;
	struct queue *queue = calloc(1, sizeof *queue + name_size);
	if (queue == NULL)
		return NULL;
	queue->engine = peer->engine;
	queue->account = peer->account;
	queue->options = *options;
	queue->references = 1;
	list_init(&queue->leases);
	list_init(&queue->getters);
	list_init(&queue->putters);
	list_init(&queue->readers);
	memcpy(queue->name, name, name_size);
	return queue;
}

/* Under its name, in the store and in the map: both or neither. */
static int enter(struct queue *queue, struct error *error)
{
	struct engine *engine = queue->engine;
	if (!map_insert(&engine->queues, &queue->node, queue->name, strlen(queue->name)))
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the queue \"%s\"",
				 queue->name);
	queue->key = ++engine->last_key;
	engine->recorded = true;
	int status =
		engine->store->operations->queue_created(engine->store, queue->key, queue->name);
	if (status != RELEVO_OK) {
		map_remove(&engine->queues, &queue->node);
		return error_set(error, status, "the queue \"%s\" could not be stored",
				 queue->name);
	}
	return RELEVO_OK;
}

int queue_new(struct engine_peer *peer, const char *name, const struct queue_options *options,
	      struct queue **created, struct error *error)
{
	struct account *account = peer->account;
	if (account->queues >= account->registry->queue_limit)
		return error_set(error, RELEVO_QUOTA,
				 "user %u asks for a queue more than the %u allowed", account->uid,
				 account->registry->queue_limit);
	int status = charge(account, queue_cost(name), "a queue", error);
	if (status != RELEVO_OK)
		return status;
	struct queue *queue = allocate(peer, name, options);
	if (queue == NULL)
		status = error_set(error, RELEVO_NO_MEMORY, "no memory for the queue \"%s\"", name);
	else
		status = enter(queue, error);
	if (status != RELEVO_OK) {
		account_release(account, queue_cost(name));
		free(queue);
		return status;
	}
	account_hold(account);
	account->queues++;
	if (options->lifetime == QUEUE_SESSION)
		list_append(&peer->owned, &queue->in_owner);
	*created = queue;
	return RELEVO_OK;
}

struct queue *queue_find(struct engine *engine, const char *name)
{
	struct map_node *node = map_find(&engine->queues, name, strlen(name));
	return node != NULL ? container_of(node, struct queue, node) : NULL;
}

static void dismiss(struct list *line)
{
	struct waiter *waiter;
	while ((waiter = waiter_first(line)) != NULL)
		waiter_finish(waiter, RELEVO_GONE);
}

static void drop_items(struct queue *queue)
{
	struct list *node;
	while ((node = list_first(&queue->leases)) != NULL)
		item_drop(queue->engine, lease_end(container_of(node, struct lease, in_queue)));
	struct item *item;
	while ((item = stock_drain(&queue->stock)) != NULL)
		item_drop(queue->engine, item);
	queue->bytes = 0;
}

void queue_forget(struct queue *queue)
{
	queue->deleted = true;
	map_remove(&queue->engine->queues, &queue->node);
	list_remove(&queue->in_owner);
	list_remove(&queue->active);
	heap_remove(&queue->engine->queue_timers, &queue->timer);
	drop_items(queue);
	queue->account->queues--;
	queue_drop(queue);
}

void queue_end(struct queue *queue)
{
	struct engine *engine = queue->engine;
	engine->recorded = true;
	/* If this cannot be recorded, the queue is there again after a restart;
	 * for those who are here now it is gone all the same. */
	(void)engine->store->operations->queue_deleted(engine->store, queue->key);
	dismiss(&queue->getters);
	dismiss(&queue->putters);
	queue_forget(queue);
}

void queue_hold(struct queue *queue)
{
	queue->references++;
}

void queue_drop(struct queue *queue)
{
	if (--queue->references > 0)
		return;
	assert(queue->deleted && queue->leased == 0);
	stock_fini(&queue->stock);
	account_release(queue->account, queue_cost(queue->name));
	account_drop(queue->account);
	free(queue);
}

void queue_activate(struct queue *queue)
{
	if (!list_linked(&queue->active))
		list_append(&queue->engine->active, &queue->active);
}

bool queue_has_room(const struct queue *queue)
{
	return !queue->options.bounded || stock_size(&queue->stock) < queue->options.capacity;
}

bool queue_reserve_delay(struct queue *queue)
{
	return heap_reserve(&queue->stock.delayed, 1) &&
	       heap_reserve(&queue->engine->queue_timers, 1);
}

/* Have the engine come when the first delayed item is due. */
static void set_timer(struct queue *queue)
{
	const struct heap_node *first = heap_first(&queue->stock.delayed);
	heap_remove(&queue->engine->queue_timers, &queue->timer);
	if (first != NULL)
		heap_push(&queue->engine->queue_timers, &queue->timer, first->key);
}

void queue_delay(struct queue *queue, struct item *item, nsec_t due)
{
	stock_delay(&queue->stock, item, due);
	set_timer(queue);
}

void queue_ripen(struct queue *queue)
{
	stock_ripen(&queue->stock, queue->engine->now);
	set_timer(queue);
	queue_activate(queue);
}

void queue_record_deliveries(struct queue *queue, const struct item *item)
{
	struct engine *engine = queue->engine;
	engine->recorded = true;
	/* A count that is not recorded is only too low after a restart. */
	(void)engine->store->operations->item_changed(engine->store, queue->key, item->order.key,
						      item);
}
