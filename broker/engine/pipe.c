/* Meeting by name for a pipe, and relaying it over queues between hosts: see pipe.h. */
#include "engine/pipe.h"

#include "base/mutant.h"
#include "base/name.h"
#include "core/charge.h"
#include "core/peer.h"
#include "core/run.h"
#include "core/waiter.h"
#include "core/work.h"
#include "engine/peer_look.h"
#include "queues/queue_handle.h"
#include "queues/queue_shutdown.h"
#include "stock/queue_life.h"

#include <stdlib.h>
#include <string.h>

/* What a relayed pipe holds before its reader takes it. */
enum { RELAY_ITEMS = 4096, RELAY_BYTES = 1024 * 1024 };

/* Where one waits for the other. */
struct pipe_place {
	struct map_node node; /* in engine->places, until both are there */
	struct engine *engine;
	struct account *account; /* of who came first */
	struct list waiters;
	uint32_t references; /* the waiters, until they are answered */
	bool named;          /* in the map */
	char name[];
};

struct relay_end {
	struct pipe_relay *relay;
	struct list link; /* in peer->relays */
};

/* A pipe over queues. */
struct pipe_relay {
	struct queue *queues[2]; /* from the one, from the other; NULL: none */
	struct relay_end ends[2];
};

/* ---- places ------------------------------------------------------------- */

static size_t pipe_cost_of(const char *name)
{
	return sizeof(struct pipe_place) + strlen(name) + 1 + CHARGE_OVERHEAD;
}

static struct pipe_place *pipe_find(const struct engine *engine, const char *name)
{
	struct map_node *node = map_find(&engine->places, name, strlen(name));
	return node != NULL ? container_of(node, struct pipe_place, node) : NULL;
}

static void free_place(struct pipe_place *place)
{
	account_release(place->account, pipe_cost_of(place->name));
	account_drop(place->account);
	free(place);
}

static void pipe_take_name(struct pipe_place *place)
{
	if (place->named)
		map_remove(&place->engine->places, &place->node);
	place->named = false;
}

static int new_place(struct engine_peer *peer, const char *name, struct pipe_place **out,
		     struct error *error)
{
	int status = charge(peer->account, pipe_cost_of(name), "a pipe", error);
	if (status != RELEVO_OK)
		return status;
	size_t name_size = strlen(name) + 1;
	struct pipe_place *place = calloc(1, sizeof *place + name_size);
	if (place == NULL) {
		account_release(peer->account, pipe_cost_of(name));
		return error_set(error, RELEVO_NO_MEMORY, "no memory for \"%s\"", name);
	}
	place->engine = peer->engine;
	place->account = peer->account;
	account_hold(place->account);
	list_init(&place->waiters);
	memcpy(place->name, name, name_size);
	place->named = map_insert(&peer->engine->places, &place->node, place->name, name_size - 1);
	if (!place->named) {
		free_place(place);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for \"%s\"", name);
	}
	*out = place;
	return RELEVO_OK;
}

/* ---- the kind of waiter ------------------------------------------------------------ */

static void meeter_enter(struct waiter *waiter)
{
	struct pipe_place *place = waiter->of.pipe.place;
	place->references++;
	list_append(&place->waiters, &waiter->in_line);
}

/* Nobody meets somebody who has left. */
static void meeter_leave(struct waiter *waiter)
{
	pipe_take_name(waiter->of.pipe.place);
}

static void release_end(struct engine *engine, void *end)
{
	if (end != NULL)
		engine->config.pipes->release(end);
}

static void meeter_forget(struct waiter *waiter)
{
	struct pipe_part *part = &waiter->of.pipe;
	release_end(part->place->engine, part->end);
	part->end = NULL;
	if (--part->place->references == 0)
		free_place(part->place);
}

static void meeter_describe(const struct waiter *waiter, struct error *error)
{
	if (waiter->status == RELEVO_TIMED_OUT)
		error_set(error, RELEVO_TIMED_OUT,
			  "nobody came to the other end of the pipe \"%s\" in time",
			  waiter->of.pipe.place->name);
}

/* What it got is let go of when it has been answered. */
static void meeter_answer(struct waiter *waiter, struct answer *answer)
{
	struct engine *engine = waiter->peer->engine;
	struct pipe_part *part = &waiter->of.pipe;
	const struct pipe_meeting meeting = { part->end, part->out, part->in };
	if (waiter->status == RELEVO_OK) {
		answer->meeting = &meeting;
		part->end = NULL;
	}
	waiter_give(waiter, answer);
	if (answer->meeting != NULL)
		release_end(engine, meeting.end);
}

static void meeter_look(const struct waiter *waiter, struct peer_wait *wait)
{
	wait->call = PEER_MEET;
	wait->kind = MUTANT(pipe_told_as_queue) ? "queue" : "pipe";
	wait->object = waiter->of.pipe.place->name;
}

static const struct waiter_kind meeter_kind = {
	.enter = meeter_enter,
	.leave = meeter_leave,
	.forget = meeter_forget,
	.describe = meeter_describe,
	.answer = meeter_answer,
	.look = meeter_look,
	.cancel = waiter_cancel_in_line,
	.drop = waiter_drop_from_line,
};

/* ---- relaying ----------------------------------------------------------- */

static void free_relay(struct pipe_relay *relay)
{
	for (int i = 0; i < 2; i++) {
		list_remove(&relay->ends[i].link);
		if (relay->queues[i] != NULL)
			queue_drop(relay->queues[i]);
	}
	free(relay);
}

static void pipe_shut(struct queue *queue)
{
	if (queue != NULL && !queue->deleted && !MUTANT(relay_outlives_its_end))
		queue_stop(queue, QUEUE_DRAINING);
}

