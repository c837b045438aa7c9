/* The sessions of a process around a fork, and at the end of the process. */
#include "session/fork.h"

#include "base/mutant.h"
#include "base/within.h"
#include "os/thread.h"
#include "session/fork_heir.h"
#include "session/interrupt.h"
#include "session/outbox.h"
#include "session/part.h"
#include "session/private_broker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* How long a fork may be held up by a broker that does not read. */
#define SEND_TIME NSEC_PER_SEC

/* And by one that does not answer, over all sessions. */
#define HEIR_TIME NSEC_PER_SEC

/* And by all of them together the end of the process. */
#define END_TIME  (2 * NSEC_PER_SEC)

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list sessions = { &sessions, &sessions };
static pthread_once_t handlers_once = PTHREAD_ONCE_INIT;
static bool handlers_installed;

/* Of this thread. */
static _Thread_local bool holds_nothing;

void fork_holds(bool holds)
{
	holds_nothing = !holds;
}

static struct relevo_session *session_of(struct list *node)
{
	return container_of(node, struct relevo_session, link);
}

/* What was put before a process is started comes before what that puts. */
static void send_pending(struct relevo_session *session)
{
	pthread_mutex_lock(&session->lock);
	const struct connection *connection = &session->connection;
	if (connection->channel != NULL && !connection->broken && outbox_pending(connection))
		outbox_drain(session, clock_now() + SEND_TIME);
	pthread_mutex_unlock(&session->lock);
}

void fork_send_all(void)
{
	pthread_mutex_lock(&registry_lock);
	list_for_each (node, &sessions)
		send_pending(session_of(node));
	pthread_mutex_unlock(&registry_lock);
}

static void fork_before_fork(void)
{
	private_broker_lock();
	pthread_mutex_lock(&registry_lock);
	list_for_each (node, &sessions)
		send_pending(session_of(node));
	list_for_each (node, &sessions)
		pthread_mutex_lock(&session_of(node)->lock);
	nsec_t deadline = clock_now() + HEIR_TIME;
	list_for_each (node, &sessions) {
		if (!holds_nothing)
			fork_heir_make(session_of(node), deadline);
	}
}

static void unlock_all(void)
{
	list_for_each (node, &sessions)
		pthread_mutex_unlock(&session_of(node)->lock);
	pthread_mutex_unlock(&registry_lock);
	private_broker_unlock();
}

static void fork_in_parent(void)
{
	list_for_each (node, &sessions)
		fork_heir_leave(session_of(node));
	unlock_all();
}

/* This thread is the only one, and holds every lock. */
static void fork_in_child(void)
{
	within_nothing();
	list_for_each (node, &sessions) {
		struct relevo_session *session = session_of(node);
		connection_abandon(&session->connection);
		/* Its connections are not its parent's come back. */
		session_name_client(session);
		fork_heir_receive(session);
		flusher_forget(&session->flusher);
		if (!MUTANT(interrupt_reaches_children))
			interrupt_forget(session);
		/* The threads that were in calls are the parent's. */
		list_init(&session->aside);
		list_init(&session->aside_link);
		atomic_store(&session->users, 0);
		session->callbacks_due = false;
		parts_forked(session);
	}
	unlock_all();
}

static void fork_at_exit(void)
{
	if (!MUTANT(exit_forgets_puts))
		fork_flush_all();
}

static void fork_install_handlers(void)
{
	handlers_installed = pthread_atfork(fork_before_fork, fork_in_parent, fork_in_child) == 0 &&
			     atexit(fork_at_exit) == 0;
}

bool fork_prepare(void)
{
	pthread_once(&handlers_once, fork_install_handlers);
	return handlers_installed;
}

bool fork_register(struct relevo_session *session)
{
	if (!fork_prepare())
		return false;
	pthread_mutex_lock(&registry_lock);
	list_append(&sessions, &session->link);
	pthread_mutex_unlock(&registry_lock);
	return true;
}

void fork_unregister(struct relevo_session *session)
{
	pthread_mutex_lock(&registry_lock);
	list_remove(&session->link);
	pthread_mutex_unlock(&registry_lock);
}

static bool leads_to(struct relevo_session *session, uint64_t broker)
{
	pthread_mutex_lock(&session->lock);
	bool same = session->connection.broker == broker;
	pthread_mutex_unlock(&session->lock);
	return same && session->address.kind != ADDRESS_TCP;
}

struct relevo_session *fork_bare_session(uint64_t broker)
{
	struct relevo_session *bare = NULL;
	pthread_mutex_lock(&registry_lock);
	list_for_each (node, &sessions) {
		if (bare == NULL && leads_to(session_of(node), broker))
			bare = session_bare(session_of(node));
	}
	pthread_mutex_unlock(&registry_lock);
	/* That one may be closed while this one connects; who it is tells the broker's number. */
	if (bare != NULL)
		bare->embedded = NULL;
	return bare;
}

/* ---- the end of the process --------------------------------------------- */

/* Send what there is, as far as it is taken at once. Whether there is anything to wait for: not
 * where this thread is the one that reads, and was interrupted in that, for good; nor where a call
 * has waited for the broker in vain. */
static bool fork_send_last(struct relevo_session *session, nsec_t deadline)
{
	const struct connection *connection = &session->connection;
	if (!thread_lock_by(&session->lock, deadline))
		return false;
	bool pending = session_is_connected(session) && outbox_pending(connection);
	if (pending)
		outbox_push(session);
	bool reads = connection->reading && pthread_equal(connection->reader, pthread_self());
	bool silent = connection->silent && !MUTANT(exit_waits_again);
	bool owes = pending || connection->puts_done < connection->puts;
	bool waits = ((session_is_connected(session) && owes) || parts_unconfirmed(session)) &&
		     !reads && !silent;
	pthread_mutex_unlock(&session->lock);
	return waits;
}

/* What is not of a session. */
static void (*_Atomic flush_also)(nsec_t deadline);

bool fork_flush_also(void (*flush)(nsec_t deadline))
{
	atomic_store(&flush_also, flush);
	return fork_prepare();
}

/* A handler of a signal may end the program in the very thread that has a lock, so there is a
 * limit. First all is sent, so that a broker that does not answer keeps nothing from another. */
static void fork_flush_sessions(nsec_t deadline)
{
	if (!thread_lock_by(&registry_lock, deadline))
		return;
	list_for_each (node, &sessions)
		session_of(node)->flush_at_end = fork_send_last(session_of(node), deadline);
	nsec_t before = within(deadline);
	list_for_each (node, &sessions) {
		if (session_of(node)->flush_at_end)
			session_flush_at_end(session_of(node), deadline);
	}
	within_end(before);
	pthread_mutex_unlock(&registry_lock);
}

void fork_flush_all(void)
{
	nsec_t deadline = clock_now() + END_TIME;
	fork_flush_sessions(deadline);
	void (*also)(nsec_t) = atomic_load(&flush_also);
	if (also != NULL)
		also(deadline);
}
