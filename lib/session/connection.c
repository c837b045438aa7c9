/* The connection of a session: opening it, reading from it, and its loss. */
#include "session/connection.h"

#include "base/mutant.h"
#include "session/call.h"
#include "session/hello.h"
#include "session/interrupt.h"
#include "session/outbox.h"
#include "session/part.h"
#include "session/private_broker.h"
#include "wire/protocol.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* What the reader asks the socket for at a time. */
enum { READ_SIZE = 256 * 1024 };

/* How often the broker of a data folder may end while it is connected to. */
enum { RETRIES = 8 };

bool connection_init(struct connection *connection)
{
	*connection = (struct connection){ .window = WINDOW_DEFAULT, .descriptor = -1 };
	list_init(&connection->calls);
	map_init(&connection->parked, 0);
	list_init(&connection->watchers);
	pthread_cond_init(&connection->changed, NULL);
	return arena_init(&connection->arena, ARENA_LIMIT_FOR_HEADERS);
}

void connection_fini(struct connection *connection)
{
	channel_close(connection->channel);
	map_fini(&connection->parked);
	arena_fini(&connection->arena);
	buffer_fini(&connection->in);
	buffer_fini(&connection->out);
	buffer_fini(&connection->batch.bodies);
	free(connection->batch.sizes);
	free(connection->acks.leases);
	pthread_cond_destroy(&connection->changed);
}

/* Whoever the frame is for takes the descriptor that came with it, or nobody. */
static void connection_dispatch(struct relevo_session *session, const struct frame *frame)
{
	struct connection *connection = &session->connection;
	connection->descriptor =
		channel_take_descriptor(connection->channel, connection->dispatched);
	connection->dispatched += frame->size;
	call_dispatch(session, frame);
	if (connection->descriptor >= 0)
		close(connection->descriptor);
	connection->descriptor = -1;
}

int connection_take_descriptor(struct connection *connection, int *fd, struct error *error)
{
	*fd = connection->descriptor;
	connection->descriptor = -1;
	if (*fd >= 0)
		return RELEVO_OK;
	if (*fd == CHANNEL_NO_DESCRIPTOR)
		return error_set_errno(error, RELEVO_SYSTEM, EMFILE,
				       "no room for a descriptor that the broker sent");
	return error_set(error, RELEVO_LIMIT,
			 "the broker could not pass a descriptor on: too many of this user's "
			 "are on their way");
}

/* Dispatch every whole frame that has come in. `missing` is how many bytes the
 * next one still lacks. */
static int dispatch_frames(struct relevo_session *session, size_t *missing, struct error *error)
{
	struct connection *connection = &session->connection;
	struct buffer *in = &connection->in;
	*missing = 0;
	while (buffer_size(in) > 0) {
		struct frame frame;
		arena_reset(&connection->arena);
		int status = frame_read(buffer_data(in), buffer_size(in), &connection->limits,
					&connection->arena, &frame, error);
		if (status == TRY_AGAIN) {
			*missing = frame.size - buffer_size(in);
			return RELEVO_OK;
		}
		/* An operation of a newer broker that nobody here asked for. */
		if (status == RELEVO_UNKNOWN_OPERATION)
			status = RELEVO_OK;
		if (status != RELEVO_OK)
			return status;
		connection_dispatch(session, &frame);
		buffer_consume(in, frame.size);
	}
	return RELEVO_OK;
}

/* One attempt to receive. The session is not locked: the buffer is the
 * reader's. */
static int connection_receive_here(struct connection *connection, size_t missing)
{
	size_t wanted = missing > READ_SIZE ? missing : READ_SIZE;
	uint8_t *room = buffer_reserve(&connection->in, wanted);
	if (room == NULL)
		return RELEVO_NO_MEMORY;
	size_t received;
	int status =
		channel_receive(connection->channel, room, buffer_room(&connection->in), &received);
	if (status == RELEVO_OK)
		buffer_commit(&connection->in, received);
	return status;
}

static void start_reading(struct connection *connection)
{
	connection->reading = true;
	connection->reader = pthread_self();
}

static void stop_reading(struct connection *connection)
{
	buffer_shrink(&connection->in, 4 * READ_SIZE);
	connection->reading = false;
	pthread_cond_broadcast(&connection->changed);
	list_for_each (node, &connection->watchers) {
		struct connection_watcher *watcher =
			container_of(node, struct connection_watcher, link);
		watcher->left(watcher);
	}
}

static const char *reason(int status, const struct error *error)
{
	if (status == RELEVO_END_OF_STREAM)
		return "the broker closed the connection";
	if (status == RELEVO_NO_MEMORY && error->status == RELEVO_OK)
		return "no memory for what the broker sends";
	if (status == RELEVO_NO_DESCRIPTORS && error->status == RELEVO_OK)
		return "the limit of descriptors is lower than what has to be polled";
	/* What the channel itself says is a status only. */
	return error->status != RELEVO_OK ? error_text(error)
					  : "the connection to the broker broke off";
}

