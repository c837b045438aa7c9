#ifndef TRANSPORT_DESCRIPTORS_H
#define TRANSPORT_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* What the kernel passes on with one message, at most. */
enum { DESCRIPTORS_MAX = 253 };

/*
 * sendmsg(2) and recvmsg(2) of bytes, and of descriptors with the first of them, over a
 * Unix socket. They go on after signals, and raise none; otherwise as those. Descriptors
 * that come are closed on exec, and the caller's. All come or none: if there is no room for
 * one of them, here or in the process, the others are closed, and the bytes are lost with
 * them (EMFILE).
 */
ssize_t descriptors_send(int socket, const struct iovec *piece, const int *fds, size_t count,
			 int flags);
ssize_t descriptors_receive(int socket, const struct iovec *piece, int *fds, size_t *count,
			    int flags);

/* Those that came, out of the way of the standard streams. False, and *count is 0: they are closed,
 * since no number is left for one of them. */
bool descriptors_raise(int *fds, size_t *count);

/* Whether this process could open so many at this moment: 0, or the errno that says why
 * not. For what does not tell by itself. */
int descriptors_left(int count);

#endif
