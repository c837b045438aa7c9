#ifndef TRANSPORT_SOCKET_FILE_H
#define TRANSPORT_SOCKET_FILE_H

#include "base/error.h"
#include "transport/address.h"

#include <sys/types.h>

/*
 * The right to listen at a path. Whoever holds the lock on PATH.lock owns the
 * path: he may remove what a dead broker left there, and nobody takes from him
 * what he has bound. The kernel drops the lock of a process that dies.
 */
struct socket_file {
	struct address address;
	int lock; /* descriptor */
	dev_t device;
	ino_t inode; /* of the bound socket; 0: none */
	pid_t owner; /* a forked child must not clean up behind its parent */
};

/*
 * Claim the path of an ipc URL, and make it free to be bound. Returns
 *   ADDRESS_IN_USE  another one holds it, or something answers there
 *   NOT_FOUND       its folder is not there
 *   DENIED
 *   BAD_ADDRESS     something else than a socket is there; it is left alone
 *   NO_DESCRIPTORS
 *   SYSTEM
 */
int socket_file_claim(struct socket_file *file, const struct address *address, struct error *error);

/* Bind the socket to the path, for its owner only. Errors as above. */
int socket_file_bind(struct socket_file *file, int fd, struct error *error);

/* Remove the socket if it is still the one that was bound, and the lock. */
void socket_file_release(struct socket_file *file);

#endif
