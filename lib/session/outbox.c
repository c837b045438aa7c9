/* The output of a session: batches of puts and acknowledgements, and when frames leave. */
#include "session/outbox.h"

#include "base/mutant.h"
#include "session/call.h"
#include "session/interrupt.h"
#include "wire/protocol.h"

#include <poll.h>
#include <stdlib.h>

/* A put that comes sooner after the last send waits for company: then whoever
 * sends next, or the flusher, takes it along. */
#define HOT_INTERVAL (100 * (NSEC_PER_MSEC / 1000))

/* A call within this time after a put belongs to it. */
#define SOON         (50 * (NSEC_PER_MSEC / 1000))

/* How often a blocked sender looks again while another thread reads: over nng
 * both wait on one descriptor, and the reader may take the wake-up. It does so only while
 * there is something to send that the broker does not take, never in a session at rest. */
#define SHARED_WAIT  (10 * NSEC_PER_MSEC)

/* Memory that an idle session keeps. */
enum { KEEP_SIZE = 256 * 1024 };

/* Puts up to this size are copied, to leave in one piece with what follows: a
 * wake-up of the broker costs more than the copy. */
enum { COPY_SIZE = 8 * 1024 };

enum { MOST_PIECES = 16 };

static int append_leftover(struct buffer *out, const struct iovec *pieces, int count, size_t sent)
{
	for (int i = 0; i < count; i++) {
		size_t size = pieces[i].iov_len;
		size_t done = sent < size ? sent : size;
		sent -= done;
		if (!buffer_append(out, (const uint8_t *)pieces[i].iov_base + done, size - done))
			return RELEVO_NO_MEMORY;
	}
	return RELEVO_OK;
}

/* The other end listens no more. It may have said why before it left. */
static int outbox_refused(struct relevo_session *session)
{
	connection_read_pending(session);
	/* A thread that is reading will find out by itself. */
	if (!session->connection.broken && !session->connection.reading)
		connection_lost(session, RELEVO_DISCONNECTED,
				"the connection to the broker is lost");
	return RELEVO_DISCONNECTED;
}

/*
 * Send what is in the buffer and then the bodies, as far as the socket takes
 * them at once. What it does not take of the bodies is kept in the buffer: only
 * a socket that is full costs a copy.
 */
static int send_with(struct relevo_session *session, const struct iovec *bodies, int count)
{
	struct connection *connection = &session->connection;
	struct buffer *out = &connection->out;
	if (connection->broken)
		return RELEVO_DISCONNECTED;
	if (count >= MOST_PIECES)
		return append_leftover(out, bodies, count, 0);
	struct iovec pieces[MOST_PIECES];
	size_t head = buffer_size(out);
	pieces[0] = (struct iovec){ buffer_data(out), head };
	for (int i = 0; i < count; i++)
		pieces[i + 1] = bodies[i];

	size_t sent = 0;
	int status = channel_send(connection->channel, pieces, count + 1, &sent);
	if (status == RELEVO_DISCONNECTED)
		return outbox_refused(session);
	if (status != RELEVO_OK)
		sent = 0;
	connection->sent += sent;
	size_t of_head = sent < head ? sent : head;
	buffer_consume(out, of_head);
	return append_leftover(out, bodies, count, sent - of_head);
}

/* ---- acknowledgements and puts that are pending ----------------------- */

/* A frame of their own, when there is no other. */
static int close_acks(struct connection *connection)
{
	struct ack_batch *acks = &connection->acks;
	if (acks->count == 0)
		return RELEVO_OK;
	Relevo__QueueAck operation = RELEVO__QUEUE_ACK__INIT;
	operation.leases = acks->leases;
	operation.n_leases = acks->count;
	operation.quiet = true;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = ++connection->last_call;
	header.op_case = RELEVO__HEADER__OP_QUEUE_ACK;
	header.queue_ack = &operation;
	acks->count = 0;
	return frame_append_head(&connection->out, &header, 0) ? RELEVO_OK : RELEVO_NO_MEMORY;
}

