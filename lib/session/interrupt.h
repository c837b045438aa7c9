#ifndef SESSION_INTERRUPT_H
#define SESSION_INTERRUPT_H

#include "os/go_on.h"
#include "session/session.h"

/*
 * What ends the waits of a session's calls besides their answers: a signal, if the program says
 * so, and relevo_session_interrupt(), by which it says so of all calls for good.
 */

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

/* How often, in a process that has no descriptor left: then nothing can wake a thread that also
 * has to hear of something else. With one there is no period. */
#define INTERRUPT_LOOK_AGAIN (10 * NSEC_PER_MSEC)

/* Before a call that may be interrupted waits as the reader: when it has to look again at the
 * latest, because nothing would tell it. The session is locked. */
nsec_t interrupt_prepare(struct relevo_session *session);

/* A call of the first session waits in the second, which hears of what interrupts the first, until
 * interrupt_return(). Meanwhile the thread is in a call with both. */
void interrupt_lend(struct relevo_session *session, struct relevo_session *aside);
void interrupt_return(struct relevo_session *session, struct relevo_session *aside);

/* Close what tells it: in a child after fork(2), which shares it, and at the end. */
void interrupt_forget(struct relevo_session *session);

#endif
