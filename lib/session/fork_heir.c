/* Connections for the children of a fork: see fork_heir.h. */
#include "session/fork_heir.h"

#include "base/mutant.h"
#include "session/outbox.h"
#include "session/session.h"

#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static void discard(struct relevo_session **heir)
{
	if (*heir != NULL)
		session_discard(*heir);
	*heir = NULL;
}

/* The connection whose session at the broker has the handles, which may be one that this
 * process has inherited and never used. NULL: there is none. */
static const struct connection *giver_of(const struct relevo_session *session)
{
	const struct connection *connection = &session->connection;
	if (connection->channel != NULL)
		return connection->broken || connection->opening ? NULL : connection;
	return session->heir != NULL ? &session->heir->connection : NULL;
}

/* One with nothing open has nothing to leave, and nng is of no use after a fork. */
void fork_heir_make(struct relevo_session *session, nsec_t deadline)
{
	const struct connection *giver = giver_of(session);
	struct error ignored;
	if (session->handles == 0 || giver == NULL || session->address.kind == ADDRESS_TCP ||
	    MUTANT(children_find_nothing))
		return;
	struct relevo_session *heir = session_bare(session);
	if (heir == NULL)
		return;
	heir->inherits = giver->session;
	pthread_mutex_lock(&heir->lock);
	int status = connection_open(heir, deadline, &ignored);
	pthread_mutex_unlock(&heir->lock);
	/* Another broker by now has other sessions under these numbers. */
	if (status == RELEVO_OK && heir->connection.broker == giver->broker)
		session->next_heir = heir;
	else
		session_discard(heir);
}

void fork_heir_leave(struct relevo_session *session)
{
	discard(&session->next_heir);
}

void fork_heir_receive(struct relevo_session *session)
{
	discard(&session->heir);
	session->heir = session->next_heir;
	session->next_heir = NULL;
}

/* A broker says nothing unasked. */
static bool is_alive(const struct relevo_session *heir)
{
	struct pollfd entry = { .fd = channel_fd(heir->connection.channel), .events = POLLIN };
	return poll(&entry, 1, 0) == 0;
}

/* Tell the broker who it is, with the first call. */
static bool say_born(struct relevo_session *session)
{
	Relevo__Born operation = RELEVO__BORN__INIT;
	operation.pid = (uint64_t)getpid();
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = ++session->connection.last_call;
	header.op_case = RELEVO__HEADER__OP_BORN;
	header.born = &operation;
	return outbox_frame(session, &header, NULL, 0) == RELEVO_OK;
}

bool fork_heir_take(struct relevo_session *session)
{
	struct relevo_session *heir = session->heir;
	if (heir == NULL)
		return false;
	bool alive = is_alive(heir);
	if (alive) {
		connection_take_over(&session->connection, &heir->connection);
		memcpy(session->client, heir->client, sizeof session->client);
		session->has_client = heir->has_client;
	}
	discard(&session->heir);
	return alive && say_born(session);
}

void fork_heir_drop(struct relevo_session *session)
{
	discard(&session->heir);
}