/* Append the head of a frame, which takes the acknowledgements along. */
static int append_head(struct connection *connection, const Relevo__Header *header, size_t size)
{
	struct ack_batch *acks = &connection->acks;
	Relevo__Header complete = *header;
	complete.acks = acks->leases;
	complete.n_acks = acks->count;
	if (!frame_append_head(&connection->out, &complete, size))
		return RELEVO_NO_MEMORY;
	acks->count = 0;
	return RELEVO_OK;
}

/* A frame whose bodies could not follow its head: nothing that came after would be
 * understood. */
static int unless_cut(struct relevo_session *session, int status)
{
	if (status == RELEVO_NO_MEMORY)
		connection_lost(session, status, "memory ran out in the middle of a frame");
	return status;
}

/* Its bodies stand behind its head, or leave at once. */
static int outbox_send_batch(struct relevo_session *session, const void *bodies, size_t size)
{
	struct buffer *out = &session->connection.out;
	if (size <= COPY_SIZE && buffer_size(out) <= FRAME_GOOD_SIZE)
		return buffer_append(out, bodies, size) ? RELEVO_OK : RELEVO_NO_MEMORY;
	struct iovec body = { (void *)bodies, size };
	return send_with(session, &body, 1);
}

/* Its items are in a frame, or, kept, will be. */
static void batch_end(struct put_batch *batch, uint64_t call, uint64_t window_end)
{
	struct put_keeper *keeper = batch->keeper;
	batch->keeper = NULL;
	batch->queue = 0;
	batch->options = NULL;
	if (keeper != NULL)
		keeper->kind->take(keeper, batch, call, window_end);
	batch->count = 0;
	buffer_consume(&batch->bodies, buffer_size(&batch->bodies));
	buffer_shrink(&batch->bodies, KEEP_SIZE);
}

void outbox_leave_batch(struct connection *connection)
{
	struct put_batch *batch = &connection->batch;
	Relevo__QueuePut unsent = RELEVO__QUEUE_PUT__INIT;
	if (batch->queue == 0 || batch->keeper == NULL)
		return;
	batch->keeper->kind->number(batch->keeper, &unsent);
	batch_end(batch, 0, 0);
}

/* Make a frame of the open batch. */
static int close_batch(struct relevo_session *session)
{
	struct connection *connection = &session->connection;
	struct put_batch *batch = &connection->batch;
	if (batch->queue == 0)
		return RELEVO_OK;
	Relevo__QueuePut operation = RELEVO__QUEUE_PUT__INIT;
	if (batch->options != NULL)
		operation = *batch->options;
	operation.queue = batch->queue;
	operation.quiet = true;
	operation.name = NULL;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = ++connection->last_call;
	header.sizes = batch->sizes;
	header.n_sizes = batch->count;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &operation;
	size_t size = buffer_size(&batch->bodies);
	uint64_t cost = WINDOW_COST(batch->count, size);
	if (batch->keeper != NULL)
		batch->keeper->kind->number(batch->keeper, &operation);
	int status = append_head(connection, &header, size);
	if (status == RELEVO_OK) {
		connection->window_used += cost;
		status = outbox_send_batch(session, buffer_data(&batch->bodies), size);
	}
	batch_end(batch, header.call, connection->window_used);
	return unless_cut(session, status);
}

bool outbox_pending(const struct connection *connection)
{
	return buffer_size(&connection->out) > 0 || connection->batch.queue != 0 ||
	       connection->acks.count > 0;
}

static bool outbox_grow(void **array, uint32_t *capacity, size_t element)
{
	uint32_t wanted = *capacity > 0 ? *capacity * 2 : 64;
	void *bigger = realloc(*array, wanted * element);
	if (bigger == NULL)
		return false;
	*array = bigger;
	*capacity = wanted;
	return true;
}

/* A batch with room for the item, of the same queue if it is open. */
static int batch_open(struct relevo_session *session, const struct outbox_way *way, size_t size,
		      const Relevo__QueuePut *options)
{
	struct put_batch *batch = &session->connection.batch;
	int status = RELEVO_OK;
	if (batch->queue != 0 && (batch->queue != way->queue || batch->count == FRAME_MAX_ITEMS ||
				  buffer_size(&batch->bodies) + size > FRAME_GOOD_SIZE))
		status = close_batch(session);
	if (status != RELEVO_OK)
		return status;
	if (batch->count == batch->capacity &&
	    !outbox_grow((void **)&batch->sizes, &batch->capacity, sizeof *batch->sizes))
		return RELEVO_NO_MEMORY;
	if (batch->keeper == NULL && way->owner != NULL) {
		batch->keeper = way->owner->kind->begin(way->owner, options);
		if (batch->keeper == NULL)
			return RELEVO_NO_MEMORY;
	}
	return RELEVO_OK;
}

