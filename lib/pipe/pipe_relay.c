/* Pipes between hosts that the broker relays, by a queue each way. */
#include "pipe/pipe_relay.h"

#include "base/mutant.h"
#include "os/descriptor.h"
#include "pipe/pipe_parts.h"
#include "queue/item_block.h"
#include "session/call.h"
#include "session/outbox.h"

#include <errno.h>
#include <relevo/pipe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* An item that has been asked for. */
struct asking {
	struct call call;
	struct relevo_session *session;
	relevo_item item;
};

/*
 * Two queues of the broker, of which one is put into and one got from, within a session
 * that is the end's own. A part of a message is an item, whose first byte says which it is.
 */
struct pipe_relay {
	struct pipe_remote base;
	struct relevo_session *session;
	pid_t process;
	uint32_t out, in;
	/* A thread is in the midst of a message; guarded by the session's lock. */
	bool sending, receiving;

	struct pipe_parts parts;
	int ended; /* why no more will come: END_OF_STREAM, DISCONNECTED ... */

	struct asking asking; /* from relay_ask() to relay_withdraw() */
	bool asked;
	int event; /* readable when that is answered */
};

static struct pipe_relay *relay_of(struct pipe_remote *remote)
{
	return container_of(remote, struct pipe_relay, base);
}

/* One thread at a time sends, and one receives. */
static int pipe_relay_enter(struct pipe_relay *relay, bool *busy, nsec_t deadline,
			    struct error *error)
{
	struct relevo_session *session = relay->session;
	if (relay->process != getpid())
		return error_set(error, RELEVO_FORKED,
				 "this end of a relayed pipe is the parent's alone");
	pthread_mutex_lock(&session->lock);
	bool in_time = true;
	while (*busy && in_time)
		in_time = deadline != 0 && connection_wait_change(session, deadline);
	if (in_time)
		*busy = true;
	pthread_mutex_unlock(&session->lock);
	if (in_time)
		return RELEVO_OK;
	return error_set(error, RELEVO_TIMED_OUT, "another thread is in a call with this end");
}

static void pipe_relay_leave(struct pipe_relay *relay, bool *busy)
{
	pthread_mutex_lock(&relay->session->lock);
	*busy = false;
	pthread_cond_broadcast(&relay->session->connection.changed);
	pthread_mutex_unlock(&relay->session->lock);
}

/* Lock the session. A new connection would be of no use: the queues ended with the old. */
static int pipe_relay_begin(struct pipe_relay *relay, struct error *error)
{
	struct connection *connection = &relay->session->connection;
	session_lock(relay->session);
	if (connection->channel != NULL && !connection->broken)
		return RELEVO_OK;
	int status = connection_tell_lost(connection, error);
	session_unlock(relay->session);
	return status;
}

/* What an outcome of a queue means for a pipe. */
static int translate(int status, const char *stuck, struct error *error)
{
	if (status == RELEVO_SHUT_DOWN || status == RELEVO_GONE)
		return error_set(error, RELEVO_END_OF_STREAM, "the other end is closed");
	if (status == RELEVO_TIMED_OUT)
		return error_set(error, status, "the pipe stayed %s", stuck);
	return status;
}

/* ---- sending ------------------------------------------------------------ */

static int pipe_relay_put(struct pipe_relay *relay, const struct pipe_part *part, nsec_t deadline,
			  struct error *error)
{
	uint8_t flags = (uint8_t)part->flags;
	uint32_t size = (uint32_t)part->size + 1;
	const struct iovec bodies[] = { { &flags, 1 }, { (char *)part->data, part->size } };
	Relevo__QueuePut operation = RELEVO__QUEUE_PUT__INIT;
	operation.queue = relay->out;
	operation.timeout_ms = session_timeout(deadline);
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &operation;
	header.sizes = &size;
	header.n_sizes = 1;
	struct call call = {
		.bodies = bodies,
		.body_count = part->size > 0 ? 2 : 1,
		.interruptible = true,
	};
	int status = pipe_relay_begin(relay, error);
	if (status != RELEVO_OK)
		return status;
	status = call_run(relay->session, &call, &header, session_patience(deadline), error);
	session_leave(relay->session);
	return translate(status, "full", error);
}

static int put_all(struct pipe_relay *relay, const struct pipe_sending *sending, nsec_t deadline,
		   struct error *error)
{
	size_t limit = relay->session->connection.limits.max_item;
	/* At least one byte: a broker that takes less refuses it. */
	size_t most = limit > PART_MAX ? PART_MAX : limit > 1 ? limit - 1 : 1;
	size_t done = 0;
	int status;
	do {
		const struct pipe_part part = pipe_parts_next(sending, done, most);
		status = pipe_relay_put(relay, &part, deadline, error);
		done += part.size;
	} while (status == RELEVO_OK && done < sending->size);
	return status;
}

