/* Cells at the broker: opening them, and the requests that update them or wait for a change. */
#include "sync/cell.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "session/call.h"
#include "session/outbox.h"
#include "session/part.h"
#include "session/ride.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The numbers of the wire. */
_Static_assert((int)RELEVO__ELEMENT_TYPE__ELEMENT_TYPE_DOUBLE == ELEMENT_DOUBLE, "types differ");
_Static_assert((int)RELEVO__CELL_OPERATION__CELL_LESS == ELEMENT_LESS, "comparisons differ");
_Static_assert((int)RELEVO__CELL_OPERATION__CELL_CHANGED == CELL_CHANGED, "operations differ");

/* ---- answerless messages ---------------------------------------------- */

static void cell_send_quietly(struct relevo_session *session, Relevo__Header *header)
{
	header->call = ++session->connection.last_call;
	if (outbox_frame(session, header, NULL, 0) == RELEVO_OK)
		outbox_push(session);
}

static void cell_close_number(struct relevo_session *session, uint32_t number)
{
	Relevo__CellClose operation = RELEVO__CELL_CLOSE__INIT;
	operation.cell = number;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_CELL_CLOSE;
	header.cell_close = &operation;
	cell_send_quietly(session, &header);
}

static void cell_give_up_will(struct relevo_session *session, uint64_t will)
{
	if (will == 0)
		return;
	Relevo__CellGiveUp operation = RELEVO__CELL_GIVE_UP__INIT;
	operation.will = will;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_CELL_GIVE_UP;
	header.cell_give_up = &operation;
	cell_send_quietly(session, &header);
}

void cell_call_give_up(struct cell *cell, struct cell_will will)
{
	struct relevo_session *session = cell->handle.session;
	pthread_mutex_lock(&session->lock);
	const struct connection *connection = &session->connection;
	/* When the connection is lost, the broker does so by itself. */
	if (connection->channel != NULL && !connection->broken && will.epoch == connection->epoch)
		cell_give_up_will(session, will.number);
	pthread_mutex_unlock(&session->lock);
}

/* ---- open and close ---------------------------------------------------- */

struct opening {
	struct call call;
	struct cell *cell;
};

static int cell_take_opened(struct call *call, const struct frame *frame)
{
	struct cell *cell = container_of(call, struct opening, call)->cell;
	if (frame->header->op_case != RELEVO__HEADER__OP_CELL_OPENED)
		return RELEVO_BAD_FRAME;
	const Relevo__CellOpened *opened = frame->header->cell_opened;
	if ((unsigned)opened->type >= ELEMENT_TYPES || opened->width == 0)
		return RELEVO_BAD_FRAME;
	cell->type = (enum element_type)opened->type;
	cell->width = opened->width;
	cell->count = opened->count;
	/* Others read it without the lock: the same cell is as durable as it was. */
	if (cell->handle.durable != opened->durable)
		cell->handle.durable = opened->durable;
	handle_opened(&cell->handle, opened->name, opened->cell, opened->identity);
	return RELEVO_OK;
}

static int cell_run_open(struct cell *cell, Relevo__CellOpen *operation,
			 const struct iovec *initial, nsec_t deadline, struct error *error)
{
	uint32_t size = (uint32_t)initial->iov_len;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_CELL_OPEN;
	header.cell_open = operation;
	header.sizes = &size;
	header.n_sizes = size > 0;
	struct opening opening = {
		.call = { .take = cell_take_opened, .bodies = initial, .body_count = size > 0 },
		.cell = cell,
	};
	return call_run(cell->handle.session, &opening.call, &header, deadline, error);
}

static int cell_open_again(struct handle *handle, nsec_t deadline, struct error *error)
{
	Relevo__CellOpen operation = RELEVO__CELL_OPEN__INIT;
	operation.name = handle->name;
	operation.mode = RELEVO__OPEN_MODE__OPEN_EXISTING;
	return cell_run_open(container_of(handle, struct cell, handle), &operation,
			     &(struct iovec){ 0 }, deadline, error);
}

static const struct handle_kind cell_kind = { cell_open_again, cell_close_number };

/* ---- answers that nobody waits for any more ----------------------------- */

static bool cell_take_unasked(struct session_part *part, const struct frame *frame)
{
	const Relevo__Header *header = frame->header;
	if (header->op_case == RELEVO__HEADER__OP_CELL_OPENED)
		cell_close_number(part->session, header->cell_opened->cell);
	else if (header->op_case == RELEVO__HEADER__OP_CELL_STATE)
		cell_give_up_will(part->session, header->cell_state->will);
	else
		return false;
	return true;
}

static void cell_part_free(struct session_part *part)
{
	free(part);
}

