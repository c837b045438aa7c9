/* Requests to the broker: sending one, waiting for its answer, and giving up on it. */
#include "session/call.h"

#include "base/mutant.h"
#include "os/descriptor.h"
#include "session/interrupt.h"
#include "session/outbox.h"
#include "session/part.h"
#include "wire/protocol.h"

#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* Whoever waits for the call looks again. */
static void call_wake(struct call *call)
{
	if (call->finished != NULL)
		return;
	pthread_cond_signal(&call->wake);
	if (call->event >= 0)
		eventfd_write(call->event, 1);
}

void call_wake_all(struct connection *connection)
{
	list_for_each (node, &connection->calls)
		call_wake(container_of(node, struct call, link));
}

static bool answered(const struct call *call)
{
	return call->done;
}

void call_pass_reading_on(struct connection *connection)
{
	if (connection->reading)
		return;
	list_for_each (node, &connection->calls) {
		struct call *call = container_of(node, struct call, link);
		if (call->awaited && !answered(call)) {
			call_wake(call);
			return;
		}
	}
	/* Somebody has to read what nobody waits for. */
	if (connection->given_up > 0 && !connection->broken)
		flusher_notify(container_of(connection, struct relevo_session, connection));
}

/* A condition variable would go on waiting after a signal. Where there is no descriptor for
 * an event, the answer is looked for again and again. */
static int follow_interruptibly(struct relevo_session *session, struct call *call, nsec_t deadline)
{
	struct pollfd entries[1 + ATTENTION_FDS] = { { .fd = call->event, .events = POLLIN } };
	eventfd_t count;
	nsec_t look_again = call->event < 0 ? clock_now() + INTERRUPT_LOOK_AGAIN : NSEC_NEVER;
	attention_describe(call->attention, entries + 1);
	pthread_mutex_unlock(&session->lock);
	int status = interrupt_poll(session, true, entries, 1 + ATTENTION_FDS,
				    look_again < deadline ? look_again : deadline);
	pthread_mutex_lock(&session->lock);
	if (status == RELEVO_OK && call->event >= 0)
		eventfd_read(call->event, &count);
	if (status == RELEVO_OK && attention_look(call->attention, entries + 1))
		return RELEVO_INTERRUPTED;
	bool early = status == RELEVO_TIMED_OUT && look_again < deadline;
	return status == TRY_AGAIN || early ? RELEVO_OK : status;
}

static int call_follow(struct relevo_session *session, struct call *call, nsec_t deadline)
{
	bool interruptible =
		(call->interruptible && interrupt_asks(session)) || call->attention != NULL;
	if (interruptible && call->event < 0)
		call->event = descriptor_raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (interruptible)
		return follow_interruptibly(session, call, deadline);
	if (deadline == NSEC_NEVER) {
		pthread_cond_wait(&call->wake, &session->lock);
		return RELEVO_OK;
	}
	struct timespec until = clock_timespec(deadline);
	int error = pthread_cond_clockwait(&call->wake, &session->lock, CLOCK_MONOTONIC, &until);
	return error == ETIMEDOUT ? RELEVO_TIMED_OUT : RELEVO_OK;
}

/* Wait until the call is answered. TIMED_OUT, INTERRUPTED or DISCONNECTED when
 * it is not. */
static int call_wait_until(struct relevo_session *session, struct call *call, nsec_t deadline)
{
	struct connection *connection = &session->connection;
	const enum reading reading = call->interruptible ? READ_INTERRUPTIBLY : READ;
	int status = RELEVO_OK;
	call->awaited = true;
	while (!answered(call) && status == RELEVO_OK) {
		if (call->interruptible && session->interrupted) {
			status = RELEVO_INTERRUPTED;
			break;
		}
		if (connection->reading) {
			status = call_follow(session, call, deadline);
			continue;
		}
		connection->attention = call->attention;
		status = connection_read(session, reading, deadline);
		connection->attention = NULL;
	}
	call_pass_reading_on(connection);
	return answered(call) ? RELEVO_OK : status;
}