bool pipes_leave(struct engine_peer *peer)
{
	struct list *node;
	while ((node = list_first(&peer->relays)) != NULL) {
		if (work_over(peer->engine))
			return false;
		work_spend(peer->engine, 1);
		struct pipe_relay *relay = container_of(node, struct relay_end, link)->relay;
		pipe_shut(relay->queues[0]);
		pipe_shut(relay->queues[1]);
		free_relay(relay);
	}
	return true;
}

/* A handle for each of them. */
static int lay(struct waiter *sender, struct waiter *receiver, struct queue **queue,
	       struct error *error)
{
	const struct queue_options options = {
		.lifetime = QUEUE_HANDLES,
		.bounded = true,
		.capacity = RELAY_ITEMS,
		.capacity_bytes = RELAY_BYTES,
	};
	const struct queue_making making = {
		.account = sender->peer->account,
		.options = &options,
	};
	struct queue *made = NULL;
	int status = peer_reserve_handle(sender->peer, error);
	if (status == RELEVO_OK)
		status = queue_new_nameless(sender->peer->engine, &making, &made, error);
	if (status != RELEVO_OK)
		return status;
	sender->of.pipe.out = peer_add_handle(sender->peer, made);
	status = peer_reserve_handle(receiver->peer, error);
	if (status != RELEVO_OK) {
		/* With its only handle goes the queue. */
		peer_remove_handle(sender->peer, sender->of.pipe.out);
		return status;
	}
	receiver->of.pipe.in = peer_add_handle(receiver->peer, made);
	queue_hold(made);
	*queue = made;
	return RELEVO_OK;
}

static int relay(struct waiter *first, struct waiter *second, struct error *error)
{
	struct pipe_relay *relay = calloc(1, sizeof *relay);
	int status = RELEVO_OK;
	if (relay == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a pipe");
	list_init(&relay->ends[0].link);
	list_init(&relay->ends[1].link);
	if (first->of.pipe.direction != PIPE_RECEIVES)
		status = lay(first, second, &relay->queues[0], error);
	if (status == RELEVO_OK && first->of.pipe.direction != PIPE_SENDS)
		status = lay(second, first, &relay->queues[1], error);
	if (status != RELEVO_OK) {
		pipe_shut(relay->queues[0]);
		free_relay(relay);
		return status;
	}
	relay->ends[0].relay = relay->ends[1].relay = relay;
	list_append(&first->peer->relays, &relay->ends[0].link);
	list_append(&second->peer->relays, &relay->ends[1].link);
	return RELEVO_OK;
}

/* ---- meeting ------------------------------------------------------------ */

static int pipe_meet_here(struct waiter *first, struct waiter *second, struct error *error)
{
	struct engine *engine = first->peer->engine;
	void *ends[2];
	if (!first->of.pipe.local || !second->of.pipe.local)
		return relay(first, second, error);
	int status = engine->config.pipes->make(second->peer->account, ends, error);
	if (status == RELEVO_OK) {
		first->of.pipe.end = ends[0];
		second->of.pipe.end = ends[1];
	}
	return status;
}

static bool complement(enum pipe_direction one, enum pipe_direction other)
{
	return one == PIPE_BOTH_WAYS ? other == PIPE_BOTH_WAYS
				     : other != PIPE_BOTH_WAYS && one != other;
}

static int pipe_check(const struct pipe_request *request, const struct waiter *first,
		      struct error *error)
{
	static const char *const parts[] = { "sends and receives", "receives", "sends" };
	int status = name_check(request->name, "pipe", error);
	if (status != RELEVO_OK)
		return status;
	if ((unsigned)request->direction > PIPE_SENDS)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no direction of a pipe",
				 (int)request->direction);
	if (first != NULL &&
	    !complement((enum pipe_direction)first->of.pipe.direction, request->direction))
		return error_set(
			error, RELEVO_OPTION_MISMATCH,
			"at the pipe \"%s\" waits an end that %s, as does this one or part "
			"of it",
			request->name, parts[first->of.pipe.direction]);
	return RELEVO_OK;
}

static int pipe_begin(struct engine_peer *peer, const struct pipe_request *request,
		      struct waiter *waiter, struct error *error)
{
	struct pipe_place *place = pipe_find(peer->engine, request->name);
	struct waiter *first = place != NULL ? waiter_first(&place->waiters) : NULL;
	int status = pipe_check(request, first, error);
	if (status == RELEVO_OK && place == NULL)
		status = new_place(peer, request->name, &place, error);
	if (status != RELEVO_OK)
		return status;
	*waiter = (struct waiter){
		.answer = waiter->answer,
		.kind = &meeter_kind,
		.of.pipe = {
			.place = place,
			.direction = (uint8_t)request->direction,
			.local = request->local,
		},
	};
	status = waiter_park(waiter, peer, request->deadline);
	if (status != RELEVO_OK) {
		if (first == NULL) {
			pipe_take_name(place);
			free_place(place);
		}
		return error_set(error, status, "no memory for a call that waits");
	}
	if (first != NULL) {
		status = pipe_meet_here(first, waiter, error);
		waiter_finish(first, status);
		waiter_finish(waiter, status);
	}
	return RELEVO_OK;
}

void pipe_meet(struct engine_peer *peer, const struct pipe_request *request, nsec_t now,
	       struct waiter *waiter)
{
	struct engine *engine = peer->engine;
	struct error error;
	engine_at(engine, now);
	if (pipe_begin(peer, request, waiter, &error) != RELEVO_OK)
		waiter_refuse(waiter, &error);
	engine_run(engine);
}
