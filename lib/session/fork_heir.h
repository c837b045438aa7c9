#ifndef SESSION_FORK_HEIR_H
#define SESSION_FORK_HEIR_H

#include "base/clock.h"

#include <stdbool.h>

struct relevo_session;

/*
 * What a forked child gets of a session: a connection of its own, made before the fork, on
 * which the broker keeps open for it what its parent has open. So nothing that it inherits
 * ends because the parent closes it or ends; and as the broker sees the end of the
 * connection, nothing outlives the child because of it. It is used with the child's first
 * call. Whatever hinders it, the child connects by itself, and finds what there is by then.
 */

/* Before the fork, the session locked: waits for the broker until `deadline` at most. */
void fork_heir_make(struct relevo_session *session, nsec_t deadline);

/* After it, in the parent. */
void fork_heir_leave(struct relevo_session *session);

/* And in the child, which forgets its parent's. */
void fork_heir_receive(struct relevo_session *session);

/* In the child: the connection becomes that of the session. False: there is none, or the
 * broker has ended. The session is locked and not connected. */
bool fork_heir_take(struct relevo_session *session);

/* The session ends without it. */
void fork_heir_drop(struct relevo_session *session);

#endif