static void enlist(struct connection *connection, struct call *call)
{
	call->awaited = false;
	call->done = false;
	call->event = -1;
	call->changes = call->withdrawn = call->taken_back = false;
	call->count = 0;
	call->error = (struct error){ 0 };
	pthread_cond_init(&call->wake, NULL);
	list_append(&connection->calls, &call->link);
}

static void call_leave(struct call *call)
{
	list_remove(&call->link);
	pthread_cond_destroy(&call->wake);
	if (call->event >= 0)
		close(call->event);
}

void call_cancel(struct relevo_session *session, const struct call *call)
{
	Relevo__Cancel operation = RELEVO__CANCEL__INIT;
	operation.call = call->number;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_CANCEL;
	header.cancel = &operation;
	if (outbox_frame(session, &header, NULL, 0) == RELEVO_OK)
		outbox_push(session);
}

static void call_abandon(struct relevo_session *session, const struct call *call)
{
	if (!call->withdrawn)
		call_cancel(session, call);
	/* The answer still comes, perhaps with an item: somebody has to read it. */
	if (!session->connection.broken) {
		session->connection.given_up++;
		flusher_notify(session);
	}
}

/* Whether anything is different afterwards, but for what an answer that comes too late hands
 * over: that goes back. */
static bool changes(const Relevo__Header *header)
{
	switch (header->op_case) {
	case RELEVO__HEADER__OP_QUEUE_OPEN:
		return header->queue_open->mode != RELEVO__OPEN_MODE__OPEN_EXISTING;
	case RELEVO__HEADER__OP_LOCK_OPEN:
		return header->lock_open->mode != RELEVO__OPEN_MODE__OPEN_EXISTING;
	case RELEVO__HEADER__OP_CELL_OPEN:
		return header->cell_open->mode != RELEVO__OPEN_MODE__OPEN_EXISTING;
	case RELEVO__HEADER__OP_SHARED_OPEN:
		return header->shared_open->mode != RELEVO__OPEN_MODE__OPEN_EXISTING;
	case RELEVO__HEADER__OP_CELL_UPDATE:
		return header->cell_update->n_operations > 0;
	case RELEVO__HEADER__OP_QUEUE_PUT:
	case RELEVO__HEADER__OP_QUEUE_ACK:
	case RELEVO__HEADER__OP_QUEUE_NACK:
	case RELEVO__HEADER__OP_QUEUE_REJECT:
	case RELEVO__HEADER__OP_QUEUE_EXTEND:
	case RELEVO__HEADER__OP_QUEUE_SHUTDOWN:
	case RELEVO__HEADER__OP_QUEUE_PURGE:
	case RELEVO__HEADER__OP_QUEUE_MOVE:
	case RELEVO__HEADER__OP_QUEUE_DELETE:
	case RELEVO__HEADER__OP_CELL_DELETE:
	case RELEVO__HEADER__OP_SHARED_DELETE:
	case RELEVO__HEADER__OP_LOCK_RELEASE:
	case RELEVO__HEADER__OP_GOODBYE:
		return true;
	default:
		return false;
	}
}

/* The broker may be doing it: it gets a moment to say what came of that. */
static int withdraw(struct relevo_session *session, struct call *call)
{
	call->taken_back = outbox_take_back(session, &call->place);
	if (call->taken_back)
		return RELEVO_INTERRUPTED;
	call->interruptible = false;
	call->withdrawn = true;
	call_cancel(session, call);
	return call_wait_until(session, call, session_patience(0));
}

static int not_answered(struct relevo_session *session, const struct call *call, int status,
			struct error *error)
{
	bool in_doubt = call->changes && (status != RELEVO_INTERRUPTED || call->withdrawn) &&
			!MUTANT(doubt_untold);
	call_abandon(session, call);
	session->connection.silent = status == RELEVO_TIMED_OUT;
	if (in_doubt)
		return error_set(error, RELEVO_UNANSWERED,
				 "the broker does not answer: whether it was done is not known");
	if (status == RELEVO_INTERRUPTED)
		return error_set(error, status, "the call was interrupted");
	if (status == RELEVO_NO_DESCRIPTORS)
		return error_set(error, status, "the limit of descriptors is too low to wait");
	return error_set(error, RELEVO_TIMED_OUT, "the broker does not answer");
}

