#ifndef SYNC_PERMIT_H
#define SYNC_PERMIT_H

#include "queue/queue.h"
#include "session/call.h"

#include <relevo/lock.h>

#include <sys/types.h>

/* Where tokens come from and go back to: a lock or a semaphore, at the broker. */
struct permit_source {
	struct relevo_queue queue;
	const char *noun;   /* what messages call it */
	bool release_ahead; /* a release that can hardly fail is not waited for */
};

/* A token in hand. It belongs to one connection of one process. */
struct permit {
	uint64_t lease; /* 0: none */
	uint64_t epoch;
	pid_t process;
	struct relevo_grant grant;
};

enum permit_state { PERMIT_NONE, PERMIT_HELD, PERMIT_LOST };

/* What both kinds of options are checked for; BAD_ARGUMENT. */
int permit_check_options(const struct relevo_lock_options *options, struct error *error);

/* Fill in what both kinds of options say. */
void permit_describe(const char *name, const struct relevo_lock_options *options,
		     Relevo__LockOpen *operation);

/* Open it, with `noun` set. Locks the session. */
int permit_open(struct permit_source *source, relevo_session *session, Relevo__LockOpen *operation,
		struct error *error);

/* Whether a token that was acquired is still there. One that is lost, or was left
 * behind with the parent by fork(2), is forgotten. The session is locked. */
enum permit_state permit_look(const struct permit_source *source, struct permit *token);

/* Wait for a token; `interruptible`: the program may end that (INTERRUPTED). The
 * session is locked, and unlocked while waiting. */
int permit_acquire(struct permit_source *source, bool interruptible, nsec_t deadline,
		   struct permit *token, struct error *error);

/* The same in two steps, for a call that lies at the broker: what is asked for, and what of the
 * token the answer says; BAD_FRAME. */
void permit_describe_acquire(const struct permit_source *source, uint32_t timeout,
			     Relevo__QueueGet *operation, Relevo__Header *header);
int permit_take(struct permit *token, const struct frame *frame);

/* Give this token back, and forget it. The session is locked. */
int permit_release(struct permit_source *source, struct permit *token, struct error *error);

/* Give back the token of that lease if it is held, or else any. The session is
 * locked. */
int permit_release_any(struct permit_source *source, uint64_t lease, struct error *error);

/* The same as permit_release(), as a call to be waited for: call_begin() has been
 * done. `call` is zero. */
void permit_begin_release(struct permit_source *source, struct permit *token, struct call *call);

/* Say that it was lost; NOT_OWNER. */
int permit_lost(const struct permit_source *source, struct error *error);

#endif
