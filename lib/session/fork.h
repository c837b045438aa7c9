#ifndef SESSION_FORK_H
#define SESSION_FORK_H

#include "session/session.h"

/*
 * All sessions of this process, so that fork(2) finds each of them in one piece.
 * Before it, what they still have to send is sent, and their locks are taken, which
 * are only ever held briefly. The child then forgets the connections, which stay
 * the parent's. False: there is no memory to have all that done.
 */
bool fork_register(struct relevo_session *session);

/* For handlers of fork(2) whose locks are taken before those of sessions: sessions' own come
 * first, so that these are run before them. False: as above. */
bool fork_prepare(void);
void fork_unregister(struct relevo_session *session);

/* Whether what this thread forks from now on holds what it inherits: see fork_heir.h. The library's
 * own processes, which may live long and never use it, do not. */
void fork_holds(bool holds);

/* The same sending before a process is started by another way than fork(2). */
void fork_send_all(void);

/* At the end of the process: what was put and acknowledged through any of them reaches
 * its broker, as far as that answers within two seconds. exit(3) does it by itself, from the
 * first session on. */
void fork_flush_all(void);

/* What else is to be sent then, until the same deadline at most: one function, of pipes. False: as
 * above. */
bool fork_flush_also(void (*flush)(nsec_t deadline));

/* A session like one of this process with that broker, as session_bare() makes it; NULL: there
 * is none, or it is over tcp://. */
struct relevo_session *fork_bare_session(uint64_t broker);

#endif
