/* Listeners: opening, closing, and accepting pipes. */
#include "pipe/listener.h"

#include "base/deadline.h"
#include "base/mutant.h"
#include "base/thread_error.h"
#include "os/go_on.h"
#include "pipe/listener_tcp.h"
#include "pipe/pipe.h"
#include "session/session.h"
#include "transport/peer.h"
#include "transport/unix_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

struct relevo_listener {
	struct unix_socket socket;
	struct listener_tcp *tcp; /* NULL: it is not over tcp */
	bool closed;
	watch_slot watched;
	char url[ADDRESS_MAX];
};

/* ---- beginning and end --------------------------------------------------- */

/* Guessing it is hopeless, so nobody is there first. */
static int make_name(char url[ADDRESS_MAX], struct error *error)
{
	uint64_t number;
	if (getrandom(&number, sizeof number, 0) != sizeof number)
		return error_set(error, RELEVO_SYSTEM, "there are no random numbers");
	snprintf(url, ADDRESS_MAX, "abstract://relevo-%016llx", (unsigned long long)number);
	return RELEVO_OK;
}

static int listen_at(struct relevo_listener *listener, const struct address *address,
		     const struct key_source *key, struct error *error)
{
	int status;
	if (address->kind == ADDRESS_TCP)
		status = listener_tcp_open(address, key, &listener->tcp, error);
	else
		status = unix_socket_listen(&listener->socket, address, SOCK_SEQPACKET, error);
	if (status == RELEVO_OK)
		snprintf(listener->url, sizeof listener->url, "%s",
			 listener->tcp != NULL ? listener_tcp_url(listener->tcp) : address->url);
	return status;
}

static int listener_start(struct relevo_listener *listener, const char *url,
			  const struct relevo_listener_options *options, struct error *error)
{
	struct address address;
	struct key_source key;
	char made[ADDRESS_MAX];
	int status = listener_key(options, &key, error);
	if (status == RELEVO_OK && url == NULL) {
		status = make_name(made, error);
		url = made;
	}
	if (status == RELEVO_OK)
		status = listener_address_parse(url, &address, error);
	if (status == RELEVO_OK)
		status = listen_at(listener, &address, &key, error);
	return status;
}

int relevo_listener_open(const char *address, const struct relevo_listener_options *options,
			 relevo_listener **out)
{
	if (!given(out) || !known(relevo_listener_options, options))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct relevo_listener *listener = calloc(1, sizeof *listener);
	if (listener == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a listener");
	listener->socket.fd = -1;
	int status = listener_start(listener, address, options, error);
	if (status == RELEVO_OK)
		*out = listener;
	else
		relevo_listener_close(listener);
	return status;
}

void relevo_listener_hang_up(relevo_listener *listener)
{
	if (!given(listener))
		return;
	watch_forget(&listener->watched, listener);
	unix_socket_close(&listener->socket);
	listener_tcp_close(listener->tcp);
	listener->tcp = NULL;
	listener->closed = true;
}

void relevo_listener_close(relevo_listener *listener)
{
	if (listener == NULL)
		return;
	relevo_listener_hang_up(listener);
	free(listener);
}

const char *relevo_listener_address(const relevo_listener *listener)
{
	if (!given(listener))
		return "";
	return listener->url;
}

static int listener_check_open(const struct relevo_listener *listener, struct error *error)
{
	if (listener->closed)
		return error_set(error, RELEVO_CLOSED, "the listener at %s is closed",
				 listener->url);
	return RELEVO_OK;
}

int relevo_listener_fd(const relevo_listener *listener, int *fd)
{
	if (!given(listener, fd))
		return RELEVO_BAD_ARGUMENT;
	int status = listener_check_open(listener, thread_error());
	if (status == RELEVO_OK)
		*fd = listener->tcp != NULL ? listener_tcp_fd(listener->tcp) : listener->socket.fd;
	return status;
}

struct watch *listener_watch(relevo_listener *listener)
{
	int fd = -1;
	relevo_listener_fd(listener, &fd);
	struct watch *watch = descriptor_watch(fd);
	if (watch == NULL)
		return NULL;
	watch->object = listener;
	watch->slot = &listener->watched;
	return watch;
}

/* ---- accepting ----------------------------------------------------------- */

static bool is_trusted(int fd)
{
	uid_t uid;
	return peer_uid(fd, &uid) && peer_is_trusted(uid);
}

/* The next connection of a program that is ours. TRY_AGAIN: none is there. */
static int take_next(const struct relevo_listener *listener, int *fd)
{
	for (;;) {
		int status = unix_socket_accept(listener->socket.fd, SOCK_CLOEXEC, fd);
		if (status != RELEVO_OK || is_trusted(*fd) || MUTANT(stranger_accepted))
			return status;
		close(*fd);
	}
}

/* Others may take from the same queue: whoever finds it empty waits again. */
static int wait_for_next(const struct relevo_listener *listener, int *fd, nsec_t deadline)
{
	for (;;) {
		int status = take_next(listener, fd);
		if (status != TRY_AGAIN)
			return status;
		if (deadline == 0)
			return RELEVO_TIMED_OUT;
		status = go_on_wait(listener->socket.fd, POLLIN, deadline);
		if (status != RELEVO_OK)
			return status;
	}
}

static int accept_local(relevo_listener *listener, nsec_t deadline, relevo_pipe **pipe,
			struct error *error)
{
	int fd = -1;
	int status = wait_for_next(listener, &fd, deadline);
	if (status == RELEVO_OK)
		return pipe_adopt(fd, RELEVO_DIRECTION_BOTH, pipe, error);
	if (status == RELEVO_TIMED_OUT || status == RELEVO_INTERRUPTED)
		return go_on_tell(status, error);
	return error_set_errno(error, status, errno, "cannot accept at %s", listener->url);
}

static int accept_over_tcp(relevo_listener *listener, nsec_t deadline, relevo_pipe **pipe,
			   struct error *error)
{
	struct pipe_remote *remote = NULL;
	int status = listener_tcp_accept(listener->tcp, deadline, &remote, error);
	return status == RELEVO_OK ? pipe_adopt_remote(remote, pipe, error) : status;
}

int relevo_listener_accept(relevo_listener *listener, int64_t timeout, relevo_pipe **pipe)
{
	if (!given(listener, pipe))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = listener_check_open(listener, error);
	if (status == RELEVO_OK)
		status = listener->tcp != NULL ? accept_over_tcp(listener, deadline, pipe, error)
					       : accept_local(listener, deadline, pipe, error);
	if (status == RELEVO_TIMED_OUT)
		error_set(error, status, "nobody connects to %s", listener->url);
	return status;
}
