/* Flushing a session, and closing it. */
#include "base/deadline.h"
#include "base/mutant.h"
#include "base/thread_error.h"
#include "session/call.h"
#include "session/part.h"
#include "session/ride.h"

/* Milliseconds. */
#define CLOSE_TIMEOUT 5000

static int flush_by(struct relevo_session *session, Relevo__Header *header, nsec_t patience,
		    struct error *error)
{
	struct call call = { .take = NULL };
	return call_run(session, &call, header, patience, error);
}

static int flush_all(struct relevo_session *session, nsec_t patience, struct error *error)
{
	Relevo__Flush operation = RELEVO__FLUSH__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_FLUSH;
	header.flush = &operation;
	return flush_by(session, &header, patience, error);
}

int session_round_trip(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	int status = session_enter(session, deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = flush_all(session, session_patience(deadline), error);
	session_leave(session);
	return status;
}

static int say_goodbye(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	Relevo__Goodbye operation = RELEVO__GOODBYE__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_GOODBYE;
	header.goodbye = &operation;
	/* What still comes for calls that were given up is put back, as never handed out: the
	 * end of the session would count it as delivered. */
	if (session->connection.given_up > 0 && !MUTANT(late_items_count))
		flush_all(session, deadline, NULL);
	return flush_by(session, &header, deadline, error);
}

/* Nobody else may be in a call. Those that were interrupted are about to leave. */
static int session_wait_for_others(struct relevo_session *session, nsec_t deadline,
				   struct error *error)
{
	pthread_mutex_lock(&session->lock);
	int users = atomic_load(&session->users);
	while (users > 0 && session->interrupted && connection_wait_change(session, deadline))
		users = atomic_load(&session->users);
	pthread_mutex_unlock(&session->lock);
	if (users <= 0 || MUTANT(close_looks_at_nobody))
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_STATE,
			 "other threads, %d, are in calls with the session%s", users,
			 session->interrupted ? "" : ", and were not interrupted");
}

/* What is not confirmed by now will not be. The session is locked. */
static int session_give_up(struct relevo_session *session, struct error *error)
{
	const struct connection *connection = &session->connection;
	int status = connection->broken || connection->channel == NULL ? RELEVO_DISCONNECTED
								       : RELEVO_UNANSWERED;
	error_set(error, status, "the broker did not confirm all that was put: %s",
		  error_text(&session->gap.why));
	parts_give_up(session, status);
	return status;
}

/* Before the end: as long as there is time, what is not confirmed is sent again. */
static void bring_back(struct relevo_session *session, nsec_t deadline)
{
	struct error error = { 0 };
	int status;
	struct ride ride = { session, true, deadline };
	do {
		session_lock(session);
		status = RELEVO_OK;
		ride.carries_on = parts_unconfirmed(session);
		if (ride.carries_on)
			status = ride_connect(session, deadline, &error);
		if (ride.carries_on && status == RELEVO_OK)
			status = flush_all(session, deadline, &error);
		session_unlock(session);
	} while (ride_on(&ride, &status, &error));
}

int session_close(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	int status = session_wait_for_others(session, deadline, error);
	if (status != RELEVO_OK)
		return status;
	flusher_stop(session);
	bring_back(session, deadline);
	pthread_mutex_lock(&session->lock);
	struct connection *connection = &session->connection;
	if (parts_unconfirmed(session) && connection->broken)
		status = session_give_up(session, error);
	else if (connection->broken || connection->puts_lost)
		status = error_set(error, RELEVO_DISCONNECTED, "the connection was lost before: %s",
				   error_text(&connection->lost));
	/* A forked child that never used it has nothing to say goodbye to. */
	else if (connection->channel != NULL)
		status = say_goodbye(session, deadline, error);
	if (parts_unconfirmed(session))
		status = session_give_up(session, error);
	session_run_callbacks(session);
	pthread_mutex_unlock(&session->lock);
	session_free(session);
	return status;
}

int relevo_session_close(relevo_session *session)
{
	struct error *error = thread_error();
	if (session == NULL)
		return RELEVO_OK;
	return session_close(session, clock_now() + CLOSE_TIMEOUT * NSEC_PER_MSEC, error);
}

/* What was put and not confirmed before the connection was lost, and is not kept, cannot be waited
 * for any more: that is said once. The session is locked. */
static int tell_lost_puts(struct relevo_session *session, struct error *error)
{
	struct connection *connection = &session->connection;
	const struct error why = connection->lost;
	if (!connection->puts_lost)
		return RELEVO_OK;
	connection->puts_lost = false;
	return error_set(error, why.status,
			 "the connection was lost before the broker confirmed what was put: %s",
			 error_text(&why));
}

struct flushing {
	nsec_t deadline;
	bool lost; /* something that was put is, and it is told now */
	bool carries_on;
};

/* The session is locked. */
static int flush_connected(struct relevo_session *session, struct flushing *flushing,
			   struct error *error)
{
	int status = flush_all(session, session_patience(flushing->deadline), error);
	if (status == RELEVO_DISCONNECTED && session->connection.puts_lost) {
		session->connection.puts_lost = false;
		flushing->lost = true;
	}
	/* Another thread may be at it, and the caller is to find all told. */
	if (status == RELEVO_OK && !MUTANT(flush_before_told))
		status = parts_call_back(session, flushing->deadline, error);
	return status;
}

static int flush_now(struct relevo_session *session, struct flushing *flushing, struct error *error)
{
	session_lock(session);
	int status = tell_lost_puts(session, error);
	flushing->lost = status != RELEVO_OK;
	flushing->carries_on = parts_carry_on(session);
	nsec_t patience = session_patience(flushing->deadline);
	if (status == RELEVO_OK)
		status = flushing->carries_on ? ride_connect(session, patience, error)
					      : session_connect(session, patience, error);
	if (status == RELEVO_OK)
		status = flush_connected(session, flushing, error);
	/* What had not left yet has its number now. */
	flushing->carries_on = flushing->carries_on || parts_carry_on(session);
	session_leave(session);
	return status;
}

static int session_flush(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	struct flushing flushing = { .deadline = deadline };
	struct ride ride = { .session = session, .deadline = deadline };
	int status;
	do {
		status = flush_now(session, &flushing, error);
		ride.carries_on = flushing.carries_on && !flushing.lost;
	} while (ride_on(&ride, &status, error));
	return status;
}

int relevo_session_flush(relevo_session *session, int64_t timeout)
{
	if (!given(session))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline = 0;
	int status = deadline_after(timeout, &deadline, error);
	return status == RELEVO_OK ? session_flush(session, deadline, error) : status;
}

void session_flush_at_end(struct relevo_session *session, nsec_t deadline)
{
	struct error error = { 0 };
	session_flush(session, deadline, &error);
	session_lock(session);
	if (parts_unconfirmed(session))
		session_give_up(session, &error);
	session_leave(session);
}
