#include "simulation/token_model.h"

#include <relevo/status.h>

static bool is_condition(const struct token_place *place)
{
	return place->options.kind == QUEUE_CONDITION;
}

static void add_piece(struct token_place *place)
{
	place->pieces[place->count++] = (struct token_piece){ .sequence = ++place->last_sequence };
}

static void remove_piece(struct token_place *place, struct token_piece *piece)
{
	*piece = place->pieces[--place->count];
}

void token_model_create(struct token_model *model, uint32_t place,
			const struct queue_options *options)
{
	model->places[place] = (struct token_place){ .options = *options };
	for (uint64_t i = 0; i < options->tokens; i++)
		add_piece(&model->places[place]);
}

/* ---- serving ---------------------------------------------------------- */

static struct token_piece *first_free(struct token_place *place)
{
	struct token_piece *first = NULL;
	for (uint32_t i = 0; i < place->count; i++) {
		struct token_piece *piece = &place->pieces[i];
		if (!piece->held && (first == NULL || piece->sequence < first->sequence))
			first = piece;
	}
	return first;
}

static struct token_call *first_waiter(struct token_model *model, const struct token_place *place)
{
	struct token_call *first = NULL;
	for (uint32_t i = 0; i < TOKEN_CALLS; i++) {
		struct token_call *call = &model->calls[i];
		if (call->state == TOKEN_CALL_WAITS && &model->places[call->place] == place &&
		    (first == NULL || call->order < first->order))
			first = call;
	}
	return first;
}

static void finish(struct token_call *call, int status)
{
	call->state = TOKEN_CALL_DONE;
	call->status = status;
}

static void serve(struct token_model *model, struct token_place *place)
{
	struct token_piece *piece;
	struct token_call *call;
	while ((piece = first_free(place)) != NULL && (call = first_waiter(model, place)) != NULL) {
		nsec_t lease = place->options.lease;
		piece->held = true;
		piece->peer = call->peer;
		piece->call = (uint32_t)(call - model->calls);
		piece->granted = ++model->last_order;
		piece->lease = 0; /* until the engine has chosen it */
		piece->until = lease != 0 ? model->now + lease : NSEC_NEVER;
		call->died = piece->died;
		finish(call, RELEVO_OK);
	}
	/* Nothing rests in a condition. */
	while (is_condition(place) && (piece = first_free(place)) != NULL)
		remove_piece(place, piece);
}

static void serve_all(struct token_model *model)
{
	for (uint32_t i = 0; i < TOKEN_PLACES; i++)
		serve(model, &model->places[i]);
}

/* ---- calls ------------------------------------------------------------ */

void token_model_get(struct token_model *model, uint32_t number, nsec_t deadline)
{
	struct token_call *call = &model->calls[number];
	call->state = TOKEN_CALL_WAITS;
	call->order = ++model->last_order;
	call->deadline = deadline;
	call->died = false;
	serve(model, &model->places[call->place]);
	if (deadline == 0 && call->state == TOKEN_CALL_WAITS)
		finish(call, RELEVO_TIMED_OUT);
}

void token_model_cancel(struct token_model *model, uint32_t number)
{
	struct token_call *call = &model->calls[number];
	if (call->state == TOKEN_CALL_WAITS)
		finish(call, RELEVO_CANCELLED);
}

/* ---- what is held ----------------------------------------------------- */

static struct token_piece *find(struct token_place *place, uint32_t peer, uint64_t lease)
{
	for (uint32_t i = 0; i < place->count; i++) {
		struct token_piece *piece = &place->pieces[i];
		if (piece->held && piece->peer == peer && piece->lease == lease)
			return piece;
	}
	return NULL;
}

static struct token_piece *oldest(struct token_place *place)
{
	struct token_piece *first = NULL;
	for (uint32_t i = 0; i < place->count; i++) {
		struct token_piece *piece = &place->pieces[i];
		if (piece->held && (first == NULL || piece->granted < first->granted))
			first = piece;
	}
	return first;
}

