/* How cells are waited for. */
#include "engine/cell.h"
#include "engine/peer.h"
#include "engine/peer_look.h"
#include "engine/waiter.h"
#include "engine/will.h"

#include <inttypes.h>
#include <string.h>

static const uint8_t *element_of(const struct cell_part *part)
{
	return part->cell->bytes + (size_t)part->first * part->cell->options.width;
}

static bool satisfied(const struct cell_part *part)
{
	const struct cell *cell = part->cell;
	if (part->operation == CELL_CHANGED)
		return cell->version != part->version;
	return element_holds(cell->options.type, cell->options.width,
			     (enum element_comparison)part->operation, element_of(part),
			     part->operand);
}

/* Note what there is to see: it may have changed again when the answer is given. */
static void serve(struct waiter *waiter)
{
	struct cell_part *part = &waiter->of.cell;
	part->version = part->cell->version;
	if (part->operation != CELL_CHANGED)
		memcpy(part->operand, element_of(part), part->cell->options.width);
	waiter_finish(waiter, RELEVO_OK);
	part->watchers = part->cell->waiter_count;
}

void cell_serve(struct cell *cell)
{
	list_for_each (node, &cell->waiters) {
		struct waiter *waiter = container_of(node, struct waiter, in_line);
		if (satisfied(&waiter->of.cell))
			serve(waiter);
	}
}

/* ---- the kind of waiter ------------------------------------------------ */

static void watcher_join(struct waiter *waiter)
{
	struct cell *cell = waiter->of.cell.cell;
	cell_hold(cell);
	list_append(&cell->waiters, &waiter->in_line);
	cell->waiter_count++;
}

static void watcher_leave(struct waiter *waiter)
{
	waiter->of.cell.cell->waiter_count--;
}

static void watcher_forget(struct waiter *waiter)
{
	cell_drop(waiter->of.cell.cell);
}

/* The wait is over: what becomes of its will. */
static void watcher_finished(struct waiter *waiter, int status)
{
	struct will *will = will_find(waiter->peer, waiter->of.cell.will);
	if (will == NULL)
		return;
	if (status == RELEVO_OK)
		will_free(will);
	else
		will_execute(will);
}

static void watcher_describe(const struct waiter *waiter, struct error *error)
{
	const struct cell *cell = waiter->of.cell.cell;
	const char *text = NULL;
	if (waiter->status == RELEVO_GONE)
		text = "was deleted";
	else if (waiter->status == RELEVO_TIMED_OUT)
		text = "was not in time what was waited for";
	if (text != NULL)
		error_set(error, waiter->status, "the %s \"%s\" %s", cell_noun(cell), cell->name,
			  text);
}

/* What a served one found. */
static struct cell_reading reading_of(const struct cell_part *part)
{
	return (struct cell_reading){
		.applied = true,
		.version = part->version,
		.waiters = part->watchers,
		.bytes = part->operand,
		.size = part->operation == CELL_CHANGED ? 0 : part->cell->options.width,
	};
}

static void watcher_answer(struct waiter *waiter, struct answer *answer)
{
	struct cell_part found = waiter->of.cell;
	struct cell_reading reading = reading_of(&found);
	if (waiter->status == RELEVO_OK)
		answer->reading = &reading;
	waiter_give(waiter, answer);
}

static void watcher_look(const struct waiter *waiter, struct peer_wait *wait)
{
	const struct cell *cell = waiter->of.cell.cell;
	wait->call = PEER_WAIT;
	wait->kind = cell_noun(cell);
	wait->object = cell->name;
}

static const struct waiter_kind watcher_kind = {
	.unserved = RELEVO_TIMED_OUT,
	.join = watcher_join,
	.leave = watcher_leave,
	.forget = watcher_forget,
	.finished = watcher_finished,
	.describe = watcher_describe,
	.answer = watcher_answer,
	.look = watcher_look,
	.cancel = waiter_cancel_in_line,
	.drop = waiter_drop_from_line,
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
	return cell_check_terms(cell, &term, 1, error);
}

static int check_will(const struct engine_peer *peer, const struct cell *cell, uint64_t number,
		      struct error *error)
{
	const struct will *will = will_find(peer, number);
	if (number == 0 || (will != NULL && will->cell == cell))
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_ARGUMENT,
			 "the session has no will of the number %" PRIu64 " for the %s \"%s\"",
			 number, cell_noun(cell), cell->name);
}

static int begin(struct engine_peer *peer, const struct cell_wait *request, struct waiter *waiter,
		 struct error *error)
{
	struct cell *cell;
	int status = cell_of_handle(peer, request->handle, &cell, error);
	if (status == RELEVO_OK)
		status = check_condition(cell, request, error);
	if (status == RELEVO_OK)
		status = check_will(peer, cell, request->will, error);
	if (status != RELEVO_OK)
		return status;
	*waiter = (struct waiter){
		.answer = waiter->answer,
		.kind = &watcher_kind,
		.of.cell = {
			.cell = cell,
			.first = request->first,
			.operation = request->operation,
			.version = request->version,
			.will = request->will,
		},
	};
	if (request->operation != CELL_CHANGED)
		memcpy(waiter->of.cell.operand, request->operand, request->size);
	status = waiter_park(waiter, peer, request->deadline);
	if (status != RELEVO_OK) {
		watcher_finished(waiter, status);
		return error_set(error, status, "no memory for a call that waits");
	}
	if (satisfied(&waiter->of.cell))
		serve(waiter);
	return RELEVO_OK;
}

void cell_wait(struct engine_peer *peer, const struct cell_wait *request, nsec_t now,
	       struct waiter *waiter)
{
	struct engine *engine = peer->engine;
	struct error error;
	engine_at(engine, now);
	if (begin(peer, request, waiter, &error) != RELEVO_OK)
		waiter_refuse(waiter, &error);
	engine_run(engine);
}
