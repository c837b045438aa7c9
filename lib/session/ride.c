/* Carrying on when there is no connection: connecting when it is due, and waiting for that. */
#include "session/ride.h"

#include "base/within.h"
#include "session/interrupt.h"

#include <stdio.h>

int ride_connect(struct relevo_session *session, nsec_t patience, struct error *error)
{
	const struct gap *gap = &session->gap;
	while (session->connection.opening) {
		if (!connection_wait_change(session, patience))
			return error_set(error, RELEVO_TIMED_OUT,
					 "the broker at %s does not answer", session->address.url);
	}
	if (session_is_connected(session))
		return RELEVO_OK;
	if (gap->next > clock_now()) {
		*error = gap->why;
		return error->status;
	}
	return session_connect(session, patience, error);
}

/* Whether it may be another time. A call that waited for long enough is told so by the broker;
 * what has timed out before that was connecting. */
static bool lacks_connection(int status)
{
	return status == RELEVO_DISCONNECTED || status == RELEVO_NO_BROKER ||
	       status == RELEVO_TIMED_OUT;
}

static int ride_give_up(int status, struct error *error)
{
	char why[ERROR_TEXT_SIZE];
	if (status == RELEVO_TIMED_OUT)
		return status;
	snprintf(why, sizeof why, "%s", error_text(error));
	return error_set(error, RELEVO_TIMED_OUT, "no connection in time: %s (%s)",
			 relevo_error_name(status), why);
}

/* Meanwhile the thread is in a call. */
static int ride_pass(struct relevo_session *session, nsec_t deadline)
{
	session_lock(session);
	interrupt_prepare(session);
	/* The thread that reads may have yet to find that the connection is lost. */
	nsec_t until = clock_now() + NSEC_PER_MSEC;
	until = session->gap.next > until ? session->gap.next : until;
	until = until < deadline ? until : deadline;
	int status = RELEVO_OK;
	while (status == RELEVO_OK || status == TRY_AGAIN) {
		struct pollfd entry = { .fd = session->interrupt_fd, .events = POLLIN };
		if (session->interrupted)
			status = RELEVO_INTERRUPTED;
		if (status == RELEVO_INTERRUPTED || clock_now() >= until)
			break;
		pthread_mutex_unlock(&session->lock);
		status = interrupt_poll(session, true, &entry, 1, until);
		pthread_mutex_lock(&session->lock);
	}
	session_unlock(session);
	return status == RELEVO_INTERRUPTED ? status : RELEVO_OK;
}

bool ride_on(const struct ride *ride, int *status, struct error *error)
{
	if (*status == RELEVO_OK || !ride->carries_on || !lacks_connection(*status))
		return false;
	nsec_t deadline = within_limit(ride->deadline);
	if (clock_now() < deadline) {
		int passed = ride_pass(ride->session, deadline);
		if (passed == RELEVO_INTERRUPTED) {
			*status = error_set(error, passed, "the call was interrupted");
			return false;
		}
	}
	if (clock_now() >= deadline) {
		*status = ride_give_up(*status, error);
		return false;
	}
	*error = (struct error){ 0 };
	return true;
}
