/* Scopes: locks and permits released, and pipes hung up, at the end of a block. */
#include <relevo/scope.h>

#include "base/thread_error.h"

#include <string.h>
#include <unistd.h>

/* What stands in relevo_scope.held. */
struct scope_held {
	int (*release)(void *object);
	void *object;
	pid_t process;
};

_Static_assert(sizeof(struct scope_held) <= sizeof((struct relevo_scope *)0)->held,
	       "a scope has no room for what it holds");

static struct relevo_scope scope_of(int (*release)(void *object), void *object)
{
	const struct scope_held held = { release, object, getpid() };
	struct relevo_scope scope = { 0 };
	memcpy(scope.held, &held, sizeof held);
	return scope;
}

static int release_lock(void *lock)
{
	return relevo_lock_release(lock);
}

static int release_rlock(void *lock)
{
	return relevo_rlock_release(lock);
}

static int release_semaphore(void *semaphore)
{
	return relevo_semaphore_release(semaphore);
}

static int release_condition(void *condition)
{
	return relevo_condition_release(condition);
}

struct relevo_scope relevo_scope_lock(relevo_lock *lock, int64_t timeout)
{
	if (!given(lock))
		return (struct relevo_scope){ .status = RELEVO_BAD_ARGUMENT };
	struct relevo_scope scope = scope_of(release_lock, lock);
	scope.status = relevo_lock_acquire(lock, timeout, &scope.grant);
	return scope;
}

struct relevo_scope relevo_scope_rlock(relevo_rlock *lock, int64_t timeout)
{
	if (!given(lock))
		return (struct relevo_scope){ .status = RELEVO_BAD_ARGUMENT };
	struct relevo_scope scope = scope_of(release_rlock, lock);
	scope.status = relevo_rlock_acquire(lock, timeout, &scope.grant);
	return scope;
}

struct relevo_scope relevo_scope_semaphore(relevo_semaphore *semaphore, int64_t timeout)
{
	if (!given(semaphore))
		return (struct relevo_scope){ .status = RELEVO_BAD_ARGUMENT };
	struct relevo_scope scope = scope_of(release_semaphore, semaphore);
	scope.status = relevo_semaphore_acquire(semaphore, timeout, &scope.grant);
	return scope;
}

struct relevo_scope relevo_scope_condition(relevo_condition *condition, int64_t timeout)
{
	if (!given(condition))
		return (struct relevo_scope){ .status = RELEVO_BAD_ARGUMENT };
	struct relevo_scope scope = scope_of(release_condition, condition);
	scope.status = relevo_condition_acquire(condition, timeout, &scope.grant);
	return scope;
}

void relevo_scope_end(struct relevo_scope *scope)
{
	if (!given(scope))
		return;
	struct scope_held held;
	memcpy(&held, scope->held, sizeof held);
	memset(scope->held, 0, sizeof scope->held);
	if (held.object != NULL && scope->status == RELEVO_OK && held.process == getpid())
		scope->status = held.release(held.object);
}

void relevo_scope_hang_up(relevo_pipe *const *pipe)
{
	if (!given(pipe))
		return;
	relevo_pipe_hang_up(*pipe);
}