/* Why a call ends that was not answered. */
static int unanswered(struct relevo_session *session, struct call *call, int status,
		      struct error *error)
{
	if (status == RELEVO_TIMED_OUT && call->changes && !call->withdrawn)
		call->taken_back = outbox_take_back(session, &call->place);
	call_leave(call);
	if (status == RELEVO_NO_MEMORY)
		return error_set(error, status, "no memory for a frame");
	if (status == RELEVO_DISCONNECTED)
		return connection_tell_lost(&session->connection, error);
	if (call->taken_back)
		return error_set(error, status, "nothing was sent: the broker takes nothing");
	return not_answered(session, call, status, error);
}

/* The call's own outcome becomes the caller's. */
static int call_conclude(struct call *call, struct error *error)
{
	call_leave(call);
	if (call->error.status == RELEVO_CANCELLED && call->withdrawn)
		return error_set(error, RELEVO_INTERRUPTED, "the call was interrupted");
	if (call->error.status != RELEVO_OK && error != NULL)
		*error = call->error;
	return call->error.status;
}

void call_begin(struct relevo_session *session, struct call *call, Relevo__Header *header)
{
	struct connection *connection = &session->connection;
	call->number = header->call = ++connection->last_call;
	call->puts = connection->puts;
	enlist(connection, call);
	outbox_before_wait(connection);
	call->changes = changes(header);
	call->sent = outbox_frame_at(session, header, call->bodies, call->body_count, &call->place);
}

int call_wait(struct relevo_session *session, struct call *call, nsec_t patience,
	      struct error *error)
{
	int status = call->sent;
	if (status == RELEVO_OK)
		status = outbox_drain(session, patience);
	if (status == RELEVO_OK)
		status = call_wait_until(session, call, patience);
	if (status == RELEVO_INTERRUPTED && call->interruptible &&
	    (call->changes || call->hands_over))
		status = withdraw(session, call);
	return answered(call) ? call_conclude(call, error)
			      : unanswered(session, call, status, error);
}

int call_park(struct relevo_session *session, struct call *call, Relevo__Header *header)
{
	struct connection *connection = &session->connection;
	call->number = header->call = ++connection->last_call;
	call->puts = connection->puts;
	call->event = -1;
	call->done = call->withdrawn = false;
	call->error = (struct error){ 0 };
	if (!map_insert(&connection->parked, &call->parked, &call->number, sizeof call->number))
		return RELEVO_NO_MEMORY;
	int status = outbox_frame(session, header, call->bodies, call->body_count);
	if (status != RELEVO_OK)
		map_remove(&connection->parked, &call->parked);
	return status;
}

void call_unpark(struct relevo_session *session, struct call *call)
{
	if (call->done)
		return;
	map_remove(&session->connection.parked, &call->parked);
	if (!session->connection.broken)
		call_abandon(session, call);
}

void call_give_up(struct relevo_session *session, struct call *call)
{
	call_leave(call);
	if (!session->connection.broken)
		call_abandon(session, call);
}

int call_run(struct relevo_session *session, struct call *call, Relevo__Header *header,
	     nsec_t patience, struct error *error)
{
	call_begin(session, call, header);
	return call_wait(session, call, patience, error);
}

int call_wait_for_window(struct relevo_session *session, size_t size, nsec_t deadline,
			 struct error *error)
{
	struct connection *connection = &session->connection;
	int status = RELEVO_OK;
	while (status == RELEVO_OK && !call_window_has_room(connection, size)) {
		struct call call = { .number = 0, .interruptible = true };
		enlist(connection, &call);
		status = outbox_drain(session, deadline);
		if (status == RELEVO_OK)
			status = call_wait_until(session, &call, deadline);
		if (answered(&call))
			status = call_conclude(&call, error);
		else
			call_leave(&call);
	}
	if (status != RELEVO_OK && error->status == RELEVO_OK)
		error_set(error, status, "the broker does not confirm what was put");
	return status;
}