static const struct session_part_kind cell_part_kind = {
	.take_unasked = cell_take_unasked,
	.free = cell_part_free,
};

/* The session is locked. */
static int cell_part_ensure(struct relevo_session *session, struct error *error)
{
	if (part_find(session, &cell_part_kind) != NULL)
		return RELEVO_OK;
	struct session_part *part = calloc(1, sizeof *part);
	if (part == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a handle");
	part->kind = &cell_part_kind;
	part_add(session, part);
	return RELEVO_OK;
}

/* ---- opening and closing ------------------------------------------------ */

static int check_spec(const char *name, const struct cell_spec *spec, struct error *error)
{
	if (spec->mode < RELEVO_OPEN_OR_CREATE || spec->mode > RELEVO_OPEN_NEW)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no open mode", (int)spec->mode);
	if (spec->lifetime < RELEVO_LIFETIME_KEPT || spec->lifetime > RELEVO_LIFETIME_SESSION)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no lifetime",
				 (int)spec->lifetime);
	if (name == NULL && spec->mode == RELEVO_OPEN_EXISTING)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "%s without a name cannot be opened, only created", spec->purpose);
	return name != NULL ? name_check(name, spec->purpose, error) : RELEVO_OK;
}

static size_t cell_size_of(const struct cell_spec *spec)
{
	return spec->type == ELEMENT_BYTES ? spec->size : element_width(spec->type);
}

static int cell_check_size(const relevo_session *session, const struct cell_spec *spec,
			   struct error *error)
{
	uint32_t most = session->connection.limits.max_item;
	size_t size = cell_size_of(spec);
	if (size == 0)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%s without a byte in it",
				 spec->purpose);
	if (size > most || spec->count > most / size)
		return error_set(error, RELEVO_TOO_LARGE,
				 "%s of %" PRIu32 " times %zu bytes is larger than the limit of "
				 "%" PRIu32,
				 spec->purpose, spec->count, size, most);
	return RELEVO_OK;
}

