#ifndef PIPE_PIPE_TCP_H
#define PIPE_PIPE_TCP_H

#include "pipe/pipe_remote.h"
#include "transport/channel.h"
#include "wire/key.h"

/*
 * An end of a pipe that is a tcp connection of its own, without a broker. The channel is
 * the end's, whether this succeeds or not; the key has to stay until the greeting is over.
 * NO_MEMORY, DISCONNECTED, SYSTEM.
 */
int pipe_tcp_new(struct channel *channel, const struct key *key, bool listens,
		 struct pipe_remote **remote, struct error *error);

/*
 * Go on with the greeting until it is over, or `deadline`: the other side knows the key.
 * Without one it may be left to the first call that receives. Errors as
 * greeting_go_on(); TIMED_OUT.
 */
int pipe_tcp_greet(struct pipe_remote *remote, nsec_t deadline, struct error *error);

/* What is readable when there is more of the greeting. */
int pipe_tcp_fd(const struct pipe_remote *remote);

#endif
