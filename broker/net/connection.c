/* One connection of a client: reading frames, sending answers, time limits, and its end. */
#include "net/connection.h"

#include "base/mutant.h"
#include "log/log.h"
#include "net/turn.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>

enum {
	/* One connection reads so much in a turn, then others have theirs: of frames, no more
	 * than who takes items can keep up with, which keeps them in the processor's cache; or
	 * of one large frame. */
	BYTES_PER_TURN = 64 * 1024,
	LARGE_BYTES_PER_TURN = 256 * 1024,
	/* What a read into a buffer of its own asks for at least. */
	SMALL_READ = 4096,
	/* More output than this, and nothing is read until half of it has left. */
	HIGH_WATER = 1024 * 1024,
	LOW_WATER = HIGH_WATER / 2,
	/* What stands behind a connection in the loop, and for its allocations. */
	OVERHEAD = 256 + OUTPUT_PREPAID,
	/* How long the other end may take to read the last bytes. */
	FINISH_MSEC = 5000,
	MOST_STRANGERS = 512,
	/* An event stands beside the socket. */
	DESCRIPTORS_OVER_TCP = 2,
};

/* Descriptors are described to channel.h's callers in poll's terms. */
static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT, "epoll's events are poll's");

/* Users that connect over a network have no uid here, and share an account. */
#define UID_REMOTE UINT32_MAX

static void mark_dirty(struct connection *connection)
{
	if (!list_linked(&connection->dirty))
		list_append(&connection->network->dirty, &connection->dirty);
}

static void leave_strangers(struct connection *connection)
{
	if (!list_linked(&connection->stranger))
		return;
	list_remove(&connection->stranger);
	connection->network->stranger_count--;
}

/* At once, but not before the round ends: callers up the stack may hold it. */
static void connection_cut(struct connection *connection, const char *reason)
{
	if (connection->state == CONNECTION_OPEN)
		connection->reason = reason;
	connection->state = CONNECTION_CUT;
	leave_strangers(connection);
	mark_dirty(connection);
}

static bool wants_input(const struct connection *connection)
{
	return connection->state == CONNECTION_OPEN && !connection->paused && !connection->held;
}

/* Who has frames left goes on in the next round, which begins at once: whether there is
 * more to read does not matter until then, and is left as it is. */
static void update_watch(struct connection *connection)
{
	if (connection->held && connection->state == CONNECTION_OPEN)
		return;
	channel_pause(connection->channel, !wants_input(connection));
	loop_watch(connection->source,
		   (uint32_t)channel_events(connection->channel, connection->output.size > 0));
}

/* ---- memory ----------------------------------------------------------- */

static void over_quota(struct connection *connection)
{
	if (connection->state == CONNECTION_OPEN)
		connection_fail(connection, RELEVO_QUOTA, "over the user's memory",
				"the connection's buffers do not fit into the user's share "
				"of the broker's memory");
	else
		connection_cut(connection, "over the user's memory");
}

static size_t fixed_cost(const struct connection *connection)
{
	return sizeof *connection + OVERHEAD + channel_memory(connection->channel);
}

/* Give back what the input does not need any more. */
static void settle_bill(struct connection *connection)
{
	size_t held = fixed_cost(connection) + connection->input.capacity;
	size_t charged = connection->bill.charged;
	if (held > charged && !bill_add(&connection->bill, held - charged))
		over_quota(connection);
	else
		bill_settle(&connection->bill, held);
}

static void no_memory_for_input(struct connection *connection)
{
	connection_fail(connection, RELEVO_NO_MEMORY, "no memory for input",
			"the broker has no memory for what this connection sends");
}

/* Charged before it is allocated. NULL: the connection has been told, or cut. */
static uint8_t *reserve_input(struct connection *connection, size_t size)
{
	struct buffer *input = &connection->input;
	size_t capacity = buffer_capacity_with(input, size);
	if (capacity == 0 || !bill_add(&connection->bill, capacity - input->capacity)) {
		over_quota(connection);
		return NULL;
	}
	uint8_t *room = buffer_reserve(input, size);
	if (room == NULL)
		no_memory_for_input(connection);
	return room;
}

