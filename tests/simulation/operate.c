/* The random operations. */
#include "simulation/world_private.h"

#include <inttypes.h>
#include <relevo/status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- answers ---------------------------------------------------------- */

static void keep(struct world_call *call, const struct delivery *delivery, uint32_t deliveries)
{
	const struct item *item = delivery->item;
	uint8_t expected[64];
	struct model_got got = { .deliveries = deliveries, .lease = delivery->lease };
	if (item->size < sizeof got.id || call->got_count == MODEL_BATCH) {
		call->broken = true;
		return;
	}
	memcpy(&got.id, item->body, sizeof got.id);
	if (item->size == body_size(got.id)) {
		body_write(got.id, expected);
		call->broken |= memcmp(expected, item->body, item->size) != 0;
	} else {
		call->broken = true;
	}
	call->got[call->got_count++] = got;
}

/* The engine is called again from inside the answer. */
static void act_inside(struct world *world, const struct model_call *call, uint64_t lease)
{
	struct engine_peer *peer = world->peers[call->peer];
	struct error error;
	int status = RELEVO_OK;
	if (call->inside == INSIDE_ACK)
		status = lease_ack(peer, &lease, 1, world->model.now, &error);
	else if (call->inside == INSIDE_NACK)
		status = lease_nack(peer, &lease, 1, 0, false, world->model.now, &error);
	if (status != RELEVO_OK)
		world_fail(world, "from inside an answer: %s", error.text);
}

static void on_answer(struct waiter *waiter, const struct answer *answer)
{
	struct world_call *call = container_of(waiter, struct world_call, waiter);
	struct world *world = call->world;
	const struct model_call *expected = &world->model.calls[call - world->calls];
	call->answers++;
	call->status = answer->status;
	call->accepted = answer->accepted;
	call->handle = answer->handle;
	for (uint32_t i = 0; i < answer->delivery_count; i++) {
		/* As a dead letter it has not been handed out yet. */
		uint32_t deliveries = answer->deliveries[i].item->deliveries;
		act_inside(world, expected, answer->deliveries[i].lease);
		keep(call, &answer->deliveries[i], deliveries);
	}
}

/* ---- choices ---------------------------------------------------------- */

bool pick_handle(struct world *world, uint32_t *peer, uint32_t *place)
{
	*peer = below(world, MODEL_PEERS);
	*place = below(world, MODEL_HANDLES);
	return world->model.handles[*peer][*place] != NULL;
}

struct model_call *pick_free_call(struct world *world)
{
	for (uint32_t i = 0; i < MODEL_CALLS; i++) {
		if (world->model.calls[i].state == CALL_FREE)
			return &world->model.calls[i];
	}
	return NULL;
}

/* Not at all, for ever, or up to 100 ms. */
nsec_t pick_deadline(struct world *world)
{
	uint32_t kind = below(world, 3);
	return kind == 0   ? 0
	       : kind == 1 ? NSEC_NEVER
			   : world->model.now + MSEC(1 + below(world, 100));
}

static uint32_t pick_leases(struct world *world, uint32_t peer, uint64_t *leases, uint32_t most)
{
	uint32_t count = 0;
	uint32_t first = below(world, 4);
	for (uint32_t i = 0; i < most; i++) {
		uint64_t lease = model_lease(&world->model, peer, first + i);
		if (lease != 0)
			leases[count++] = lease;
	}
	if (count < most && percent(world, 10))
		leases[count++] = world->old_leases[below(world, OLD_LEASES)];
	return count;
}

void fresh_moment(struct world *world)
{
	nsec_t now = world->model.now;
	world->model.now = now - now % NSEC_PER_MSEC + NSEC_PER_MSEC + ++world->last_moment;
}

static const char *const names[] = { "q0", "q1", "q2", "q3", "q4" };

/* Where the order of what is lost at one moment would show, no two items are lost at
 * one moment: the engine does not promise any. */
static void pick_losses(struct world *world, uint32_t name, struct queue_options *options)
{
	options->max_deliveries = percent(world, 25) ? 1 + below(world, 3) : 0;
	options->ttl = percent(world, 20) ? MSEC(20 + below(world, 50)) : 0;
	if (percent(world, 30)) {
		options->dead_letter = names[(name + 1) % MODEL_NAMES];
		options->lease = 0;
	}
}

