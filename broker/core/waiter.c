/* The states of a call that waits: parked, served, committed, timed out, answered. */
#include "core/waiter.h"

#include "core/peer.h"
#include "core/recorder.h"

#include <assert.h>

void waiter_refuse(struct waiter *waiter, const struct error *error)
{
	struct answer answer = { .status = error->status, .text = error->text };
	waiter->answer(waiter, &answer);
}

static int waiter_unserved(const struct waiter *waiter)
{
	return waiter->kind->unserved != NULL ? waiter->kind->unserved(waiter) : RELEVO_TIMED_OUT;
}

/* A call that does not wait, or may not, goes through the same line: it is
 * served if it can be, and refused otherwise. */
static int waiter_begin_waiting(struct waiter *waiter, nsec_t deadline)
{
	struct engine_peer *peer = waiter->peer;
	struct engine *engine = peer->engine;
	if (deadline == 0)
		waiter->refusal = waiter_unserved(waiter);
	else if (peer->waiting >= engine->config.peer_waiters)
		waiter->refusal = RELEVO_LIMIT;
	if (waiter->refusal != RELEVO_OK) {
		waiter->busy = true;
		peer->busy++;
		list_append(&engine->impatient, &waiter->in_engine);
		return RELEVO_OK;
	}
	if (deadline != NSEC_NEVER && !heap_push(&engine->waiter_timers, &waiter->timer, deadline))
		return RELEVO_NO_MEMORY;
	peer->waiting++;
	return RELEVO_OK;
}

void waiter_tell(struct waiter *waiter)
{
	waiter->told = true;
	waiter->peer->told++;
	list_append(&waiter->peer->waits, &waiter->in_peer);
}

void waiter_tell_no_more(struct waiter *waiter)
{
	waiter->peer->told -= waiter->told;
	waiter->told = false;
}

int waiter_park(struct waiter *waiter, struct engine_peer *peer, nsec_t deadline)
{
	waiter->peer = peer;
	waiter->since = peer->engine->now;
	int status = waiter_begin_waiting(waiter, deadline);
	if (status != RELEVO_OK)
		return status;
	waiter->state = WAITER_PARKED;
	if (waiter->refusal == RELEVO_OK && !waiter->member)
		waiter_tell(waiter);
	else
		list_append(&peer->waiters, &waiter->in_peer);
	waiter->kind->enter(waiter);
	return RELEVO_OK;
}

static void stop_waiting(struct waiter *waiter)
{
	heap_remove(&waiter->peer->engine->waiter_timers, &waiter->timer);
	waiter_tell_no_more(waiter);
	if (waiter->refusal == RELEVO_OK)
		waiter->peer->waiting--;
	if (waiter->busy)
		waiter->peer->busy--;
	waiter->busy = false;
}

void waiter_give_up(struct waiter *waiter, int status)
{
	stop_waiting(waiter);
	waiter->refusal = status;
	list_append(&waiter->peer->engine->impatient, &waiter->in_engine);
}

void waiter_time_out(struct waiter *waiter)
{
	waiter_give_up(waiter, RELEVO_TIMED_OUT);
}

void waiter_leave_line(struct waiter *waiter)
{
	stop_waiting(waiter);
	list_remove(&waiter->in_line);
	waiter->kind->leave(waiter);
}

void waiter_await_commit(struct waiter *waiter)
{
	struct engine *engine = waiter->peer->engine;
	waiter->state = WAITER_COMMITTING;
	waiter->batch = engine->batch;
	engine->recorded = engine->awaited = true;
	list_append(&engine->committing, &waiter->in_engine);
}

void waiter_finish(struct waiter *waiter, int status)
{
	assert(waiter->state == WAITER_PARKED);
	struct engine *engine = waiter->peer->engine;
	const struct waiter_kind *kind = waiter->kind;
	if (kind->outcome != NULL)
		status = kind->outcome(waiter, status);
	waiter_leave_line(waiter);
	list_remove(&waiter->in_engine);
	waiter->status = status;
	if (engine->recorder != NULL && kind->records != NULL && kind->records(waiter, status)) {
		waiter_await_commit(waiter);
	} else {
		waiter->state = WAITER_FINISHED;
		list_append(&engine->finished, &waiter->in_engine);
	}
	if (kind->finished != NULL)
		kind->finished(waiter, status);
}

void waiter_committed(struct waiter *waiter, int status)
{
	assert(waiter->state == WAITER_COMMITTING);
	list_remove(&waiter->in_engine);
	if (status != RELEVO_OK)
		waiter->status = status;
	waiter->state = WAITER_FINISHED;
	list_append(&waiter->peer->engine->finished, &waiter->in_engine);
}

/* The call is its caller's again. */
static void waiter_forget(struct waiter *waiter)
{
	list_remove(&waiter->in_engine);
	list_remove(&waiter->in_peer);
	waiter->kind->forget(waiter);
	waiter->state = WAITER_IDLE;
}

void waiter_drop(struct waiter *waiter)
{
	waiter->kind->drop(waiter);
}

void waiter_drop_from_line(struct waiter *waiter)
{
	if (waiter->state == WAITER_PARKED)
		waiter_leave_line(waiter);
	waiter_forget(waiter);
}

/* The culprit in words, for outcomes that have one. */
static void waiter_describe(const struct waiter *waiter, struct error *error)
{
	struct recorder *recorder = waiter->peer->engine->recorder;
	error->status = waiter->status;
	error->text[0] = '\0';
	/* What could not be made durable: there is one reason for all. */
	if (waiter->status == RELEVO_STORAGE && recorder != NULL) {
		(void)recorder->operations->trouble(recorder, error);
		error->status = waiter->status;
		return;
	}
	if (waiter->status == RELEVO_LIMIT && waiter->refusal == RELEVO_LIMIT)
		error_set(error, RELEVO_LIMIT,
			  "%u calls wait in this session, the most that may wait",
			  waiter->peer->engine->config.peer_waiters);
	else if (waiter->status != RELEVO_OK)
		waiter->kind->describe(waiter, error);
}

void waiter_answer(struct waiter *waiter)
{
	struct error error;
	waiter_describe(waiter, &error);
	struct answer answer = { .status = waiter->status, .text = error.text };
	waiter->kind->answer(waiter, &answer);
}

void waiter_give(struct waiter *waiter, const struct answer *answer)
{
	waiter_forget(waiter);
	waiter->answer(waiter, answer);
}

void waiter_cancel_in_line(struct waiter *waiter)
{
	waiter_finish(waiter, RELEVO_CANCELLED);
}

bool waiter_pending(const struct waiter *waiter)
{
	return waiter->state != WAITER_IDLE;
}
