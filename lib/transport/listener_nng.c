/* Listening and accepting over TCP, by nng. */
#include "transport/channel_nng.h"

#include "base/mutant.h"
#include "transport/event.h"
#include "transport/keepalive.h"
#include "transport/own_sockets.h"
#include "transport/resolve.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* nng takes as many as it is asked for at once, which costs one wake-up for all. */
enum { ACCEPTORS = 8 };

/* Connections that may wait in the kernel, as at Unix sockets; nng says 128, and whoever
 * comes when so many wait tries again after a second. */
enum { BACKLOG = 4096 };

struct acceptor {
	struct stream_listener *listener;
	nng_aio *aio;
	bool accepting;
	nng_stream *accepted; /* or NULL */
};

/*
 * A few accepts are outstanding, each until it has brought a stream or failed; it is
 * started again when the owner has fetched that. Meanwhile the kernel's backlog keeps the
 * others. A failed accept is thus tried again as often as the owner asks, while nng alone
 * would fail 50,000 times a second.
 */
struct stream_listener {
	struct listener base;
	nng_stream_listener *listener;
	uint16_t port;
	pthread_mutex_t mutex; /* guards all that follows */
	struct event event;
	struct acceptor acceptors[ACCEPTORS];
	int next;    /* where to look first for one that has a stream */
	int failure; /* of nng, or 0 */
	bool closed;
};

static void accept_more(struct stream_listener *self)
{
	for (int i = 0; i < ACCEPTORS && self->failure == 0 && !self->closed; i++) {
		struct acceptor *acceptor = &self->acceptors[i];
		if (acceptor->accepting || acceptor->accepted != NULL)
			continue;
		acceptor->accepting = true;
		nng_stream_listener_accept(self->listener, acceptor->aio);
	}
}

/* The next one that has a stream, or NULL. */
static struct acceptor *find_accepted(struct stream_listener *self)
{
	for (int i = 0; i < ACCEPTORS; i++) {
		int place = (self->next + i) % ACCEPTORS;
		if (self->acceptors[place].accepted != NULL) {
			self->next = place;
			return &self->acceptors[place];
		}
	}
	return NULL;
}

static void listener_tell(struct stream_listener *self)
{
	event_set(&self->event, self->failure != 0 || find_accepted(self) != NULL);
}

static void on_accepted(void *argument)
{
	struct acceptor *acceptor = argument;
	struct stream_listener *self = acceptor->listener;
	pthread_mutex_lock(&self->mutex);
	acceptor->accepting = false;
	int failure = nng_aio_result(acceptor->aio);
	if (failure == 0)
		acceptor->accepted = nng_aio_get_output(acceptor->aio, 0);
	else if (failure != NNG_ECONNABORTED && failure != NNG_ECONNRESET)
		self->failure = failure;
	listener_tell(self);
	accept_more(self);
	pthread_mutex_unlock(&self->mutex);
}

/* A stream that finds no descriptor or memory for its channel stays for the
 * next time. */
static int listener_take(struct stream_listener *self, struct channel **channel)
{
	struct acceptor *acceptor = find_accepted(self);
	if (acceptor != NULL) {
		int status = channel_nng_new(acceptor->accepted, channel);
		if (status == RELEVO_OK)
			acceptor->accepted = NULL;
		return status;
	}
	if (self->failure == 0)
		return TRY_AGAIN;
	int status = channel_nng_status(self->failure);
	self->failure = 0;
	return status;
}

static int stream_accept(struct listener *listener, struct channel **channel)
{
	struct stream_listener *self = (struct stream_listener *)listener;
	if (!channel_nng_is_usable())
		return RELEVO_FORKED;
	pthread_mutex_lock(&self->mutex);
	int status = listener_take(self, channel);
	listener_tell(self);
	accept_more(self);
	pthread_mutex_unlock(&self->mutex);
	return status;
}

static void acceptor_free(struct acceptor *acceptor)
{
	if (acceptor->aio != NULL) {
		nng_aio_stop(acceptor->aio);
		nng_aio_free(acceptor->aio);
	}
	if (acceptor->accepted != NULL)
		nng_stream_free(acceptor->accepted);
}

/* Also takes one that was opened by halves. The three phases: cancel, wait,
 * free. */
