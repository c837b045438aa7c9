#include "engine/ahead.h"
#include "engine/cell.h"
#include "engine/core.h"
#include "engine/hold.h"
#include "engine/lease.h"
#include "engine/queue.h"
#include "engine/shared.h"
#include "engine/waiter.h"
#include "engine/work.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *key, const void *name)
{
	return strcmp(key, name);
}

struct engine *engine_new(const struct engine_config *config, struct store *store)
{
	struct engine *engine = calloc(1, sizeof *engine);
	if (engine == NULL)
		return NULL;
	engine->config = *config;
	/* No lease could be numbered beyond that. */
	if (engine->config.peer_leases > LEASE_MAX_SLOTS)
		engine->config.peer_leases = LEASE_MAX_SLOTS;
	engine->store = store;
	engine->random = config->seed;
	engine->batch = 1;
	map_init(&engine->queues, engine_random(engine));
	engine->names.compare = compare_names;
	map_init(&engine->cells, engine_random(engine));
	map_init(&engine->shared, engine_random(engine));
	map_init(&engine->places, engine_random(engine));
	list_init(&engine->active);
	list_init(&engine->impatient);
	list_init(&engine->committing);
	list_init(&engine->finished);
	list_init(&engine->later);
	work_begin(engine);
	return engine;
}

void engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	work_go_on(engine, UINT64_MAX);
	assert(engine->peers == 0 && engine->committed + 1 == engine->batch);
	struct map_node *node;
	while ((node = map_next(&engine->queues, NULL)) != NULL)
		queue_forget(container_of(node, struct queue, node));
	while ((node = map_next(&engine->cells, NULL)) != NULL)
		cell_end(container_of(node, struct cell, node));
	work_go_on(engine, UINT64_MAX);
	map_fini(&engine->queues);
	sorted_fini(&engine->names);
	map_fini(&engine->cells);
	shared_forget_all(engine);
	map_fini(&engine->places);
	heap_fini(&engine->waiter_timers);
	heap_fini(&engine->lease_timers);
	heap_fini(&engine->queue_timers);
	heap_fini(&engine->ahead_timers);
	free(engine->deliveries);
	free(engine);
}

/* splitmix64: every seed is as good as another. */
uint64_t engine_random(struct engine *engine)
{
	uint64_t mixed = engine->random += 0x9e3779b97f4a7c15U;
	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
	return mixed ^ (mixed >> 31);
}

/* The store is done with the oldest batch that it had not answered. */
static void batch_done(void *context, int status)
{
	struct engine *engine = context;
	engine->committed++;
	struct list *node;
	while ((node = list_first(&engine->committing)) != NULL) {
		struct waiter *waiter = container_of(node, struct waiter, in_engine);
		if (waiter->batch > engine->committed)
			break;
		waiter_committed(waiter, status);
	}
	engine_run(engine);
}

static void commit(struct engine *engine)
{
	engine->recorded = false;
	engine->batch++;
	engine->store->operations->commit(engine->store, batch_done, engine);
}

/* Refused only when all that could be served has been: whoever is still in line
 * then gets nothing. */
static void refuse(struct waiter *waiter)
{
	if (waiter->kind->put_off == NULL || !waiter->kind->put_off(waiter))
		waiter_finish(waiter, waiter->refusal);
}

static void settle(struct queue *queue)
{
	list_remove(&queue->active);
	if (work_over(queue->engine))
		work_later(queue->engine, &queue->settling);
	else
		queue_settle(queue);
}

/* One step of the work that is left, in order of urgency; false: none is. */
static bool step(struct engine *engine)
{
	struct list *node;
	if ((node = list_first(&engine->active)) != NULL) {
		settle(container_of(node, struct queue, active));
	} else if ((node = list_first(&engine->impatient)) != NULL) {
		refuse(container_of(node, struct waiter, in_engine));
	} else if (engine->recorded) {
		commit(engine);
	} else if ((node = list_first(&engine->finished)) != NULL) {
		work_spend(engine, 1);
		waiter_answer(container_of(node, struct waiter, in_engine));
	} else {
		return false;
	}
	return true;
}

void engine_run(struct engine *engine)
{
	if (engine->running)
		return;
	engine->running = true;
	work_begin(engine);
	while (step(engine))
		;
	engine->running = false;
}

/* The first node of the heap if it is due, or NULL. */
static struct heap_node *due(const struct heap *timers, nsec_t now)
{
	struct heap_node *node = heap_first(timers);
	return node != NULL && node->key <= now ? node : NULL;
}

static void on_queue(struct heap_node *node)
{
	queue_ripen(container_of(node, struct queue, timer));
}

static void on_lease(struct heap_node *node)
{
	hold_over(container_of(node, struct lease, timer));
}

static void on_ahead(struct heap_node *node)
{
	ahead_due(container_of(node, struct ahead, timer));
}

static void on_waiter(struct heap_node *node)
{
	waiter_time_out(container_of(node, struct waiter, timer));
}

/* Do what is due, but a part of the turn's work at most: what is left stays due. */
static void tick(struct engine *engine, const struct heap *timers,
		 void (*on_due)(struct heap_node *node))
{
	enum { PARTS = 8 };
	uint64_t end = work_turn_end(engine, PARTS);
	struct heap_node *node;
	while (engine->work.done < end && (node = due(timers, engine->now)) != NULL) {
		work_begin(engine);
		on_due(node);
		work_spend(engine, 1);
	}
}

nsec_t engine_tick(struct engine *engine, nsec_t now)
{
	engine_at(engine, now);
	uint64_t end = work_turn_end(engine, 1);
	tick(engine, &engine->queue_timers, on_queue);
	tick(engine, &engine->lease_timers, on_lease);
	tick(engine, &engine->ahead_timers, on_ahead);
	/* Last, so that what came back at this very moment still serves them. */
	tick(engine, &engine->waiter_timers, on_waiter);
	engine_run(engine);
	work_go_on(engine, end);
	return engine_next_deadline(engine);
}

uint64_t engine_work_done(const struct engine *engine)
{
	return engine->work.done;
}

nsec_t engine_next_deadline(const struct engine *engine)
{
	const struct heap *const timers[] = {
		&engine->queue_timers,
		&engine->lease_timers,
		&engine->waiter_timers,
		&engine->ahead_timers,
	};
	nsec_t first = list_empty(&engine->later) ? NSEC_NEVER : 0;
	for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
		const struct heap_node *node = heap_first(timers[i]);
		if (node != NULL && node->key < first)
			first = node->key;
	}
	return first;
}
