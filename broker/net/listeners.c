/* Listening sockets: opening them, accepting connections, and whom they admit. */
#include "net/listeners.h"

#include "log/log.h"
#include "net/connection.h"
#include "os/own_ids.h"
#include "transport/peer.h"
#include "transport/resolve.h"
#include "transport/tcp_owner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	/* Those who come and go at top speed leave the others their turn. */
	ACCEPTS_PER_TURN = 16,
	/* Descriptors or memory ran out: the socket stays readable, so looking
	 * again at once would only burn time. */
	BACKOFF_FIRST_MSEC = 100,
	BACKOFF_LAST_MSEC = 1000,
};

struct listeners {
	struct network *network;
	enum tcp_trust trust;
	struct list doors;
};

/* One listening socket. */
struct door {
	struct network *network;
	enum tcp_trust trust;
	struct listener *listener;
	struct loop_source *source;
	struct loop_timer retry;
	uint32_t backoff_msec;
	struct list link;
};

int listeners_open(struct network *network, enum tcp_trust trust, struct listeners **listeners,
		   struct error *error)
{
	struct listeners *new = calloc(1, sizeof *new);
	if (new == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the listeners");
	new->network = network;
	new->trust = trust;
	list_init(&new->doors);
	*listeners = new;
	return RELEVO_OK;
}

static void door_free(struct door *door)
{
	list_remove(&door->link);
	loop_cancel_timer(door->network->loop, &door->retry);
	loop_remove(door->source);
	listener_close(door->listener);
	free(door);
}

void listeners_close(struct listeners *listeners)
{
	if (listeners == NULL)
		return;
	list_for_each (node, &listeners->doors)
		door_free(container_of(node, struct door, link));
	free(listeners);
}

/* ---- accepting -------------------------------------------------------- */

/* Over a loopback address there are the processes of all users of this host. */
static void admit_remote(const struct door *door, struct connection *connection)
{
	struct error error;
	if (door->trust == TCP_OWN_PROCESSES &&
	    channel_check_owner(connection->channel, &error) != RELEVO_OK) {
		connection_fail(connection, RELEVO_DENIED, "denied", error_text(&error));
		return;
	}
	connection_admit(connection);
	strangers_limit(connection->network);
}

/* Local clients are the owner's, whatever the permissions of the socket say;
 * an abstract one has none. */
static void listeners_admit(const struct door *door, struct connection *connection)
{
	const struct channel_peer *peer = &connection->peer;
	char text[128], who[USER_TEXT_ROOM];
	if (!peer->local) {
		admit_remote(door, connection);
		return;
	}
	if (peer_is_trusted(peer->uid)) {
		connection_admit(connection);
		return;
	}
	snprintf(text, sizeof text, "%s is not admitted: this broker serves uid %u only",
		 user_text(peer->uid, who), (unsigned)geteuid());
	connection_fail(connection, RELEVO_DENIED, "denied", text);
}

static void pause_accepting(struct door *door, int status)
{
	struct loop *loop = door->network->loop;
	door->backoff_msec *= 2;
	if (door->backoff_msec < BACKOFF_FIRST_MSEC)
		door->backoff_msec = BACKOFF_FIRST_MSEC;
	if (door->backoff_msec > BACKOFF_LAST_MSEC)
		door->backoff_msec = BACKOFF_LAST_MSEC;
	log_warning("accept-paused", LOG_TEXT("url", listener_url(door->listener)),
		    LOG_TEXT("status", relevo_error_name(status)),
		    LOG_NUMBER("msec", door->backoff_msec));
	/* Without memory for the timer the socket just stays watched. */
	if (loop_set_timer(loop, &door->retry, clock_deadline(loop_now(loop), door->backoff_msec)))
		loop_watch(door->source, 0);
}

static void on_retry(struct loop_timer *timer)
{
	struct door *door = container_of(timer, struct door, retry);
	loop_watch(door->source, EPOLLIN);
}

static void on_readable(void *context, uint32_t events)
{
	struct door *door = context;
	(void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct channel *channel;
		int status = listener_accept(door->listener, &channel);
		if (status == TRY_AGAIN)
			return;
		if (status != RELEVO_OK) {
			pause_accepting(door, status);
			return;
		}
		door->backoff_msec = 0;
		struct connection *connection = connection_new(door->network, channel);
		if (connection != NULL)
			listeners_admit(door, connection);
		else
			log_warning("connection-refused",
				    LOG_TEXT("url", listener_url(door->listener)),
				    LOG_TEXT("reason", "no memory, or the user's share of it or of "
						       "descriptors is used up"));
	}
}

/* ---- listening -------------------------------------------------------- */

static int listeners_check_reach(const struct listeners *listeners, const struct address *address,
				 struct error *error)
{
	bool loopback;
	if (address->kind != ADDRESS_TCP || listeners->trust != TCP_OWN_PROCESSES)
		return RELEVO_OK;
	int status = resolve_is_loopback(address, &loopback, error);
	if (status != RELEVO_OK || loopback)
		return status;
	return error_set(error, RELEVO_DENIED,
			 "%s can be reached from other hosts: without --key-file anybody there "
			 "could read every item and have workers run code; --insecure-tcp allows "
			 "it",
			 address->url);
}

/* Owns the listener, also after a failure. */
static int door_open(struct network *network, struct listener *listener, struct door **door,
		     struct error *error)
{
	const char *url = listener_url(listener);
	struct door *new = calloc(1, sizeof *new);
	if (new == NULL) {
		int status = error_set(error, RELEVO_NO_MEMORY, "no memory to listen on %s", url);
		listener_close(listener);
		return status;
	}
	new->network = network;
	new->retry.fire = on_retry;
	new->listener = listener;
	new->source = loop_add(network->loop, listener_fd(listener), EPOLLIN, on_readable, new);
	if (new->source == NULL) {
		int status = error_set_errno(error, RELEVO_SYSTEM, errno, "%s cannot be waited for",
					     url);
		door_free(new);
		return status;
	}
	if (!listener_keep_alive(new->listener, network->config.silence_seconds))
		log_warning("no-keepalive", LOG_TEXT("url", listener_url(new->listener)),
			    LOG_TEXT("reason", "a host that vanishes will not be noticed"));
	*door = new;
	return RELEVO_OK;
}

static int listeners_enter(struct listeners *listeners, struct listener *listener,
			   struct error *error)
{
	struct door *door = NULL;
	int status = door_open(listeners->network, listener, &door, error);
	if (status != RELEVO_OK)
		return status;
	door->trust = listeners->trust;
	list_append(&listeners->doors, &door->link);
	log_info("listening", LOG_TEXT("url", listener_url(listener)));
	return RELEVO_OK;
}

int listeners_add(struct listeners *listeners, const char *url, struct error *error)
{
	struct address address;
	struct listener *listener;
	int status = address_parse(url, &address, error);
	if (status == RELEVO_OK)
		status = listeners_check_reach(listeners, &address, error);
	if (status == RELEVO_OK)
		status = listener_open(&address, &listener, error);
	if (status != RELEVO_OK)
		return status;
	if (address.kind == ADDRESS_TCP && listeners->trust == TCP_OWN_PROCESSES)
		tcp_owner_prepare();
	return listeners_enter(listeners, listener, error);
}

int listeners_add_open(struct listeners *listeners, int fd, const char *url, struct error *error)
{
	struct listener *listener;
	int status = listener_adopt(fd, url, &listener, error);
	if (status != RELEVO_OK) {
		close(fd);
		return status;
	}
	return listeners_enter(listeners, listener, error);
}

const char *listeners_url(const struct listeners *listeners, size_t index)
{
	list_for_each (node, &listeners->doors) {
		if (index-- == 0)
			return listener_url(container_of(node, struct door, link)->listener);
	}
	return NULL;
}
