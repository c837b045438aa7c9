/* Connecting over TCP, by nng. */
#include "transport/channel_nng.h"

#include "base/mutant.h"
#include "transport/descriptors.h"
#include "transport/keepalive.h"
#include "transport/resolve.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* The socket, our event, and what nng opens when it is first used. */
enum { DESCRIPTORS_NEEDED = 5 };

static int dial_failure(int why, const struct address *address, const char *last,
			struct error *error)
{
	int status = channel_nng_status(why);
	switch (why) {
	case NNG_ECONNREFUSED:
	case NNG_ECONNRESET:
	case NNG_ECONNSHUT:
	case NNG_ECONNABORTED:
	case NNG_EUNREACHABLE:
		status = RELEVO_NO_BROKER;
		break;
	case NNG_EADDRINVAL:
		status = RELEVO_BAD_ADDRESS;
		break;
	case NNG_ETIMEDOUT:
		status = RELEVO_TIMED_OUT;
		break;
	}
	bool same = strcmp(address->url, last) == 0;
	return error_set(error, status, "cannot connect to %s%s%s: %s", address->url,
			 same ? "" : ", the last try being ", same ? "" : last, nng_strerror(why));
}

/* libnng 1.5.2 unlocks a mutex that it does not hold when it finds no
 * descriptor for a socket: look first. */
static int dial_check_descriptors(const struct address *address, struct error *error)
{
	int why = descriptors_left(DESCRIPTORS_NEEDED);
	if (why == 0)
		return RELEVO_OK;
	return error_set_errno(error, RELEVO_SYSTEM, why, "cannot connect to %s", address->url);
}

static int dial_dial(nng_stream_dialer *dialer, nng_aio *aio, nsec_t deadline, nng_stream **stream)
{
	nng_stream_dialer_set_bool(dialer, NNG_OPT_TCP_NODELAY, true);
	nng_aio_set_timeout(aio, clock_poll_timeout(clock_now(), deadline));
	nng_stream_dialer_dial(dialer, aio);
	nng_aio_wait(aio);
	int why = nng_aio_result(aio);
	if (why == 0)
		*stream = nng_aio_get_output(aio, 0);
	return why;
}

static int dial_connect_to(const char *url, nsec_t deadline, nng_stream **stream)
{
	nng_aio *aio;
	int why = nng_aio_alloc(&aio, NULL, NULL);
	if (why != 0)
		return why;
	nng_stream_dialer *dialer;
	why = nng_stream_dialer_alloc(&dialer, url);
	if (why == 0) {
		why = dial_dial(dialer, aio, deadline, stream);
		nng_stream_dialer_free(dialer);
	}
	nng_aio_free(aio);
	return why;
}

/* One that swallows everything leaves the others their share of the time. */
static nsec_t share(nsec_t deadline, size_t others)
{
	nsec_t now = clock_now();
	if (deadline == NSEC_NEVER || deadline <= now)
		return deadline;
	return now + (deadline - now) / (others + 1);
}

static int connect_to_any(const struct address *address, const struct resolved *resolved,
			  nsec_t deadline, nng_stream **stream, struct error *error)
{
	int why = NNG_EADDRINVAL;
	size_t count = MUTANT(first_address_only) ? 1 : resolved->count;
	char url[ADDRESS_MAX];
	for (size_t i = 0; i < count; i++) {
		resolve_url(&resolved->places[i], address->number, url);
		why = dial_connect_to(url, share(deadline, count - 1 - i), stream);
		if (why == 0)
			return RELEVO_OK;
	}
	return dial_failure(why, address, url, error);
}

/* The host is there, or nobody knows it. */
static int connect_stream(const struct address *address, nsec_t deadline, nng_stream **stream,
			  struct error *error)
{
	struct resolved resolved;
	struct error reason = { 0 };
	int status = resolve(address, deadline, &resolved, &reason);
	if (status == RELEVO_OK)
		return connect_to_any(address, &resolved, deadline, stream, error);
	if (status == RELEVO_NOT_FOUND)
		status = RELEVO_NO_BROKER;
	return error_set(error, status, "cannot connect to %s: %s", address->url,
			 error_text(&reason));
}

/* Who waits for an answer has to learn that the broker's host has vanished. */
static void keep_alive(nng_stream *stream)
{
	nng_sockaddr name;
	if (nng_stream_get_addr(stream, NNG_OPT_LOCADDR, &name) != 0)
		return;
	uint16_t port = name.s_family == NNG_AF_INET6 ? name.s_in6.sa_port : name.s_in.sa_port;
	keepalive_set(ntohs(port), false, KEEPALIVE_DEFAULT_SECONDS);
}

int channel_nng_connect(const struct address *address, nsec_t deadline, struct channel **channel,
			struct error *error)
{
	if (address->number == 0)
		return error_set(error, RELEVO_BAD_ADDRESS, "%s needs a port to connect to",
				 address->url);
	int status = channel_nng_enter(error);
	if (status == RELEVO_OK)
		status = dial_check_descriptors(address, error);
	if (status != RELEVO_OK)
		return status;
	nng_stream *stream;
	status = connect_stream(address, deadline, &stream, error);
	if (status != RELEVO_OK)
		return status;
	keep_alive(stream);
	status = channel_nng_new(stream, channel);
	if (status == RELEVO_OK)
		return RELEVO_OK;
	nng_stream_free(stream);
	return error_set(error, status, "no memory or descriptor for a connection to %s",
			 address->url);
}
