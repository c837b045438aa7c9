/* Listeners over TCP: see listener_tcp.h. */
#include "pipe/listener_tcp.h"

#include "os/descriptor.h"
#include "os/go_on.h"
#include "pipe/pipe_tcp.h"
#include "session/session.h"
#include "transport/keepalive.h"
#include "transport/resolve.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Strangers at a time; one more, and the one who has been silent for longest has to go. */
enum { STRANGERS_MAX = 64 };

/* Those who are taken in before the others are looked at again. */
enum { ADMITTED_AT_ONCE = 16 };

/* What a stranger has to prove the key. */
#define STRANGERS_TIME (10 * NSEC_PER_SEC)

struct stranger {
	struct pipe_remote *remote;
	nsec_t deadline;
};

struct listener_tcp {
	struct listener *listener;
	struct key *key; /* NULL: there is none */
	pid_t process;
	int epoll; /* of the listener and all strangers */

	pthread_mutex_t lock;                     /* of what follows, and of accepting */
	struct stranger strangers[STRANGERS_MAX]; /* the oldest first */
	size_t count;
};

/* ---- beginning and end --------------------------------------------------- */

static int listener_tcp_check_reach(const struct address *address, const struct key *key,
				    struct error *error)
{
	bool loopback = true;
	int status = key == NULL ? resolve_is_loopback(address, &loopback, error) : RELEVO_OK;
	if (status != RELEVO_OK || loopback)
		return status;
	return error_set(error, RELEVO_DENIED, "%s can be reached from other hosts: it needs a key",
			 address->url);
}