/* What is to be done with the outcome of receive(), the session locked again. */
static int after_receive(struct relevo_session *session, int status, size_t *missing)
{
	struct error error = { 0 };
	if (status == RELEVO_OK)
		status = dispatch_frames(session, missing, &error);
	if (status == RELEVO_OK || status == TRY_AGAIN)
		return status;
	bool short_of = status == RELEVO_NO_MEMORY || status == RELEVO_NO_DESCRIPTORS;
	connection_lost(session, short_of ? status : RELEVO_DISCONNECTED, reason(status, &error));
	return RELEVO_DISCONNECTED;
}

static int poll_channel(const struct relevo_session *session, enum reading reading, nsec_t deadline)
{
	struct channel *channel = session->connection.channel;
	struct attention *attention = session->connection.attention;
	struct pollfd entries[3 + ATTENTION_FDS] = {
		{ .fd = channel_fd(channel),
		  .events = channel_events(channel, reading == READ_TO_SEND) },
		{ .fd = session->wake_fd, .events = POLLIN }, /* poll() passes over -1 */
		{ .fd = reading == READ_INTERRUPTIBLY ? session->interrupt_fd : -1,
		  .events = POLLIN },
	};
	attention_describe(attention, entries + 3);
	nfds_t count = attention != NULL ? 3 + ATTENTION_FDS : 3;
	int status =
		interrupt_poll(session, reading == READ_INTERRUPTIBLY, entries, count, deadline);
	if (status != RELEVO_OK)
		return status;
	attention_look(attention, entries + 3);
	return entries[0].revents != 0 ? RELEVO_OK : RELEVO_INTERRUPTED;
}

int connection_read(struct relevo_session *session, enum reading reading, nsec_t deadline)
{
	struct connection *connection = &session->connection;
	if (connection->broken || connection->channel == NULL)
		return RELEVO_DISCONNECTED;
	start_reading(connection);
	size_t missing = 0;
	int status;
	do {
		nsec_t until =
			reading == READ_INTERRUPTIBLY ? interrupt_prepare(session) : NSEC_NEVER;
		pthread_mutex_unlock(&session->lock);
		status = poll_channel(session, reading, until < deadline ? until : deadline);
		if (status == RELEVO_TIMED_OUT && until < deadline)
			status = TRY_AGAIN;
		if (status == RELEVO_OK)
			status = connection_receive_here(connection, missing);
		pthread_mutex_lock(&session->lock);
		if (status != RELEVO_TIMED_OUT && status != RELEVO_INTERRUPTED)
			status = after_receive(session, status, &missing);
		/* A frame that is on its way is read to its end, unless time is
		 * up: nobody can have an answer before. */
	} while (status == RELEVO_OK && missing > 0 && reading != READ_TO_SEND &&
		 !connection->broken);
	stop_reading(connection);
	return status == TRY_AGAIN ? RELEVO_OK : status;
}

void connection_read_pending(struct relevo_session *session)
{
	struct connection *connection = &session->connection;
	if (connection->reading || connection->broken || connection->channel == NULL)
		return;
	start_reading(connection);
	size_t missing = 0;
	after_receive(session, connection_receive_here(connection, 0), &missing);
	stop_reading(connection);
}

void connection_lost(struct relevo_session *session, int status, const char *text)
{
	struct connection *connection = &session->connection;
	connection->broken = true;
	if (connection->puts_done < connection->puts)
		connection->puts_lost = true;
	connection->puts_done = connection->puts;
	connection->given_up = 0;
	outbox_leave_batch(connection);
	outbox_discard(connection);
	parts_lost(session);
	error_set(&connection->lost, MUTANT(loss_without_reason) ? RELEVO_DISCONNECTED : status,
		  "%s", MUTANT(loss_forgotten) ? "" : text);
	if (!connection->opening)
		gap_put_off(&session->gap, &connection->lost);
	call_fail_all(&session->connection, status, text);
}

int connection_tell_lost(const struct connection *connection, struct error *error)
{
	const struct error *why = &connection->lost;
	if (!connection->broken || why->status == RELEVO_OK)
		return error_set(error, RELEVO_DISCONNECTED,
				 "the connection to the broker is lost");
	return error_set(error, why->status, "%s", error_text(why));
}

bool connection_wait_change(struct relevo_session *session, nsec_t deadline)
{
	pthread_cond_t *changed = &session->connection.changed;
	if (deadline == NSEC_NEVER)
		return pthread_cond_wait(changed, &session->lock) == 0;
	struct timespec until = clock_timespec(deadline);
	return pthread_cond_clockwait(changed, &session->lock, CLOCK_MONOTONIC, &until) == 0;
}

/* Whatever the last connection left behind. */
static int connection_clear(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	struct connection *connection = &session->connection;
	while (connection->reading) {
		if (!connection_wait_change(session, deadline))
			return error_set(error, RELEVO_TIMED_OUT,
					 "another thread has not left the lost connection yet");
	}
	list_for_each (node, &connection->watchers) {
		struct connection_watcher *watcher =
			container_of(node, struct connection_watcher, link);
		watcher->closing(watcher);
	}
	channel_close(connection->channel);
	connection->channel = NULL;
	buffer_fini(&connection->in);
	outbox_discard(connection);
	return RELEVO_OK;
}

