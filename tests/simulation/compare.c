/* What both sides must agree on after every step. */
#include "core/core.h"
#include "simulation/world_private.h"

#include <inttypes.h>
#include <relevo/status.h>

static void compare_got(struct world *world, const struct world_call *call,
			struct model_call *expected)
{
	world_expect(world, "items got", call->got_count, expected->got_count);
	if (call->choice_count > 1 && call->got_count > 0)
		world_expect(world, "the queue that served", call->handle,
			     call->choices[expected->served]);
	for (uint32_t i = 0; i < call->got_count && !world->failed; i++) {
		const struct model_got *got = &call->got[i];
		world_expect(world, "item", got->id, expected->got[i].id);
		world_expect(world, "deliveries", got->deliveries, expected->got[i].deliveries);
		world_expect(world, "a number for the lease", got->lease != 0, true);
		world->old_leases[random_below(world->random, OLD_LEASES)] = got->lease;
		if (expected->inside == INSIDE_KEEP && !world->failed) {
			struct model_item *item = model_item(expected->queue, got->id);
			/* It may be gone already, or in other hands. */
			if (item != NULL && item->state == ITEM_LEASED && item->lease == 0 &&
			    item->holder == expected->peer && item->deliveries == got->deliveries)
				item->lease = got->lease;
		}
	}
}

static void compare_call(struct world *world, struct world_call *call, struct model_call *expected)
{
	bool done = expected->state == CALL_DONE;
	bool parked = expected->state == CALL_PARKED || expected->state == CALL_COMMITTING;
	if ((uint64_t)call->answers != (uint64_t)done)
		world_fail(world, "a call was answered %d times (%s), the model says %s (%s)",
			   call->answers, relevo_error_name(call->status), done ? "once" : "not",
			   done ? relevo_error_name(expected->status) : "");
	world_expect(world, "a call is parked", waiter_pending(&call->waiter), parked);
	if (!done || world->failed)
		return;
	if (call->broken)
		world_fail(world, "a body is not what was put");
	if (call->status != expected->status)
		world_fail(world, "a call: engine %s, model %s", relevo_error_name(call->status),
			   relevo_error_name(expected->status));
	world_expect(world, "items accepted", call->accepted, expected->accepted);
	if (expected->kind == CALL_GET)
		compare_got(world, call, expected);
	expected->state = CALL_FREE;
	call->answers = 0;
}

static void compare_counts(struct world *world, uint32_t peer, uint32_t place)
{
	const struct model_queue *queue = world->model.handles[peer][place];
	struct queue_counts counts;
	struct error error;
	if (queue == NULL)
		return;
	int status = queue_count(world->peers[peer], world->handles[peer][place], &counts, &error);
	world_expect(world, "status of a count", (uint64_t)status,
		     queue->deleted ? RELEVO_GONE : RELEVO_OK);
	if (queue->deleted || world->failed)
		return;
	struct queue_counts expected = model_counts(&world->model, queue);
	world_expect(world, "ready", counts.ready, expected.ready);
	world_expect(world, "leased", counts.leased, expected.leased);
	world_expect(world, "delayed", counts.delayed, expected.delayed);
	world_expect(world, "bytes", counts.bytes, expected.bytes);
	world_expect(world, "getters", counts.getters, expected.getters);
	world_expect(world, "putters", counts.putters, expected.putters);
	world_expect(world, "put", counts.put, expected.put);
	world_expect(world, "acknowledged", counts.acknowledged, expected.acknowledged);
	world_expect(world, "redelivered", counts.redelivered, expected.redelivered);
	world_expect(world, "handles", counts.handles, expected.handles);
	world_expect(world, "joiners", counts.joiners, expected.joiners);
	world_expect(world, "expired", counts.expired, expected.expired);
	world_expect(world, "dropped", counts.dropped, expected.dropped);
	world_expect(world, "dead letters", counts.dead_lettered, expected.dead_lettered);
	world_expect(world, "duplicates", counts.duplicates, expected.duplicates);
	world_expect(world, "shut down", counts.shut_down, expected.shut_down);
}

void world_compare(struct world *world)
{
	for (uint32_t i = 0; i < MODEL_CALLS && !world->failed; i++)
		compare_call(world, &world->calls[i], &world->model.calls[i]);
	for (uint32_t peer = 0; peer < MODEL_PEERS && !world->failed; peer++)
		compare_counts(world, peer, random_below(world->random, MODEL_HANDLES));
	world_expect(world, "items alive", world->engine->items.alive, model_items(&world->model));
	world_expect(world, "the next deadline", engine_next_deadline(world->engine),
		     model_next_deadline(&world->model));
}
