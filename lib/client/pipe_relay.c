#include "client/pipe_relay.h"

#include "base/buffer.h"
#include "base/mutant.h"
#include "client/call.h"
#include "client/item_block.h"
#include "client/output.h"

#include <relevo/pipe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* In front of each item. */
enum { FIRST = 1, LAST = 2 };

/* Bytes of a message in one item: a few of them fit into the broker's queue. */
enum { PART = 256 * 1024 };

/* An item that has been asked for. */
struct asking {
	struct call call;
	struct relevo_session *session;
	relevo_item item;
};

struct pipe_relay {
	struct relevo_session *session;
	pid_t process;
	uint32_t out, in;
	/* A thread is in the midst of a message; guarded by the session's lock. */
	bool sending, receiving;

	struct buffer partial; /* of a message that is not complete */
	bool begun;            /* there is one */
	bool complete;         /* it is the next message */
	int ended;             /* why no more will come: END_OF_STREAM, DISCONNECTED ... */

	struct asking asking; /* from pipe_relay_ask() to pipe_relay_withdraw() */
	bool asked;
	int event; /* readable when that is answered */
};

int pipe_relay_new(struct relevo_session *session, uint32_t out, uint32_t in,
		   struct pipe_relay **relay, struct error *error)
{
	struct pipe_relay *made = calloc(1, sizeof *made);
	if (made == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a pipe");
	made->session = session;
	made->process = getpid();
	made->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (made->event < 0) {
		free(made);
		return error_set(error, RELEVO_LIMIT, "no descriptor is left for a pipe");
	}
	made->out = out;
	made->in = in;
	*relay = made;
	return RELEVO_OK;
}

void pipe_relay_free(struct pipe_relay *relay)
{
	if (relay == NULL)
		return;
	relevo_close(relay->session);
	buffer_fini(&relay->partial);
	close(relay->event);
	free(relay);
}

/* One thread at a time sends, and one receives. */
static int enter(struct pipe_relay *relay, bool *busy, nsec_t deadline, struct error *error)
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
	return error_set(error, deadline == 0 ? RELEVO_TRY_AGAIN : RELEVO_TIMED_OUT,
			 "another thread is in a call with this end");
}

static void leave(struct pipe_relay *relay, bool *busy)
{
	pthread_mutex_lock(&relay->session->lock);
	*busy = false;
	pthread_cond_broadcast(&relay->session->connection.changed);
	pthread_mutex_unlock(&relay->session->lock);
}

/* Lock the session. A new connection would be of no use: the queues ended with the old. */
static int begin(struct pipe_relay *relay, struct error *error)
{
	struct connection *connection = &relay->session->connection;
	pthread_mutex_lock(&relay->session->lock);
	if (connection->channel != NULL && !connection->broken)
		return RELEVO_OK;
	pthread_mutex_unlock(&relay->session->lock);
	return error_set(error, RELEVO_DISCONNECTED, "the connection to the broker is lost");
}

/* What an outcome of a queue means for a pipe. */
static int translate(int status, struct error *error)
{
	if (status == RELEVO_SHUT_DOWN || status == RELEVO_GONE)
		return error_set(error, RELEVO_END_OF_STREAM, "the other end is closed");
	if (status == RELEVO_FULL || status == RELEVO_EMPTY)
		return error_set(error, RELEVO_TRY_AGAIN, "the pipe is %s",
				 status == RELEVO_FULL ? "full" : "empty");
	if (status == RELEVO_TIMED_OUT)
		return error_set(error, status, "nothing happened at the other end in time");
	return status;
}

/* ---- sending ------------------------------------------------------------ */

static int put(struct pipe_relay *relay, uint8_t flags, const struct pipe_room *part,
	       nsec_t deadline, struct error *error)
{
	uint32_t size = (uint32_t)part->size + 1;
	const struct iovec bodies[] = { { &flags, 1 }, { part->buffer, part->size } };
	Relevo__QueuePut operation = RELEVO__QUEUE_PUT__INIT;
	operation.queue = relay->out;
	operation.timeout_ms = session_timeout(deadline);
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &operation;
	header.sizes = &size;
	header.n_sizes = 1;
	struct call call = { .bodies = bodies, .body_count = part->size > 0 ? 2 : 1 };
	int status = begin(relay, error);
	if (status != RELEVO_OK)
		return status;
	status = call_run(relay->session, &call, &header, session_patience(deadline), error);
	session_end(relay->session);
	return translate(status, error);
}