static struct queue_options pick_options(struct world *world, uint32_t name)
{
	struct queue_options options = {
		.lifetime = percent(world, 60) ? QUEUE_KEPT
					       : (enum queue_lifetime)(1 + below(world, 2)),
		.bounded = percent(world, 60),
		.capacity = below(world, 3) * 2, /* 0, 2, 4 */
		.capacity_bytes = percent(world, 20) ? 20 + below(world, 100) : 0,
		.order = percent(world, 40) ? QUEUE_FIFO : (enum queue_order)below(world, 4),
		.full = percent(world, 60) ? QUEUE_BLOCK : (enum queue_full)below(world, 3),
		.lease = percent(world, 50) ? MSEC(50) : 0,
		.exclusive = percent(world, 10),
		.durable = world->recorded,
	};
	if (options.full == QUEUE_DROP_OLDEST && options.capacity == 0)
		options.capacity = 2;
	pick_losses(world, name, &options);
	return options;
}

/* ---- operations ------------------------------------------------------- */

struct waiter *world_prepare(struct world *world, const struct model_call *call)
{
	struct world_call *real = &world->calls[call - world->model.calls];
	*real = (struct world_call){ .waiter.answer = on_answer, .world = world };
	return &real->waiter;
}

/* What is said of the items of a put, on both sides. */
static void pick_put_options(struct world *world, struct model_call *call,
			     struct put_request *request)
{
	static const char keys[][2] = { "", "a", "b", "c" };
	const struct queue_options *options = &call->queue->options;
	request->priority = (int32_t)below(world, 5) - 2;
	request->cost = below(world, 5);
	call->rank = options->order == QUEUE_SHORTEST ? request->cost
						      : model_rank_of_priority(request->priority);
	call->key = percent(world, 15) ? 1 + below(world, 3) : 0;
	request->key = keys[call->key];
	request->key_size = call->key != 0;
	if (percent(world, 15))
		call->not_before = world->model.now + MSEC(below(world, 40));
	if (percent(world, 15))
		call->expires = world->model.now + MSEC(1 + below(world, 60));
	request->not_before = call->not_before;
	request->expires = call->expires;
	bool expires = call->expires != 0 || options->ttl != 0;
	if ((expires && options->dead_letter != NULL) ||
	    (call->not_before != 0 && options->full == QUEUE_DROP_OLDEST))
		call->count = call->count < 1 ? call->count : 1;
}

static void do_put(struct world *world)
{
	uint32_t peer, place;
	struct model_call *call = pick_free_call(world);
	if (call == NULL || !pick_handle(world, &peer, &place))
		return;
	fresh_moment(world);
	*call = (struct model_call){
		.kind = CALL_PUT,
		.peer = peer,
		.queue = world->model.handles[peer][place],
		.count = percent(world, 3) ? 0 : 1 + below(world, MODEL_BATCH - 1),
		.deadline = pick_deadline(world),
	};
	if (percent(world, 20))
		call->ack_count = pick_leases(world, peer, call->acks, 3);
	struct put_request request = { .handle = world->handles[peer][place] };
	pick_put_options(world, call, &request);
	uint8_t bodies[MODEL_BATCH * 64];
	size_t used = 0;
	for (uint32_t i = 0; i < call->count; i++) {
		call->ids[i] = ++world->last_id;
		call->sizes[i] = body_size(call->ids[i]);
		body_write(call->ids[i], bodies + used);
		used += call->sizes[i];
	}
	world_describe(world, "put of %u into queue %u, deadline %" PRIu64 ", %u acks", call->count,
		       call->queue->name, call->deadline, call->ack_count);
	request.bodies = bodies;
	request.sizes = call->sizes;
	request.count = call->count;
	request.acks = call->acks;
	request.ack_count = call->ack_count;
	request.deadline = call->deadline;
	queue_put(world->peers[peer], &request, world->model.now, world_prepare(world, call));
	model_put(&world->model, call);
}