/* ---- output ----------------------------------------------------------- */

static bool takes_output(const struct connection *connection)
{
	return connection->state != CONNECTION_CUT && !connection->mute;
}

static void after_append(struct connection *connection, int status)
{
	if (status == RELEVO_QUOTA) {
		over_quota(connection);
	} else if (status != RELEVO_OK) {
		connection_cut(connection, "no memory for output");
	} else if (connection->output.size > connection->network->config.max_output) {
		log_warning("output-over-limit", LOG_TEXT("address", connection->peer.address),
			    LOG_NUMBER("uid", connection->bill.account->uid),
			    LOG_NUMBER("pid", connection->peer.pid),
			    LOG_NUMBER("bytes", connection->output.size),
			    LOG_NUMBER("limit", connection->network->config.max_output));
		connection_cut(connection, "does not read its answers");
	}
	mark_dirty(connection);
}

void connection_send(struct connection *connection, const Relevo__Header *header,
		     const struct output_body *bodies)
{
	if (takes_output(connection))
		after_append(connection, output_append(&connection->output, header, bodies));
}

bool connection_affords(const struct connection *connection, size_t size)
{
	return output_affords(&connection->output, size);
}

/* What the other end had sent before it stopped listening is still read. */
static void become_mute(struct connection *connection)
{
	connection->mute = true;
	output_discard(&connection->output);
}

static void go_on_next_round(struct connection *connection)
{
	if (!list_linked(&connection->resumed))
		list_append(&connection->network->resumed, &connection->resumed);
}

static void send_output(struct connection *connection)
{
	int status = output_send(&connection->output, connection->channel);
	if (status == RELEVO_DISCONNECTED)
		become_mute(connection);
	else if (status == RELEVO_OK && connection->output.size > 0)
		go_on_next_round(connection);
	output_shrink(&connection->output);
	if (connection->paused && connection->output.size <= LOW_WATER) {
		connection->paused = false;
		if (buffer_size(&connection->input) > 0)
			go_on_next_round(connection);
	}
}

void connection_send_with(struct connection *connection, const Relevo__Header *header,
			  struct descriptor *descriptor)
{
	if (!takes_output(connection))
		return;
	after_append(connection, output_append_with(&connection->output, header, descriptor));
	if (connection->output.descriptors <= descriptors_on_their_way())
		return;
	/* It has been asked for many at once, or does not take them. */
	send_output(connection);
	if (connection->output.descriptors > descriptors_on_their_way())
		connection_cut(connection, "does not take its descriptors");
}

/* ---- input ------------------------------------------------------------ */

/* Who has not said who it is yet has little to say. */
static const struct frame_limits *limits_of(const struct connection *connection)
{
	static const struct frame_limits of_strangers = { .max_frame = 4096, .max_item = 4096 };
	return connection->greeted ? &connection->network->config.limits : &of_strangers;
}

/* Its last frame is still being dealt with: it can neither go on nor end. */
static bool connection_is_busy(const struct connection *connection)
{
	const struct network *network = connection->network;
	return connection->session != NULL && network->handlers.busy(connection->session);
}

/* Whether the frame has to wait: for the session, for others, or for memory for its answer. */
static bool put_back(struct connection *connection, const struct frame *frame, uint64_t share_end)
{
	struct network *network = connection->network;
	bool later = turn_share_is_over(network, share_end) || connection_is_busy(connection);
	if (!later &&
	    !turn_outweighed(network, network->handlers.weight(connection->session, frame)) &&
	    turn_warm(network, &connection->output,
		      network->handlers.answer_size(connection->session, frame)))
		return false;
	connection->held = true;
	if (!list_linked(&connection->resumed))
		list_append(later ? &network->resumed : &network->heavy, &connection->resumed);
	return true;
}

/* Hand up the frames in `input` while there are whole ones, room for their answers,
 * and time in this turn. */