int token_model_release(struct token_model *model, uint32_t peer, uint32_t number, uint64_t lease,
			bool any)
{
	struct token_place *place = &model->places[number];
	if (is_condition(place))
		return RELEVO_BAD_ARGUMENT;
	struct token_piece *piece = find(place, peer, lease);
	if (piece == NULL && !any)
		return RELEVO_NOT_OWNER;
	if (piece == NULL)
		piece = oldest(place);
	if (piece != NULL)
		piece->held = piece->died = false;
	else if (place->options.bounded && place->count == place->options.tokens)
		return RELEVO_OVER_RELEASE;
	else
		add_piece(place);
	serve(model, place);
	return RELEVO_OK;
}

int token_model_give_up(struct token_model *model, uint32_t peer, uint64_t lease)
{
	for (uint32_t i = 0; i < TOKEN_PLACES; i++) {
		struct token_piece *piece = find(&model->places[i], peer, lease);
		if (piece == NULL)
			continue;
		piece->held = false;
		serve(model, &model->places[i]);
		return RELEVO_OK;
	}
	return RELEVO_NOT_OWNER;
}

int token_model_ack(struct token_model *model, uint32_t peer, uint64_t lease)
{
	for (uint32_t i = 0; i < TOKEN_PLACES; i++) {
		struct token_piece *piece = find(&model->places[i], peer, lease);
		if (piece == NULL)
			continue;
		if (model->places[i].options.kind != QUEUE_CONDITION)
			return RELEVO_BAD_ARGUMENT;
		remove_piece(&model->places[i], piece);
		return RELEVO_OK;
	}
	return RELEVO_NOT_OWNER;
}

uint32_t token_model_notify(struct token_model *model, uint32_t number, uint32_t count)
{
	uint32_t waiters = token_model_waiters(model, number);
	uint32_t woken = count < waiters ? count : waiters;
	for (uint32_t i = 0; i < woken; i++)
		add_piece(&model->places[number]);
	serve(model, &model->places[number]);
	return woken;
}

/* ---- ends ------------------------------------------------------------- */

static void end_holding(struct token_place *place, uint32_t peer, bool in_order)
{
	for (uint32_t i = place->count; i-- > 0;) {
		struct token_piece *piece = &place->pieces[i];
		if (!piece->held || piece->peer != peer)
			continue;
		piece->held = false;
		piece->died = !in_order;
		if (in_order && place->options.keep)
			remove_piece(place, piece);
	}
}

void token_model_gone(struct token_model *model, uint32_t peer, bool in_order)
{
	for (uint32_t i = 0; i < TOKEN_CALLS; i++) {
		struct token_call *call = &model->calls[i];
		if (call->peer == peer && call->state == TOKEN_CALL_WAITS)
			call->state = TOKEN_CALL_FREE;
	}
	for (uint32_t i = 0; i < TOKEN_PLACES; i++)
		end_holding(&model->places[i], peer, in_order);
	serve_all(model);
}

void token_model_tick(struct token_model *model)
{
	for (uint32_t i = 0; i < TOKEN_PLACES; i++) {
		struct token_place *place = &model->places[i];
		for (uint32_t j = 0; j < place->count; j++) {
			struct token_piece *piece = &place->pieces[j];
			if (piece->held && piece->until <= model->now) {
				piece->held = false;
				piece->died = true;
			}
		}
	}
	/* What comes back at this very moment still serves them. */
	serve_all(model);
	for (uint32_t i = 0; i < TOKEN_CALLS; i++) {
		struct token_call *call = &model->calls[i];
		if (call->state == TOKEN_CALL_WAITS && call->deadline <= model->now)
			finish(call, RELEVO_TIMED_OUT);
	}
}

/* ---- questions -------------------------------------------------------- */

struct token_piece *token_model_piece(struct token_model *model, uint32_t number)
{
	struct token_place *place = &model->places[model->calls[number].place];
	for (uint32_t i = 0; i < place->count; i++) {
		struct token_piece *piece = &place->pieces[i];
		if (piece->held && piece->call == number)
			return piece;
	}
	return NULL;
}

uint32_t token_model_count(const struct token_place *place, bool held)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < place->count; i++)
		count += place->pieces[i].held == held;
	return count;
}

uint32_t token_model_waiters(const struct token_model *model, uint32_t place)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < TOKEN_CALLS; i++)
		count +=
			model->calls[i].state == TOKEN_CALL_WAITS && model->calls[i].place == place;
	return count;
}
