/*
 * Semaphores: a number of permits, shared by all processes that open the name.
 */
#ifndef RELEVO_SEMAPHORE_H
#define RELEVO_SEMAPHORE_H

#include <relevo/lock.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_semaphore relevo_semaphore;

struct relevo_semaphore_options {
	enum relevo_open_mode mode;
	enum relevo_lifetime lifetime;
	uint32_t value;     /* permits when it is created, up to 250,000 */
	bool bounded;       /* never more than these */
	int64_t lease;      /* as of a lock, for each permit */
	bool keep;          /* as of a lock */
	bool release_ahead; /* as of a lock */
	uint64_t reserved[RELEVO_RESERVED];
};

/*
 * Open the semaphore of that name, or with NULL a new one, as relevo_lock_open()
 * does a lock. `options` NULL: it starts with one permit and is not bounded. With
 * options, `value` is what it says, also 0.
 *
 * Errors: as relevo_lock_open(); OPTION_MISMATCH also for another value or bound.
 */
RELEVO_API int relevo_semaphore_open(relevo_session *session, const char *name,
				     const struct relevo_semaphore_options *options,
				     relevo_semaphore **semaphore);

/* Close this handle; the permits acquired through it stay with the session. No
 * other thread may be in a call with it. NULL is allowed. Does not wait. */
RELEVO_API void relevo_semaphore_close(relevo_semaphore *semaphore);

/* Delete a semaphore. Calls that wait for it get GONE. Thread-safe; blocks for the
 * answer. Errors: BAD_NAME, NOT_FOUND, OPTION_MISMATCH (the name is not a semaphore's),
 * DISCONNECTED, UNANSWERED, FORKED. */
RELEVO_API int relevo_semaphore_delete(relevo_session *session, const char *name);

/* The semaphore's name. Belongs to the handle. */
RELEVO_API const char *relevo_semaphore_name(const relevo_semaphore *semaphore);

/*
 * Take a permit, waiting up to `timeout` ms for one. It is the session's until it is
 * released: when the session dies, so many permits come back.
 * *grant, if not NULL, is set on success. Thread-safe; blocks. Errors: as
 * relevo_lock_acquire().
 */
RELEVO_API int relevo_semaphore_acquire(relevo_semaphore *semaphore, int64_t timeout,
					struct relevo_grant *grant);

/*
 * Give a permit: the last one taken through this handle; if there is none, the one
 * that has been taken for longest, by any session; if all are there, one more,
 * unless the semaphore is bounded. So anybody may release, any number of times. With
 * a `lease` there is an exception: for a permit that has run out this returns
 * NOT_OWNER, and gives no other one. Thread-safe; blocks as relevo_lock_release()
 * does.
 *
 * Errors: OVER_RELEASE (it is bounded, and all permits are there: the value stays
 * as it is), NOT_OWNER (it was lost with its lease or connection), GONE, QUOTA,
 * DISCONNECTED, UNANSWERED, FORKED, NO_MEMORY.
 */
RELEVO_API int relevo_semaphore_release(relevo_semaphore *semaphore);

/* How many permits are free now. Thread-safe; blocks for the broker's answer.
 * Errors: GONE, DISCONNECTED, FORKED, NO_MEMORY. */
RELEVO_API int relevo_semaphore_value(relevo_semaphore *semaphore, uint64_t *value);

#ifdef __cplusplus
}
#endif

#endif
