/* How cells are waited for. */
#include "base/mutant.h"
#include "cells/cell_apply.h"
#include "cells/cell_handle.h"
#include "cells/cell_watch.h"
#include "cells/will.h"
#include "core/charge.h"
#include "core/peer.h"
#include "core/peer_wait.h"
#include "core/run.h"
#include "core/waiter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WATCH_COST (sizeof(struct watch) + CHARGE_OVERHEAD)

/* ---- the kind of waiter ------------------------------------------------ */

static void watcher_enter(struct waiter *waiter)
{
	struct watch *watch = waiter->of.cell.watch;
	cell_hold(watch->cell);
	watch_enter(watch);
}

static int watcher_outcome(struct waiter *waiter, int status)
{
	return watch_decide(waiter->of.cell.watch, status);
}

static void watcher_leave(struct waiter *waiter)
{
	watch_leave(waiter->of.cell.watch);
}

static void watch_free(struct engine_peer *peer, struct watch *watch)
{
	list_remove(&watch->in_will);
	account_release(peer->account, WATCH_COST);
	free(watch);
}

static void watcher_forget(struct waiter *waiter)
{
	cell_drop(waiter->of.cell.watch->cell);
	watch_free(waiter->peer, waiter->of.cell.watch);
}

/* The wait is over: what becomes of its will. */
static void decide_will(struct will *will, int status)
{
	if (status == RELEVO_OK)
		will_free(will);
	else if (will != NULL)
		will_execute(will);
}

static void watcher_finished(struct waiter *waiter, int status)
{
	decide_will(waiter->of.cell.watch->will, status);
}

/* Its session has ended: what it was served with holds all the same. */
static void watcher_drop(struct waiter *waiter)
{
	const struct watch *watch = waiter->of.cell.watch;
	if (waiter->state == WAITER_PARKED && watch_is_served(watch))
		decide_will(watch->will, RELEVO_OK);
	waiter_drop_from_line(waiter);
}

static void watcher_describe(const struct waiter *waiter, struct error *error)
{
	const struct cell *cell = waiter->of.cell.watch->cell;
	const char *text = NULL;
	if (waiter->status == RELEVO_GONE)
		text = "was deleted";
	else if (waiter->status == RELEVO_TIMED_OUT)
		text = "was not in time what was waited for";
	if (text != NULL)
		error_set(error, waiter->status, "the %s \"%s\" %s", cell_noun(cell), cell->name,
			  text);
}

static void watcher_answer(struct waiter *waiter, struct answer *answer)
{
	/* The answer may free the waiter, and giving it does so with its watch. */
	const struct watch watch = *waiter->of.cell.watch;
	const struct cell_reading reading = {
		.applied = true,
		.version = watch.version,
		.waiters = watch.left,
		.bytes = watch.operand,
		.size = watch.operation == CELL_CHANGED ? 0 : watch.cell->options.width,
	};
	if (waiter->status == RELEVO_OK)
		answer->reading = &reading;
	waiter_give(waiter, answer);
}

static void watcher_look(const struct waiter *waiter, struct peer_wait *wait)
{
	const struct cell *cell = waiter->of.cell.watch->cell;
	wait->call = PEER_WAIT;
	wait->kind = cell_noun(cell);
	wait->object = cell->name;
}

/* An update looks for those who wait once for each element and comparison: so many, and not
 * more, are a matter of milliseconds. */
static int check_line(const struct cell *cell, struct error *error)
{
	enum { MOST_PLACES = 8192 };
	size_t waits = 0;
	if (cell->options.count <= MOST_PLACES / ELEMENT_COMPARISONS || MUTANT(arrays_crowded))
		return RELEVO_OK;
	for (int i = 0; i < ELEMENT_COMPARISONS; i++)
		waits += tree_size(&cell->watches[i].tree);
	if (waits < MOST_PLACES)
		return RELEVO_OK;
	return error_set(
		error, RELEVO_LIMIT,
		"%zu calls wait for elements of the %s \"%s\", the most for one of %" PRIu32
		" elements",
		waits, cell_noun(cell), cell->name, cell->options.count);
}