/* Of a batch that nothing has come into. */
static void batch_drop_keeper(struct put_batch *batch)
{
	if (batch->count == 0 && batch->keeper != NULL) {
		batch->keeper->kind->drop(batch->keeper);
		batch->keeper = NULL;
	}
}

static int batch_add(struct relevo_session *session, const struct outbox_way *way,
		     const struct relevo_bytes *item, const Relevo__QueuePut *options)
{
	struct put_batch *batch = &session->connection.batch;
	int status = batch_open(session, way, item->size, options);
	if (status == RELEVO_OK && !buffer_append(&batch->bodies, item->data, item->size))
		status = RELEVO_NO_MEMORY;
	if (status != RELEVO_OK) {
		batch_drop_keeper(batch);
		return status;
	}
	batch->sizes[batch->count++] = (uint32_t)item->size;
	batch->queue = way->queue;
	batch->options = options;
	/* What is kept is counted by who keeps it. */
	session->connection.puts += way->owner == NULL;
	return RELEVO_OK;
}

int outbox_put(struct relevo_session *session, const struct outbox_way *way,
	       const struct relevo_bytes *item)
{
	return batch_add(session, way, item, NULL);
}

/* A batch of its own: the options of a frame are those of all its items. */
int outbox_put_with(struct relevo_session *session, const struct outbox_way *way,
		    const struct relevo_bytes *item, const Relevo__QueuePut *options)
{
	int status = close_batch(session);
	if (status == RELEVO_OK)
		status = batch_add(session, way, item, options);
	return status == RELEVO_OK ? close_batch(session) : status;
}

int outbox_ack(struct relevo_session *session, uint64_t lease)
{
	struct ack_batch *acks = &session->connection.acks;
	if (acks->count == FRAME_MAX_LEASES) {
		int status = close_acks(&session->connection);
		if (status != RELEVO_OK)
			return status;
	}
	if (acks->count == acks->capacity &&
	    !outbox_grow((void **)&acks->leases, &acks->capacity, sizeof *acks->leases))
		return RELEVO_NO_MEMORY;
	acks->leases[acks->count++] = lease;
	return RELEVO_OK;
}

/* ---- sending ---------------------------------------------------------- */

static uint64_t position(const struct connection *connection)
{
	return connection->sent + buffer_size(&connection->out);
}

int outbox_frame_at(struct relevo_session *session, const Relevo__Header *header,
		    const struct iovec *bodies, int count, struct outbox_place *place)
{
	struct connection *connection = &session->connection;
	int status = close_batch(session);
	place->alone = connection->acks.count == 0;
	place->begin = position(connection);
	if (status == RELEVO_OK)
		status = outbox_frame(session, header, bodies, count);
	place->end = position(connection);
	return status;
}

bool outbox_has_sent(const struct relevo_session *session, const struct outbox_place *place)
{
	return session->connection.sent > place->begin;
}

bool outbox_take_back(struct relevo_session *session, const struct outbox_place *place)
{
	struct connection *connection = &session->connection;
	if (connection->broken || !place->alone || connection->sent > place->begin ||
	    position(connection) != place->end || MUTANT(nothing_taken_back))
		return false;
	uint64_t unsent = place->begin - connection->sent;
	buffer_truncate(&connection->out, (size_t)unsent);
	return true;
}

int outbox_frame(struct relevo_session *session, const Relevo__Header *header,
		 const struct iovec *bodies, int count)
{
	int status = close_batch(session);
	if (status != RELEVO_OK)
		return status;
	size_t size = 0;
	for (int i = 0; i < count; i++)
		size += bodies[i].iov_len;
	status = append_head(&session->connection, header, size);
	if (status != RELEVO_OK || count == 0)
		return status;
	return unless_cut(session, send_with(session, bodies, count));
}

