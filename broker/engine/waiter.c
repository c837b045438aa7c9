#include "engine/waiter.h"

#include "base/mutant.h"
#include "engine/cell.h"
#include "engine/charge.h"
#include "engine/item.h"
#include "engine/peer.h"
#include "engine/pipe.h"
#include "engine/queue_any.h"

#include <assert.h>
#include <stdlib.h>

void waiter_refuse(struct waiter *waiter, const struct error *error)
{
	struct answer answer = { .status = error->status, .text = error->text };
	waiter->answer(waiter, &answer);
}

/* The answer to a call that does not wait and could not be served. */
static const int unserved[] = {
	[WAITER_GET] = RELEVO_EMPTY,      [WAITER_PUT] = RELEVO_FULL,
	[WAITER_JOIN] = RELEVO_TIMED_OUT, [WAITER_CELL] = RELEVO_TIMED_OUT,
	[WAITER_PIPE] = RELEVO_TRY_AGAIN,
};
/* How long a get that does not wait does so for items that are called back. */
#define RECALL_TIME (50 * NSEC_PER_MSEC)

/* A call that does not wait, or may not, goes through the same line: it is
 * served if it can be, and refused otherwise. */
static int begin_waiting(struct waiter *waiter, nsec_t deadline)
{
	struct engine_peer *peer = waiter->peer;
	struct engine *engine = peer->engine;
	/* There are items, in hands that will give them back at once. */
	waiter->brief = deadline == 0 && waiter->kind == WAITER_GET && waiter->queue->unread > 0;
	if (waiter->brief)
		deadline = engine->now + RECALL_TIME;
	if (deadline == 0)
		waiter->refusal = unserved[waiter->kind];
	else if (peer->waiting >= engine->config.peer_waiters)
		waiter->refusal = RELEVO_LIMIT;
	if (waiter->refusal != RELEVO_OK) {
		list_append(&engine->impatient, &waiter->in_engine);
		return RELEVO_OK;
	}
	if (deadline != NSEC_NEVER && !heap_push(&engine->waiter_timers, &waiter->timer, deadline))
		return RELEVO_NO_MEMORY;
	peer->waiting++;
	return RELEVO_OK;
}

static void join_cell(struct waiter *waiter)
{
	struct cell *cell = waiter->cell;
	cell_hold(cell);
	list_append(&cell->waiters, &waiter->in_queue);
	cell->waiter_count++;
}

static void join_putters(struct waiter *putter)
{
	struct queue *queue = putter->queue;
	list_append(&queue->putters, &putter->in_queue);
	queue->putter_count++;
	if (putter->not_before != 0 && !MUTANT(delayed_put_stranded))
		queue_set_timer(queue);
}

static void join_queue(struct waiter *waiter)
{
	struct queue *queue = waiter->queue;
	queue_hold(queue);
	if (waiter->kind == WAITER_GET) {
		list_append(&queue->getters, &waiter->in_queue);
		queue->getter_count++;
	} else if (waiter->kind == WAITER_JOIN) {
		list_append(&queue->joiners, &waiter->in_queue);
		queue->joiner_count++;
	} else {
		join_putters(waiter);
	}
	queue_activate(queue);
}

int waiter_park(struct waiter *waiter, struct engine_peer *peer, nsec_t deadline)
{
	waiter->peer = peer;
	int status = begin_waiting(waiter, deadline);
	if (status != RELEVO_OK)
		return status;
	waiter->state = WAITER_PARKED;
	list_append(&peer->waiters, &waiter->in_peer);
	if (waiter->kind == WAITER_CELL)
		join_cell(waiter);
	else if (waiter->kind == WAITER_PIPE)
		pipe_join(waiter);
	else
		join_queue(waiter);
	return RELEVO_OK;
}

static void stop_waiting(struct waiter *waiter)
{
	heap_remove(&waiter->peer->engine->waiter_timers, &waiter->timer);
	if (waiter->refusal == RELEVO_OK)
		waiter->peer->waiting--;
}

void waiter_give_up(struct waiter *waiter, int status)
{
	stop_waiting(waiter);
	waiter->refusal = status;
	list_append(&waiter->peer->engine->impatient, &waiter->in_engine);
}

void waiter_time_out(struct waiter *waiter)
{
	waiter_give_up(waiter, waiter->brief ? RELEVO_EMPTY : RELEVO_TIMED_OUT);
}

void waiter_discard(struct waiter *waiter)
{
	items_drop(waiter->peer->engine, waiter->items);
	waiter->items = NULL;
	if (waiter->ack_count > 0)
		account_release(waiter->peer->account, waiter->ack_count * sizeof(uint64_t));
	free(waiter->acks);
	waiter->acks = NULL;
	waiter->ack_count = 0;
}

static void leave_putters(struct waiter *putter)
{
	struct queue *queue = putter->queue;
	const struct waiter *next = waiter_first(&queue->putters);
	queue->putter_count--;
	if (putter->not_before != 0 || (next != NULL && next->not_before != 0))
		queue_set_timer(queue);
	/* One that gives up may have stood in the way of the next. */
	if (putter->items != NULL && next != NULL && !MUTANT(next_putter_stranded))
		queue_activate(queue);
	waiter_discard(putter);
}

static void leave_line(struct waiter *waiter)
{
	stop_waiting(waiter);
	list_remove(&waiter->in_queue);
	if (waiter->kind == WAITER_CELL) {
		waiter->cell->waiter_count--;
	} else if (waiter->kind == WAITER_PIPE) {
		pipe_left(waiter);
	} else if (waiter->kind == WAITER_GET) {
		waiter->queue->getter_count--;
	} else if (waiter->kind == WAITER_JOIN) {
		waiter->queue->joiner_count--;
	} else {
		leave_putters(waiter);
	}
}

