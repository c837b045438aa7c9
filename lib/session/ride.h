#ifndef SESSION_RIDE_H
#define SESSION_RIDE_H

#include "session/session.h"

/*
 * Carrying on when there is no connection: calls on durable objects wait until there is one again,
 * and are made anew, until their own deadline. All threads of a session wait for the same attempts,
 * see gap.h.
 */
struct ride {
	struct relevo_session *session;
	bool carries_on; /* if not, nothing is waited for */
	nsec_t deadline;
};

/* Connect, if an attempt is due; else the error is that of the last one. The session is locked.
 * Errors as session_connect(). */
int ride_connect(struct relevo_session *session, nsec_t patience, struct error *error);

/*
 * Whether a call that ended with `*status` is to be made again, since all that it lacked was a
 * connection; waits until the next attempt is due. False: it is not, with the outcome in `*status`
 * and `error`: TIMED_OUT when time is up, which tells what was missing, or INTERRUPTED. The
 * session is not locked.
 */
bool ride_on(const struct ride *ride, int *status, struct error *error);

#endif
