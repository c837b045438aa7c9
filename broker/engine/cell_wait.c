/* How cells are waited for. */
#include "engine/cell.h"
#include "engine/peer.h"
#include "engine/waiter.h"
#include "engine/will.h"

#include <inttypes.h>
#include <string.h>

static const uint8_t *element_of(const struct waiter *waiter)
{
	return waiter->cell->bytes + (size_t)waiter->first * waiter->cell->options.width;
}

static bool satisfied(const struct waiter *waiter)
{
	const struct cell *cell = waiter->cell;
	if (waiter->operation == CELL_CHANGED)
		return cell->version != waiter->version;
	return element_holds(cell->options.type, cell->options.width,
			     (enum element_comparison)waiter->operation, element_of(waiter),
			     waiter->operand);
}

/* Note what there is to see: it may have changed again when the answer is given. */
static void serve(struct waiter *waiter)
{
	struct cell *cell = waiter->cell;
	waiter->version = cell->version;
	if (waiter->operation != CELL_CHANGED)
		memcpy(waiter->operand, element_of(waiter), cell->options.width);
	waiter_finish(waiter, RELEVO_OK);
	waiter->watchers = cell->waiter_count;
}

void cell_serve(struct cell *cell)
{
	list_for_each (node, &cell->waiters) {
		struct waiter *waiter = container_of(node, struct waiter, in_queue);
		if (satisfied(waiter))
			serve(waiter);
	}
}

void cell_wait_ended(struct waiter *waiter, int status)
{
	struct will *will = will_find(waiter->peer, waiter->will);
	if (will == NULL)
		return;
	if (status == RELEVO_OK)
		will_free(will);
	else
		will_execute(will);
}

bool cell_wait_describe(const struct waiter *waiter, struct error *error)
{
	const char *text = NULL;
	if (waiter->status == RELEVO_GONE)
		text = "was deleted";
	else if (waiter->status == RELEVO_TIMED_OUT)
		text = "was not in time what was waited for";
	if (text != NULL)
		error_set(error, waiter->status, "the %s \"%s\" %s", cell_noun(waiter->cell),
			  waiter->cell->name, text);
	return text != NULL;
}

struct cell_reading cell_wait_reading(const struct waiter *waiter)
{
	return (struct cell_reading){
		.applied = true,
		.version = waiter->version,
		.waiters = waiter->watchers,
		.bytes = waiter->operand,
		.size = waiter->operation == CELL_CHANGED ? 0 : waiter->cell->options.width,
	};
}

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
		.kind = WAITER_CELL,
		.cell = cell,
		.first = request->first,
		.operation = request->operation,
		.version = request->version,
		.will = request->will,
	};
	if (request->operation != CELL_CHANGED)
		memcpy(waiter->operand, request->operand, request->size);
	status = waiter_park(waiter, peer, request->deadline);
	if (status != RELEVO_OK) {
		cell_wait_ended(waiter, status);
		return error_set(error, status, "no memory for a call that waits");
	}
	if (satisfied(waiter))
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
