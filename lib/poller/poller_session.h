#ifndef POLLER_POLLER_SESSION_H
#define POLLER_POLLER_SESSION_H

#include "poller/poller_set.h"

/* A session on which entries of a poller hang. */
struct poller_session {
	struct poller_source source;
	struct connection_watcher watcher;
	relevo_poller *poller;
	struct relevo_session *session;
	struct map_node node;
	struct list unsent; /* in the poller */
	size_t entries;
	/* Guarded by the session's lock: */
	int fd;     /* that is polled; -1: none */
	bool muted; /* not now: another thread reads */
};

/* That of the session, for one entry more. NULL: memory ran out. The poller is locked. */
struct poller_session *poller_session_join(relevo_poller *poller, struct relevo_session *session);
void poller_session_leave(struct poller_session *self);

/* Something has been sent on it: poll its connection, if that is not done yet. The session is
 * locked, too. Errors as event_set_add(). */
int poller_session_poll(struct poller_session *self, struct error *error);

/* Send what entries have asked for. The poller is locked. */
void poller_send(relevo_poller *poller);

/* Have all been answered what can be answered at once. The poller is not locked. */
void poller_round_trip(relevo_poller *poller, nsec_t deadline);

#endif