/* ---- the reader's part ------------------------------------------------ */

static void call_finish(struct call *call, int status)
{
	call->error.status = status;
	call->done = true;
	call_wake(call);
}

/* Of many that lie there, none but this one is looked at. */
static struct call *call_find_parked(const struct connection *connection, uint64_t number)
{
	struct map_node *node = map_find(&connection->parked, &number, sizeof number);
	return node != NULL ? container_of(node, struct call, parked) : NULL;
}

static void call_finish_parked(struct connection *connection, struct call *call)
{
	map_remove(&connection->parked, &call->parked);
	call->finished(call);
}

static struct call *call_find_here(struct connection *connection, uint64_t number)
{
	list_for_each (node, &connection->calls) {
		struct call *call = container_of(node, struct call, link);
		if (call->number == number && !call->done)
			return call;
	}
	return call_find_parked(connection, number);
}

static void confirmed(struct connection *connection, uint64_t window)
{
	connection->window_freed = window;
	parts_confirmed(container_of(connection, struct relevo_session, connection), window);
	list_for_each (node, &connection->calls) {
		struct call *call = container_of(node, struct call, link);
		if (call->number == 0)
			call_finish(call, RELEVO_OK);
	}
}

static void call_failed(struct call *call, const Relevo__Failure *failure)
{
	call->count = failure->count;
	error_set(&call->error, (int)failure->status, "%s", failure->text);
	call_finish(call, failure->status != RELEVO_OK ? (int)failure->status : RELEVO_BAD_FRAME);
}

/* An answer that nobody waits for any more, or never did, or what the broker says unasked. */
static void unexpected(struct relevo_session *session, const struct frame *frame)
{
	const Relevo__Header *header = frame->header;
	bool failure = header->op_case == RELEVO__HEADER__OP_FAILURE;
	bool of_put = failure && header->failure->queue != 0;
	if (header->call != 0 && !of_put && session->connection.given_up > 0)
		session->connection.given_up--;
	if (failure && header->call == 0)
		connection_lost(session, (int)header->failure->status, header->failure->text);
	else
		parts_take_unasked(session, frame);
}

void call_dispatch(struct relevo_session *session, const struct frame *frame)
{
	struct connection *connection = &session->connection;
	const Relevo__Header *header = frame->header;
	connection->silent = false;
	if (!connection->opening)
		session->gap.of_use = true;
	if (header->op_case == RELEVO__HEADER__OP_CONFIRM) {
		confirmed(connection, header->confirm->window);
		return;
	}
	struct call *call = header->call != 0 ? call_find_here(connection, header->call) : NULL;
	/* The broker takes one thing after the other. */
	if (call != NULL && call->puts > connection->puts_done)
		connection->puts_done = call->puts;
	if (call == NULL) {
		unexpected(session, frame);
	} else if (header->op_case == RELEVO__HEADER__OP_FAILURE) {
		call_failed(call, header->failure);
	} else if (call->take != NULL) {
		call_finish(call, call->take(call, frame));
	} else if (header->op_case == RELEVO__HEADER__OP_DONE) {
		call->count = header->done->count;
		call_finish(call, RELEVO_OK);
	} else {
		call_finish(call, RELEVO_BAD_FRAME);
	}
	if (call != NULL && call->finished != NULL)
		call_finish_parked(connection, call);
}

void call_fail_all(struct connection *connection, int status, const char *text)
{
	list_for_each (node, &connection->calls) {
		struct call *call = container_of(node, struct call, link);
		if (!call->done) {
			snprintf(call->error.text, sizeof call->error.text, "%s", text);
			call_finish(call, status);
		}
	}
	struct map_node *node;
	while ((node = map_next(&connection->parked, NULL)) != NULL) {
		struct call *call = container_of(node, struct call, parked);
		snprintf(call->error.text, sizeof call->error.text, "%s", text);
		call_finish(call, status);
		call_finish_parked(connection, call);
	}
}
