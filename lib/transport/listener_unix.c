/* Listening at a Unix socket, one's own or an inherited one, and accepting. */
#include "transport/channel.h"
#include "transport/channel_impl.h"
#include "transport/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct unix_listener {
	struct listener base;
	struct unix_socket socket;
};

static int unix_accept(struct listener *listener, struct channel **channel)
{
	int fd;
	int status = unix_socket_accept(listener->fd, SOCK_NONBLOCK | SOCK_CLOEXEC, &fd);
	if (status != RELEVO_OK)
		return status;
	struct channel *made = channel_unix_new(fd, false);
	if (made == NULL) {
		close(fd);
		return RELEVO_NO_MEMORY;
	}
	*channel = made;
	return RELEVO_OK;
}

static void unix_listener_close(struct listener *listener)
{
	struct unix_listener *self = (struct unix_listener *)listener;
	unix_socket_close(&self->socket);
	free(self);
}

static const struct listener_ops unix_listener_ops = {
	.accept = unix_accept,
	.close = unix_listener_close,
};

/* What keeps an inherited descriptor from being a listening Unix socket, or
 * NULL. */
static const char *why_not_listening(int fd)
{
	int domain, type, listening;
	socklen_t size = sizeof(int);
	if (fcntl(fd, F_GETFD) < 0)
		return "is not an open descriptor";
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0)
		return "is not a socket";
	if (domain != AF_UNIX)
		return "is not a Unix socket";
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
		return "is not a stream socket";
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0)
		return "is a socket that does not listen";
	return NULL;
}

/* The URL of a bound Unix socket; BAD_ADDRESS if clients could not write it. */
static int url_of_socket(int fd, char url[ADDRESS_MAX], struct error *error)
{
	struct sockaddr_un name = { 0 };
	socklen_t length = sizeof name;
	if (getsockname(fd, (struct sockaddr *)&name, &length) != 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "getsockname");
	size_t size = length - offsetof(struct sockaddr_un, sun_path);
	if (size == 0)
		return error_set(error, RELEVO_BAD_ADDRESS, "fd://%d has no name", fd);
	/* A path of full length has no NUL behind it, an abstract name never. */
	bool abstract = name.sun_path[0] == '\0';
	const char *place = abstract ? name.sun_path + 1 : name.sun_path;
	size_t place_size = abstract ? size - 1 : strnlen(name.sun_path, size);
	if (memchr(place, '\0', place_size) != NULL)
		return error_set(error, RELEVO_BAD_ADDRESS, "fd://%d has a name with NUL in it",
				 fd);
	snprintf(url, ADDRESS_MAX, "%s%.*s", abstract ? "abstract://" : "ipc://", (int)place_size,
		 place);
	struct address unused;
	return address_parse(url, &unused, error);
}

static int adopt(struct unix_listener *self, const struct address *address, struct error *error)
{
	int fd = address->number;
	const char *problem = why_not_listening(fd);
	if (problem != NULL)
		return error_set(error, RELEVO_BAD_ADDRESS, "%s %s", address->url, problem);
	int status = url_of_socket(fd, self->base.url, error);
	if (status != RELEVO_OK)
		return status;
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "%s", address->url);
	self->socket.fd = fd;
	return RELEVO_OK;
}

int listener_adopt(int fd, const char *url, struct listener **listener, struct error *error)
{
	struct unix_listener *self = malloc(sizeof *self);
	if (self == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to listen");
	*self = (struct unix_listener){ .base = { .ops = &unix_listener_ops, .fd = fd },
					.socket.fd = fd };
	snprintf(self->base.url, sizeof self->base.url, "%s", url);
	*listener = &self->base;
	return RELEVO_OK;
}

int listener_unix_open(const struct address *address, struct listener **listener,
		       struct error *error)
{
	struct unix_listener *self = malloc(sizeof *self);
	if (self == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to listen");
	*self = (struct unix_listener){ .base.ops = &unix_listener_ops, .socket.fd = -1 };
	memcpy(self->base.url, address->url, sizeof self->base.url);

	int status;
	if (address->kind == ADDRESS_FD)
		status = adopt(self, address, error);
	else
		status = unix_socket_listen(&self->socket, address, SOCK_STREAM, error);
	self->base.fd = self->socket.fd;
	if (status != RELEVO_OK) {
		unix_listener_close(&self->base);
		return status;
	}
	*listener = &self->base;
	return RELEVO_OK;
}
