#ifndef SESSION_INTERRUPT_H
#define SESSION_INTERRUPT_H

#include "base/go_on.h"
#include "session/session.h"

/* go_on_poll() for a call of the session, which asks if it may be interrupted. The session is not
 * locked. */
static inline int interrupt_poll(const struct relevo_session *session, bool interruptible,
				 struct pollfd *entries, nfds_t count, nsec_t deadline)
{
	return go_on_poll(interruptible ? &session->go_on : NULL, entries, count, deadline);
}

/* Whether calls of the session ask. */
static inline bool interrupt_asks(const struct relevo_session *session)
{
	return session->go_on.ask != NULL;
}

#endif
