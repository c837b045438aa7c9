/*
 * Blocks of code that hold a lock: released on every way out, be it the end of the
 * block, return, break, continue or goto. For C, with GCC or Clang.
 *
 *	int status;
 *	RELEVO_WITH(lock, &status) {
 *		if (nothing_to_do)
 *			break;          // leaves the block
 *		...
 *	}
 *	if (status != RELEVO_OK)        // the block was passed over
 *		return status;
 *
 * or, to hold it until the enclosing block ends:
 *
 *	RELEVO_SCOPED(held, lock, 500);
 *	if (held.status != RELEVO_OK)
 *		return held.status;
 *	if (held.grant.owner_died)
 *		repair();
 *
 * An end of a pipe can be hung up in the same way, when the enclosing block ends:
 *
 *	RELEVO_PIPE_SCOPED(end, ends[0]);
 */
#ifndef RELEVO_SCOPE_H
#define RELEVO_SCOPE_H

#include <relevo/condition.h>
#include <relevo/lock.h>
#include <relevo/pipe.h>
#include <relevo/rlock.h>
#include <relevo/semaphore.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What such a block holds. */
struct relevo_scope {
	int status; /* of the acquire; the scope is held if it is OK */
	struct relevo_grant grant;
	uint64_t held[4]; /* of relevo_scope_end() */
	uint64_t reserved[RELEVO_RESERVED_FEW];
};

/* Acquire, as relevo_lock_acquire() and its like do; what came of it stands in the
 * scope. Thread-safe; blocks. */
RELEVO_API struct relevo_scope relevo_scope_lock(relevo_lock *lock, int64_t timeout);

/* The same for a recursive lock. */
RELEVO_API struct relevo_scope relevo_scope_rlock(relevo_rlock *lock, int64_t timeout);

/* The same for a permit. */
RELEVO_API struct relevo_scope relevo_scope_semaphore(relevo_semaphore *semaphore, int64_t timeout);

/* The same for the lock of a condition. */
RELEVO_API struct relevo_scope relevo_scope_condition(relevo_condition *condition, int64_t timeout);

/*
 * Release what the scope holds, if anything, and set its status to what came of
 * that; doing it again does nothing. In a child that was forked inside the block it
 * does nothing either: the lock is the parent's. Thread-safe; blocks.
 */
RELEVO_API void relevo_scope_end(struct relevo_scope *scope);

/* relevo_pipe_hang_up() of what it points to. */
RELEVO_API void relevo_scope_hang_up(relevo_pipe *const *pipe);

#ifdef __cplusplus
}
#else

/* The scope of any of them. */
#define RELEVO_SCOPE_OF(object, timeout)                                                           \
	_Generic((object), relevo_lock *                                                           \
		 : relevo_scope_lock, relevo_rlock *                                               \
		 : relevo_scope_rlock, relevo_semaphore *                                          \
		 : relevo_scope_semaphore, relevo_condition *                                      \
		 : relevo_scope_condition)((object), (timeout))

#define RELEVO_SCOPED(name, object, timeout)                                                       \
	__attribute__((cleanup(relevo_scope_end))) struct relevo_scope name =                      \
		RELEVO_SCOPE_OF((object), (timeout))

#define RELEVO_PIPE_SCOPED(name, pipe)                                                             \
	__attribute__((cleanup(relevo_scope_hang_up))) relevo_pipe *const name = (pipe)

#define RELEVO_WITH(object, status_out)                                                            \
	RELEVO_WITH_(object, status_out, RELEVO_JOIN_(relevo_scope_, __LINE__),                    \
		     RELEVO_JOIN_(relevo_once_, __LINE__))

/* Names of its own for each line, so that blocks can stand inside each other. */
#define RELEVO_JOIN_(first, second)  RELEVO_PASTE_(first, second)
#define RELEVO_PASTE_(first, second) first##second

#define RELEVO_WITH_(object, status_out, scope, once)                                              \
	for (struct relevo_scope scope __attribute__((cleanup(relevo_scope_end))) =                \
		     RELEVO_SCOPE_OF((object), RELEVO_FOREVER),                                    \
				       *once = &scope;                                             \
	     once != NULL && (*(status_out) = scope.status) == RELEVO_OK; once = NULL)

#endif

#endif
