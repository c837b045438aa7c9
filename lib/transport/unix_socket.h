#ifndef TRANSPORT_UNIX_SOCKET_H
#define TRANSPORT_UNIX_SOCKET_H

#include "base/clock.h"
#include "base/error.h"
#include "os/go_on.h"
#include "transport/address.h"
#include "transport/socket_file.h"

#include <stdbool.h>

/* A Unix socket that listens at an ipc or abstract URL, and what is there because of it. */
struct unix_socket {
	int fd;        /* non-blocking; -1: none */
	bool has_file; /* and so is to be released */
	struct socket_file file;
};

/*
 * Listen for sockets of that `type`, SOCK_STREAM or SOCK_SEQPACKET. Errors as
 * socket_file_claim(), and NO_DESCRIPTORS. To be closed even after an error.
 */
int unix_socket_listen(struct unix_socket *self, const struct address *address, int type,
		       struct error *error);

void unix_socket_close(struct unix_socket *self);

/*
 * The next connection, with these flags of accept4(2), to *fd. TRY_AGAIN: there is none;
 * NO_DESCRIPTORS or NO_MEMORY, and it stays in the queue; SYSTEM.
 */
int unix_socket_accept(int listening, int flags, int *fd);

/*
 * Connect a non-blocking socket. Returns 0, or what errno said last: EAGAIN when until
 * then there was no room among those that wait to be accepted; EINTR when `go_on`, which may be
 * NULL, did not want to wait for that.
 */
int unix_socket_connect(int fd, const struct address *address, const struct go_on *go_on,
			nsec_t deadline);
int unix_socket_connect_to(int fd, const struct sockaddr_un *name, socklen_t length,
			   const struct go_on *go_on, nsec_t deadline);

#endif