void waiter_finish(struct waiter *waiter, int status)
{
	assert(waiter->state == WAITER_PARKED);
	struct engine *engine = waiter->peer->engine;
	leave_line(waiter);
	list_remove(&waiter->in_engine);
	waiter->status = status;
	if (waiter->kind == WAITER_PUT && (status == RELEVO_OK || waiter->accepted > 0)) {
		waiter->state = WAITER_COMMITTING;
		waiter->batch = engine->batch;
		engine->recorded = true;
		list_append(&engine->committing, &waiter->in_engine);
	} else {
		waiter->state = WAITER_FINISHED;
		list_append(&engine->finished, &waiter->in_engine);
	}
	if (waiter->kind == WAITER_CELL)
		cell_wait_ended(waiter, status);
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
static void forget(struct waiter *waiter)
{
	list_remove(&waiter->in_engine);
	list_remove(&waiter->in_peer);
	if (waiter->kind == WAITER_CELL)
		cell_drop(waiter->cell);
	else if (waiter->kind == WAITER_PIPE)
		pipe_forget(waiter);
	else
		queue_drop(waiter->queue);
	waiter->state = WAITER_IDLE;
}

void waiter_drop(struct waiter *waiter)
{
	if (waiter->kind == WAITER_ANY) {
		any_drop(waiter);
		return;
	}
	if (waiter->state == WAITER_PARKED)
		leave_line(waiter);
	forget(waiter);
}

static const char *const late[] = {
	[WAITER_GET] = "had no item in time",
	[WAITER_PUT] = "had no room in time",
	[WAITER_JOIN] = "was not done with all items in time",
};

/* What is the matter with the queue. False: nothing is. */
static bool describe_queue(const struct waiter *waiter, struct error *error)
{
	const char *text = NULL;
	if (waiter->status == RELEVO_GONE)
		text = "was deleted";
	else if (waiter->status == RELEVO_EMPTY)
		text = "has no item ready";
	else if (waiter->status == RELEVO_FULL)
		text = "is full";
	else if (waiter->status == RELEVO_TIMED_OUT)
		text = late[waiter->kind];
	else if (waiter->status == RELEVO_SHUT_DOWN)
		text = "has been shut down";
	if (text != NULL)
		error_set(error, waiter->status, "the queue \"%s\" %s", waiter->queue->name, text);
	return text != NULL;
}

/* The culprit in words, for outcomes that have one. */
static void describe(const struct waiter *waiter, struct error *error)
{
	struct engine_peer *peer = waiter->peer;
	error->status = waiter->status;
	error->text[0] = '\0';
	bool described = waiter->kind == WAITER_CELL   ? cell_wait_describe(waiter, error)
			 : waiter->kind == WAITER_PIPE ? pipe_describe(waiter, error)
						       : describe_queue(waiter, error);
	if (described)
		return;
	if (waiter->status == RELEVO_NOT_OWNER)
		error_set(error, RELEVO_NOT_OWNER,
			  "a lease ended while the put that was to acknowledge it waited");
	else if (waiter->status == RELEVO_LIMIT && waiter->refusal == RELEVO_LIMIT)
		error_set(error, RELEVO_LIMIT,
			  "%u calls wait in this session, the most that may wait",
			  peer->engine->config.peer_waiters);
	else if (waiter->kind == WAITER_GET)
		lease_refused(peer, waiter->status, error);
}

void waiter_answer(struct waiter *waiter)
{
	struct error error;
	describe(waiter, &error);
	struct answer answer = { .status = waiter->status, .text = error.text };
	struct cell_reading reading;
	struct pipe_meeting meeting = { 0 };
	struct engine *engine = waiter->peer->engine;
	if (waiter->kind == WAITER_PUT) {
		answer.accepted = waiter->accepted;
	} else if (waiter->kind == WAITER_CELL && waiter->status == RELEVO_OK) {
		reading = cell_wait_reading(waiter);
		answer.reading = &reading;
	} else if (waiter->kind == WAITER_PIPE && waiter->status == RELEVO_OK) {
		meeting = pipe_take(waiter);
		answer.meeting = &meeting;
	}
	forget(waiter);
	waiter->answer(waiter, &answer);
	pipe_release(engine, &meeting);
}

void waiter_deliver(struct waiter *waiter, uint32_t count)
{
	struct engine *engine = waiter->peer->engine;
	struct answer answer = {
		.status = RELEVO_OK,
		.text = "",
		.deliveries = engine->deliveries,
		.delivery_count = count,
	};
	leave_line(waiter);
	forget(waiter);
	/* The answer may end the leases while it still reads the items. */
	for (uint32_t i = 0; i < count; i++)
		item_hold(engine->deliveries[i].item);
	waiter->answer(waiter, &answer);
	for (uint32_t i = 0; i < count; i++)
		item_drop(engine, engine->deliveries[i].item);
}

void waiter_cancel(struct waiter *waiter)
{
	if (waiter->state != WAITER_PARKED)
		return;
	struct engine *engine = waiter->peer->engine;
	if (waiter->kind == WAITER_ANY)
		any_cancel(waiter);
	else
		waiter_finish(waiter, RELEVO_CANCELLED);
	engine_run(engine);
}

bool waiter_parked(const struct waiter *waiter)
{
	return waiter->state != WAITER_IDLE;
}
