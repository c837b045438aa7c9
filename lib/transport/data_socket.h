#ifndef TRANSPORT_DATA_SOCKET_H
#define TRANSPORT_DATA_SOCKET_H

#include "base/error.h"
#include "transport/address.h"

/* The socket in a data folder, and the file that its users lock: see data_socket_use(). */
#define DATA_SOCKET "broker.sock"
#define DATA_USERS  "users"

/* How to reach the socket, however long the path of its folder is. */
struct data_socket {
	int folder; /* -1: the name does without */
	struct sockaddr_un name;
	socklen_t length;
};

/* Returns 0, or an error number: the folder cannot be opened. To be closed. */
int data_socket_find(const struct address *address, struct data_socket *place);
void data_socket_close(struct data_socket *place);

/* That this process uses the folder, with every copy of the descriptor that a child inherits: the
 * broker that was started for its users does not end as long as one is left. */
struct data_use {
	int fd; /* -1: none */
	dev_t device;
	ino_t inode;
};

/* OK; TRY_AGAIN: the broker is ending at this moment; NOT_FOUND: there is no such folder; DENIED,
 * NO_DESCRIPTORS, SYSTEM, all naming the folder. */
int data_socket_use(const struct address *address, struct data_use *use, struct error *error);

/* Leaves what has got the number of a descriptor since that the program closed itself. */
void data_socket_leave(struct data_use *use);

#endif
