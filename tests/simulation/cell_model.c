#include "simulation/cell_model.h"

#include <relevo/status.h>
#include <stddef.h>

/* ---- what holds ------------------------------------------------------- */

static bool compare(int64_t left, uint8_t comparison, int64_t right)
{
	switch (comparison) {
	case ELEMENT_EQUAL:
		return left == right;
	case ELEMENT_NOT_EQUAL:
		return left != right;
	case ELEMENT_LESS:
		return left < right;
	case ELEMENT_LESS_EQUAL:
		return left <= right;
	case ELEMENT_GREATER:
		return left > right;
	default:
		return left >= right;
	}
}

static bool term_holds(const struct model_cell *cell, const struct model_term *term)
{
	return compare(cell->values[term->first], term->operation, term->operand);
}

static bool call_holds(const struct model_call *call)
{
	if (call->term.operation == CELL_CHANGED)
		return call->cell->version != call->version;
	return term_holds(call->cell, &call->term);
}

/* ---- ends of waits ------------------------------------------------------ */

static void end_call(struct cell_model *model, struct model_call *call, int status)
{
	call->state = CALL_ANSWERED;
	call->status = status;
	call->turn = ++model->last_turn;
	struct model_will *will = call->will >= 0 ? &model->wills[call->will] : NULL;
	if (status == RELEVO_OK) {
		call->version = call->cell->version;
		call->found = call->cell->values[call->term.first];
		if (will != NULL)
			will->valid = false;
	} else if (will != NULL) {
		cell_model_give_up(model, will);
	}
}

static void serve(struct cell_model *model, const struct model_cell *cell)
{
	for (int i = 0; i < CELLS_CALLS; i++) {
		struct model_call *call = &model->calls[i];
		if (call->state == CALL_WAITS && call->cell == cell && call_holds(call))
			end_call(model, call, RELEVO_OK);
	}
}

bool cell_model_apply(struct cell_model *model, struct model_cell *cell,
		      const struct model_term *terms, uint32_t count)
{
	bool changed = false;
	for (uint32_t i = 0; i < count; i++) {
		if (terms[i].operation < ELEMENT_COMPARISONS && !term_holds(cell, &terms[i]))
			return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		int64_t *value = &cell->values[terms[i].first];
		if (terms[i].operation == CELL_SET)
			*value = terms[i].operand;
		else if (terms[i].operation == CELL_ADD)
			*value += terms[i].operand;
		changed = changed || terms[i].operation >= CELL_SET;
	}
	if (changed) {
		cell->version++;
		serve(model, cell);
	}
	return true;
}

void cell_model_give_up(struct cell_model *model, struct model_will *will)
{
	if (!will->valid)
		return;
	will->valid = false;
	if (!will->cell->deleted)
		cell_model_apply(model, will->cell, will->terms, will->count);
}

void cell_model_wait(struct cell_model *model, struct model_call *call)
{
	call->state = CALL_WAITS;
	if (call_holds(call))
		end_call(model, call, RELEVO_OK);
	else if (call->deadline == 0)
		end_call(model, call, RELEVO_TIMED_OUT);
}

void cell_model_cancel(struct cell_model *model, struct model_call *call)
{
	if (call->state == CALL_WAITS)
		end_call(model, call, RELEVO_CANCELLED);
}

/* ---- lives -------------------------------------------------------------- */

struct model_cell *cell_model_named(struct cell_model *model, int name)
{
	for (uint32_t i = 0; i < model->cell_count; i++) {
		if (!model->cells[i].deleted && model->cells[i].name == name)
			return &model->cells[i];
	}
	return NULL;
}

struct model_cell *cell_model_create(struct cell_model *model, int name, int peer,
				     enum queue_lifetime lifetime)
{
	struct model_cell *cell = &model->cells[model->cell_count++];
	*cell = (struct model_cell){
		.name = name,
		.owner = lifetime == QUEUE_SESSION ? peer : -1,
		.lifetime = lifetime,
	};
	return cell;
}

void cell_model_delete(struct cell_model *model, struct model_cell *cell)
{
	cell->deleted = true;
	for (int i = 0; i < CELLS_CALLS; i++) {
		if (model->calls[i].state == CALL_WAITS && model->calls[i].cell == cell)
			end_call(model, &model->calls[i], RELEVO_GONE);
	}
}

void cell_model_close(struct cell_model *model, int peer, int handle)
{
	struct model_cell *cell = model->handles[peer][handle];
	model->handles[peer][handle] = NULL;
	if (--cell->handles == 0 && cell->lifetime == QUEUE_HANDLES && !cell->deleted)
		cell_model_delete(model, cell);
}

/* The valid will of the session that has the lowest number; NULL: none. */
static struct model_will *first_will(struct cell_model *model, int peer)
{
	struct model_will *first = NULL;
	for (int i = 0; i < CELLS_WILLS; i++) {
		struct model_will *will = &model->wills[i];
		if (will->valid && will->peer == peer &&
		    (first == NULL || will->number < first->number))
			first = will;
	}
	return first;
}

void cell_model_gone(struct cell_model *model, int peer)
{
	struct model_will *will;
	for (int i = 0; i < CELLS_CALLS; i++) {
		if (model->calls[i].peer == peer && model->calls[i].state == CALL_WAITS)
			model->calls[i].state = CALL_FREE;
	}
	while ((will = first_will(model, peer)) != NULL)
		cell_model_give_up(model, will);
	for (uint32_t i = 0; i < model->cell_count; i++) {
		if (!model->cells[i].deleted && model->cells[i].owner == peer)
			cell_model_delete(model, &model->cells[i]);
	}
	for (int i = 0; i < CELLS_HANDLES; i++) {
		if (model->handles[peer][i] != NULL)
			cell_model_close(model, peer, i);
	}
}

/* ---- time and answers --------------------------------------------------- */

static struct model_call *first_due(struct cell_model *model)
{
	struct model_call *first = NULL;
	for (int i = 0; i < CELLS_CALLS; i++) {
		struct model_call *call = &model->calls[i];
		if (call->state == CALL_WAITS && call->deadline <= model->now &&
		    (first == NULL || call->deadline < first->deadline))
			first = call;
	}
	return first;
}

void cell_model_tick(struct cell_model *model, nsec_t now)
{
	struct model_call *call;
	model->now = now;
	while ((call = first_due(model)) != NULL)
		end_call(model, call, RELEVO_TIMED_OUT);
}

void cell_model_answer(struct cell_model *model)
{
	while (model->answered_turn < model->last_turn) {
		model->answered_turn++;
		for (int i = 0; i < CELLS_CALLS; i++) {
			struct model_call *call = &model->calls[i];
			if (call->state != CALL_ANSWERED || call->turn != model->answered_turn ||
			    call->inside == 0 || call->cell->deleted)
				continue;
			const struct model_term add = { 0, CELL_ADD, call->inside };
			cell_model_apply(model, call->cell, &add, 1);
		}
	}
}

nsec_t cell_model_next_deadline(const struct cell_model *model)
{
	nsec_t next = NSEC_NEVER;
	for (int i = 0; i < CELLS_CALLS; i++) {
		if (model->calls[i].state == CALL_WAITS && model->calls[i].deadline < next)
			next = model->calls[i].deadline;
	}
	return next;
}

uint32_t cell_model_waiters(const struct cell_model *model, const struct model_cell *cell)
{
	uint32_t waiters = 0;
	for (int i = 0; i < CELLS_CALLS; i++)
		waiters += model->calls[i].state == CALL_WAITS && model->calls[i].cell == cell;
	return waiters;
}