static void stream_listener_close(struct listener *listener)
{
	struct stream_listener *self = (struct stream_listener *)listener;
	if (!channel_nng_is_usable()) {
		/* A forked child: the rest is the parent's. */
		event_fini(&self->event);
		return;
	}
	pthread_mutex_lock(&self->mutex);
	self->closed = true;
	pthread_mutex_unlock(&self->mutex);
	if (self->listener != NULL)
		nng_stream_listener_close(self->listener);
	for (int i = 0; i < ACCEPTORS; i++)
		acceptor_free(&self->acceptors[i]);
	if (self->listener != NULL)
		nng_stream_listener_free(self->listener);
	event_fini(&self->event);
	pthread_mutex_destroy(&self->mutex);
	free(self);
}

static bool stream_keep_alive(struct listener *listener, uint32_t seconds)
{
	const struct stream_listener *self = (const struct stream_listener *)listener;
	return keepalive_set(self->port, true, seconds) > 0;
}

static const struct listener_ops stream_listener_ops = {
	.keep_alive = stream_keep_alive,
	.accept = stream_accept,
	.close = stream_listener_close,
};

static int listen_failure(int why, const struct address *address, struct error *error)
{
	if (why == NNG_EADDRINUSE)
		return error_set(error, RELEVO_ADDRESS_IN_USE, "another program listens at %s",
				 address->url);
	int status = why == NNG_EADDRINVAL ? RELEVO_BAD_ADDRESS : channel_nng_status(why);
	return error_set(error, status, "cannot listen at %s: %s", address->url, nng_strerror(why));
}

static int allocate_acceptors(struct stream_listener *self)
{
	int why = 0;
	for (int i = 0; i < ACCEPTORS && why == 0; i++) {
		self->acceptors[i].listener = self;
		why = nng_aio_alloc(&self->acceptors[i].aio, on_accepted, &self->acceptors[i]);
	}
	return why;
}

/* A socket that listens already is told to by another call of listen(2). */
static bool lengthen_backlog(int fd, uint32_t most)
{
	return listen(fd, (int)most) == 0;
}

/* A name that stands for several addresses: at the first. */
static int listener_start_here(struct stream_listener *self, const struct address *address,
			       struct error *error)
{
	struct resolved resolved;
	char numbers[ADDRESS_MAX];
	int status = resolve(address, clock_now() + RESOLVE_TIME, &resolved, error);
	if (status != RELEVO_OK)
		return status;
	resolve_url(&resolved.places[0], address->number, numbers);
	int why = allocate_acceptors(self);
	if (why == 0)
		why = nng_stream_listener_alloc(&self->listener, numbers);
	if (why == 0)
		why = nng_stream_listener_set_bool(self->listener, NNG_OPT_TCP_NODELAY, true);
	/* nng decides whether, the listening socket how: see listener_keep_alive(). */
	if (why == 0)
		why = nng_stream_listener_set_bool(self->listener, NNG_OPT_TCP_KEEPALIVE, true);
	if (why == 0)
		why = nng_stream_listener_listen(self->listener);
	int port = 0;
	if (why == 0)
		why = nng_stream_listener_get_int(self->listener, NNG_OPT_TCP_BOUND_PORT, &port);
	if (why != 0)
		return listen_failure(why, address, error);
	self->port = (uint16_t)port;
	if (!MUTANT(short_backlog))
		own_sockets_apply(self->port, true, lengthen_backlog, BACKLOG);
	bool is_ipv6 = strchr(address->place, ':') != NULL;
	snprintf(self->base.url, sizeof self->base.url, "tcp://%s%.*s%s:%d", is_ipv6 ? "[" : "",
		 ADDRESS_MAX_HOST, address->place, is_ipv6 ? "]" : "", port);
	return RELEVO_OK;
}

int listener_nng_open(const struct address *address, struct listener **listener,
		      struct error *error)
{
	int status = channel_nng_enter(error);
	if (status != RELEVO_OK)
		return status;
	struct stream_listener *self = calloc(1, sizeof *self);
	if (self == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to listen");
	self->base.ops = &stream_listener_ops;
	pthread_mutex_init(&self->mutex, NULL);
	if (event_init(&self->event))
		status = listener_start_here(self, address, error);
	else
		status = error_set_errno(error, RELEVO_SYSTEM, errno, "cannot listen at %s",
					 address->url);
	if (status != RELEVO_OK) {
		stream_listener_close(&self->base);
		return status;
	}
	self->base.fd = self->event.fd;
	pthread_mutex_lock(&self->mutex);
	accept_more(self);
	pthread_mutex_unlock(&self->mutex);
	*listener = &self->base;
	return RELEVO_OK;
}
