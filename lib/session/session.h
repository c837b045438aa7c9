#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "base/bounds.h"
#include "base/error.h"
#include "base/list.h"
#include "os/go_on.h"
#include "session/connection.h"
#include "session/data_broker.h"
#include "session/flusher.h"
#include "session/gap.h"
#include "wire/key.h"

#include <relevo/session.h>

#include <pthread.h>
#include <stdatomic.h>

/*
 * A session outlives its connections: a forked child gets one of its own, and
 * handles find their way back by name.
 *
 * One lock guards everything; it is never held while waiting. Threads that wait
 * for answers take turns at reading (see call.h).
 */
struct relevo_session {
	struct list link; /* in the registry, see fork.h */
	pthread_mutex_t lock;
	struct address address;
	char name[64];
	uint8_t client[CLIENT_ID_SIZE]; /* random; by it the broker knows the session again */
	bool has_client;
	struct private_broker
		*embedded;       /* the private broker that it is connected to; NULL: another */
	struct data_broker data; /* if the address is a data folder */
	int64_t connect_timeout;
	struct key *key;        /* to prove on the network; NULL: none is known */
	struct go_on go_on;     /* without one signals end no wait */
	int wake_fd;            /* readable: a waiting call ends with INTERRUPTED; -1: none */
	bool interrupted;       /* as if the program did not want any wait to go on */
	int interrupt_fd;       /* readable since then; -1: nobody has had to wait with it yet */
	struct list aside;      /* sessions in which calls of this one wait: interrupt_lend() */
	struct list aside_link; /* of such a one */
	atomic_int users;       /* threads between session_lock() and session_unlock() */

	struct connection connection;
	struct gap gap;                   /* for the next one */
	uint32_t handles;                 /* objects that are open */
	uint64_t inherits;                /* session number: see Hello; 0: of none */
	bool silent;                      /* as in Hello */
	struct relevo_session *heir;      /* from the parent, not used yet: see fork_heir.h */
	struct relevo_session *next_heir; /* while this process forks, its child's */
	struct flusher flusher;
	struct session_part *parts; /* of the objects of each kind, see part.h */
	bool flush_at_end;          /* of fork_flush_all() alone */
	bool callbacks_due;         /* some part has callbacks of the program's to run */
};

/*
 * Every use of the session stands between these two. session_enter() locks it
 * and connects it again if it has to, not much longer than the call's `deadline`;
 * when it fails, the session is not locked. session_leave() unlocks it and runs
 * callbacks that are due.
 */
int session_enter(struct relevo_session *session, nsec_t deadline, struct error *error);
void session_leave(struct relevo_session *session);

/* Whoever locks the session for longer than a moment is in a call: relevo_session_close() sees him,
 * also while he waits for the lock. */
static inline void session_lock(struct relevo_session *session)
{
	atomic_fetch_add(&session->users, 1);
	pthread_mutex_lock(&session->lock);
}

static inline void session_unlock(struct relevo_session *session)
{
	if (atomic_fetch_sub(&session->users, 1) == 1 && session->interrupted)
		pthread_cond_broadcast(&session->connection.changed);
	pthread_mutex_unlock(&session->lock);
}

/* Whether there is nothing to wait for before a call, as nearly always. */
static inline bool session_is_connected(const struct relevo_session *session)
{
	const struct connection *connection = &session->connection;
	return connection->channel != NULL && !connection->broken && !connection->opening;
}

/* Everything that was sent before has been answered, as far as it does not wait. Errors as
 * relevo_session_flush(). */
int session_round_trip(struct relevo_session *session, nsec_t deadline, struct error *error);

/* Connect, unless another thread does so meanwhile. The session is locked. Errors as
 * relevo_session_open(). */
int session_connect(struct relevo_session *session, nsec_t patience, struct error *error);

/* Callbacks of some part are to run as soon as a thread can: this one at the end of its call,
 * or the flusher. The session is locked, also while they are run, but for each callback. */
void session_owe_callbacks(struct relevo_session *session);
void session_run_callbacks(struct relevo_session *session);

/* What the broker is told: it does not wait for 0, so a call whose time has run out
 * on the way to it still waits a moment, and times out like others. */
uint32_t session_timeout(nsec_t deadline);

/* When a call that has no time-out of its own gives up on a broker that does not answer: it
 * has as long as the session allows for connecting, with all that it needs first. */
nsec_t session_limit(const struct relevo_session *session);

/* How long the library itself waits for the broker to say that time is up, and for
 * what a call needs first (a connection, a handle, the broker's pace): a little
 * longer than the call. Only a broker that is stopped or out of reach lets it
 * pass. */
nsec_t session_patience(nsec_t deadline);

/* Give it random bytes to be known by. Where there are none, it is not. The session is locked, or
 * nobody else's yet. */
void session_name_client(struct relevo_session *session);

/* relevo_session_flush() at the end of the process: what cannot be confirmed is told. */
void session_flush_at_end(struct relevo_session *session, nsec_t deadline);

/* For fork_heir.c: a session by the same way, not connected, that fork.h does not know. NULL:
 * memory ran out. And its end, without a word. */
struct relevo_session *session_bare(const struct relevo_session *session);
void session_discard(struct relevo_session *session);

/* Another session with the same broker, by the same way. Errors as relevo_session_open(). */
int session_like(const struct relevo_session *session, nsec_t deadline,
		 struct relevo_session **other, struct error *error);

/* Free it, without a word to the broker. */
void session_free(struct relevo_session *session);

/* relevo_session_close(), which waits until `deadline` at most. */
int session_close(struct relevo_session *session, nsec_t deadline, struct error *error);

#endif
