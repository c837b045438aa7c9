#ifndef PIPE_PIPE_LOCAL_H
#define PIPE_PIPE_LOCAL_H

#include "base/clock.h"
#include "base/error.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Messages over a SOCK_SEQPACKET socket. The kernel takes and hands out each of them
 * whole, however many processes have the end and whenever one of them is killed. What is
 * larger than PIPE_INLINE stands, behind that much, in a memfd that is sent along.
 */
enum { PIPE_INLINE = 64 * 1024 };

struct pipe_local {
	int fd;                /* -1: closed, or not local */
	void *_Atomic scratch; /* PIPE_INLINE + 1 bytes to receive into, or NULL */
};

/* A message that has arrived. */
struct pipe_message {
	char *data; /* with a 0 behind it */
	size_t size;
	int *fds; /* NULL: it has none */
	size_t fd_count;
};

/* What is to be sent. */
struct pipe_sending {
	const void *data;
	size_t size;
	const int *fds;
	size_t fd_count;
};

/* Room of the caller's to receive into. */
struct pipe_room {
	void *buffer;
	size_t size;
};

void pipe_message_fini(struct pipe_message *message);

void pipe_local_fini(struct pipe_local *local);

/* Errors as relevo_pipe_send(). */
int pipe_local_send(struct pipe_local *local, const struct pipe_sending *sending, nsec_t deadline,
		    struct error *error);

/*
 * Receive into `room` if it is given and large enough: message->data is NULL then. If not,
 * the message stands in memory of its own. Errors as relevo_pipe_recv().
 */
int pipe_local_receive(struct pipe_local *local, const struct pipe_room *room,
		       struct pipe_message *message, nsec_t deadline, struct error *error);

#endif