/* Sometimes further queues of the same session. */
static void pick_choice(struct world *world, struct model_call *call, uint32_t *handles)
{
	while (call->also_count < MODEL_CHOICE - 1 && percent(world, 25)) {
		uint32_t place = below(world, MODEL_HANDLES);
		struct model_queue *queue = world->model.handles[call->peer][place];
		if (queue == NULL)
			return;
		handles[call->also_count] = world->handles[call->peer][place];
		call->also[call->also_count++] = queue;
	}
}

static void do_get(struct world *world)
{
	uint32_t peer, place;
	struct model_call *call = pick_free_call(world);
	if (call == NULL || !pick_handle(world, &peer, &place))
		return;
	fresh_moment(world);
	*call = (struct model_call){
		.kind = CALL_GET,
		.peer = peer,
		.queue = world->model.handles[peer][place],
		.max_items = 1 + below(world, MODEL_BATCH),
		.max_bytes = percent(world, 20) ? 1 + below(world, 80) : 0,
		.inside = percent(world, 70) ? INSIDE_KEEP : (enum inside)(1 + below(world, 2)),
		.deadline = pick_deadline(world),
	};
	uint32_t also[MODEL_CHOICE - 1];
	pick_choice(world, call, also);
	world_describe(world, "get of %u (%u bytes) from queue %u and %u more, deadline %" PRIu64,
		       call->max_items, call->max_bytes, call->queue->name, call->also_count,
		       call->deadline);
	const struct get_request request = {
		.handle = world->handles[peer][place],
		.max_items = call->max_items,
		.max_bytes = call->max_bytes,
		.deadline = call->deadline,
		.also = also,
		.also_count = call->also_count,
	};
	struct waiter *waiter = world_prepare(world, call);
	struct world_call *real = container_of(waiter, struct world_call, waiter);
	real->choices[0] = request.handle;
	real->choice_count = 1 + call->also_count;
	memcpy(real->choices + 1, also, call->also_count * sizeof also[0]);
	queue_get(world->peers[peer], &request, world->model.now, waiter);
	model_get(&world->model, call);
}

struct model_leases pick_held(struct world *world)
{
	struct model_leases leases = { .peer = below(world, MODEL_PEERS) };
	leases.count = pick_leases(world, leases.peer, leases.numbers, MODEL_BATCH);
	return leases;
}

static void do_ack(struct world *world)
{
	struct model_leases leases = pick_held(world);
	struct error error;
	world_describe(world, "ack of %u", leases.count);
	int status = lease_ack(world->peers[leases.peer], leases.numbers, leases.count,
			       world->model.now, &error);
	world_expect(world, "status", (uint64_t)status,
		     (uint64_t)model_ack(&world->model, &leases));
}

static void do_nack(struct world *world)
{
	struct model_leases leases = pick_held(world);
	struct error error;
	fresh_moment(world);
	nsec_t not_before = percent(world, 50) ? world->model.now + MSEC(below(world, 60)) : 0;
	bool unread = percent(world, 30);
	if (not_before != 0 && leases.count > 1)
		leases.count = 1; /* due alone: see pick_losses() */
	world_describe(world, "nack of %u until %" PRIu64, leases.count, not_before);
	int status = lease_nack(world->peers[leases.peer], leases.numbers, leases.count, not_before,
				unread, world->model.now, &error);
	world_expect(world, "status", (uint64_t)status,
		     (uint64_t)model_nack(&world->model, &leases, not_before, unread));
}

static void do_cancel(struct world *world)
{
	uint32_t i = below(world, MODEL_CALLS);
	struct error error;
	world_describe(world, "cancel");
	/* A cancellation does not tell the time, and whom it makes way for is served. */
	(void)lease_ack(world->peers[0], NULL, 0, world->model.now, &error);
	waiter_cancel(&world->calls[i].waiter);
	model_cancel(&world->model, &world->model.calls[i]);
}

