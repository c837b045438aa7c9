#include "client/listener.h"

#include "base/mutant.h"
#include "client/error.h"
#include "client/pipe.h"
#include "client/session.h"
#include "wire/unix_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

struct relevo_listener {
	struct unix_socket socket;
	bool closed;
	struct address address;
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

static int start(struct relevo_listener *listener, const char *address, struct error *error)
{
	char made[ADDRESS_MAX];
	int status = RELEVO_OK;
	if (address == NULL) {
		status = make_name(made, error);
		address = made;
	}
	if (status == RELEVO_OK)
		status = listener_address_parse(address, &listener->address, error);
	if (status == RELEVO_OK)
		status = unix_socket_listen(&listener->socket, &listener->address, SOCK_SEQPACKET,
					    error);
	return status;
}

int relevo_listener_open(const char *address, relevo_listener **out)
{
	struct error *error = client_error();
	struct relevo_listener *listener = calloc(1, sizeof *listener);
	if (listener == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a listener");
	listener->socket.fd = -1;
	int status = start(listener, address, error);
	if (status == RELEVO_OK)
		*out = listener;
	else
		relevo_listener_close(listener);
	return status;
}

void relevo_listener_hang_up(relevo_listener *listener)
{
	unix_socket_close(&listener->socket);
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
	return listener->address.url;
}

static int check_open(const struct relevo_listener *listener, struct error *error)
{
	if (listener->closed)
		return error_set(error, RELEVO_CLOSED, "the listener at %s is closed",
				 listener->address.url);
	return RELEVO_OK;
}

int relevo_listener_fd(const relevo_listener *listener, int *fd)
{
	int status = check_open(listener, client_error());
	if (status == RELEVO_OK)
		*fd = listener->socket.fd;
	return status;
}

/* ---- accepting ----------------------------------------------------------- */

/* The next connection of a program that is ours. TRY_AGAIN: none is there. */
static int take_next(const struct relevo_listener *listener, int *fd)
{
	for (;;) {
		int status = unix_socket_accept(listener->socket.fd, SOCK_CLOEXEC, fd);
		if (status != RELEVO_OK || listener_peer_is_ours(*fd) || MUTANT(stranger_accepted))
			return status;
		close(*fd);
	}
}

/* Others may take from the same queue: whoever finds it empty waits again. */
static int wait_for_next(const struct relevo_listener *listener, int *fd, nsec_t deadline)
{
	for (;;) {
		int status = take_next(listener, fd);
		if (status != RELEVO_TRY_AGAIN || deadline == 0)
			return status;
		status = pipe_local_wait(listener->socket.fd, POLLIN, deadline);
		if (status != RELEVO_OK)
			return status;
	}
}

int relevo_listener_accept(relevo_listener *listener, int64_t timeout, relevo_pipe **pipe)
{
	struct error *error = client_error();
	nsec_t deadline;
	int fd = -1;
	int status = session_deadline(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = check_open(listener, error);
	if (status != RELEVO_OK)
		return status;
	status = wait_for_next(listener, &fd, deadline);
	if (status == RELEVO_OK)
		return pipe_adopt(fd, RELEVO_BOTH_WAYS, pipe, error);
	const bool nobody = status == RELEVO_TRY_AGAIN || status == RELEVO_TIMED_OUT;
	if (nobody)
		return error_set(error, status, "nobody connects to %s", listener->address.url);
	return error_set_errno(error, status, errno, "cannot accept at %s", listener->address.url);
}
