#ifndef TRANSPORT_PEER_H
#define TRANSPORT_PEER_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whose process is at the other end of a Unix socket, as the kernel vouches for it. Both
 * ends look: anybody may take an abstract name, or a path where he may write, and wait
 * there for what others send.
 */

/* The user that connected, or that began to listen. False: the kernel does not say. */
bool peer_uid(int fd, uid_t *uid);

/* And its process, as it was then; 0: it is in a namespace that this one cannot see. */
bool peer_process(int fd, uid_t *uid, pid_t *pid);

/* Whether such a process may be spoken with: it is of the same user, or of root, who could
 * do as he likes anyway. Not, if the number does not say who it is: see os/own_ids.h. */
bool peer_is_trusted(uid_t uid);

/* DENIED: whoever is at the other end of `fd`, connected to `url`, is not trusted; the text
 * names both. */
int peer_check(int fd, const char *url, struct error *error);

/* The same of a user who is known already. */
int peer_check_uid(uid_t uid, const char *url, struct error *error);

#endif
