/*
 * Conditions: to wait, with the lock released, until a holder of the lock says
 * that something has changed.
 */
#ifndef RELEVO_CONDITION_H
#define RELEVO_CONDITION_H

#include <relevo/lock.h>
#include <relevo/rlock.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_condition relevo_condition;

struct relevo_condition_options {
	enum relevo_open_mode mode;
	enum relevo_lifetime lifetime;
	/* The lock that goes with it: one of these, of the same session, open for as
	 * long as the condition is. Neither: a recursive one of its own, named as the
	 * condition with ".lock" behind. */
	relevo_lock *lock;
	relevo_rlock *rlock;
	uint64_t reserved[RELEVO_RESERVED];
};

/*
 * Open the condition of that name, of at most 250 bytes, or with NULL a new one, as
 * relevo_lock_open() does a lock. All that open it have to give the same lock, or
 * none. *condition belongs to the caller, until relevo_condition_close().
 *
 * Errors: as relevo_lock_open(); BAD_ARGUMENT also for two locks, or one of
 * another session.
 */
RELEVO_API int relevo_condition_open(relevo_session *session, const char *name,
				     const struct relevo_condition_options *options,
				     relevo_condition **condition);

/* Close this handle, and the lock if it is its own. No other thread may be in a
 * call with it. NULL is allowed. Does not wait for the broker. */
RELEVO_API void relevo_condition_close(relevo_condition *condition);

/* Delete a condition; its lock goes with its last handle. Calls that wait for it get GONE.
 * Thread-safe; blocks for the answer. Errors: BAD_NAME, NOT_FOUND, OPTION_MISMATCH (the name is not
 * a condition's), DISCONNECTED, UNANSWERED, FORKED. */
RELEVO_API int relevo_condition_delete(relevo_session *session, const char *name);

/* The condition's name. Belongs to the handle. */
RELEVO_API const char *relevo_condition_name(const relevo_condition *condition);

/* Acquire its lock: relevo_lock_acquire() or relevo_rlock_acquire(). */
RELEVO_API int relevo_condition_acquire(relevo_condition *condition, int64_t timeout,
					struct relevo_grant *grant);

/* Release its lock: relevo_lock_release() or relevo_rlock_release(). */
RELEVO_API int relevo_condition_release(relevo_condition *condition);

/*
 * Release the lock, wait up to `timeout` ms to be notified, and acquire it again.
 * Releasing and beginning to wait is one step for those that acquire the lock in
 * between, so no notification is missed.
 * A recursive lock is released however often it was acquired, and acquired as often.
 *
 * When this returns, the lock is held again, also after TIMED_OUT or GONE; waiting
 * for it has no time limit. It is not held after NOT_OWNER, DISCONNECTED, UNANSWERED,
 * FORKED, or when the lock itself is GONE.
 *
 * A notification belongs to a waiter only once that waiter has the lock again. If it
 * dies or gives up before, the notification goes to another one that waits; if there
 * is none, it is lost, as it is when there was no waiter in the first place. So each
 * notification wakes one waiter that is alive, and never two. Thread-safe; blocks.
 *
 * Errors: TIMED_OUT, NOT_OWNER (the lock is not held by this handle or thread; or it
 * was lost meanwhile), GONE, BAD_ARGUMENT, LIMIT, DISCONNECTED, UNANSWERED, FORKED,
 * NO_MEMORY.
 */
RELEVO_API int relevo_condition_wait(relevo_condition *condition, int64_t timeout);

/*
 * Whether what is waited for has come about, into *holds, which is false when it is asked. Another
 * status than OK ends the wait, whatever *holds says. Called with the lock held.
 */
typedef int relevo_predicate(void *user, bool *holds);

/*
 * Wait until the predicate holds, looking at it at once and after each notification,
 * for at most `timeout` ms from the start of the call. OK: it holds, and the caller has the lock.
 * TIMED_OUT: it did not hold when it was last looked at. What the predicate fails with
 * is returned as it is, with the lock held, and the detail that it has left. Other errors as
 * relevo_condition_wait(). Thread-safe; blocks.
 */
RELEVO_API int relevo_condition_wait_for(relevo_condition *condition, relevo_predicate *predicate,
					 void *user, int64_t timeout);

/*
 * Wake up to `count` waiters, the ones that have waited longest first. They
 * go on when they have got the lock. Without a waiter this has no effect, also on later ones.
 * Thread-safe; blocks for the broker's answer.
 *
 * Errors: NOT_OWNER (the lock is not held by this handle or thread), GONE, QUOTA,
 * DISCONNECTED, UNANSWERED, FORKED, NO_MEMORY.
 */
RELEVO_API int relevo_condition_notify(relevo_condition *condition, size_t count);

/* Wake all waiters. Otherwise as relevo_condition_notify(). */
RELEVO_API int relevo_condition_notify_all(relevo_condition *condition);

/*
 * How many calls wait for a notification at this moment, of any process. Those that have got one,
 * and wait for the lock, do not count. The lock need not be held; while it is, no other call
 * begins to wait. Thread-safe; blocks for the broker's answer.
 *
 * Errors: GONE, DISCONNECTED, TIMED_OUT, FORKED, NO_MEMORY.
 */
RELEVO_API int relevo_condition_waiters(relevo_condition *condition, uint64_t *count);

#ifdef __cplusplus
}
#endif

#endif