/* Who knows no key goes by whose process listens. The name of a private broker is anybody's
 * once that has ended. */
static int check_broker(const struct relevo_session *session, const struct channel *channel,
			struct error *error)
{
	const char *url = session->address.url;
	int status = session->key == NULL ? channel_check_listener(channel, url, error) : RELEVO_OK;
	if (status != RELEVO_OK || session->embedded == NULL ||
	    private_broker_runs(session->embedded))
		return status;
	return error_set(error, RELEVO_NO_BROKER,
			 "the private broker of this program, %s, has ended; another program "
			 "has its address",
			 url);
}

static int connection_dial_here(struct relevo_session *session, nsec_t deadline,
				struct channel **channel, struct error *error)
{
	if (session->address.kind == ADDRESS_DATA)
		return data_broker_dial(&session->address, &session->data, deadline, channel,
					error);
	int status = channel_connect(&session->address, deadline, channel, error);
	if (status != RELEVO_OK)
		return status;
	status = check_broker(session, *channel, error);
	if (status != RELEVO_OK) {
		channel_close(*channel);
		*channel = NULL;
	}
	return status;
}

/* The session is not locked meanwhile, since that may take more time than others have; to
 * them there is no connection. */
static int connection_dial(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	struct connection *connection = &session->connection;
	struct channel *channel = NULL;
	bool broken = connection->broken;
	connection->broken = true;
	if (MUTANT(connecting_locks_out)) {
		connection->broken = broken;
		return connection_dial_here(session, deadline, &connection->channel, error);
	}
	pthread_mutex_unlock(&session->lock);
	int status = connection_dial_here(session, deadline, &channel, error);
	pthread_mutex_lock(&session->lock);
	connection->broken = broken;
	connection->channel = channel;
	return status;
}

static int connection_greet(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	struct connection *connection = &session->connection;
	connection->broken = connection->silent = false;
	connection->epoch++;
	connection->numbers_since = connection->epoch;
	connection->limits.max_item = ITEM_MAX_DEFAULT;
	connection->limits.max_frame = FRAME_MAX_FOR(ITEM_MAX_DEFAULT);
	connection->window_used = connection->window_freed = 0;
	connection->dispatched = 0;
	int status = hello_say(session, deadline, error);
	if (status != RELEVO_OK)
		connection_lost(session, status, error->status != RELEVO_OK ? error->text : "");
	return status;
}

/* What has to come before anything else. */
static int connection_resume(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	int status = parts_resume(session, deadline, error);
	if (status != RELEVO_OK && !session->connection.broken)
		connection_lost(session, status, error_text(error));
	return status;
}

static int connection_try(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	int status = connection_clear(session, deadline, error);
	if (status == RELEVO_OK)
		status = connection_dial(session, deadline, error);
	if (status == RELEVO_OK)
		status = connection_greet(session, deadline, error);
	if (status == RELEVO_OK)
		status = connection_resume(session, deadline, error);
	return status;
}

int connection_open(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	struct connection *connection = &session->connection;
	connection->opening = true;
	int status = connection_try(session, deadline, error);
	/* A broker that was killed, or ended, at this very moment has a successor. */
	for (int i = 0; i < RETRIES && status == RELEVO_DISCONNECTED && !session->data.follows &&
			session->address.kind == ADDRESS_DATA && clock_now() < deadline;
	     i++)
		status = connection_try(session, deadline, error);
	connection->opening = false;
	if (status == RELEVO_OK)
		gap_is_over(&session->gap);
	else
		gap_put_off(&session->gap, error);
	pthread_cond_broadcast(&connection->changed);
	return status;
}

void connection_take_over(struct connection *connection, struct connection *other)
{
	connection->channel = other->channel;
	other->channel = NULL;
	connection->epoch++;
	connection->broken = false;
	connection->broker = other->broker;
	connection->session = other->session;
	connection->limits = other->limits;
	connection->window = other->window;
	connection->window_used = connection->window_freed = 0;
	connection->dispatched = other->dispatched;
}

/* What the reader had. One that the child does not have may have left it half changed. */
static void abandon_reading(struct connection *connection)
{
	if (!connection->reading) {
		buffer_fini(&connection->in);
		return;
	}
	connection->in = (struct buffer){ 0 };
	connection->attention = NULL;
	connection->arena.chunks = NULL;
	connection->reading = false;
}

void connection_abandon(struct connection *connection)
{
	channel_abandon(connection->channel);
	connection->channel = NULL;
	abandon_reading(connection);
	connection->broken = connection->opening = false;
	connection->given_up = 0;
	connection->puts_done = connection->puts;
	connection->puts_lost = false;
	/* The calls are on the stacks of threads that this process does not have. */
	list_init(&connection->calls);
	map_fini(&connection->parked);
	map_init(&connection->parked, 0);
	list_init(&connection->watchers);
	pthread_cond_init(&connection->changed, NULL);
	outbox_discard(connection);
}
