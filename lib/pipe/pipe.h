#ifndef PIPE_PIPE_H
#define PIPE_PIPE_H

#include "base/clock.h"
#include "base/error.h"
#include "pipe/pipe_local.h"
#include "session/watch.h"

#include <relevo/pipe.h>
#include <stdatomic.h>
#include <sys/types.h>

struct pipe_remote;

/* A message that was received and not taken. */
struct pipe_kept {
	struct pipe_kept *next;
	pid_t process; /* a forked child has no part in it */
	struct pipe_message message;
};

struct relevo_pipe {
	bool receives, sends;
	bool closed;
	struct pipe_local local;
	struct pipe_remote *remote;     /* NULL: it is local */
	struct pipe_kept *_Atomic kept; /* the first is the next to be taken */
	watch_slot watched;
};

/* A handle for an end whose descriptor this is; that is closed if this fails. */
int pipe_adopt(int fd, enum relevo_direction direction, relevo_pipe **pipe, struct error *error);

/* A handle for an end that goes both ways; that is freed if this fails. */
int pipe_adopt_remote(struct pipe_remote *remote, relevo_pipe **pipe, struct error *error);

/* CLOSED, or BAD_STATE if it does not receive. */
int pipe_check_receives(const relevo_pipe *pipe, struct error *error);

/* CLOSED, or BAD_STATE if it does not send. */
int pipe_check_sends(const relevo_pipe *pipe, struct error *error);

/* Errors as relevo_pipe_send(). */
int pipe_send(relevo_pipe *pipe, const struct pipe_sending *sending, nsec_t deadline,
	      struct error *error);

/* The next message, with the descriptors that it has: to be freed by pipe_message_fini().
 * Waits up to `timeout` ms. Errors as relevo_pipe_recv(). */
int pipe_receive(relevo_pipe *pipe, struct pipe_message *message, int64_t timeout,
		 struct error *error);

/* Whether something has been received and not taken. */
bool pipe_has_kept(relevo_pipe *pipe);

/* Wait for a message beside other things: see session/watch.h. NULL: memory ran out. A remote
 * pipe is received from by nobody while it is asked, until the watch is ready. */
struct watch *pipe_watch(relevo_pipe *pipe);

#endif