static bool listener_tcp_watch(const struct listener_tcp *listener, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	return epoll_ctl(listener->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int listener_tcp_start(struct listener_tcp *listener, const struct address *address,
			      struct error *error)
{
	listener->epoll = descriptor_raise(epoll_create1(EPOLL_CLOEXEC));
	if (listener->epoll < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "cannot listen at %s",
				       address->url);
	int status = listener_open(address, &listener->listener, error);
	if (status != RELEVO_OK)
		return status;
	/* Where that is not possible, a host that vanishes is noticed by who sends to it. */
	listener_keep_alive(listener->listener, KEEPALIVE_DEFAULT_SECONDS);
	if (!listener_tcp_watch(listener, listener_fd(listener->listener)))
		return error_set_errno(error, RELEVO_SYSTEM, errno, "cannot listen at %s",
				       address->url);
	return RELEVO_OK;
}

int listener_tcp_open(const struct address *address, const struct key_source *source,
		      struct listener_tcp **out, struct error *error)
{
	struct listener_tcp *listener = calloc(1, sizeof *listener);
	if (listener == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a listener");
	listener->epoll = -1;
	listener->process = getpid();
	pthread_mutex_init(&listener->lock, NULL);
	nsec_t deadline = clock_deadline(clock_now(), KEY_PATIENCE);
	int status = key_source_load(source, deadline, &listener->key, error);
	if (status == RELEVO_OK)
		status = listener_tcp_check_reach(address, listener->key, error);
	if (status == RELEVO_OK)
		status = listener_tcp_start(listener, address, error);
	if (status == RELEVO_OK)
		*out = listener;
	else
		listener_tcp_close(listener);
	return status;
}

/* He is no stranger any more. */
static struct pipe_remote *take_out(struct listener_tcp *listener, size_t index)
{
	struct pipe_remote *remote = listener->strangers[index].remote;
	/* A child of fork(2) has the parent's set, not one of its own. */
	if (listener->process == getpid())
		epoll_ctl(listener->epoll, EPOLL_CTL_DEL, pipe_tcp_fd(remote), NULL);
	listener->count--;
	memmove(&listener->strangers[index], &listener->strangers[index + 1],
		(listener->count - index) * sizeof listener->strangers[0]);
	return remote;
}

static void send_away(struct listener_tcp *listener, size_t index)
{
	struct pipe_remote *remote = take_out(listener, index);
	remote->ops->free(remote);
}

void listener_tcp_close(struct listener_tcp *listener)
{
	if (listener == NULL)
		return;
	while (listener->count > 0)
		send_away(listener, listener->count - 1);
	listener_close(listener->listener);
	if (listener->epoll >= 0)
		close(listener->epoll);
	key_free(listener->key);
	pthread_mutex_destroy(&listener->lock);
	free(listener);
}

const char *listener_tcp_url(const struct listener_tcp *listener)
{
	return listener_url(listener->listener);
}

int listener_tcp_fd(const struct listener_tcp *listener)
{
	return listener->epoll;
}

/* ---- accepting ----------------------------------------------------------- */

/* Whoever of them has proved it, or NULL; those who will not any more are sent away. */
static struct pipe_remote *look_at_strangers(struct listener_tcp *listener)
{
	struct error ignored;
	nsec_t now = clock_now();
	for (size_t i = 0; i < listener->count;) {
		const struct stranger *stranger = &listener->strangers[i];
		int status = pipe_tcp_greet(stranger->remote, 0, &ignored);
		if (status == RELEVO_OK)
			return take_out(listener, i);
		if (status != RELEVO_TIMED_OUT || stranger->deadline <= now)
			send_away(listener, i);
		else
			i++;
	}
	return NULL;
}

static void take_in(struct listener_tcp *listener, struct pipe_remote *remote)
{
	if (listener->count == STRANGERS_MAX)
		send_away(listener, 0);
	listener->strangers[listener->count++] = (struct stranger){
		.remote = remote,
		.deadline = clock_now() + STRANGERS_TIME,
	};
	if (!listener_tcp_watch(listener, pipe_tcp_fd(remote)))
		send_away(listener, listener->count - 1);
}

/* Whoever is at the door. Without a key he is no stranger. */
static int listener_tcp_admit(struct listener_tcp *listener, struct pipe_remote **remote,
			      struct error *error)
{
	for (int i = 0; i < ADMITTED_AT_ONCE; i++) {
		struct channel *channel;
		struct pipe_remote *comer;
		int status = listener_accept(listener->listener, &channel);
		if (status == TRY_AGAIN)
			return status;
		if (status != RELEVO_OK)
			return error_set(error, status, "cannot accept at %s",
					 listener_tcp_url(listener));
		/* Who has sent and gone is taken in: it cannot be told whose he was. */
		if (listener->key == NULL && channel_check_owner(channel, error) == RELEVO_DENIED) {
			channel_close(channel);
			continue;
		}
		if (pipe_tcp_new(channel, listener->key, true, &comer, error) != RELEVO_OK)
			continue;
		if (listener->key == NULL) {
			*remote = comer;
			return RELEVO_OK;
		}
		take_in(listener, comer);
	}
	return TRY_AGAIN;
}

/* *next is when to look again at the latest: when the oldest stranger's time is over. */
static int listener_tcp_step(struct listener_tcp *listener, struct pipe_remote **remote,
			     nsec_t *next, struct error *error)
{
	pthread_mutex_lock(&listener->lock);
	*remote = look_at_strangers(listener);
	int status = *remote != NULL ? RELEVO_OK : listener_tcp_admit(listener, remote, error);
	*next = listener->count > 0 ? listener->strangers[0].deadline : NSEC_NEVER;
	pthread_mutex_unlock(&listener->lock);
	return status;
}

int listener_tcp_accept(struct listener_tcp *listener, nsec_t deadline, struct pipe_remote **remote,
			struct error *error)
{
	if (listener->process != getpid())
		return error_set(error, RELEVO_FORKED, "the listener at %s is the parent's alone",
				 listener_tcp_url(listener));
	for (;;) {
		nsec_t next = NSEC_NEVER;
		int status = listener_tcp_step(listener, remote, &next, error);
		if (status != TRY_AGAIN)
			return status;
		if (deadline == 0)
			return RELEVO_TIMED_OUT;
		status = go_on_wait(listener->epoll, POLLIN, next < deadline ? next : deadline);
		if (status != RELEVO_OK && (status != RELEVO_TIMED_OUT || clock_now() >= deadline))
			return go_on_tell(status, error);
	}
}

/* ---- connecting ---------------------------------------------------------- */

static int listener_tcp_connect_failure(int status, struct error *error)
{
	const struct error reason = *error;
	if (status == RELEVO_NO_BROKER)
		return error_set(error, RELEVO_NOT_FOUND, "nobody listens there: %s",
				 error_text(&reason));
	return status;
}

/* The key need not stay: who has one waits until both have proved it. */
static int listener_tcp_greet(struct channel *channel, const struct key *key, nsec_t deadline,
			      struct pipe_remote **remote, struct error *error)
{
	struct pipe_remote *made;
	int status = pipe_tcp_new(channel, key, false, &made, error);
	if (status != RELEVO_OK || key == NULL) {
		*remote = status == RELEVO_OK ? made : NULL;
		return status;
	}
	status = pipe_tcp_greet(made, deadline, error);
	if (status == RELEVO_OK)
		*remote = made;
	else
		made->ops->free(made);
	return status;
}

static int listener_tcp_dial(const struct address *address, const struct key *key, nsec_t deadline,
			     struct pipe_remote **remote, struct error *error)
{
	struct channel *channel;
	struct error reason = { 0 };
	int status = channel_connect(address, deadline, &channel, error);
	if (status != RELEVO_OK)
		return listener_tcp_connect_failure(status, error);
	if (key == NULL && channel_check_listener(channel, address->url, error) != RELEVO_OK) {
		channel_close(channel);
		return error->status;
	}
	status = listener_tcp_greet(channel, key, deadline, remote, &reason);
	if (status != RELEVO_OK)
		error_set(error, status, "%s: %s", address->url, error_text(&reason));
	return status;
}

int listener_tcp_connect(const struct address *address, const struct key_source *source,
			 nsec_t deadline, struct pipe_remote **remote, struct error *error)
{
	struct key *key = NULL;
	int status = key_source_load(source, deadline, &key, error);
	if (status == RELEVO_OK)
		status = listener_tcp_dial(address, key, deadline, remote, error);
	key_free(key);
	return status;
}
