#ifndef PIPE_LISTENER_TCP_H
#define PIPE_LISTENER_TCP_H

#include "pipe/pipe_remote.h"
#include "session/key_source.h"
#include "transport/address.h"

/*
 * A listener over tcp. Whoever connects is a stranger until he has proved that he knows the
 * key, if there is one; strangers wait for nobody, and nobody waits for them. Like all that
 * nng carries it is of use only in the process that opened it.
 */
struct listener_tcp;

/* Errors as relevo_listener_open(). */
int listener_tcp_open(const struct address *address, const struct key_source *source,
		      struct listener_tcp **listener, struct error *error);

void listener_tcp_close(struct listener_tcp *listener);

/* With the port that was chosen for port 0. */
const char *listener_tcp_url(const struct listener_tcp *listener);

/* Readable when listener_tcp_accept() has something to do. */
int listener_tcp_fd(const struct listener_tcp *listener);

/* Errors as relevo_listener_accept(). */
int listener_tcp_accept(struct listener_tcp *listener, nsec_t deadline, struct pipe_remote **remote,
			struct error *error);

/* Errors as relevo_pipe_connect(). */
int listener_tcp_connect(const struct address *address, const struct key_source *source,
			 nsec_t deadline, struct pipe_remote **remote, struct error *error);

#endif
