/* Channels over TCP: sending and receiving by nng's threads. */
#include "transport/channel_nng.h"

#include "transport/event.h"
#include "transport/ring.h"
#include "transport/tcp_owner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A ring begins small, since most connections have little to say; it grows when it is
 * found full, and is small again after it has hardly been used for some time. */
enum { RING_FIRST = 4 * 1024, RING_MOST = 256 * 1024, RING_STEP = 4, CALM = 64 };

/* What nng keeps for a stream and its operations, about. */
enum { NNG_MEMORY = 4 * 1024 };

/* How long a closed channel goes on sending what it had accepted. */
enum { LINGER_MSEC = 1000 };

/* One way. The owner decides how large its ring shall be, so that he can be charged for it
 * before; it becomes so when nng has no hand in it. */
struct lane {
	struct ring ring;
	size_t goal;
	int calm; /* times in a row that it was hardly used */
};

/*
 * At most one operation of each kind is outstanding; `receiving`, `sending` and
 * `lingering` are true from its start until its callback has run. What nng
 * reads and writes are the rings' own pieces.
 *
 * A closed channel belongs to its callbacks. They go on sending, throwing away
 * what arrives; the last one of them frees it. So nobody ever waits for nng,
 * and no callback waits for another (nng has few threads to run them).
 */
struct stream_channel {
	struct channel base;
	pthread_mutex_t mutex; /* guards all that follows */
	pthread_cond_t sent;   /* something has gone out, or never will */
	struct event event;
	nng_stream *stream;
	nng_aio *receiver, *sender, *lingerer;
	bool receiving, sending, lingering;
	struct lane in, out;
	int end; /* OK, or why nothing more will be received */
	bool send_failed;
	bool send_refused; /* not all was taken: somebody waits for room */
	bool send_wanted;  /* says the latest channel_events() */
	bool deaf;         /* paused by its owner */
	bool closed;       /* by its owner */
	bool flooded;      /* when closed, the peer had sent more than was read */
	bool shut;         /* the stream is closed too */
};

static _Atomic pid_t first_user;

int channel_nng_enter(struct error *error)
{
	pid_t self = getpid();
	pid_t user = 0;
	if (atomic_compare_exchange_strong(&first_user, &user, self) || user == self)
		return RELEVO_OK;
	return error_set(error, RELEVO_FORKED,
			 "tcp:// cannot be used on this side of fork: process %d had used it "
			 "before; start processes with forkserver or spawn, or open the session "
			 "after the fork",
			 (int)user);
}

bool channel_nng_is_usable(void)
{
	return atomic_load(&first_user) == getpid();
}

static bool is_healthy(const struct stream_channel *self)
{
	return self->end == RELEVO_OK || self->end == RELEVO_END_OF_STREAM;
}

static bool cannot_send(const struct stream_channel *self)
{
	return self->send_failed || !is_healthy(self);
}

/* ---- the rings --------------------------------------------------------- */

static bool lane_init(struct lane *lane)
{
	lane->goal = RING_FIRST;
	return ring_init(&lane->ring, RING_FIRST);
}

/* It has been found full. */
static void lane_wants_more(struct lane *lane)
{
	lane->calm = 0;
	if (lane->goal < RING_MOST)
		lane->goal *= RING_STEP;
}

static void lane_was_used(struct lane *lane, size_t size)
{
	lane->calm = size <= lane->ring.capacity / 16 ? lane->calm + 1 : 0;
	if (lane->calm >= CALM)
		lane->goal = RING_FIRST;
}

/* While no operation of nng is in it. Without memory it stays as it is. */
static void lane_fit(struct lane *lane)
{
	if (lane->goal != lane->ring.capacity && lane->ring.size <= lane->goal)
		(void)ring_resize(&lane->ring, lane->goal);
}

static size_t lane_memory(const struct lane *lane)
{
	return lane->goal > lane->ring.capacity ? lane->goal : lane->ring.capacity;
}

/* ---- operations of nng ------------------------------------------------- */

/* Less room than a quarter is not worth a receive of its own. */
static bool is_worth_receiving(const struct ring *ring)
{
	return ring_room(ring) >= ring->capacity / 4;
}

static void set_pieces(nng_aio *aio, const struct iovec *pieces, int count)
{
	nng_iov converted[2];
	for (int i = 0; i < count; i++)
		converted[i] = (nng_iov){ pieces[i].iov_base, pieces[i].iov_len };
	nng_aio_set_iov(aio, (unsigned)count, converted); /* fails above 8 only */
}

/* nng never runs a callback inside the call that starts the operation, so the
 * mutex may be held. */
