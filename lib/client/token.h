#ifndef CLIENT_TOKEN_H
#define CLIENT_TOKEN_H

#include "client/call.h"
#include "client/queue.h"

#include <relevo/lock.h>

#include <sys/types.h>

/* Where tokens come from and go back to: a lock or a semaphore, at the broker. */
struct token_source {
	struct relevo_queue queue;
	const char *noun;   /* what messages call it */
	bool release_ahead; /* a release that can hardly fail is not waited for */
};

/* A token in hand. It belongs to one connection of one process. */
struct token {
	uint64_t lease; /* 0: none */
	uint64_t epoch;
	pid_t process;
	struct relevo_grant grant;
};

enum token_state { TOKEN_NONE, TOKEN_HELD, TOKEN_LOST };

/* What both kinds of options are checked for; BAD_ARGUMENT. */
int token_check_options(const struct relevo_lock_options *options, struct error *error);

/* Fill in what both kinds of options say. */
void token_describe(const char *name, const struct relevo_lock_options *options,
		    Relevo__LockOpen *operation);

/* Open it, with `noun` set. Locks the session. */
int token_open(struct token_source *source, relevo_session *session, Relevo__LockOpen *operation,
	       struct error *error);

/* Whether a token that was acquired is still there. One that is lost, or was left
 * behind with the parent by fork(2), is forgotten. The session is locked. */
enum token_state token_look(const struct token_source *source, struct token *token);

/* Wait for a token; `interruptible`: the program may end that (INTERRUPTED). The
 * session is locked, and unlocked while waiting. */
int token_acquire(struct token_source *source, bool interruptible, nsec_t deadline,
		  struct token *token, struct error *error);

/* Give this token back, and forget it. The session is locked. */
int token_release(struct token_source *source, struct token *token, struct error *error);

/* Give back the token of that lease if it is held, or else any. The session is
 * locked. */
int token_release_any(struct token_source *source, uint64_t lease, struct error *error);

/* The same as token_release(), as a call to be waited for: call_begin() has been
 * done. `call` is zero. */
void token_begin_release(struct token_source *source, struct token *token, struct call *call);

/* Say that it was lost; NOT_OWNER. */
int token_lost(const struct token_source *source, struct error *error);

#endif
