/*
 * Locks: one holder at a time, among all processes that open the same name.
 *
 * A lock whose holder dies is free again at once, and the next holder is told.
 * The handle is the holder, not the thread: threads that share one exclude each
 * other all the same, and any of them may release it. See <relevo/rlock.h> for
 * locks that belong to a thread, and <relevo/scope.h> for blocks of code.
 */
#ifndef RELEVO_LOCK_H
#define RELEVO_LOCK_H

#include <relevo/session.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_lock relevo_lock;

/* What comes with a lock or a permit. */
struct relevo_grant {
	/* Greater than that of every holder before (a fencing token), also than those of a lock of
	 * the same name that was deleted, or that an earlier run of the broker had: a process that
	 * keeps data under this lock can refuse what comes with a smaller one, from a holder that
	 * was thought dead and was only slow. Compare it, do not count by it: the next one is
	 * greater by any number, and the first one is large. Of a broker that is started anew
	 * they begin with the time of its host, so they go back only if that clock was set back,
	 * or if another host with a slower clock takes the broker's place; of one with a data
	 * folder (relevod --data) not even then. */
	uint64_t token;
	/* The last holder died, or held it for too long: what the lock protects may
	 * be half changed. Told to one holder only. */
	bool owner_died;
	uint64_t reserved[RELEVO_RESERVED_FEW];
};

/* For locks and recursive locks. */
struct relevo_lock_options {
	enum relevo_open_mode mode;
	enum relevo_lifetime lifetime;
	/* ms after which a holder loses it, as if it had died; 0: never. */
	int64_t lease;
	/* It stays locked when its holder closes its handle, and then its session, in order,
	 * until anybody releases it through another handle. When the holder dies before it has
	 * closed its session, the lock is free all the same. */
	bool keep;
	/* Release without waiting for the broker: see relevo_lock_release(). */
	bool release_ahead;
	uint64_t reserved[RELEVO_RESERVED];
};

/*
 * Open the lock of that name, or with NULL a new one with a name of its own
 * (RELEVO_LIFETIME_KEPT then means RELEVO_LIFETIME_UNTIL_UNUSED). A new lock is free; of several
 * processes that open it at once, one creates it. Names are shared with queues.
 * `options` may be NULL. *lock belongs to the caller, until relevo_lock_close().
 * Thread-safe; blocks for the broker's answer.
 *
 * After fork(2) the child may use the handle as well, and holds nothing: what was
 * held stays with the parent.
 *
 * Errors: BAD_NAME, BAD_ARGUMENT, NOT_FOUND, EXISTS, OPTION_MISMATCH (it exists
 * with another lease, lifetime or `keep`, or is no lock), QUOTA, LIMIT,
 * DISCONNECTED, UNANSWERED, FORKED, NO_MEMORY.
 */
RELEVO_API int relevo_lock_open(relevo_session *session, const char *name,
				const struct relevo_lock_options *options, relevo_lock **lock);

/* Close this handle; releases the lock if it is held through it, unless the lock was made
 * with `keep`: then it stays locked. No other thread
 * may be in a call with it. NULL is allowed. Does not wait for the broker. */
RELEVO_API void relevo_lock_close(relevo_lock *lock);

/* Delete a lock. Calls of its holder, and those that wait for it, get GONE. Thread-safe; blocks
 * for the answer. Errors: BAD_NAME, NOT_FOUND, OPTION_MISMATCH (the name is not a lock's),
 * DISCONNECTED, UNANSWERED, FORKED. */
RELEVO_API int relevo_lock_delete(relevo_session *session, const char *name);

/* The lock's name. Belongs to the handle. */
RELEVO_API const char *relevo_lock_name(const relevo_lock *lock);

/*
 * Acquire the lock, waiting up to `timeout` ms for it; those that wait get it in the order in
 * which they came. It is not recursive: a holder that acquires it again
 * waits for itself. *grant, if not NULL, is set on success. Thread-safe; blocks.
 *
 * Errors: TIMED_OUT (it was not free in time; with timeout 0, at once), GONE (it was
 * deleted), BAD_ARGUMENT, LIMIT, DISCONNECTED, FORKED, NO_MEMORY.
 */
RELEVO_API int relevo_lock_acquire(relevo_lock *lock, int64_t timeout, struct relevo_grant *grant);

/*
 * Release the lock. If it is held through this handle, that hold ends. Otherwise this releases
 * what another handle holds, as with a binary semaphore: the holder then gets NOT_OWNER when it
 * releases the lock itself. Thread-safe; blocks for the broker's answer: once this has returned,
 * anybody's relevo_lock_acquire() succeeds.
 *
 * With the option `release_ahead`, and if it is held through this handle, it does
 * not wait. Whatever this session does next comes after the release. Others may still find the
 * lock taken for a moment. The caller is not told if somebody else had released the lock, or its
 * lease had run out.
 *
 * Errors: OVER_RELEASE (it is free), NOT_OWNER (it was lost: somebody else
 * released it, its lease ran out or the connection was lost), GONE, DISCONNECTED, UNANSWERED,
 * FORKED, NO_MEMORY.
 */
RELEVO_API int relevo_lock_release(relevo_lock *lock);

#ifdef __cplusplus
}
#endif

#endif