static int put_all(struct pipe_relay *relay, const struct pipe_sending *sending, nsec_t deadline,
		   struct error *error)
{
	size_t limit = relay->session->connection.limits.max_item;
	/* At least one byte: a broker that takes less refuses it. */
	size_t most = limit > PART ? PART : limit > 1 ? limit - 1 : 1;
	size_t done = 0;
	int status;
	do {
		size_t left = sending->size - done;
		const struct pipe_room part = { (char *)sending->data + done,
						left < most ? left : most };
		int flags = (done == 0 ? FIRST : 0) | (part.size == left ? LAST : 0);
		status = put(relay, (uint8_t)flags, &part, deadline, error);
		done += part.size;
	} while (status == RELEVO_OK && done < sending->size);
	return status;
}

int pipe_relay_send(struct pipe_relay *relay, const struct pipe_sending *sending, nsec_t deadline,
		    struct error *error)
{
	if (sending->fd_count > 0)
		return error_set(error, RELEVO_CANNOT_ENCODE,
				 "no descriptor can be sent to another host");
	int status = enter(relay, &relay->sending, deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = put_all(relay, sending, deadline, error);
	leave(relay, &relay->sending);
	return status;
}

/* ---- receiving ---------------------------------------------------------- */

static int take_item(struct call *call, const struct frame *frame)
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
static void ask(struct pipe_relay *relay, struct asking *asking, nsec_t deadline)
{
	Relevo__QueueGet operation = RELEVO__QUEUE_GET__INIT;
	operation.queue = relay->in;
	operation.max_items = 1;
	operation.timeout_ms = session_timeout(deadline);
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_GET;
	header.queue_get = &operation;
	*asking = (struct asking){ .call.take = take_item, .session = relay->session };
	call_begin(relay->session, &asking->call, &header);
}

/* An item becomes part of the message. What a sender that gave up has left is dropped. */
static int absorb(struct pipe_relay *relay, const relevo_item *item, struct error *error)
{
	const uint8_t *bytes = item->data;
	if (item->size == 0 || (bytes[0] & ~(FIRST | LAST)) != 0)
		return error_set(error, RELEVO_BAD_FRAME, "what came is no part of a message");
	if ((bytes[0] & FIRST) != 0 && !(relay->begun && MUTANT(parts_run_together))) {
		buffer_truncate(&relay->partial, 0);
		relay->begun = true;
	}
	if (!relay->begun || buffer_size(&relay->partial) + item->size - 1 > RELEVO_PIPE_MAX)
		return error_set(error, RELEVO_BAD_FRAME, "what came is no part of a message");
	if (!buffer_append(&relay->partial, bytes + 1, item->size - 1))
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a message");
	relay->complete = (bytes[0] & LAST) != 0;
	return RELEVO_OK;
}

/* The answer has come. */
static int conclude(struct pipe_relay *relay, struct asking *asking, nsec_t patience,
		    struct error *error)
{
	int status = call_wait(relay->session, &asking->call, patience, error);
	if (status == RELEVO_OK) {
		/* It goes with whatever is asked next: the reader is the only one. */
		output_ack(relay->session, asking->item.lease);
		status = absorb(relay, &asking->item, error);
		relevo_item_free(&asking->item);
	} else {
		status = translate(status, error);
	}
	if (status == RELEVO_END_OF_STREAM || status == RELEVO_DISCONNECTED)
		relay->ended = status;
	return status;
}

/* The next item. */
static int get(struct pipe_relay *relay, nsec_t deadline, struct error *error)
{
	struct asking asking;
	int status = begin(relay, error);
	if (status != RELEVO_OK)
		return status;
	ask(relay, &asking, deadline);
	status = conclude(relay, &asking, session_patience(deadline), error);
	session_end(relay->session);
	return status;
}

static int get_message(struct pipe_relay *relay, nsec_t deadline, struct error *error)
{
	int status = relay->ended;
	while (status == RELEVO_OK && !relay->complete)
		status = get(relay, deadline, error);
	return status;
}

/* What has been put together is the caller's. */
static int hand_over(struct pipe_relay *relay, struct pipe_message *message, struct error *error)
{
	struct buffer *partial = &relay->partial;
	size_t size = buffer_size(partial);
	char *data = malloc(size + 1);
	if (data == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a message");
	if (size > 0)
		memcpy(data, buffer_data(partial), size);
	data[size] = '\0';
	*message = (struct pipe_message){ .data = data, .size = size };
	relay->complete = relay->begun = false;
	buffer_truncate(partial, 0);
	buffer_shrink(partial, PART);
	return RELEVO_OK;
}

static int ended(const struct pipe_relay *relay, struct error *error)
{
	if (relay->ended == RELEVO_END_OF_STREAM)
		return error_set(error, relay->ended, "the other end is closed");
	return error_set(error, relay->ended, "the pipe is of no use any more");
}

int pipe_relay_receive(struct pipe_relay *relay, struct pipe_message *message, nsec_t deadline,
		       struct error *error)
{
	int status = enter(relay, &relay->receiving, deadline, error);
	if (status != RELEVO_OK)
		return status;
	if (relay->ended != RELEVO_OK && !relay->complete)
		status = ended(relay, error);
	if (status == RELEVO_OK && !relay->complete)
		status = get_message(relay, deadline, error);
	if (status == RELEVO_OK)
		status = hand_over(relay, message, error);
	leave(relay, &relay->receiving);
	return status;
}

int pipe_relay_poll(struct pipe_relay *relay, nsec_t deadline, struct error *error)
{
	int status = enter(relay, &relay->receiving, deadline, error);
	if (status != RELEVO_OK)
		return status;
	if (!relay->complete && relay->ended == RELEVO_OK)
		status = get_message(relay, deadline, error);
	leave(relay, &relay->receiving);
	return status == RELEVO_END_OF_STREAM ? RELEVO_OK : status;
}

/* ---- waiting for several ------------------------------------------------ */

static bool has_something(const struct pipe_relay *relay)
{
	return relay->complete || relay->ended != RELEVO_OK;
}

/* The answer tells whoever polls, whichever thread reads it. */
static void ask_ahead(struct pipe_relay *relay)
{
	ask(relay, &relay->asking, NSEC_NEVER);
	relay->asking.call.event = relay->event;
	relay->asked = true;
	output_push(relay->session);
}

int pipe_relay_ask(struct pipe_relay *relay, struct pollfd *entries, struct error *error)
{
	int status = enter(relay, &relay->receiving, 0, error);
	if (status != RELEVO_OK)
		return status;
	status = begin(relay, error);
	if (status != RELEVO_OK) {
		leave(relay, &relay->receiving);
		return status;
	}
	struct channel *channel = relay->session->connection.channel;
	ask_ahead(relay);
	entries[0] = (struct pollfd){ .fd = channel_fd(channel),
				      .events = channel_events(channel, false) };
	entries[1] = (struct pollfd){ .fd = relay->event, .events = POLLIN };
	session_end(relay->session);
	return RELEVO_OK;
}

/* Take the answer; the descriptor stays. */
static void conclude_ahead(struct pipe_relay *relay, nsec_t patience)
{
	struct error error = { 0 };
	relay->asking.call.event = -1;
	relay->asked = false;
	int status = conclude(relay, &relay->asking, patience, &error);
	if (status != RELEVO_OK && status != RELEVO_CANCELLED && relay->ended == RELEVO_OK)
		relay->ended = status;
}

bool pipe_relay_look(struct pipe_relay *relay)
{
	eventfd_t count;
	pthread_mutex_lock(&relay->session->lock);
	eventfd_read(relay->event, &count);
	connection_read_pending(relay->session);
	if (relay->asked && relay->asking.call.done) {
		conclude_ahead(relay, NSEC_NEVER);
		/* A part of a message is none yet. */
		if (!has_something(relay))
			ask_ahead(relay);
	}
	bool found = has_something(relay);
	session_end(relay->session);
	return found;
}

bool pipe_relay_withdraw(struct pipe_relay *relay)
{
	eventfd_t count;
	pthread_mutex_lock(&relay->session->lock);
	if (relay->asked && !relay->asking.call.done)
		call_cancel(relay->session, &relay->asking.call);
	if (relay->asked)
		conclude_ahead(relay, session_patience(0));
	eventfd_read(relay->event, &count);
	bool found = has_something(relay);
	session_end(relay->session);
	leave(relay, &relay->receiving);
	return found;
}
