/* Polling for a call that signals may interrupt, and who is asked about that. */
#include "os/go_on.h"

#include "base/mutant.h"
#include "base/thread_error.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Other threads may be about to ask one that was set before, so none is ever freed; what is set
 * again is found again. */
struct go_on_known {
	struct go_on go_on;
	struct go_on_known *next;
};

static struct go_on_known *_Atomic all_known;
static struct go_on_known *_Atomic current;

/* ---- who is asked ------------------------------------------------------- */

static struct go_on_known *go_on_find(const struct go_on *go_on)
{
	struct go_on_known *known = atomic_load(&all_known);
	while (known != NULL &&
	       (known->go_on.ask != go_on->ask || known->go_on.user != go_on->user))
		known = known->next;
	return known;
}

/* Two threads that come with the same one may add it twice. */
static struct go_on_known *go_on_add(const struct go_on *go_on)
{
	struct go_on_known *known = malloc(sizeof *known);
	if (known == NULL)
		return NULL;
	known->go_on = *go_on;
	known->next = atomic_load(&all_known);
	while (!atomic_compare_exchange_weak(&all_known, &known->next, known))
		continue;
	return known;
}

int relevo_set_go_on(relevo_go_on *ask, void *user)
{
	const struct go_on go_on = { ask, user };
	struct error *error = thread_error();
	struct go_on_known *known = NULL;
	if (ask != NULL) {
		known = go_on_find(&go_on);
		if (known == NULL)
			known = go_on_add(&go_on);
		if (known == NULL)
			return error_set(error, RELEVO_NO_MEMORY,
					 "no memory to note who is asked after signals");
	}
	atomic_store(&current, known);
	return RELEVO_OK;
}

const struct go_on *go_on_of_process(void)
{
	const struct go_on_known *known = atomic_load(&current);
	return known != NULL ? &known->go_on : NULL;
}

/* ---- polling ------------------------------------------------------------ */

static int go_on_outcome(int ready)
{
	/* A signal: whoever waits looks at the clock and comes again. */
	if (ready < 0 && (errno == EINTR || MUTANT(failed_polls_again)))
		return TRY_AGAIN;
	if (ready < 0)
		return errno == EINVAL ? RELEVO_NO_DESCRIPTORS : RELEVO_NO_MEMORY;
	return ready > 0 ? RELEVO_OK : RELEVO_TIMED_OUT;
}

static int go_on_ask_and_poll(const struct go_on *go_on, struct pollfd *entries, nfds_t count,
			      nsec_t deadline)
{
	sigset_t all, before;
	sigfillset(&all);
	if (MUTANT(asked_with_signals_open))
		sigemptyset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int status = RELEVO_INTERRUPTED;
	if (go_on->ask(go_on->user)) {
		nsec_t now = clock_now();
		nsec_t left = deadline > now ? deadline - now : 0;
		const struct timespec time = {
			.tv_sec = (time_t)(left / NSEC_PER_SEC),
			.tv_nsec = (long)(left % NSEC_PER_SEC),
		};
		status = go_on_outcome(
			ppoll(entries, count, deadline != NSEC_NEVER ? &time : NULL, &before));
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return status;
}

int go_on_poll(const struct go_on *go_on, struct pollfd *entries, nfds_t count, nsec_t deadline)
{
	if (go_on != NULL && go_on->ask != NULL && !MUTANT(signals_unheard))
		return go_on_ask_and_poll(go_on, entries, count, deadline);
	return go_on_outcome(poll(entries, count, clock_poll_timeout(clock_now(), deadline)));
}

int go_on_wait(int fd, short events, nsec_t deadline)
{
	struct pollfd entry = { .fd = fd, .events = events };
	for (;;) {
		const struct go_on *go_on = deadline != 0 ? go_on_of_process() : NULL;
		int status = go_on_poll(go_on, &entry, 1, deadline);
		if (status != TRY_AGAIN && (status != RELEVO_TIMED_OUT || clock_now() >= deadline))
			return status;
	}
}

int go_on_tell(int status, struct error *error)
{
	if (status == RELEVO_INTERRUPTED)
		return error_set(error, status, "the call was interrupted");
	if (status == RELEVO_NO_DESCRIPTORS)
		return error_set(error, status, "the limit of descriptors is too low to wait");
	if (status == RELEVO_NO_MEMORY)
		return error_set(error, status, "the system has no memory to wait");
	return status;
}
