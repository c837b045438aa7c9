/* How an engine begins, and ends. */
#include "cells/cell_end.h"
#include "core/client.h"
#include "core/core.h"
#include "core/lease_table.h"
#include "core/run.h"
#include "core/work.h"
#include "engine/engine.h"
#include "engine/shared.h"
#include "queues/queue_end.h"
#include "queues/queue_settle.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *key, const void *name)
{
	return strcmp(key, name);
}

struct engine *engine_new(const struct engine_config *config, struct recorder *recorder)
{
	struct engine *engine = calloc(1, sizeof *engine);
	if (engine == NULL)
		return NULL;
	engine->config = *config;
	/* No lease could be numbered beyond that. */
	if (engine->config.peer_leases > LEASE_MAX_SLOTS)
		engine->config.peer_leases = LEASE_MAX_SLOTS;
	engine->recorder = recorder;
	engine->last_key = config->last_key;
	engine->last_identity = config->last_cell;
	engine->random = config->seed;
	engine->grants = config->grants;
	engine->batch = 1;
	map_init(&engine->queues, engine_random(engine));
	engine->names.compare = compare_names;
	map_init(&engine->cells, engine_random(engine));
	map_init(&engine->shared, engine_random(engine));
	map_init(&engine->clients, engine_random(engine));
	map_init(&engine->places, engine_random(engine));
	list_init(&engine->active);
	list_init(&engine->impatient);
	list_init(&engine->committing);
	list_init(&engine->finished);
	list_init(&engine->later);
	engine->settle_queue = queue_settle;
	engine->work.share = UINT64_MAX;
	work_begin(engine);
	return engine;
}

uint64_t engine_grants(const struct engine *engine)
{
	return engine->grants;
}

void engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	engine_go_on(engine, UINT64_MAX);
	assert(engine->peers == 0 && engine->committed + 1 == engine->batch);
	/* The next is found before one goes: to begin anew each time would take as long as they are
	 * many. */
	for (struct map_node *node = map_next(&engine->queues, NULL), *next; node != NULL;
	     node = next) {
		next = map_next(&engine->queues, node);
		queue_forget(container_of(node, struct queue, node));
	}
	for (struct map_node *node = map_next(&engine->cells, NULL), *next; node != NULL;
	     node = next) {
		next = map_next(&engine->cells, node);
		cell_forget(container_of(node, struct cell, node));
	}
	engine_go_on(engine, UINT64_MAX);
	map_fini(&engine->queues);
	sorted_fini(&engine->names);
	map_fini(&engine->cells);
	shared_forget_all(engine);
	clients_end(engine);
	assert(engine->clients.count == 0);
	map_fini(&engine->clients);
	map_fini(&engine->places);
	heap_fini(&engine->waiter_timers);
	heap_fini(&engine->lease_timers);
	heap_fini(&engine->queue_timers);
	heap_fini(&engine->ahead_timers);
	heap_fini(&engine->client_timers);
	item_memory_fini(&engine->items);
	free(engine->deliveries);
	free(engine);
}
