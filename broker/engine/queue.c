#include "engine/queue.h"

#include "base/mutant.h"
#include "engine/charge.h"
#include "engine/duplicate.h"
#include "engine/expiry.h"
#include "engine/lease.h"
#include "engine/order.h"
#include "engine/peer.h"
#include "engine/waiter.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void queue_go_on(struct work *work)
{
	queue_settle(container_of(work, struct queue, settling));
}

static const char *dead_letter_of(const struct queue_options *options)
{
	return options->dead_letter != NULL ? options->dead_letter : "";
}

static size_t queue_cost(const char *name, const struct queue_options *options)
{
	/* The table of timers may have twice the room it needs. */
	return sizeof(struct queue) + strlen(name) + strlen(dead_letter_of(options)) + 2 +
	       CHARGE_OVERHEAD + 2 * sizeof(struct heap_node *);
}

static struct queue *allocate(struct engine *engine, const char *name,
			      const struct queue_options *options)
{
	size_t name_size = strlen(name) + 1;
	const char *dead_letter = dead_letter_of(options);
	struct queue *queue = calloc(1, sizeof *queue + name_size + strlen(dead_letter) + 1);
	if (queue == NULL)
		return NULL;
	queue->engine = engine;
	queue->options = *options;
	queue->options.dead_letter = strcpy(queue->name + name_size, dead_letter);
	stock_init(&queue->stock, options->order != QUEUE_FIFO);
	queue->references = 1;
	map_init(&queue->keys, engine_random(engine));
	map_init(&queue->flows, engine_random(engine));
	list_init(&queue->leases);
	list_init(&queue->getters);
	list_init(&queue->putters);
	list_init(&queue->joiners);
	list_init(&queue->readers);
	list_init(&queue->recalled);
	list_init(&queue->put_off);
	queue->settling.go_on = queue_go_on;
	queue->ending.go_on = queue_go_on_ending;
	memcpy(queue->name, name, name_size);
	return queue;
}

/* Whatever becomes of it, there is a place for its timer. */
static bool reserve_timer(struct engine *engine)
{
	size_t idle = engine->queues.count + 1 - engine->queue_timers.count;
	return idle <= UINT32_MAX && heap_reserve(&engine->queue_timers, (uint32_t)idle);
}

/* Under its name, in the store and in the map: both or neither. */
static int enter(struct queue *queue, struct error *error)
{
	struct engine *engine = queue->engine;
	if (!reserve_timer(engine) || !sorted_reserve(&engine->names, 1) ||
	    !map_insert(&engine->queues, &queue->node, queue->name, strlen(queue->name)))
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
	(void)sorted_insert(&engine->names, queue->name); /* it has been reserved */
	return RELEVO_OK;
}

int queue_new(struct engine *engine, struct account *account, const char *name,
	      const struct queue_options *options, struct queue **created, struct error *error)
{
	if (account->queues >= account->registry->queue_limit)
		return error_set(error, RELEVO_QUOTA,
				 "user %u asks for a queue more than the %u allowed", account->uid,
				 account->registry->queue_limit);
	int status = charge(account, queue_cost(name, options), "a queue", error);
	if (status != RELEVO_OK)
		return status;
	struct queue *queue = allocate(engine, name, options);
	if (queue == NULL)
		status = error_set(error, RELEVO_NO_MEMORY, "no memory for the queue \"%s\"", name);
	else
		status = enter(queue, error);
	if (status != RELEVO_OK) {
		account_release(account, queue_cost(name, options));
		free(queue);
		return status;
	}
	queue->account = account;
	account_hold(account);
	account->queues++;
	*created = queue;
	return RELEVO_OK;
}

struct queue *queue_find(struct engine *engine, const char *name)
{
	struct map_node *node = map_find(&engine->queues, name, strlen(name));
	return node != NULL ? container_of(node, struct queue, node) : NULL;
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
	order_fini(queue);
	map_fini(&queue->flows);
	account_release(queue->account, queue_cost(queue->name, &queue->options));
	account_drop(queue->account);
	free(queue);
}