static void receive_more(struct stream_channel *self)
{
	if (self->receiving || self->end != RELEVO_OK || !is_worth_receiving(&self->in.ring))
		return;
	struct iovec pieces[2];
	set_pieces(self->receiver, pieces, ring_free_pieces(&self->in.ring, pieces));
	self->receiving = true;
	nng_stream_recv(self->stream, self->receiver);
}

static void send_more(struct stream_channel *self)
{
	if (self->sending || self->send_failed || self->out.ring.size == 0)
		return;
	struct iovec pieces[2];
	set_pieces(self->sender, pieces, ring_used_pieces(&self->out.ring, pieces));
	self->sending = true;
	nng_stream_send(self->stream, self->sender);
}

static void channel_tell(struct stream_channel *self)
{
	bool readable = !self->deaf && (self->in.ring.size > 0 || self->end != RELEVO_OK);
	bool can_send = ring_room(&self->out.ring) > 0 || cannot_send(self);
	bool writable = can_send && (self->send_wanted || self->send_refused);
	event_set(&self->event, readable || writable);
}

static void channel_shut(struct stream_channel *self)
{
	self->shut = true;
	nng_stream_close(self->stream);
	if (self->lingering)
		nng_aio_cancel(self->lingerer);
}

/*
 * Closing a TCP socket on which unread bytes wait resets the connection, and
 * the reset may overtake what was sent: so while the peer floods us, what it
 * sends is read and dropped, until it ends or the time is over.
 */
static void wind_down(struct stream_channel *self)
{
	if (self->shut)
		return;
	ring_consume(&self->in.ring, self->in.ring.size);
	/* Nobody is charged for it any more. */
	self->in.goal = RING_FIRST;
	if (!self->receiving)
		lane_fit(&self->in);
	bool all_sent = self->out.ring.size == 0 || cannot_send(self);
	bool all_read = !self->flooded || self->end != RELEVO_OK;
	if (!self->lingering || (all_sent && all_read)) {
		channel_shut(self);
		return;
	}
	receive_more(self);
	send_more(self);
}

static void channel_free(struct stream_channel *self)
{
	/* The last callback may still be on its way out of nng: reap waits for
	 * it, elsewhere. */
	if (self->receiver != NULL)
		nng_aio_reap(self->receiver);
	if (self->sender != NULL)
		nng_aio_reap(self->sender);
	if (self->lingerer != NULL)
		nng_aio_reap(self->lingerer);
	if (self->stream != NULL)
		nng_stream_free(self->stream);
	event_fini(&self->event);
	ring_fini(&self->in.ring);
	ring_fini(&self->out.ring);
	pthread_cond_destroy(&self->sent);
	pthread_mutex_destroy(&self->mutex);
	free(self);
}

/* How every change ends: start what can be started, tell the owner, let go of
 * the mutex. */
static void channel_settle(struct stream_channel *self)
{
	bool last = false;
	if (self->closed) {
		wind_down(self);
		last = !self->receiving && !self->sending && !self->lingering;
	} else {
		receive_more(self);
		send_more(self);
		channel_tell(self);
	}
	pthread_mutex_unlock(&self->mutex);
	if (last)
		channel_free(self);
}

static void on_received(void *argument)
{
	struct stream_channel *self = argument;
	pthread_mutex_lock(&self->mutex);
	self->receiving = false;
	int result = nng_aio_result(self->receiver);
	if (result == 0)
		ring_commit(&self->in.ring, nng_aio_count(self->receiver));
	else
		self->end = result == NNG_ECONNSHUT ? RELEVO_END_OF_STREAM : RELEVO_DISCONNECTED;
	lane_fit(&self->in);
	if (!is_healthy(self))
		pthread_cond_broadcast(&self->sent);
	channel_settle(self);
}

static void on_sent(void *argument)
{
	struct stream_channel *self = argument;
	pthread_mutex_lock(&self->mutex);
	self->sending = false;
	int result = nng_aio_result(self->sender);
	if (result == 0) {
		ring_consume(&self->out.ring, nng_aio_count(self->sender));
		lane_fit(&self->out);
	} else {
		self->send_failed = true;
		/* A connection that is gone ends the receiving by itself, after
		 * what had arrived; make sure that it is gone. */
		if (result != NNG_ECONNSHUT && result != NNG_ECONNRESET)
			nng_stream_close(self->stream);
	}
	pthread_cond_broadcast(&self->sent);
	channel_settle(self);
}

static void on_lingered(void *argument)
{
	struct stream_channel *self = argument;
	pthread_mutex_lock(&self->mutex);
	self->lingering = false;
	channel_settle(self);
}

