/* Making queues, finding them by name, and freeing them with the last reference. */
#include "stock/queue_life.h"

#include "core/charge.h"
#include "core/peer.h"
#include "stock/order.h"
#include "stock/queue_record.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static struct queue *queue_life_allocate(struct engine *engine, const char *name,
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
	map_init(&queue->repeats, engine_random(engine));
	list_init(&queue->leases);
	list_init(&queue->getters);
	list_init(&queue->putters);
	list_init(&queue->joiners);
	list_init(&queue->followers);
	list_init(&queue->readers);
	list_init(&queue->recalled);
	list_init(&queue->put_off);
	queue->active.settling.go_on = engine->settle_queue;
	memcpy(queue->name, name, name_size);
	return queue;
}

/* Whatever becomes of it, there is a place for its timer. */
static bool reserve_timer(struct engine *engine)
{
	size_t idle = engine->queues.count + 1 - engine->queue_timers.count;
	return idle <= UINT32_MAX && heap_reserve(&engine->queue_timers, (uint32_t)idle);
}

/* Under its name. */
static int queue_life_enter(struct queue *queue, struct error *error)
{
	struct engine *engine = queue->engine;
	if (!reserve_timer(engine) || !sorted_reserve(&engine->names, 1) ||
	    !map_insert(&engine->queues, &queue->node, queue->name, strlen(queue->name)))
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the queue \"%s\"",
				 queue->name);
	(void)sorted_insert(&engine->names, queue->name); /* it has been reserved */
	return RELEVO_OK;
}

/* Under its name and its key; it has been paid for. */
static int queue_life_make(struct engine *engine, const struct queue_making *making,
			   struct queue **made, struct error *error)
{
	struct queue *queue = queue_life_allocate(engine, making->name, making->options);
	if (queue == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the queue \"%s\"",
				 making->name);
	queue->account = making->account;
	queue->key = making->key;
	int status = queue_life_enter(queue, error);
	if (status != RELEVO_OK) {
		free(queue);
		return status;
	}
	account_hold(queue->account);
	queue->account->queues++;
	*made = queue;
	return RELEVO_OK;
}

/* Nobody has seen it yet. */
static void queue_life_unmake(struct queue *queue)
{
	struct engine *engine = queue->engine;
	struct account *account = queue->account;
	map_remove(&engine->queues, &queue->node);
	sorted_remove(&engine->names, queue->name);
	account->queues--;
	account_release(account, queue_cost(queue->name, &queue->options));
	account_drop(account);
	free(queue);
}

int queue_new(struct engine *engine, const struct queue_making *making, struct queue **created,
	      struct error *error)
{
	struct queue *queue = NULL;
	struct account *account = making->account;
	if (account->queues >= account->registry->queue_limit)
		return error_set(error, RELEVO_QUOTA,
				 "user %u asks for a queue more than the %u allowed", account->uid,
				 account->registry->queue_limit);
	int status = charge(account, queue_cost(making->name, making->options), "a queue", error);
	if (status != RELEVO_OK)
		return status;
	struct queue_making new = *making;
	new.key = ++engine->last_key;
	status = queue_life_make(engine, &new, &queue, error);
	if (status != RELEVO_OK) {
		account_release(account, queue_cost(making->name, making->options));
		return status;
	}
	status = queue_record_created(queue, making->owner, error);
	if (status != RELEVO_OK) {
		queue_life_unmake(queue);
		return status;
	}
	*created = queue;
	return RELEVO_OK;
}

int queue_new_again(struct engine *engine, const struct queue_making *making, struct queue **queue,
		    struct error *error)
{
	size_t cost = queue_cost(making->name, making->options);
	/* It was within the limits when it was made. */
	account_charge_anyhow(making->account, cost);
	int status = queue_life_make(engine, making, queue, error);
	if (status != RELEVO_OK)
		account_release(making->account, cost);
	return status;
}

int queue_new_nameless(struct engine *engine, const struct queue_making *making,
		       struct queue **queue, struct error *error)
{
	char name[24];
	struct queue_making named = *making;
	named.name = name;
	do
		snprintf(name, sizeof name, "~%016" PRIx64, engine_random(engine));
	while (queue_find(engine, name) != NULL);
	return queue_new(engine, &named, queue, error);
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
	map_fini(&queue->repeats);
	account_release(queue->account, queue_cost(queue->name, &queue->options));
	account_drop(queue->account);
	free(queue);
}

void queue_activate(struct queue *queue)
{
	if (!list_linked(&queue->active.link) && !queue->deleted)
		list_append(&queue->engine->active, &queue->active.link);
}
