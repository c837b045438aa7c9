/* Polling for a call, which signals may interrupt. */
#include "session/interrupt.h"

#include "base/mutant.h"

#include <errno.h>
#include <signal.h>

static int interrupt_outcome(int ready)
{
	/* A signal: whoever waits looks at the clock and comes again. */
	if (ready < 0 && (errno == EINTR || MUTANT(failed_polls_again)))
		return TRY_AGAIN;
	if (ready < 0)
		return errno == EINVAL ? RELEVO_NO_DESCRIPTORS : RELEVO_NO_MEMORY;
	return ready > 0 ? RELEVO_OK : RELEVO_TIMED_OUT;
}

static int interrupt_ask_and_poll(const struct relevo_session *session, struct pollfd *entries,
				  nfds_t count, nsec_t deadline)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int status = RELEVO_INTERRUPTED;
	if (session->go_on(session->user)) {
		nsec_t now = clock_now();
		nsec_t left = deadline > now ? deadline - now : 0;
		const struct timespec time = {
			.tv_sec = (time_t)(left / NSEC_PER_SEC),
			.tv_nsec = (long)(left % NSEC_PER_SEC),
		};
		status = interrupt_outcome(
			ppoll(entries, count, deadline != NSEC_NEVER ? &time : NULL, &before));
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return status;
}

int interrupt_poll(const struct relevo_session *session, bool interruptible, struct pollfd *entries,
		   nfds_t count, nsec_t deadline)
{
	if (interruptible && interrupt_asks(session) && !MUTANT(signals_unheard))
		return interrupt_ask_and_poll(session, entries, count, deadline);
	return interrupt_outcome(poll(entries, count, clock_poll_timeout(clock_now(), deadline)));
}
