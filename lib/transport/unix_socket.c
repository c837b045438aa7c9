/* The system calls of Unix sockets: listening, accepting, connecting. */
#include "transport/unix_socket.h"

#include "os/descriptor.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A full backlog has no event that poll() knows, so it is tried again: after 1 ms, and ever more
 * slowly up to this, until the deadline of whoever connects. */
#define RETRY_MAX (16 * NSEC_PER_MSEC)

/* ---- listening ----------------------------------------------------------- */

static int make_socket(struct unix_socket *self, int type, struct error *error)
{
	self->fd = descriptor_raise(socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	if (self->fd >= 0)
		return RELEVO_OK;
	return error_set_errno(error, RELEVO_SYSTEM, errno, "cannot make a socket");
}

static int start_listening(const struct unix_socket *self, const struct address *address,
			   struct error *error)
{
	if (listen(self->fd, SOMAXCONN) != 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "cannot listen at %s",
				       address->url);
	return RELEVO_OK;
}

static int listen_at_path(struct unix_socket *self, const struct address *address, int type,
			  struct error *error)
{
	int status = socket_file_claim(&self->file, address, error);
	if (status != RELEVO_OK)
		return status;
	self->has_file = true;
	status = make_socket(self, type, error);
	if (status == RELEVO_OK)
		status = socket_file_bind(&self->file, self->fd, error);
	if (status == RELEVO_OK)
		status = start_listening(self, address, error);
	return status;
}

static int listen_at_name(struct unix_socket *self, const struct address *address, int type,
			  struct error *error)
{
	int status = make_socket(self, type, error);
	if (status != RELEVO_OK)
		return status;
	struct sockaddr_un name;
	socklen_t length = address_to_unix(address, &name);
	if (bind(self->fd, (const struct sockaddr *)&name, length) == 0)
		return start_listening(self, address, error);
	if (errno == EADDRINUSE)
		return error_set(error, RELEVO_ADDRESS_IN_USE, "another program listens at %s",
				 address->url);
	return error_set_errno(error, RELEVO_SYSTEM, errno, "cannot listen at %s", address->url);
}

int unix_socket_listen(struct unix_socket *self, const struct address *address, int type,
		       struct error *error)
{
	*self = (struct unix_socket){ .fd = -1 };
	if (address->kind == ADDRESS_ABSTRACT)
		return listen_at_name(self, address, type, error);
	return listen_at_path(self, address, type, error);
}

void unix_socket_close(struct unix_socket *self)
{
	/* The name goes first, so that nobody finds it and is then cut off. */
	if (self->has_file)
		socket_file_release(&self->file);
	if (self->fd >= 0)
		close(self->fd);
	*self = (struct unix_socket){ .fd = -1 };
}

/* ---- connections --------------------------------------------------------- */

/* Connections that died while they waited are none of the caller's business. */
static bool is_worth_retrying(int why)
{
	return why == EINTR || why == ECONNABORTED;
}

int unix_socket_accept(int listening, int flags, int *fd)
{
	do {
		*fd = descriptor_raise(accept4(listening, NULL, NULL, flags));
	} while (*fd < 0 && is_worth_retrying(errno));
	if (*fd >= 0)
		return RELEVO_OK;
	if (errno == EAGAIN)
		return TRY_AGAIN;
	return error_descriptor_status(errno);
}

int unix_socket_connect(int fd, const struct address *address, const struct go_on *go_on,
			nsec_t deadline)
{
	struct sockaddr_un name;
	socklen_t length = address_to_unix(address, &name);
	return unix_socket_connect_to(fd, &name, length, go_on, deadline);
}

int unix_socket_connect_to(int fd, const struct sockaddr_un *name, socklen_t length,
			   const struct go_on *go_on, nsec_t deadline)
{
	nsec_t pause = NSEC_PER_MSEC;
	for (;;) {
		if (connect(fd, (const struct sockaddr *)name, length) == 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return errno;
		nsec_t now = clock_now();
		if (now >= deadline)
			return EAGAIN;
		nsec_t left = deadline - now;
		if (go_on_poll(go_on, NULL, 0, now + (left < pause ? left : pause)) ==
		    RELEVO_INTERRUPTED)
			return EINTR;
		if (pause < RETRY_MAX)
			pause *= 2;
	}
}