static void process(struct connection *connection, struct buffer *input)
{
	struct network *network = connection->network;
	uint64_t share_end = turn_share_end(network);
	while (wants_input(connection) && buffer_size(input) > 0) {
		struct frame frame;
		struct error error;
		arena_reset(&network->arena);
		int status = frame_read(buffer_data(input), buffer_size(input),
					limits_of(connection), &network->arena, &frame, &error);
		if (status == TRY_AGAIN) {
			connection->missing = frame.size - buffer_size(input);
			return;
		}
		if (status == RELEVO_BAD_FRAME || status == RELEVO_NO_MEMORY) {
			connection_fail(connection, status, "bad frame", error_text(&error));
			return;
		}
		if (put_back(connection, &frame, share_end))
			return;
		network->turn.frames++;
		network->handlers.frame(connection->session, status, &frame, &error);
		buffer_consume(input, frame.size);
		connection->paused = connection->output.size > HIGH_WATER;
	}
}

/* Into a buffer of its own no more is read than completes the frame, and never
 * more than has arrived before: what a frame announces costs nothing. */
static size_t read_size(const struct connection *connection)
{
	size_t arrived = buffer_size(&connection->input);
	size_t size = connection->missing;
	if (size > LARGE_BYTES_PER_TURN)
		size = LARGE_BYTES_PER_TURN;
	if (size > arrived)
		size = arrived;
	return size > SMALL_READ ? size : SMALL_READ;
}

static void receive_failed(struct connection *connection, int status)
{
	if (status == TRY_AGAIN || MUTANT(death_unnoticed))
		return;
	if (status == RELEVO_END_OF_STREAM)
		connection_finish(connection, "closed by the client");
	else
		connection_cut(connection, "disconnected");
}

/* Keep what is left in the scratch buffer for the next turn. */
static void keep_rest(struct connection *connection, struct buffer *scratch)
{
	size_t size = buffer_size(scratch);
	if (connection->state == CONNECTION_OPEN && reserve_input(connection, size) != NULL)
		buffer_append(&connection->input, buffer_data(scratch), size);
	buffer_consume(scratch, size);
}

static void put_off(struct connection *connection)
{
	connection->put_off = true;
	go_on_next_round(connection);
}

/* Whether something has come. */
static bool connection_receive(struct connection *connection)
{
	if (connection_is_busy(connection) && !MUTANT(ends_before_its_work)) {
		put_off(connection);
		return true;
	}
	struct buffer *scratch = &connection->network->scratch;
	bool begun = buffer_size(&connection->input) > 0;
	struct buffer *input = begun ? &connection->input : scratch;
	size_t size = begun ? read_size(connection) : BYTES_PER_TURN, received = 0;
	uint8_t *room = begun ? reserve_input(connection, size) : buffer_reserve(input, size);
	if (room == NULL) {
		if (!begun)
			no_memory_for_input(connection);
		return false;
	}
	int status = channel_receive(connection->channel, room, size, &received);
	if (status != RELEVO_OK) {
		receive_failed(connection, status);
		return false;
	}
	buffer_commit(input, received);
	turn_received(connection->network, received);
	process(connection, input);
	if (input == scratch && buffer_size(scratch) > 0)
		keep_rest(connection, scratch);
	buffer_shrink(&connection->input, 0);
	settle_bill(connection);
	return true;
}

static void on_event(void *context, uint32_t events)
{
	struct connection *connection = context;
	(void)events;
	/* The output goes when the round ends, together with what is added now. */
	if (connection->output.size > 0)
		mark_dirty(connection);
	if (!wants_input(connection))
		return;
	/* Who has been put off stands in line already. */
	if (connection->put_off || turn_is_over(connection->network))
		put_off(connection);
	else
		connection_receive(connection);
}

void connection_resume(struct connection *connection)
{
	bool may_receive = connection->put_off;
	list_remove(&connection->resumed);
	connection->held = connection->put_off = false;
	if (buffer_size(&connection->input) > 0)
		process(connection, &connection->input);
	if (may_receive && wants_input(connection))
		connection_receive(connection);
	mark_dirty(connection);
}

/* ---- beginning and end ------------------------------------------------ */