/* What it is to hold first, in the form of the wire; free() the base. */
static int encode_initial(const relevo_session *session, const struct cell_spec *spec,
			  struct iovec *initial, struct error *error)
{
	*initial = (struct iovec){ 0 };
	if (spec->mode == RELEVO_OPEN_EXISTING)
		return RELEVO_OK;
	int status = cell_check_size(session, spec, error);
	if (status != RELEVO_OK || spec->initial == NULL)
		return status;
	size_t size = cell_size_of(spec) * spec->count;
	initial->iov_base = malloc(size);
	if (initial->iov_base == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for %zu bytes", size);
	initial->iov_len = size;
	element_copy(spec->type, initial->iov_base, spec->initial, size);
	return RELEVO_OK;
}

struct cell_asked {
	const char *name; /* NULL: a new one */
	const struct cell_spec *spec;
	struct iovec initial;
	nsec_t limit;
};

static int cell_attach_here(struct cell *cell, const struct cell_asked *asked, struct error *error)
{
	const char *name = asked->name;
	const struct cell_spec *spec = asked->spec;
	Relevo__CellOpen operation = RELEVO__CELL_OPEN__INIT;
	operation.name = name != NULL ? (char *)name : (char *)"";
	operation.mode = (Relevo__OpenMode)spec->mode;
	operation.lifetime = (Relevo__Lifetime)spec->lifetime;
	if (name == NULL && spec->lifetime == RELEVO_LIFETIME_KEPT)
		operation.lifetime = RELEVO__LIFETIME__LIFETIME_HANDLES;
	/* What is there already is taken as it is. */
	if (spec->mode != RELEVO_OPEN_EXISTING) {
		operation.type = (Relevo__ElementType)spec->type;
		operation.width = spec->type == ELEMENT_BYTES ? (uint32_t)spec->size : 0;
		operation.count = spec->count;
	}
	operation.purpose = (char *)spec->purpose;
	operation.durable = spec->durable;
	int status = session_enter(cell->handle.session, asked->limit, error);
	if (status != RELEVO_OK)
		return status;
	status = cell_part_ensure(cell->handle.session, error);
	if (status == RELEVO_OK)
		status = cell_run_open(cell, &operation, &asked->initial, asked->limit, error);
	session_leave(cell->handle.session);
	return status;
}

int cell_attach(struct cell *cell, relevo_session *session, const char *name,
		const struct cell_spec *spec, struct error *error)
{
	struct iovec initial;
	*cell = (struct cell){
		.handle = { .session = session, .kind = &cell_kind, .what = spec->purpose },
	};
	int status = check_spec(name, spec, error);
	if (status == RELEVO_OK)
		status = encode_initial(session, spec, &initial, error);
	if (status != RELEVO_OK)
		return status;
	/* Whether it may be asked for again without being told that it is there already. */
	const struct ride ride = {
		.session = session,
		.carries_on = spec->durable && spec->mode != RELEVO_OPEN_NEW,
		.deadline = session_limit(session),
	};
	const struct cell_asked asked = { name, spec, initial, ride.deadline };
	do
		status = cell_attach_here(cell, &asked, error);
	while (ride_on(&ride, &status, error));
	free(initial.iov_base);
	return status;
}

void cell_detach(struct cell *cell)
{
	struct relevo_session *session = cell->handle.session;
	pthread_mutex_lock(&session->lock);
	handle_release(&cell->handle);
	pthread_mutex_unlock(&session->lock);
}

int cell_remove(relevo_session *session, const char *name, const char *purpose)
{
	nsec_t limit = session_limit(session);
	struct error *error = thread_error();
	int status = name_check(name, purpose, error);
	if (status == RELEVO_OK)
		status = session_enter(session, limit, error);
	if (status != RELEVO_OK)
		return status;
	Relevo__CellDelete operation = RELEVO__CELL_DELETE__INIT;
	operation.name = (char *)name;
	operation.purpose = (char *)purpose;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_CELL_DELETE;
	header.cell_delete = &operation;
	struct call call = { .take = NULL };
	status = call_run(session, &call, &header, limit, error);
	session_leave(session);
	return status;
}

/* ---- update ------------------------------------------------------------ */

struct changing {
	struct call call;
	const struct cell *cell;
	struct cell_update *change;
};

static int take_state(struct call *call, const struct frame *frame)
{
	const struct changing *changing = container_of(call, struct changing, call);
	const struct cell *cell = changing->cell;
	struct cell_update *change = changing->change;
	if (frame->header->op_case != RELEVO__HEADER__OP_CELL_STATE ||
	    frame->bodies_size != (size_t)change->read_count * cell->width)
		return RELEVO_BAD_FRAME;
	const Relevo__CellState *state = frame->header->cell_state;
	change->applied = state->applied;
	change->version = state->version;
	change->will.number = state->will;
	change->waiters = state->waiters;
	if (frame->bodies_size > 0)
		element_copy(cell->type, change->read, frame->bodies, frame->bodies_size);
	return RELEVO_OK;
}

/* The frame of an update. */
struct update_frame {
	Relevo__CellUpdate operation;
	uint32_t firsts[CELL_TERMS];
	Relevo__CellOperation operations[CELL_TERMS];
	uint32_t sizes[CELL_TERMS];
	struct iovec bodies[CELL_TERMS];
};

static void fill_frame(struct update_frame *frame, const struct cell *cell,
		       const struct cell_update *change, uint8_t *operands)
{
	frame->operation = (Relevo__CellUpdate)RELEVO__CELL_UPDATE__INIT;
	for (size_t i = 0; i < change->count; i++) {
		const struct cell_term *term = &change->terms[i];
		frame->firsts[i] = term->first;
		frame->operations[i] = (Relevo__CellOperation)term->operation;
		frame->sizes[i] = (uint32_t)term->size;
		frame->bodies[i] = (struct iovec){ operands, term->size };
		element_copy(cell->type, operands, term->operand, term->size);
		operands += term->size;
	}
	frame->operation.cell = cell->handle.number;
	frame->operation.n_firsts = frame->operation.n_operations = change->count;
	frame->operation.firsts = frame->firsts;
	frame->operation.operations = frame->operations;
	frame->operation.will_terms = (uint32_t)change->will_count;
	frame->operation.withdraw = change->withdraw.number;
	frame->operation.read_first = change->read_first;
	frame->operation.read_count = change->read_count;
}

/* A will of another connection has been carried out, and its number is not its any
 * more. The session is locked. */
static int check_will(const struct cell *cell, struct cell_will will, struct error *error)
{
	if (will.number == 0 || will.epoch == cell->handle.session->connection.epoch)
		return RELEVO_OK;
	return error_set(error, RELEVO_DISCONNECTED,
			 "the connection was lost that spoke for this party of \"%s\"",
			 cell->handle.name);
}

/* A look is simply taken again. */
static int update_in_doubt(const struct cell *cell, struct error *error)
{
	char why[ERROR_TEXT_SIZE];
	if (MUTANT(changes_made_again))
		return RELEVO_DISCONNECTED;
	snprintf(why, sizeof why, "%s", error_text(error));
	return error_set(error, RELEVO_UNANSWERED,
			 "whether the %s \"%s\" was changed is not known: %s", cell->handle.what,
			 cell->handle.name, why);
}

/* The session is locked. */
static int run_update(struct cell *cell, struct cell_update *change, uint8_t *operands,
		      nsec_t deadline, struct error *error)
{
	struct update_frame frame;
	int status = check_will(cell, change->withdraw, error);
	if (status != RELEVO_OK)
		return status;
	fill_frame(&frame, cell, change, operands);
	change->will.epoch = cell->handle.session->connection.epoch;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_CELL_UPDATE;
	header.cell_update = &frame.operation;
	header.sizes = frame.sizes;
	header.n_sizes = change->count;
	struct changing changing = {
		.call = { .take = take_state,
			  .bodies = frame.bodies,
			  .body_count = (int)change->count },
		.cell = cell,
		.change = change,
	};
	status = call_run(cell->handle.session, &changing.call, &header, session_patience(deadline),
			  error);
	bool sent = cell->handle.session->connection.epoch != change->will.epoch ||
		    outbox_has_sent(cell->handle.session, &changing.call.place);
	return status == RELEVO_DISCONNECTED && cell->handle.durable && sent && change->count > 0
		       ? update_in_doubt(cell, error)
		       : status;
}

static int update_now(struct cell *cell, struct cell_update *change, uint8_t *operands,
		      nsec_t deadline, struct error *error)
{
	int status = handle_enter(&cell->handle, deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = run_update(cell, change, operands, deadline, error);
	session_leave(cell->handle.session);
	return status;
}

int cell_call_update(struct cell *cell, struct cell_update *change, nsec_t deadline,
		     struct error *error)
{
	uint8_t few[128];
	uint8_t *operands = few;
	size_t size = 0;
	for (size_t i = 0; i < change->count; i++)
		size += change->terms[i].size;
	if (size > sizeof few && (operands = malloc(size)) == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for %zu bytes", size);
	int status;
	/* A change that was sent is not made again: it is in doubt. */
	do
		status = update_now(cell, change, operands, deadline, error);
	while (handle_rides(&cell->handle, deadline, &status, error));
	if (operands != few)
		free(operands);
	return status;
}

/* ---- wait --------------------------------------------------------------- */

struct watching {
	struct call call;
	const struct cell *cell;
	struct cell_wait *watch;
};

static int take_found(struct call *call, const struct frame *frame)
{
	const struct watching *watching = container_of(call, struct watching, call);
	struct cell_wait *watch = watching->watch;
	if (frame->header->op_case != RELEVO__HEADER__OP_CELL_STATE ||
	    frame->bodies_size != watch->term.size)
		return RELEVO_BAD_FRAME;
	watch->version = frame->header->cell_state->version;
	if (frame->bodies_size > 0)
		element_copy(watching->cell->type, watch->found, frame->bodies, frame->bodies_size);
	return RELEVO_OK;
}

void cell_describe_wait(const struct cell *cell, const struct cell_wait *watch,
			struct cell_asking *asking)
{
	asking->size = (uint32_t)watch->term.size;
	asking->body = (struct iovec){ asking->operand, asking->size };
	if (asking->size > 0)
		element_copy(cell->type, asking->operand, watch->term.operand, asking->size);
	asking->operation = (Relevo__CellWait)RELEVO__CELL_WAIT__INIT;
	asking->operation.cell = cell->handle.number;
	asking->operation.operation = (Relevo__CellOperation)watch->term.operation;
	asking->operation.first = watch->term.first;
	asking->operation.version = watch->version;
	asking->operation.will = watch->will.number;
	asking->operation.timeout_ms = session_timeout(watch->deadline);
	asking->header = (Relevo__Header)RELEVO__HEADER__INIT;
	asking->header.op_case = RELEVO__HEADER__OP_CELL_WAIT;
	asking->header.cell_wait = &asking->operation;
	asking->header.sizes = &asking->size;
	asking->header.n_sizes = asking->size > 0;
}

static int run_wait(struct cell *cell, struct cell_wait *watch, struct error *error)
{
	int status = check_will(cell, watch->will, error);
	if (status != RELEVO_OK)
		return status;
	struct cell_asking asking;
	cell_describe_wait(cell, watch, &asking);
	struct watching watching = {
		.call = { .take = take_found,
			  .bodies = &asking.body,
			  .body_count = asking.size > 0,
			  .interruptible = true },
		.cell = cell,
		.watch = watch,
	};
	return call_run(cell->handle.session, &watching.call, &asking.header,
			session_patience(watch->deadline), error);
}

static int wait_now(struct cell *cell, struct cell_wait *watch, struct error *error)
{
	int status = handle_enter(&cell->handle, watch->deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = run_wait(cell, watch, error);
	session_leave(cell->handle.session);
	return status;
}

int cell_call_wait(struct cell *cell, struct cell_wait *watch, struct error *error)
{
	int status;
	do
		status = wait_now(cell, watch, error);
	while (handle_rides(&cell->handle, watch->deadline, &status, error));
	return status;
}