int outbox_frame_later(struct relevo_session *session, const Relevo__Header *header,
		       const struct iovec *body)
{
	int status = close_batch(session);
	if (status == RELEVO_OK)
		status = append_head(&session->connection, header, body->iov_len);
	if (status != RELEVO_OK)
		return status;
	return unless_cut(session, outbox_send_batch(session, body->iov_base, body->iov_len));
}

int outbox_push(struct relevo_session *session)
{
	struct connection *connection = &session->connection;
	int status = close_batch(session);
	if (status == RELEVO_OK)
		status = close_acks(connection);
	if (status == RELEVO_OK && buffer_size(&connection->out) > 0)
		status = send_with(session, NULL, 0);
	connection->last_send = clock_now();
	buffer_shrink(&connection->out, KEEP_SIZE);
	return status;
}

/* Wait until the socket may take more, reading meanwhile if nobody else does:
 * the broker may want to be rid of answers first. */
static int outbox_wait_for_room(struct relevo_session *session, nsec_t deadline)
{
	struct connection *connection = &session->connection;
	if (!connection->reading)
		return connection_read(session, READ_TO_SEND, deadline);
	nsec_t now = clock_now();
	if (now >= deadline)
		return RELEVO_TIMED_OUT;
	nsec_t look_again = deadline - now < SHARED_WAIT ? deadline : now + SHARED_WAIT;
	short events = channel_events(connection->channel, true);
	struct pollfd entry = {
		.fd = channel_fd(connection->channel),
		.events = events & POLLOUT ? POLLOUT : events, /* input is the reader's */
	};
	pthread_mutex_unlock(&session->lock);
	int status = interrupt_poll(session, false, &entry, 1, look_again);
	pthread_mutex_lock(&session->lock);
	bool fails = status == RELEVO_NO_DESCRIPTORS || status == RELEVO_NO_MEMORY;
	return fails ? status : RELEVO_OK;
}

int outbox_drain(struct relevo_session *session, nsec_t deadline)
{
	struct connection *connection = &session->connection;
	int status = outbox_push(session);
	if (status != RELEVO_OK || buffer_size(&connection->out) == 0)
		return status;
	while (status == RELEVO_OK && buffer_size(&connection->out) > 0) {
		status = outbox_wait_for_room(session, deadline);
		if (status == RELEVO_OK)
			status = outbox_push(session);
	}
	/* Others may have started to wait while this thread was the reader. */
	call_pass_reading_on(connection);
	return status;
}

/*
 * A request is often a put and then a get that waits for the reply: sent
 * together they cost the broker one wake-up and not two. A put cannot know what
 * follows it, so a session goes by what followed the last one; where that
 * misleads, the flusher sends the put, and the session stops expecting it.
 */
bool output_may_wait(struct relevo_session *session)
{
	struct connection *connection = &session->connection;
	if (!connection->put_precedes) {
		nsec_t now = clock_now();
		if (now - connection->last_send >= HOT_INTERVAL) {
			connection->put_sent = now;
			return false;
		}
	}
	flusher_notify(session);
	return true;
}

int outbox_settle(struct relevo_session *session, nsec_t deadline)
{
	int status = outbox_drain(session, deadline);
	if (status != RELEVO_TIMED_OUT)
		return status;
	flusher_notify(session);
	return RELEVO_OK;
}

void outbox_before_wait(struct connection *connection)
{
	if (!connection->put_precedes && connection->put_sent != 0)
		connection->put_precedes = clock_now() - connection->put_sent < SOON;
	connection->put_sent = 0;
}

void outbox_flush_left(struct relevo_session *session)
{
	if (session->connection.batch.queue != 0)
		session->connection.put_precedes = false;
	outbox_drain(session, clock_now() + NSEC_PER_SEC);
}

void outbox_discard(struct connection *connection)
{
	buffer_consume(&connection->out, buffer_size(&connection->out));
	connection->batch.count = 0;
	batch_drop_keeper(&connection->batch);
	buffer_consume(&connection->batch.bodies, buffer_size(&connection->batch.bodies));
	connection->batch.queue = 0;
	connection->acks.count = 0;
}
