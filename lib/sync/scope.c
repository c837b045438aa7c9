/* Scopes: locks and permits released, and pipes hung up, at the end of a block. */
#include <relevo/scope.h>

#include "base/thread_error.h"

#include <unistd.h>

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
	struct relevo_scope scope = {
		.release = release_lock,
		.object = lock,
		.process = getpid(),
	};
	scope.status = relevo_lock_acquire(lock, timeout, &scope.grant);
	return scope;
}

struct relevo_scope relevo_scope_rlock(relevo_rlock *lock, int64_t timeout)
{
	if (!given(lock))
		return (struct relevo_scope){ .status = RELEVO_BAD_ARGUMENT };
	struct relevo_scope scope = {
		.release = release_rlock,
		.object = lock,
		.process = getpid(),
	};
	scope.status = relevo_rlock_acquire(lock, timeout, &scope.grant);
	return scope;
}

struct relevo_scope relevo_scope_semaphore(relevo_semaphore *semaphore, int64_t timeout)
{
	if (!given(semaphore))
		return (struct relevo_scope){ .status = RELEVO_BAD_ARGUMENT };
	struct relevo_scope scope = {
		.release = release_semaphore,
		.object = semaphore,
		.process = getpid(),
	};
	scope.status = relevo_semaphore_acquire(semaphore, timeout, &scope.grant);
	return scope;
}

struct relevo_scope relevo_scope_condition(relevo_condition *condition, int64_t timeout)
{
	if (!given(condition))
		return (struct relevo_scope){ .status = RELEVO_BAD_ARGUMENT };
	struct relevo_scope scope = {
		.release = release_condition,
		.object = condition,
		.process = getpid(),
	};
	scope.status = relevo_condition_acquire(condition, timeout, &scope.grant);
	return scope;
}

void relevo_scope_end(struct relevo_scope *scope)
{
	if (!given(scope))
		return;
	if (scope->object != NULL && scope->status == RELEVO_OK && scope->process == getpid())
		scope->status = scope->release(scope->object);
	scope->object = NULL;
}

void relevo_scope_hang_up(relevo_pipe *const *pipe)
{
	if (!given(pipe))
		return;
	relevo_pipe_hang_up(*pipe);
}
