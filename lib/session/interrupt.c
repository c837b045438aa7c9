/* Ending all waits of a session, for good. */
#include "session/interrupt.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "os/descriptor.h"
#include "session/call.h"

#include <sys/eventfd.h>
#include <unistd.h>

nsec_t interrupt_prepare(struct relevo_session *session)
{
	if (session->interrupt_fd < 0)
		session->interrupt_fd = descriptor_raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	return session->interrupt_fd >= 0 ? NSEC_NEVER : clock_now() + INTERRUPT_LOOK_AGAIN;
}

void interrupt_forget(struct relevo_session *session)
{
	if (session->interrupt_fd >= 0)
		close(session->interrupt_fd);
	session->interrupt_fd = -1;
}

void interrupt_lend(struct relevo_session *session, struct relevo_session *aside)
{
	session_lock(session);
	list_append(&session->aside, &aside->aside_link);
	pthread_mutex_lock(&aside->lock);
	aside->interrupted = session->interrupted;
	pthread_mutex_unlock(&aside->lock);
	pthread_mutex_unlock(&session->lock);
}

void interrupt_return(struct relevo_session *session, struct relevo_session *aside)
{
	pthread_mutex_lock(&session->lock);
	list_remove(&aside->aside_link);
	session_unlock(session);
}

/* The session is locked. */
static void interrupt_end_waits(struct relevo_session *session)
{
	session->interrupted = true;
	if (!MUTANT(interrupt_wakes_no_follower))
		call_wake_all(&session->connection);
	if (session->interrupt_fd >= 0 && !MUTANT(interrupt_wakes_no_reader))
		eventfd_write(session->interrupt_fd, 1);
}

int relevo_session_interrupt(relevo_session *session)
{
	if (!given(session))
		return RELEVO_BAD_ARGUMENT;
	thread_error();
	session_lock(session);
	interrupt_end_waits(session);
	list_for_each (node, &session->aside) {
		struct relevo_session *aside =
			container_of(node, struct relevo_session, aside_link);
		pthread_mutex_lock(&aside->lock);
		interrupt_end_waits(aside);
		pthread_mutex_unlock(&aside->lock);
	}
	session_unlock(session);
	return RELEVO_OK;
}
