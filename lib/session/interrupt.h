#ifndef SESSION_INTERRUPT_H
#define SESSION_INTERRUPT_H

#include "session/session.h"

#include <poll.h>

/*
 * poll(2) for a call that waits. One that may be interrupted asks the program first
 * whether to go on, with signals blocked from there until poll() itself: a handler has
 * run before, and the program knows, or it ends the poll. Returns
 *   OK           something is ready
 *   TIMED_OUT
 *   TRY_AGAIN    a signal came
 *   INTERRUPTED  the program does not want to go on
 *   NO_DESCRIPTORS, NO_MEMORY  the kernel refuses the poll, and will again: the limit of
 *                descriptors has been set lower than the number of those that are polled
 * The session is not locked.
 */
int interrupt_poll(const struct relevo_session *session, bool interruptible, struct pollfd *entries,
		   nfds_t count, nsec_t deadline);

/* Whether calls of the session ask. */
static inline bool interrupt_asks(const struct relevo_session *session)
{
	return session->go_on != NULL;
}

#endif
