#include "wire/channel_nng.h"
#include "wire/event.h"
#include "wire/keepalive.h"
#include "wire/resolve.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * One accept is outstanding, until it has brought a stream or failed; the next
 * is started when the owner has fetched that. Meanwhile the kernel's backlog
 * keeps the others. A failed accept is thus tried again as often as the owner
 * asks, while nng alone would fail 50,000 times a second.
 */
struct stream_listener {
	struct listener base;
	nng_stream_listener *listener;
	uint16_t port;
	nng_aio *acceptor;
	pthread_mutex_t mutex; /* guards all that follows */
	struct event event;
	bool accepting;
	nng_stream *accepted; /* or NULL */
	int failure;          /* of nng, or 0 */
	bool closed;
};

static void accept_more(struct stream_listener *self)
{
	if (self->accepting || self->accepted != NULL || self->failure != 0 || self->closed)
		return;
	self->accepting = true;
	nng_stream_listener_accept(self->listener, self->acceptor);
}

static void on_accepted(void *argument)
{
	struct stream_listener *self = argument;
	pthread_mutex_lock(&self->mutex);
	self->accepting = false;
	self->failure = nng_aio_result(self->acceptor);
	if (self->failure == 0)
		self->accepted = nng_aio_get_output(self->acceptor, 0);
	if (self->failure == NNG_ECONNABORTED || self->failure == NNG_ECONNRESET)
		self->failure = 0;
	event_set(&self->event, self->failure != 0 || self->accepted != NULL);
	accept_more(self);
	pthread_mutex_unlock(&self->mutex);
}

/* A stream that finds no descriptor or memory for its channel stays for the
 * next time. */
static int take(struct stream_listener *self, struct channel **channel)
{
	if (self->failure != 0) {
		int status = channel_nng_status(self->failure);
		self->failure = 0;
		return status;
	}
	if (self->accepted == NULL)
		return RELEVO_TRY_AGAIN;
	int status = channel_nng_new(self->accepted, channel);
	if (status == RELEVO_OK)
		self->accepted = NULL;
	return status;
}

static int stream_accept(struct listener *listener, struct channel **channel)
{
	struct stream_listener *self = (struct stream_listener *)listener;
	if (!channel_nng_is_usable())
		return RELEVO_FORKED;
	pthread_mutex_lock(&self->mutex);
	int status = take(self, channel);
	event_set(&self->event, self->accepted != NULL);
	accept_more(self);
	pthread_mutex_unlock(&self->mutex);
	return status;
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
	if (self->acceptor != NULL) {
		nng_aio_stop(self->acceptor);
		nng_aio_free(self->acceptor);
	}
	if (self->accepted != NULL)
		nng_stream_free(self->accepted);
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

/* A name that stands for several addresses: at the first. */
static int start(struct stream_listener *self, const struct address *address, struct error *error)
{
	struct resolved resolved;
	char numbers[ADDRESS_MAX];
	int status = resolve(address, clock_now() + RESOLVE_TIME, &resolved, error);
	if (status != RELEVO_OK)
		return status;
	resolve_url(&resolved.places[0], address->number, numbers);
	int why = nng_aio_alloc(&self->acceptor, on_accepted, self);
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
		status = start(self, address, error);
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