static void do_open(struct world *world)
{
	struct model_opening opening = {
		.peer = below(world, MODEL_PEERS),
		.name = below(world, MODEL_NAMES),
		.mode = (enum queue_open_mode)below(world, 3),
	};
	opening.options = pick_options(world, opening.name);
	uint32_t *handles = world->handles[opening.peer];
	uint32_t place;
	struct queue_opened opened;
	struct error error;
	char text[8];
	snprintf(text, sizeof text, "q%u", opening.name);
	world_describe(world, "open %s in mode %d", text, (int)opening.mode);
	int status = queue_open(world->peers[opening.peer], text, opening.mode, &opening.options,
				&opened, &error);
	int expected = model_open(&world->model, &opening, &place);
	world_expect(world, "status", (uint64_t)status, (uint64_t)expected);
	if (status != RELEVO_OK || world->failed)
		return;
	for (uint32_t i = 0; i < MODEL_HANDLES; i++) {
		if (handles[i] == opened.handle)
			world_fail(world, "the handle %u is in use", opened.handle);
	}
	handles[place] = opened.handle;
}

static void do_close(struct world *world)
{
	uint32_t peer, place;
	struct error error;
	if (!pick_handle(world, &peer, &place))
		return;
	world_describe(world, "close");
	int status = queue_close(world->peers[peer], world->handles[peer][place], &error);
	world_expect(world, "status", (uint64_t)status, RELEVO_OK);
	model_close(&world->model, peer, place);
	world->handles[peer][place] = 0;
}

static void do_delete(struct world *world)
{
	uint32_t name = below(world, MODEL_NAMES);
	struct error error;
	char text[8];
	snprintf(text, sizeof text, "q%u", name);
	world_describe(world, "delete %s", text);
	int status = queue_delete(world->engine, text, QUEUE_ANY, &error);
	world_expect(world, "status", (uint64_t)status,
		     (uint64_t)model_delete(&world->model, name));
}

static void do_death(struct world *world)
{
	uint32_t peer = below(world, MODEL_PEERS);
	world_describe(world, "death of session %u", peer);
	for (uint32_t i = 0; i < MODEL_CALLS; i++) {
		/* Their memory is not the engine's any more. */
		if (world->model.calls[i].peer == peer)
			world->calls[i].waiter.answer = NULL;
	}
	engine_peer_gone(world->peers[peer], world->model.now);
	model_gone(&world->model, peer);
	memset(world->handles[peer], 0, sizeof world->handles[peer]);
	world->peers[peer] = engine_peer_new(world->engine, world->accounts_of[peer]);
	if (world->peers[peer] == NULL)
		abort();
}

static void do_time(struct world *world)
{
	nsec_t next = engine_next_deadline(world->engine);
	/* Often exactly the moment when something is due. */
	if (percent(world, 50) && next != NSEC_NEVER && next > world->model.now)
		world->model.now = next;
	else
		world->model.now += MSEC(below(world, 30));
	world_describe(world, "tick at %" PRIu64, world->model.now);
	nsec_t deadline = engine_tick(world->engine, world->model.now);
	model_tick(&world->model);
	world_expect(world, "deadline of the tick", deadline, model_next_deadline(&world->model));
	for (struct model_queue *queue = world->model.queues; queue != NULL; queue = queue->next)
		world_expect(world, "items that nobody comes for", 0,
			     model_strands(&world->model, queue));
}

/* All that the recorder was asked to commit is done, well or not; from now on it
 * may take its time. */
static void do_commit(struct world *world)
{
	int status = percent(world, 90) ? RELEVO_OK : RELEVO_SYSTEM;
	world_describe(world, "commit");
	while (recorder_fake_complete(&world->recorder, status))
		;
	model_commit(&world->model, status);
	world->recorder.hold = world->model.hold = percent(world, 50) && world->recorded;
}

void world_operate(struct world *world)
{
	static const struct {
		void (*operation)(struct world *world);
		uint32_t weight; /* of 1000 */
	} choices[] = {
		{ do_put, 220 },   { do_get, 240 },   { do_ack, 120 },     { do_nack, 80 },
		{ do_time, 90 },   { do_cancel, 50 }, { do_open, 70 },     { do_commit, 40 },
		{ do_close, 15 },  { do_death, 15 },  { do_delete, 10 },   { do_join, 10 },
		{ do_reject, 15 }, { do_extend, 10 }, { do_shut_down, 4 }, { do_purge, 4 },
		{ do_move, 7 },
	};
	if (percent(world, 30))
		world->model.now += MSEC(1); /* time passes between ticks too */
	uint32_t choice = below(world, 1000);
	size_t i = 0;
	while (choice >= choices[i].weight)
		choice -= choices[i++].weight;
	choices[i].operation(world);
}
