/* How a handle finds its object again over a new connection, and is given back. */
#include "session/handle.h"

#include "base/mutant.h"
#include "session/fork_heir.h"
#include "session/ride.h"

#include <stdio.h>

void handle_opened(struct handle *handle, const char *name, uint32_t number, uint64_t identity)
{
	const struct connection *connection = &handle->session->connection;
	handle->session->handles += handle->epoch == 0;
	snprintf(handle->name, sizeof handle->name, "%s", name);
	handle->number = number;
	handle->identity = identity;
	handle->epoch = connection->epoch;
	handle->broker = connection->broker;
}

/* The number is of a connection that is no more: find the same object again. */
static int reopen(struct handle *handle, nsec_t deadline, struct error *error)
{
	struct connection *connection = &handle->session->connection;
	if (handle->broker != connection->broker && !handle->durable && !MUTANT(restart_unnoticed))
		return error_set(error, RELEVO_GONE,
				 "the %s \"%s\" ended with the broker that kept it, which was "
				 "restarted",
				 handle->what, handle->name);
	uint64_t identity = handle->identity;
	uint64_t epoch = handle->epoch;
	handle->reopening = connection->epoch;
	int status = handle->kind->open(handle, deadline, error);
	handle->reopening = 0;
	pthread_cond_broadcast(&connection->changed);
	if (status == RELEVO_OK && handle->identity != identity) {
		/* Somebody made another one of the same name. */
		handle->kind->close(handle->session, handle->number);
		handle->identity = identity;
		handle->epoch = epoch;
		status = RELEVO_NOT_FOUND;
	}
	if (status == RELEVO_NOT_FOUND)
		return error_set(error, RELEVO_GONE, "the %s \"%s\" was deleted", handle->what,
				 handle->name);
	return status;
}

/* Make the number valid, unless another thread has done so meanwhile. */
static int find_again(struct handle *handle, nsec_t patience, struct error *error)
{
	struct connection *connection = &handle->session->connection;
	while (handle->reopening == connection->epoch) {
		if (!connection_wait_change(handle->session, patience))
			return error_set(error, RELEVO_TIMED_OUT, "the broker does not answer");
	}
	if (connection->broken)
		return connection_tell_lost(connection, error);
	if (handle->epoch < connection->numbers_since)
		return reopen(handle, patience, error);
	handle->epoch = connection->epoch;
	return RELEVO_OK;
}

/* The session is locked, and is not any more if this fails. */
static int begin_again(struct handle *handle, nsec_t patience, struct error *error)
{
	struct relevo_session *session = handle->session;
	int status = handle->durable ? ride_connect(session, patience, error)
				     : session_connect(session, patience, error);
	if (status == RELEVO_OK && handle->epoch != session->connection.epoch)
		status = find_again(handle, patience, error);
	if (status != RELEVO_OK)
		session_leave(session);
	return status;
}

int handle_enter(struct handle *handle, nsec_t deadline, struct error *error)
{
	struct relevo_session *session = handle->session;
	session_lock(session);
	if (session_is_connected(session) && handle->epoch == session->connection.epoch)
		return RELEVO_OK;
	return begin_again(handle, session_patience(deadline), error);
}

bool handle_rides(const struct handle *handle, nsec_t deadline, int *status, struct error *error)
{
	const struct ride ride = { handle->session, handle->durable, deadline };
	return ride_on(&ride, status, error);
}

bool handle_is_known(struct relevo_session *session, uint64_t epoch)
{
	const struct connection *connection = &session->connection;
	if (connection->channel == NULL && !fork_heir_take(session))
		return false;
	return !connection->broken && epoch >= connection->numbers_since;
}

void handle_release(struct handle *handle)
{
	handle->session->handles -= handle->epoch != 0;
	if (handle_is_known(handle->session, handle->epoch))
		handle->kind->close(handle->session, handle->number);
}
