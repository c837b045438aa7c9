/* Recursive locks: the public calls. */
#include <relevo/rlock.h>

#include "base/thread_error.h"
#include "sync/mutex.h"

#include <stdlib.h>

int relevo_rlock_open(relevo_session *session, const char *name,
		      const struct relevo_lock_options *options, relevo_rlock **out)
{
	if (!given(session, out) || !known(relevo_lock_options, options))
		return RELEVO_BAD_ARGUMENT;
	relevo_rlock *lock = calloc(1, sizeof *lock);
	if (lock == NULL)
		return error_set(thread_error(), RELEVO_NO_MEMORY, "no memory for a lock handle");
	lock->mutex.recursive = true;
	int status = mutex_open(&lock->mutex, session, name, options);
	if (status == RELEVO_OK)
		*out = lock;
	else
		free(lock);
	return status;
}

void relevo_rlock_close(relevo_rlock *lock)
{
	if (lock == NULL)
		return;
	mutex_close(&lock->mutex);
	free(lock);
}

int relevo_rlock_delete(relevo_session *session, const char *name)
{
	return queue_delete_kind(session, name, RELEVO__QUEUE_KIND__KIND_LOCK, "lock");
}

const char *relevo_rlock_name(const relevo_rlock *lock)
{
	if (!given(lock))
		return "";
	return lock->mutex.source.queue.handle.name;
}

int relevo_rlock_acquire(relevo_rlock *lock, int64_t timeout, struct relevo_grant *grant)
{
	if (!given(lock))
		return RELEVO_BAD_ARGUMENT;
	return mutex_acquire(&lock->mutex, timeout, grant);
}

int relevo_rlock_release(relevo_rlock *lock)
{
	if (!given(lock))
		return RELEVO_BAD_ARGUMENT;
	return mutex_release(&lock->mutex);
}
