#include "engine/ahead.h"
#include "engine/cell.h"
#include "engine/core.h"
#include "engine/lease.h"
#include "engine/queue.h"
#include "engine/shared.h"
#include "engine/waiter.h"

#include <assert.h>
#include <stdlib.h>

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
	map_init(&engine->cells, engine_random(engine));
	map_init(&engine->shared, engine_random(engine));
	map_init(&engine->places, engine_random(engine));
	list_init(&engine->active);
	list_init(&engine->impatient);
	list_init(&engine->committing);
	list_init(&engine->finished);
	return engine;
}

void engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	assert(engine->peers == 0 && engine->committed + 1 == engine->batch);
	struct map_node *node;
	while ((node = map_next(&engine->queues, NULL)) != NULL)
		queue_forget(container_of(node, struct queue, node));
	while ((node = map_next(&engine->cells, NULL)) != NULL)
		cell_end(container_of(node, struct cell, node));
	map_fini(&engine->queues);
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
	waiter_finish(waiter, waiter->refusal);
}

/* One step of the work that is left, in order of urgency; false: none is. */
static bool step(struct engine *engine)
{
	struct list *node;
	if ((node = list_first(&engine->active)) != NULL) {
		list_remove(node);
		queue_settle(container_of(node, struct queue, active));
	} else if ((node = list_first(&engine->impatient)) != NULL) {
		refuse(container_of(node, struct waiter, in_engine));
	} else if (engine->recorded) {
		commit(engine);
	} else if ((node = list_first(&engine->finished)) != NULL) {
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

nsec_t engine_tick(struct engine *engine, nsec_t now)
{
	engine_at(engine, now);
	struct heap_node *node;
	while ((node = due(&engine->queue_timers, now)) != NULL)
		queue_ripen(container_of(node, struct queue, timer));
	while ((node = due(&engine->lease_timers, now)) != NULL)
		lease_return(container_of(node, struct lease, timer));
	while ((node = due(&engine->ahead_timers, now)) != NULL)
		ahead_due(container_of(node, struct ahead, timer));
	/* Last, so that what came back at this very moment still serves them. */
	while ((node = due(&engine->waiter_timers, now)) != NULL)
		waiter_time_out(container_of(node, struct waiter, timer));
	engine_run(engine);
	return engine_next_deadline(engine);
}

nsec_t engine_next_deadline(const struct engine *engine)
{
	const struct heap *const timers[] = {
		&engine->queue_timers,
		&engine->lease_timers,
		&engine->waiter_timers,
		&engine->ahead_timers,
	};
	nsec_t first = NSEC_NEVER;
	for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
		const struct heap_node *node = heap_first(timers[i]);
		if (node != NULL && node->key < first)
			first = node->key;
	}
	return first;
}
