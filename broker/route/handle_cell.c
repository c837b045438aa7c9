/* What clients ask of cells: open, close, delete, update, wait, give up a will. */
#include "route/call.h"
#include "route/handlers.h"
#include "route/reply.h"

#include <inttypes.h>

/* The wire's numbers are those of the engine. */
_Static_assert((int)RELEVO__ELEMENT_TYPE__ELEMENT_TYPE_DOUBLE == ELEMENT_DOUBLE, "types differ");
_Static_assert((int)RELEVO__CELL_OPERATION__CELL_LESS == ELEMENT_LESS, "comparisons differ");
_Static_assert((int)RELEVO__CELL_OPERATION__CELL_CHANGED == CELL_CHANGED, "operations differ");

/* ---- open, close, delete ---------------------------------------------- */

/* A cell is told and set like one item, so it is never larger. */
static int handle_cell_check_size(const struct session *session, const Relevo__CellOpen *open,
				  struct error *error)
{
	uint32_t most = session->router->config.limits.max_item;
	uint32_t width = element_width((enum element_type)open->type);
	uint64_t size = (uint64_t)(width > 0 ? width : open->width) * open->count;
	if (size > most)
		return error_set(error, RELEVO_TOO_LARGE,
				 "a cell of %" PRIu64 " bytes is larger than the limit of %" PRIu32,
				 size, most);
	return RELEVO_OK;
}

static struct cell_open_request open_request(const struct frame *frame)
{
	const Relevo__CellOpen *open = frame->header->cell_open;
	return (struct cell_open_request){
		.name = open->name,
		.mode = (enum queue_open_mode)open->mode,
		.options = {
			.lifetime = (enum queue_lifetime)open->lifetime,
			.type = (enum element_type)open->type,
			.width = open->width,
			.count = open->count,
			.purpose = open->purpose,
			.durable = open->durable,
		},
		.initial = frame->bodies,
		.initial_size = frame->bodies_size,
	};
}

void handle_cell_open(struct session *session, const struct frame *frame)
{
	const Relevo__CellOpen *open = frame->header->cell_open;
	struct cell_opened opened;
	struct error error = { 0 };
	int status = handle_cell_check_size(session, open, &error);
	if (status == RELEVO_OK) {
		const struct cell_open_request request = open_request(frame);
		status = cell_open(session->peer, &request, &opened, &error);
	}
	if (status == RELEVO_OK)
		reply_cell_opened(session, frame->header->call, &opened);
	else
		reply_error(session, frame->header->call, &error);
}

void handle_cell_close(struct session *session, const struct frame *frame)
{
	struct error error = { 0 };
	int status = cell_close(session->peer, frame->header->cell_close->cell, &error);
	reply_outcome(session, frame->header->call, status, 0, &error);
}

void handle_cell_delete(struct session *session, const struct frame *frame)
{
	const Relevo__CellDelete *delete = frame->header->cell_delete;
	struct error error = { 0 };
	int status = cell_delete(session->router->engine, delete->name, delete->purpose, &error);
	reply_outcome(session, frame->header->call, status, 0, &error);
}

/* ---- update and wait -------------------------------------------------- */

static void answer_cell(struct waiter *waiter, const struct answer *answer)
{
	struct call *call = container_of(waiter, struct call, waiter);
	reply_cell(call->session, call->number, answer);
	call_free(call);
}

/* Each term is told in three places: they have to fit together. */
static int read_terms(const struct frame *frame, struct cell_term *terms, struct error *error)
{
	const Relevo__Header *header = frame->header;
	const Relevo__CellUpdate *update = header->cell_update;
	size_t count = header->n_sizes;
	if (update->n_firsts != count || update->n_operations != count ||
	    update->will_terms > count)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "an update with %zu places, %zu operations and %zu operands",
				 update->n_firsts, update->n_operations, count);
	if (count > 2 * CELL_MAX_TERMS)
		return error_set(error, RELEVO_LIMIT, "an update has %zu terms, more than %d",
				 count, CELL_MAX_TERMS);
	const uint8_t *operand = frame->bodies;
	for (size_t i = 0; i < count; i++) {
		unsigned operation = (unsigned)update->operations[i];
		terms[i] = (struct cell_term){
			.first = update->firsts[i],
			.operation = operation < UINT8_MAX ? (uint8_t)operation : UINT8_MAX,
			.operand = operand,
			.size = header->sizes[i],
		};
		operand += header->sizes[i];
	}
	return RELEVO_OK;
}

static struct cell_update update_request(const struct frame *frame, const struct cell_term *terms)
{
	const Relevo__CellUpdate *update = frame->header->cell_update;
	size_t count = frame->header->n_sizes - update->will_terms;
	return (struct cell_update){
		.handle = update->cell,
		.terms = terms,
		.count = count,
		.will = terms + count,
		.will_count = update->will_terms,
		.withdraw = update->withdraw,
		.read_first = update->read_first,
		.read_count = update->read_count,
	};
}

void handle_cell_update(struct session *session, const struct frame *frame)
{
	struct cell_term terms[2 * CELL_MAX_TERMS];
	struct error error = { 0 };
	struct call *call;
	int status = read_terms(frame, terms, &error);
	if (status == RELEVO_OK)
		status = call_new(session, frame->header->call, false, &call, &error);
	if (status != RELEVO_OK) {
		reply_error(session, frame->header->call, &error);
		return;
	}
	const struct cell_update update = update_request(frame, terms);
	call->waiter.answer = answer_cell;
	cell_update(session->peer, &update, loop_now(session->router->loop), &call->waiter);
}

void handle_cell_wait(struct session *session, const struct frame *frame)
{
	const Relevo__CellWait *wait = frame->header->cell_wait;
	unsigned operation = (unsigned)wait->operation;
	const struct cell_wait request = {
		.handle = wait->cell,
		.operation = operation < UINT8_MAX ? (uint8_t)operation : UINT8_MAX,
		.first = wait->first,
		.operand = frame->bodies,
		.size = frame->bodies_size,
		.version = wait->version,
		.will = wait->will,
		.deadline = session_deadline(session, wait->timeout_ms),
	};
	struct error error = { 0 };
	struct call *call;
	if (call_new(session, frame->header->call, request.deadline != 0, &call, &error) !=
	    RELEVO_OK) {
		reply_error(session, frame->header->call, &error);
		return;
	}
	call->waiter.answer = answer_cell;
	cell_wait(session->peer, &request, loop_now(session->router->loop), &call->waiter);
}

void handle_cell_give_up(struct session *session, const struct frame *frame)
{
	cell_give_up(session->peer, frame->header->cell_give_up->will,
		     loop_now(session->router->loop));
}