static const struct waiter_kind watcher_kind = {
	.enter = watcher_enter,
	.leave = watcher_leave,
	.forget = watcher_forget,
	.outcome = watcher_outcome,
	.finished = watcher_finished,
	.describe = watcher_describe,
	.answer = watcher_answer,
	.look = watcher_look,
	.cancel = waiter_cancel_in_line,
	.drop = watcher_drop,
};

/* ---- beginning -------------------------------------------------------- */

/* One number, compared: what a waiter has room for. */
static int check_condition(const struct cell *cell, const struct cell_wait *request,
			   struct error *error)
{
	const struct cell_term term = {
		.first = request->first,
		.operation = request->operation,
		.operand = request->operand,
		.size = request->size,
	};
	if (request->operation == CELL_CHANGED)
		return RELEVO_OK;
	if (request->operation >= ELEMENT_COMPARISONS)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "operation %u is not one that can be waited for",
				 request->operation);
	if (cell->options.type == ELEMENT_BYTES || request->size != cell->options.width)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "what is waited for in the %s \"%s\" is not one number of it",
				 cell_noun(cell), cell->name);
	int status = cell_check_terms(cell, &term, 1, error);
	return status == RELEVO_OK ? check_line(cell, error) : status;
}

static int find_will(const struct engine_peer *peer, const struct cell *cell, uint64_t number,
		     struct will **will, struct error *error)
{
	*will = will_find(peer, number);
	if (number == 0 || (*will != NULL && (*will)->cell == cell))
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_ARGUMENT,
			 "the session has no will of the number %" PRIu64 " for the %s \"%s\"",
			 number, cell_noun(cell), cell->name);
}

static int watch_new(struct engine_peer *peer, const struct cell_wait *request, struct cell *cell,
		     struct watch **created, struct error *error)
{
	int status = charge(peer->account, WATCH_COST, "a call that waits", error);
	if (status != RELEVO_OK)
		return status;
	struct watch *watch = malloc(sizeof *watch);
	if (watch == NULL) {
		account_release(peer->account, WATCH_COST);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a call that waits");
	}
	*watch = (struct watch){
		.cell = cell,
		.version = request->version,
		.operation = request->operation,
	};
	if (request->operation != CELL_CHANGED) {
		watch->first = request->first;
		memcpy(watch->operand, request->operand, request->size);
	}
	*created = watch;
	return RELEVO_OK;
}

static int cell_wait_park(struct engine_peer *peer, struct watch *watch, nsec_t deadline,
			  struct waiter *waiter)
{
	*waiter = (struct waiter){
		.answer = waiter->answer,
		.kind = &watcher_kind,
		.of.cell.watch = watch,
	};
	watch->waiter = waiter;
	int status = waiter_park(waiter, peer, deadline);
	if (status != RELEVO_OK)
		watch_free(peer, watch);
	else if (watch_is_over(watch))
		waiter_finish(waiter, RELEVO_OK);
	return status;
}

static int cell_wait_begin(struct engine_peer *peer, const struct cell_wait *request,
			   struct waiter *waiter, struct error *error)
{
	struct cell *cell;
	struct watch *watch = NULL;
	struct will *will = NULL;
	int status = cell_of_handle(peer, request->handle, &cell, error);
	if (status == RELEVO_OK)
		status = check_condition(cell, request, error);
	if (status == RELEVO_OK)
		status = find_will(peer, cell, request->will, &will, error);
	if (status != RELEVO_OK)
		return status;
	status = watch_new(peer, request, cell, &watch, error);
	if (status == RELEVO_OK) {
		watch->will = will;
		if (will != NULL)
			list_append(&will->watches, &watch->in_will);
		status = cell_wait_park(peer, watch, request->deadline, waiter);
		if (status != RELEVO_OK)
			error_set(error, status, "no memory for a call that waits");
	}
	if (status != RELEVO_OK)
		decide_will(will, status);
	return status;
}

void cell_wait(struct engine_peer *peer, const struct cell_wait *request, nsec_t now,
	       struct waiter *waiter)
{
	struct engine *engine = peer->engine;
	struct error error;
	engine_at(engine, now);
	if (cell_wait_begin(peer, request, waiter, &error) != RELEVO_OK)
		waiter_refuse(waiter, &error);
	engine_run(engine);
}