static int stream_receive(struct channel *channel, void *bytes, size_t size, size_t *received)
{
	struct stream_channel *self = (struct stream_channel *)channel;
	if (!channel_nng_is_usable())
		return RELEVO_FORKED;
	pthread_mutex_lock(&self->mutex);
	int status = self->end == RELEVO_OK ? TRY_AGAIN : self->end;
	if (ring_room(&self->in.ring) == 0)
		lane_wants_more(&self->in);
	else
		lane_was_used(&self->in, self->in.ring.size);
	size_t got = ring_read(&self->in.ring, bytes, size);
	if (got > 0) {
		*received = got;
		status = RELEVO_OK;
	}
	if (!self->receiving)
		lane_fit(&self->in);
	channel_settle(self);
	return status;
}

static size_t copy_pieces(struct ring *ring, const struct iovec *pieces, int count, bool *all)
{
	size_t done = 0;
	*all = true;
	for (int i = 0; i < count && *all; i++) {
		size_t part = ring_write(ring, pieces[i].iov_base, pieces[i].iov_len);
		*all = part == pieces[i].iov_len;
		done += part;
	}
	return done;
}

/* Into a ring that is large enough, if it may become so now. */
static size_t channel_give(struct stream_channel *self, const struct iovec *pieces, int count,
			   bool *all)
{
	struct lane *lane = &self->out;
	size_t size = 0;
	for (int i = 0; i < count; i++)
		size += pieces[i].iov_len;
	if (size > ring_room(&lane->ring)) {
		while (lane->goal < RING_MOST && lane->goal < lane->ring.size + size)
			lane_wants_more(lane);
		if (!self->sending)
			lane_fit(lane);
	}
	size_t done = copy_pieces(&lane->ring, pieces, count, all);
	lane_was_used(lane, lane->ring.size);
	return done;
}

static int stream_send(struct channel *channel, const struct iovec *pieces, int count, size_t *sent)
{
	struct stream_channel *self = (struct stream_channel *)channel;
	if (!channel_nng_is_usable())
		return RELEVO_FORKED;
	pthread_mutex_lock(&self->mutex);
	int status = RELEVO_OK;
	self->send_refused = false;
	if (cannot_send(self)) {
		status = RELEVO_DISCONNECTED;
	} else {
		bool all;
		size_t done = channel_give(self, pieces, count, &all);
		/* After a short send, too, one may go straight to waiting. */
		self->send_refused = !all;
		if (done > 0 || all)
			*sent = done;
		else
			status = TRY_AGAIN;
	}
	channel_settle(self);
	return status;
}

static int stream_drain(struct channel *channel, nsec_t deadline)
{
	struct stream_channel *self = (struct stream_channel *)channel;
	if (!channel_nng_is_usable())
		return RELEVO_FORKED;
	const struct timespec until = clock_timespec(deadline);
	pthread_mutex_lock(&self->mutex);
	int late = 0;
	while (self->out.ring.size > 0 && !cannot_send(self) && late == 0)
		late = pthread_cond_clockwait(&self->sent, &self->mutex, CLOCK_MONOTONIC, &until);
	int status = self->out.ring.size == 0 ? RELEVO_OK
		     : cannot_send(self)      ? RELEVO_DISCONNECTED
					      : RELEVO_TIMED_OUT;
	pthread_mutex_unlock(&self->mutex);
	return status;
}

static void stream_pause(struct channel *channel)
{
	struct stream_channel *self = (struct stream_channel *)channel;
	if (!channel_nng_is_usable())
		return;
	pthread_mutex_lock(&self->mutex);
	self->deaf = channel->paused;
	channel_settle(self);
}

static void stream_want_send(struct channel *channel, bool wanted)
{
	struct stream_channel *self = (struct stream_channel *)channel;
	if (!channel_nng_is_usable())
		return;
	pthread_mutex_lock(&self->mutex);
	self->send_wanted = wanted;
	channel_settle(self);
}

/* What the parent goes on using is not ours to free, and nng, which made most
 * of it, must not be called. The memory stays, once a fork. */
static void stream_abandon(struct channel *channel)
{
	struct stream_channel *self = (struct stream_channel *)channel;
	event_fini(&self->event);
}

static void stream_close(struct channel *channel)
{
	struct stream_channel *self = (struct stream_channel *)channel;
	if (!channel_nng_is_usable()) {
		stream_abandon(channel);
		return;
	}
	pthread_mutex_lock(&self->mutex);
	/* The descriptor goes now: its number is not ours from here on. */
	event_fini(&self->event);
	self->closed = true;
	self->flooded = self->in.ring.size > 0 && !self->receiving && self->end == RELEVO_OK;
	self->lingering = true;
	nng_sleep_aio(LINGER_MSEC, self->lingerer);
	channel_settle(self);
}