static bool set_timer(struct connection *connection, uint32_t msec)
{
	struct loop *loop = connection->network->loop;
	return loop_set_timer(loop, &connection->timer, clock_deadline(loop_now(loop), msec));
}

/* Something that has not been read yet, or waits for its turn. */
static bool has_come(struct connection *connection)
{
	if (connection->held || connection->put_off)
		return true;
	return wants_input(connection) && connection_receive(connection);
}

/* If the broker is what is late, nobody is blamed for it: what there is counts, and what it
 * leads to has as much time again, once. */
static void greeting_is_late(struct connection *connection)
{
	bool again = !connection->late && !MUTANT(late_broker_blames) && has_come(connection);
	connection->late = true;
	if (connection->greeted || connection->state != CONNECTION_OPEN)
		return;
	if (again && set_timer(connection, connection->network->config.hello_timeout_ms))
		return;
	connection_fail(connection, RELEVO_TIMED_OUT, "no hello",
			"the connection has not sent Hello in time");
}

static void on_timer(struct loop_timer *timer)
{
	struct connection *connection = container_of(timer, struct connection, timer);
	if (connection->state == CONNECTION_OPEN)
		greeting_is_late(connection);
	else
		connection_cut(connection, "disconnected");
}

static int connection_start(struct connection *connection)
{
	struct network *network = connection->network;
	uint32_t uid = connection->peer.local ? connection->peer.uid : UID_REMOTE;
	struct account *account = account_get(network->accounts, uid);
	if (account == NULL)
		return RELEVO_NO_MEMORY;
	connection->bill.account = connection->output.bill.account = account;
	if (!bill_add(&connection->bill, fixed_cost(connection)))
		return RELEVO_QUOTA;
	uint32_t descriptors = connection->peer.local ? 1 : DESCRIPTORS_OVER_TCP;
	if (descriptors_take(account, descriptors) != RELEVO_OK)
		return RELEVO_NO_DESCRIPTORS;
	connection->descriptors = descriptors;
	connection->source = loop_add(network->loop, channel_fd(connection->channel),
				      (uint32_t)channel_events(connection->channel, false),
				      on_event, connection);
	if (connection->source == NULL || !set_timer(connection, network->config.hello_timeout_ms))
		return RELEVO_NO_MEMORY;
	return RELEVO_OK;
}

/* There is nothing to keep a connection with; who came is told if that is possible. */
static void connection_refuse(struct connection *connection, int status)
{
	struct buffer bytes = { 0 };
	Relevo__Failure failure = RELEVO__FAILURE__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	size_t sent;
	failure.status = (uint32_t)status;
	failure.text = (char *)(status == RELEVO_NO_DESCRIPTORS
					? "this user has his share of the broker's descriptors"
					: "the broker has no memory for one more connection of "
					  "this user");
	header.op_case = RELEVO__HEADER__OP_FAILURE;
	header.failure = &failure;
	if (frame_append_head(&bytes, &header, 0)) {
		struct iovec piece = { buffer_data(&bytes), buffer_size(&bytes) };
		(void)channel_send(connection->channel, &piece, 1, &sent);
	}
	buffer_fini(&bytes);
}

struct connection *connection_new(struct network *network, struct channel *channel)
{
	struct connection *connection = calloc(1, sizeof *connection);
	if (connection == NULL) {
		channel_close(channel);
		return NULL;
	}
	connection->network = network;
	connection->channel = channel;
	connection->timer.fire = on_timer;
	connection->output.owners = &network->owners;
	connection->output.spare = &network->spare;
	channel_get_peer(channel, &connection->peer);
	list_append(&network->connections, &connection->link);
	if (!connection->peer.local) {
		list_append(&network->strangers, &connection->stranger);
		network->stranger_count++;
	}
	int status = connection_start(connection);
	if (status == RELEVO_OK)
		return connection;
	connection_refuse(connection, status);
	connection_free(connection);
	return NULL;
}