void queue_activate(struct queue *queue)
{
	if (!list_linked(&queue->active) && !queue->deleted)
		list_append(&queue->engine->active, &queue->active);
}

bool queue_has_room(const struct queue *queue, size_t size)
{
	const struct queue_options *options = &queue->options;
	if (MUTANT(never_full))
		return true;
	if (options->bounded && stock_size(&queue->stock) >= options->capacity)
		return false;
	return options->capacity_bytes == 0 || queue->stock.bytes + size <= options->capacity_bytes;
}

bool queue_reserve_delay(struct queue *queue)
{
	return heap_reserve(&queue->stock.delayed, 1);
}

void queue_set_timer(struct queue *queue)
{
	struct heap *timers = &queue->engine->queue_timers;
	const struct heap_node *due = heap_first(&queue->stock.delayed);
	const struct heap_node *expiring = heap_first(&queue->expiring);
	/* From then on a getter may have that of the first putter. */
	nsec_t first = putters_due(queue);
	if (due != NULL && due->key < first)
		first = due->key;
	if (expiring != NULL && expiring->key < first)
		first = expiring->key;
	heap_remove(timers, &queue->timer);
	if (first != NSEC_NEVER && !queue->deleted)
		heap_push_reserved(timers, &queue->timer, first);
}

void queue_delay(struct queue *queue, struct item *item, nsec_t due)
{
	stock_delay(&queue->stock, item, due);
	queue_set_timer(queue);
}

void queue_ripen(struct queue *queue)
{
	struct engine *engine = queue->engine;
	expiry_run(queue);
	while (!work_over(engine) && stock_ripen(&queue->stock, engine->now))
		work_spend(engine, 1);
	putters_ripen(queue);
	queue_set_timer(queue);
	queue_activate(queue);
}

static int reserve_place(struct queue *queue, const struct item *item, nsec_t not_before)
{
	bool delay = not_before > queue->engine->now;
	bool sorted = delay || item->extended || queue->stock.ranked;
	if (sorted && !stock_reserve(&queue->stock, queue->leased + 1))
		return RELEVO_NO_MEMORY;
	return !delay || queue_reserve_delay(queue) ? RELEVO_OK : RELEVO_NO_MEMORY;
}

int queue_append(struct queue *queue, struct item *item, uint64_t session, nsec_t not_before)
{
	struct engine *engine = queue->engine;
	uint64_t sequence = queue->last_sequence + 1;
	int status = reserve_place(queue, item, not_before);
	if (status == RELEVO_OK)
		status = order_enter(queue, item, session);
	if (status != RELEVO_OK)
		return status;
	engine->recorded = true;
	status = engine->store->operations->item_added(engine->store, queue->key, sequence, item);
	if (status != RELEVO_OK)
		return status;
	item->order.key = queue->last_sequence = sequence;
	if (not_before > engine->now)
		queue_delay(queue, item, not_before);
	else
		stock_add(&queue->stock, item);
	queue->put++;
	queue->bytes += item->size;
	return RELEVO_OK;
}

int queue_forget_item(struct queue *queue, struct item *item, uint64_t sequence)
{
	struct engine *engine = queue->engine;
	engine->recorded = true;
	queue->bytes -= item->size;
	/* Somebody may wait for the last one. */
	if (queue->joiner_count > 0 || queue->shutdown != QUEUE_OPEN)
		queue_activate(queue);
	if (item->extended) {
		duplicate_leave(queue, item);
		expiry_forget(queue, item);
	}
	return engine->store->operations->item_removed(engine->store, queue->key, sequence);
}

void queue_record_deliveries(struct queue *queue, const struct item *item)
{
	struct engine *engine = queue->engine;
	engine->recorded = true;
	/* A count that is not recorded is only too low after a restart. */
	(void)engine->store->operations->item_changed(engine->store, queue->key, item->order.key,
						      item);
}