static int relay_send(struct pipe_remote *remote, const struct pipe_sending *sending,
		      nsec_t deadline, struct error *error)
{
	struct pipe_relay *relay = relay_of(remote);
	if (sending->fd_count > 0)
		return error_set(error, RELEVO_CANNOT_ENCODE,
				 "no descriptor can be sent to another host");
	int status = pipe_relay_enter(relay, &relay->sending, deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = put_all(relay, sending, deadline, error);
	pipe_relay_leave(relay, &relay->sending);
	return status;
}

/* ---- receiving ---------------------------------------------------------- */

static int pipe_relay_take_item(struct call *call, const struct frame *frame)
{
	struct asking *asking = container_of(call, struct asking, call);
	const Relevo__Header *header = frame->header;
	const Relevo__QueueItems *items = header->queue_items;
	if (header->op_case != RELEVO__HEADER__OP_QUEUE_ITEMS || header->n_sizes != 1 ||
	    items->n_leases != 1)
		return RELEVO_BAD_FRAME;
	const struct item_source source = {
		.bodies = frame->bodies,
		.sizes = header->sizes,
		.leases = items->leases,
		.count = 1,
		.epoch = asking->session->connection.epoch,
	};
	return item_block_fill(&asking->item, &source) ? RELEVO_OK : RELEVO_NO_MEMORY;
}

/* The session is locked, here and in the next three. */
static void pipe_relay_ask(struct pipe_relay *relay, struct asking *asking, nsec_t deadline)
{
	Relevo__QueueGet operation = RELEVO__QUEUE_GET__INIT;
	operation.queue = relay->in;
	operation.max_items = 1;
	operation.timeout_ms = session_timeout(deadline);
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_GET;
	header.queue_get = &operation;
	*asking = (struct asking){ .call.take = pipe_relay_take_item, .session = relay->session };
	call_begin(relay->session, &asking->call, &header);
}

static int absorb(struct pipe_relay *relay, const relevo_item *item, struct error *error)
{
	const uint8_t *bytes = item->data;
	if (item->size == 0)
		return error_set(error, RELEVO_BAD_FRAME, "what came is no part of a message");
	return pipe_parts_add(&relay->parts, bytes[0], bytes + 1, item->size - 1, error);
}

/* The answer has come. */
static int pipe_relay_conclude(struct pipe_relay *relay, struct asking *asking, nsec_t patience,
			       struct error *error)
{
	int status = call_wait(relay->session, &asking->call, patience, error);
	if (status == RELEVO_OK) {
		/* It goes with whatever is asked next: the reader is the only one. */
		outbox_ack(relay->session, asking->item.lease);
		status = absorb(relay, &asking->item, error);
		relevo_item_free(&asking->item);
	} else {
		status = translate(status, "empty", error);
	}
	if (status == RELEVO_END_OF_STREAM || status == RELEVO_DISCONNECTED)
		relay->ended = status;
	return status;
}

/* The next item. */
static int pipe_relay_get(struct pipe_relay *relay, nsec_t deadline, struct error *error)
{
	struct asking asking;
	int status = pipe_relay_begin(relay, error);
	if (status != RELEVO_OK)
		return status;
	pipe_relay_ask(relay, &asking, deadline);
	asking.call.interruptible = true;
	asking.call.hands_over = !MUTANT(interrupted_relay_loses);
	status = pipe_relay_conclude(relay, &asking, session_patience(deadline), error);
	session_leave(relay->session);
	return status;
}

static int pipe_relay_get_message(struct pipe_relay *relay, nsec_t deadline, struct error *error)
{
	int status = relay->ended;
	while (status == RELEVO_OK && !relay->parts.complete)
		status = pipe_relay_get(relay, deadline, error);
	return status;
}

static int ended(const struct pipe_relay *relay, struct error *error)
{
	if (relay->ended == RELEVO_END_OF_STREAM)
		return error_set(error, relay->ended, "the other end is closed");
	return error_set(error, relay->ended, "the pipe is of no use any more");
}

static int relay_receive(struct pipe_remote *remote, struct pipe_message *message, nsec_t deadline,
			 struct error *error)
{
	struct pipe_relay *relay = relay_of(remote);
	int status = pipe_relay_enter(relay, &relay->receiving, deadline, error);
	if (status != RELEVO_OK)
		return status;
	if (relay->ended != RELEVO_OK && !relay->parts.complete)
		status = ended(relay, error);
	if (status == RELEVO_OK && !relay->parts.complete)
		status = pipe_relay_get_message(relay, deadline, error);
	if (status == RELEVO_OK)
		status = pipe_parts_take(&relay->parts, message, error);
	pipe_relay_leave(relay, &relay->receiving);
	return status;
}

static int relay_poll(struct pipe_remote *remote, nsec_t deadline, struct error *error)
{
	struct pipe_relay *relay = relay_of(remote);
	int status = pipe_relay_enter(relay, &relay->receiving, deadline, error);
	if (status != RELEVO_OK)
		return status;
	if (!relay->parts.complete && relay->ended == RELEVO_OK)
		status = pipe_relay_get_message(relay, deadline, error);
	pipe_relay_leave(relay, &relay->receiving);
	return status == RELEVO_END_OF_STREAM ? RELEVO_OK : status;
}

/* ---- waiting for several ------------------------------------------------ */

static bool has_something(const struct pipe_relay *relay)
{
	return relay->parts.complete || relay->ended != RELEVO_OK;
}

/* The answer tells whoever polls, whichever thread reads it. */
static void ask_ahead(struct pipe_relay *relay)
{
	pipe_relay_ask(relay, &relay->asking, NSEC_NEVER);
	relay->asking.call.event = relay->event;
	relay->asked = true;
	outbox_push(relay->session);
}

static int relay_ask(struct pipe_remote *remote, struct pollfd *entries, struct error *error)
{
	struct pipe_relay *relay = relay_of(remote);
	int status = pipe_relay_enter(relay, &relay->receiving, 0, error);
	if (status != RELEVO_OK)
		return status;
	status = pipe_relay_begin(relay, error);
	if (status != RELEVO_OK) {
		pipe_relay_leave(relay, &relay->receiving);
		return status;
	}
	struct channel *channel = relay->session->connection.channel;
	if (!has_something(relay))
		ask_ahead(relay);
	entries[0] = (struct pollfd){ .fd = channel_fd(channel),
				      .events = channel_events(channel, false) };
	entries[1] = (struct pollfd){ .fd = relay->event, .events = POLLIN };
	session_leave(relay->session);
	return RELEVO_OK;
}

/* Take the answer; the descriptor stays. */
static void conclude_ahead(struct pipe_relay *relay, nsec_t patience)
{
	struct error error = { 0 };
	relay->asking.call.event = -1;
	relay->asked = false;
	int status = pipe_relay_conclude(relay, &relay->asking, patience, &error);
	if (status != RELEVO_OK && status != RELEVO_CANCELLED && relay->ended == RELEVO_OK)
		relay->ended = status;
}

static bool relay_look(struct pipe_remote *remote)
{
	struct pipe_relay *relay = relay_of(remote);
	eventfd_t count;
	session_lock(relay->session);
	eventfd_read(relay->event, &count);
	connection_read_pending(relay->session);
	if (relay->asked && relay->asking.call.done) {
		conclude_ahead(relay, NSEC_NEVER);
		/* A part of a message is none yet. */
		if (!has_something(relay))
			ask_ahead(relay);
	}
	bool found = has_something(relay);
	session_leave(relay->session);
	return found;
}

static bool relay_withdraw(struct pipe_remote *remote)
{
	struct pipe_relay *relay = relay_of(remote);
	eventfd_t count;
	session_lock(relay->session);
	if (relay->asked && !relay->asking.call.done)
		call_cancel(relay->session, &relay->asking.call);
	if (relay->asked)
		conclude_ahead(relay, session_patience(0));
	eventfd_read(relay->event, &count);
	bool found = has_something(relay);
	session_leave(relay->session);
	pipe_relay_leave(relay, &relay->receiving);
	return found;
}

/* ---- beginning and end --------------------------------------------------- */

static void relay_free(struct pipe_remote *remote)
{
	struct pipe_relay *relay = relay_of(remote);
	relevo_session_close(relay->session);
	pipe_parts_fini(&relay->parts);
	close(relay->event);
	free(relay);
}

static const struct pipe_remote_ops relay_ops = {
	.send = relay_send,
	.receive = relay_receive,
	.poll = relay_poll,
	.ask = relay_ask,
	.look = relay_look,
	.withdraw = relay_withdraw,
	.free = relay_free,
};

int pipe_relay_new(struct relevo_session *session, uint32_t out, uint32_t in,
		   struct pipe_remote **remote, struct error *error)
{
	struct pipe_relay *relay = calloc(1, sizeof *relay);
	if (relay == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a pipe");
	relay->base.ops = &relay_ops;
	relay->session = session;
	relay->process = getpid();
	relay->event = descriptor_raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (relay->event < 0) {
		int why = errno;
		free(relay);
		return error_set_errno(error, RELEVO_SYSTEM, why, "no event for a pipe");
	}
	relay->out = out;
	relay->in = in;
	*remote = &relay->base;
	return RELEVO_OK;
}