static bool channel_place_of(nng_stream *stream, const char *end, union socket_place *place)
{
	nng_sockaddr address;
	*place = (union socket_place){ 0 };
	if (nng_stream_get_addr(stream, end, &address) != 0)
		return false;
	if (address.s_family == NNG_AF_INET) {
		place->v4.sin_family = AF_INET;
		place->v4.sin_port = address.s_in.sa_port;
		place->v4.sin_addr.s_addr = address.s_in.sa_addr;
	} else if (address.s_family == NNG_AF_INET6) {
		place->v6.sin6_family = AF_INET6;
		place->v6.sin6_port = address.s_in6.sa_port;
		memcpy(&place->v6.sin6_addr, address.s_in6.sa_addr, sizeof place->v6.sin6_addr);
	}
	return place->any.sa_family != AF_UNSPEC;
}

static bool stream_places(const struct channel *channel, union socket_place *theirs,
			  union socket_place *ours)
{
	const struct stream_channel *self = (const struct stream_channel *)channel;
	return channel_place_of(self->stream, NNG_OPT_REMADDR, theirs) &&
	       channel_place_of(self->stream, NNG_OPT_LOCADDR, ours);
}

static int stream_owner(const struct channel *channel, uid_t *uid)
{
	union socket_place theirs, ours;
	return stream_places(channel, &theirs, &ours) ? tcp_owner(&theirs, &ours, uid) : ENOTCONN;
}

/* Of other addresses it cannot be told from here, or it is the network that is trusted. */
static int stream_listening(const struct channel *channel, uid_t *uid)
{
	union socket_place theirs, ours;
	if (!stream_places(channel, &theirs, &ours) || !place_is_loopback(&theirs))
		return ENOENT;
	return tcp_owner_listening(&theirs, &ours, uid);
}

static size_t stream_memory(const struct channel *channel)
{
	struct stream_channel *self = (struct stream_channel *)(uintptr_t)channel;
	pthread_mutex_lock(&self->mutex);
	size_t rings = lane_memory(&self->in) + lane_memory(&self->out);
	pthread_mutex_unlock(&self->mutex);
	return sizeof *self + NNG_MEMORY + rings;
}

static const struct channel_ops stream_ops = {
	.memory = stream_memory,
	.owner = stream_owner,
	.listening = stream_listening,
	.receive = stream_receive,
	.send = stream_send,
	.close = stream_close,
	.abandon = stream_abandon,
	.drain = stream_drain,
	.pause = stream_pause,
	.want_send = stream_want_send,
};

static void describe_peer(nng_stream *stream, struct channel_peer *peer)
{
	char host[INET6_ADDRSTRLEN];
	nng_sockaddr address;
	int failed = nng_stream_get_addr(stream, NNG_OPT_REMADDR, &address);
	if (failed == 0 && address.s_family == NNG_AF_INET &&
	    inet_ntop(AF_INET, &address.s_in.sa_addr, host, sizeof host) != NULL)
		snprintf(peer->address, sizeof peer->address, "%s:%u", host,
			 ntohs(address.s_in.sa_port));
	else if (failed == 0 && address.s_family == NNG_AF_INET6 &&
		 inet_ntop(AF_INET6, address.s_in6.sa_addr, host, sizeof host) != NULL)
		snprintf(peer->address, sizeof peer->address, "[%s]:%u", host,
			 ntohs(address.s_in6.sa_port));
	else
		snprintf(peer->address, sizeof peer->address, "tcp");
}

int channel_nng_status(int why)
{
	switch (why) {
	case NNG_ENOFILES:
		return RELEVO_NO_DESCRIPTORS;
	case NNG_ENOMEM:
		return RELEVO_NO_MEMORY;
	case NNG_EPERM:
		return RELEVO_DENIED;
	default:
		return RELEVO_SYSTEM;
	}
}

static int channel_allocate(struct stream_channel *self)
{
	if (nng_aio_alloc(&self->receiver, on_received, self) != 0 ||
	    nng_aio_alloc(&self->sender, on_sent, self) != 0 ||
	    nng_aio_alloc(&self->lingerer, on_lingered, self) != 0 || !lane_init(&self->in) ||
	    !lane_init(&self->out))
		return RELEVO_NO_MEMORY;
	return event_init(&self->event) ? RELEVO_OK : error_descriptor_status(errno);
}

int channel_nng_new(nng_stream *stream, struct channel **channel)
{
	struct stream_channel *self = calloc(1, sizeof *self);
	if (self == NULL)
		return RELEVO_NO_MEMORY;
	self->base.ops = &stream_ops;
	self->event.fd = -1;
	pthread_mutex_init(&self->mutex, NULL); /* neither can fail in glibc */
	pthread_cond_init(&self->sent, NULL);
	int status = channel_allocate(self);
	if (status != RELEVO_OK) {
		channel_free(self);
		return status;
	}
	self->stream = stream;
	self->base.fd = self->event.fd;
	describe_peer(stream, &self->base.peer);
	pthread_mutex_lock(&self->mutex);
	channel_settle(self);
	*channel = &self->base;
	return RELEVO_OK;
}
