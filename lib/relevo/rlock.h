/*
 * Recursive locks: held by one thread of one process, as often as it likes.
 */
#ifndef RELEVO_RLOCK_H
#define RELEVO_RLOCK_H

#include <relevo/lock.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_rlock relevo_rlock;

/* Open a recursive lock, as relevo_lock_open() does a plain one. They are the same
 * to the broker: a plain lock of that name excludes this one and the other way
 * round. Errors: the same. */
RELEVO_API int relevo_rlock_open(relevo_session *session, const char *name,
				 const struct relevo_lock_options *options, relevo_rlock **lock);

/* Close this handle; releases the lock, however often it was acquired through it.
 * No other thread may be in a call with it. NULL is allowed. Does not wait. */
RELEVO_API void relevo_rlock_close(relevo_rlock *lock);

/* Delete a lock. Calls of its holder, and those that wait for it, get GONE. Thread-safe; blocks
 * for the answer. Errors: BAD_NAME, NOT_FOUND, OPTION_MISMATCH (the name is not a lock's),
 * DISCONNECTED, UNANSWERED, FORKED. */
RELEVO_API int relevo_rlock_delete(relevo_session *session, const char *name);

/* The lock's name. Belongs to the handle. */
RELEVO_API const char *relevo_rlock_name(const relevo_rlock *lock);

/*
 * Acquire the lock, or if this thread holds it through this handle already, once
 * more: then at once, without asking the broker, and with the grant of the first
 * time, except that `owner_died` is false. Other threads and processes wait until
 * it has been released as often as it was acquired. Otherwise as
 * relevo_lock_acquire(). Two handles are two holders, also in one thread.
 */
RELEVO_API int relevo_rlock_acquire(relevo_rlock *lock, int64_t timeout,
				    struct relevo_grant *grant);

/*
 * Release the lock once; the last time gives it to the next that waits. Thread-safe;
 * blocks as relevo_lock_release() does, that last time only.
 *
 * Errors: NOT_OWNER (this thread does not hold it, or it was lost), GONE,
 * DISCONNECTED, UNANSWERED, FORKED, NO_MEMORY.
 */
RELEVO_API int relevo_rlock_release(relevo_rlock *lock);

#ifdef __cplusplus
}
#endif

#endif
