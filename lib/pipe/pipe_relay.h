#ifndef PIPE_PIPE_RELAY_H
#define PIPE_PIPE_RELAY_H

#include "pipe/pipe_remote.h"

#include <stdint.h>

struct relevo_session;

/*
 * An end whose other end is on another host, relayed by the broker. The session is the
 * end's, if this succeeds; `out` and `in` are handles of queues in it. NO_MEMORY, NO_DESCRIPTORS.
 */
int pipe_relay_new(struct relevo_session *session, uint32_t out, uint32_t in,
		   struct pipe_remote **remote, struct error *error);

#endif