void connection_admit(struct connection *connection)
{
	const struct network_handlers *handlers = &connection->network->handlers;
	connection->session = handlers->opened(handlers->context, connection);
	if (connection->session == NULL)
		connection_fail(connection, RELEVO_NO_MEMORY, "no memory for a session",
				"the broker has no memory for one more session of this user");
}

void strangers_limit(struct network *network)
{
	uint32_t most = descriptors_for_strangers() / DESCRIPTORS_OVER_TCP;
	if (most > MOST_STRANGERS)
		most = MOST_STRANGERS;
	while (network->stranger_count > most) {
		struct list *oldest = MUTANT(newest_stranger_leaves) ? network->strangers.previous
								     : network->strangers.next;
		connection_fail(container_of(oldest, struct connection, stranger), RELEVO_LIMIT,
				"too many strangers",
				"too many connections have yet to prove who they are, and this was "
				"the oldest of them");
	}
}

void connection_greeted(struct connection *connection)
{
	connection->greeted = true;
	leave_strangers(connection);
	loop_cancel_timer(connection->network->loop, &connection->timer);
}

struct account *connection_account(const struct connection *connection)
{
	return connection->bill.account;
}

size_t connection_cost(const struct connection *connection)
{
	return connection->bill.charged + connection->output.bill.charged;
}

const struct channel_peer *connection_peer(const struct connection *connection)
{
	return &connection->peer;
}

void connection_finish(struct connection *connection, const char *reason)
{
	if (connection->state != CONNECTION_OPEN)
		return;
	connection->state = CONNECTION_FINISHING;
	leave_strangers(connection);
	connection->reason = reason;
	connection->paused = false;
	if (!set_timer(connection, FINISH_MSEC))
		connection->state = CONNECTION_CUT;
	mark_dirty(connection);
}

void connection_fail(struct connection *connection, int status, const char *reason,
		     const char *text)
{
	log_warning("connection-failed", LOG_TEXT("address", connection->peer.address),
		    LOG_NUMBER("uid", connection->bill.account->uid),
		    LOG_NUMBER("pid", connection->peer.pid),
		    LOG_TEXT("status", relevo_error_name(status)), LOG_TEXT("reason", text));
	Relevo__Failure failure = RELEVO__FAILURE__INIT;
	failure.status = (uint32_t)status;
	failure.text = (char *)text;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_FAILURE;
	header.failure = &failure;
	/* First: nothing that fails on the way begins this again. */
	connection_finish(connection, reason);
	connection_send(connection, &header, NULL);
}

/* The layer above hears of the end before the last bytes have left. */
static void leave_session(struct connection *connection)
{
	void *session = connection->session;
	connection->session = NULL;
	if (session != NULL)
		connection->network->handlers.gone(session, connection->reason);
	buffer_fini(&connection->input);
}

void connection_finish_round(struct connection *connection)
{
	list_remove(&connection->dirty);
	/* What the end of a session costs counts, too. */
	if (connection->state != CONNECTION_OPEN && connection->session != NULL &&
	    turn_is_over(connection->network) && !MUTANT(ends_without_turns)) {
		go_on_next_round(connection);
		return;
	}
	if (connection->state != CONNECTION_OPEN)
		leave_session(connection);
	if (connection->state != CONNECTION_CUT)
		send_output(connection);
	bool finished = connection->state == CONNECTION_FINISHING && connection->output.size == 0;
	if (finished || connection->state == CONNECTION_CUT) {
		connection_free(connection);
		return;
	}
	settle_bill(connection);
	update_watch(connection);
}

void connection_free(struct connection *connection)
{
	assert(connection->session == NULL);
	leave_strangers(connection);
	list_remove(&connection->link);
	list_remove(&connection->dirty);
	list_remove(&connection->resumed);
	loop_cancel_timer(connection->network->loop, &connection->timer);
	loop_remove(connection->source);
	channel_close(connection->channel);
	output_fini(&connection->output);
	buffer_fini(&connection->input);
	if (connection->bill.account != NULL) {
		bill_settle(&connection->bill, 0);
		descriptors_give_back(connection->bill.account, connection->descriptors);
		account_drop(connection->bill.account);
	}
	free(connection);
}
