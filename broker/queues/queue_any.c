/*
 * A get from the first ready of several queues: one getter stands in the line of each,
 * and the first that is answered decides; the others leave without an answer. The call
 * itself stands in no line.
 */
#include "core/peer.h"
#include "core/peer_wait.h"
#include "core/run.h"
#include "core/waiter.h"
#include "core/work.h"
#include "queues/queue_call.h"
#include "queues/queue_get.h"

#include <stdlib.h>

/* One that stands in a line. */
struct member {
	struct waiter waiter;
	struct any *any;
	uint32_t handle;
};

struct any {
	struct waiter *call;
	struct engine_peer *peer;
	bool adding; /* members are still being put into line */
	bool decided;
	size_t count;
	struct member members[];
};

static size_t any_cost(size_t count)
{
	return sizeof(struct any) + count * sizeof(struct member);
}

static void any_free(struct any *any)
{
	account_release(any->peer->account, any_cost(any->count));
	free(any);
}

static void leave_lines(struct any *any)
{
	for (size_t i = 0; i < any->count; i++) {
		if (waiter_pending(&any->members[i].waiter))
			waiter_drop(&any->members[i].waiter);
	}
}

/* Nobody else decides any more, and the call is its caller's again. */
static void queue_any_decide(struct any *any)
{
	any->decided = true;
	leave_lines(any);
	waiter_tell_no_more(any->call);
	list_remove(&any->call->in_peer);
	any->call->state = WAITER_IDLE;
}

static void on_answer(struct waiter *waiter, const struct answer *answer)
{
	struct member *member = container_of(waiter, struct member, waiter);
	struct any *any = member->any;
	struct waiter *call = any->call;
	struct answer outcome = *answer;
	outcome.handle = member->handle;
	queue_any_decide(any);
	if (!any->adding)
		any_free(any);
	call->answer(call, &outcome);
}

/* ---- the kind of waiter ------------------------------------------------ */

static void any_look(const struct waiter *waiter, struct peer_wait *wait)
{
	const struct waiter *first = &waiter->of.any.any->members[0].waiter;
	first->kind->look(first, wait);
	wait->call = PEER_GET_ANY;
}

static void any_cancel(struct waiter *waiter)
{
	struct any *any = waiter->of.any.any;
	const struct answer answer = { .status = RELEVO_CANCELLED, .text = "" };
	queue_any_decide(any);
	any_free(any);
	waiter->answer(waiter, &answer);
}

static void any_drop(struct waiter *waiter)
{
	struct any *any = waiter->of.any.any;
	queue_any_decide(any);
	any_free(any);
}

/* It stands in no line itself, and its members' answers are its own. */
static const struct waiter_kind any_kind = {
	.look = any_look,
	.cancel = any_cancel,
	.drop = any_drop,
};

/* ---- getting ------------------------------------------------------------ */

static struct any *any_new(struct engine_peer *peer, const struct get_request *request,
			   struct waiter *call)
{
	size_t count = request->also_count + 1;
	if (!account_charge(peer->account, any_cost(count)))
		return NULL;
	struct any *any = calloc(1, any_cost(count));
	if (any == NULL) {
		account_release(peer->account, any_cost(count));
		return NULL;
	}
	any->call = call;
	any->peer = peer;
	any->count = count;
	for (size_t i = 0; i < count; i++)
		any->members[i] = (struct member){
			.waiter.answer = on_answer,
			.any = any,
			.handle = i == 0 ? request->handle : request->also[i - 1],
		};
	*call = (struct waiter){
		.answer = call->answer,
		.peer = peer,
		.kind = &any_kind,
		.state = WAITER_PARKED,
		.since = peer->engine->now,
		.of.any.any = any,
	};
	waiter_tell(call);
	return any;
}

/* All of them before any is served, so that it is the first named that is. */
static void line_up(struct any *any, const struct get_request *request, nsec_t now)
{
	struct engine *engine = any->peer->engine;
	bool running = engine->running;
	engine->running = true;
	any->adding = true;
	work_spend(engine, any->count);
	for (size_t i = 0; i < any->count && !any->decided; i++) {
		struct get_request one = *request;
		one.handle = any->members[i].handle;
		one.ahead = 0;
		one.also_count = 0;
		getter_begin(any->peer, &one, now, &any->members[i].waiter, true);
	}
	any->adding = false;
	engine->running = running;
	if (any->decided)
		any_free(any);
	engine_run(engine);
}

static void any_get(struct engine_peer *peer, const struct get_request *request, nsec_t now,
		    struct waiter *waiter)
{
	struct error error;
	engine_at(peer->engine, now);
	if (request->also_count >= GET_MAX_QUEUES) {
		error_set(&error, RELEVO_LIMIT, "a get from %zu queues: %d are the most",
			  request->also_count + 1, GET_MAX_QUEUES);
		waiter_refuse(waiter, &error);
		return;
	}
	struct any *any = any_new(peer, request, waiter);
	if (any != NULL) {
		line_up(any, request, now);
		return;
	}
	error_set(&error, RELEVO_NO_MEMORY, "no memory for a get from %zu queues",
		  request->also_count + 1);
	waiter_refuse(waiter, &error);
}

void queue_get(struct engine_peer *peer, const struct get_request *request, nsec_t now,
	       struct waiter *waiter)
{
	if (request->also_count > 0)
		any_get(peer, request, now, waiter);
	else
		getter_begin(peer, request, now, waiter, false);
}
