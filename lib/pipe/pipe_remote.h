#ifndef PIPE_PIPE_REMOTE_H
#define PIPE_PIPE_REMOTE_H

#include "base/clock.h"
#include "base/error.h"
#include "pipe/pipe_local.h"

#include <poll.h>
#include <stdbool.h>

/*
 * An end whose other end is on another host, or may be: it has no socket of the kernel's
 * that keeps messages whole. Each kind has this at its start. It is its process's alone;
 * one thread at a time receives, and one sends.
 */
struct pipe_remote {
	const struct pipe_remote_ops *ops;
};

/* Descriptors of one end that relevo_wait() polls. */
enum { PIPE_REMOTE_ENTRIES = 2 };

struct pipe_remote_ops {
	/* Errors as relevo_pipe_send(). */
	int (*send)(struct pipe_remote *remote, const struct pipe_sending *sending, nsec_t deadline,
		    struct error *error);

	/* Errors as relevo_pipe_recv(). */
	int (*receive)(struct pipe_remote *remote, struct pipe_message *message, nsec_t deadline,
		       struct error *error);

	/* Wait until there is a message, or the end. TIMED_OUT: neither is. */
	int (*poll)(struct pipe_remote *remote, nsec_t deadline, struct error *error);

	/* Ask for the next message without waiting for it. What to poll for is written to
	 * `entries`, PIPE_REMOTE_ENTRIES of them. withdraw() has to follow. */
	int (*ask)(struct pipe_remote *remote, struct pollfd *entries, struct error *error);

	/* Read what has arrived; whether there is a message, or the end, or trouble. */
	bool (*look)(struct pipe_remote *remote);

	/* Ask no more. Whether there is a message, or the end, after all. */
	bool (*withdraw)(struct pipe_remote *remote);

	/* "host:port" of the other end, as long as this one is there. NULL: nobody knows. */
	const char *(*peer)(const struct pipe_remote *remote);

	void (*free)(struct pipe_remote *remote);
};

#endif
