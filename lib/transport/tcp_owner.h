#ifndef TRANSPORT_TCP_OWNER_H
#define TRANSPORT_TCP_OWNER_H

#include "transport/resolve.h"

#include <sys/types.h>

/*
 * The user whose process has the socket at `theirs`, connected to the one at `ours`, if both
 * are on this host: over a loopback address there is nobody else. Returns 0 or an error
 * number; ENOENT: there is no such socket here, or its process has closed it, and nobody
 * knows any more whose it was.
 */
int tcp_owner(const union socket_place *theirs, const union socket_place *ours, uid_t *uid);

/* The same for whoever has connected to `theirs`: while that has not been accepted, it is the
 * user who listens there. */
int tcp_owner_listening(const union socket_place *theirs, const union socket_place *ours,
			uid_t *uid);

/* Keep a descriptor to ask with, so that it can be done when none is left. For a program of
 * one thread that does not fork; where it fails, each question opens its own. */
void tcp_owner_prepare(void);

/* The same from the tables in /proc, where sockets cannot be asked about one by one. */
int tcp_owner_in_proc(const union socket_place *theirs, const union socket_place *ours, uid_t *uid);

#endif
