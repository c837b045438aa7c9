/* What is due in time. */
#include "cells/cell_end.h"
#include "core/client.h"
#include "core/run.h"
#include "core/waiter.h"
#include "core/work.h"
#include "engine/engine.h"
#include "leases/ahead_back.h"
#include "leases/hold_over.h"
#include "queues/queue_end.h"
#include "queues/queue_settle.h"

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

/* What waited for it ends, one by one; then what is remembered of it is forgotten. */
static void on_client(struct heap_node *node)
{
	struct client *client = container_of(node, struct client, timer);
	struct list *queue = list_first(&client->owned), *cell = list_first(&client->owned_cells);
	if (queue != NULL)
		queue_end(container_of(queue, struct queue, in_owner));
	else if (cell != NULL)
		cell_end(container_of(cell, struct cell, in_owner));
	else
		client_forget_some(client);
}

static void on_waiter(struct heap_node *node)
{
	waiter_time_out(container_of(node, struct waiter, timer));
}

/* Do what is due, but a part of the turn's work at most: what is left stays due. */
static void tick_tick(struct engine *engine, const struct heap *timers,
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
	tick_tick(engine, &engine->queue_timers, on_queue);
	tick_tick(engine, &engine->lease_timers, on_lease);
	tick_tick(engine, &engine->ahead_timers, on_ahead);
	tick_tick(engine, &engine->client_timers, on_client);
	/* Last, so that what came back at this very moment still serves them. */
	tick_tick(engine, &engine->waiter_timers, on_waiter);
	engine_run(engine);
	engine_go_on(engine, end);
	return engine_next_deadline(engine);
}

uint64_t engine_work_done(const struct engine *engine)
{
	return engine->work.done;
}

void engine_share(struct engine *engine, uint64_t units)
{
	engine->work.share = units;
}

nsec_t engine_next_deadline(const struct engine *engine)
{
	const struct heap *const timers[] = {
		&engine->queue_timers, &engine->lease_timers,  &engine->waiter_timers,
		&engine->ahead_timers, &engine->client_timers,
	};
	nsec_t first = list_empty(&engine->later) ? NSEC_NEVER : 0;
	for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
		const struct heap_node *node = heap_first(timers[i]);
		if (node != NULL && node->key < first)
			first = node->key;
	}
	return first;
}
