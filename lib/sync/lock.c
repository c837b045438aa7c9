/* Plain locks: the public calls. */
#include "base/thread_error.h"
#include "sync/mutex.h"

#include <stdlib.h>

int relevo_lock_open(relevo_session *session, const char *name,
		     const struct relevo_lock_options *options, relevo_lock **out)
{
	if (!given(session, out) || !known(relevo_lock_options, options))
		return RELEVO_BAD_ARGUMENT;
	relevo_lock *lock = calloc(1, sizeof *lock);
	if (lock == NULL)
		return error_set(thread_error(), RELEVO_NO_MEMORY, "no memory for a lock handle");
	int status = mutex_open(&lock->mutex, session, name, options);
	if (status == RELEVO_OK)
		*out = lock;
	else
		free(lock);
	return status;
}

void relevo_lock_close(relevo_lock *lock)
{
	if (lock == NULL)
		return;
	mutex_close(&lock->mutex);
	free(lock);
}

int relevo_lock_delete(relevo_session *session, const char *name)
{
	return queue_delete_kind(session, name, RELEVO__QUEUE_KIND__KIND_LOCK, "lock");
}

const char *relevo_lock_name(const relevo_lock *lock)
{
	if (!given(lock))
		return "";
	return lock->mutex.source.queue.handle.name;
}

int relevo_lock_acquire(relevo_lock *lock, int64_t timeout, struct relevo_grant *grant)
{
	if (!given(lock))
		return RELEVO_BAD_ARGUMENT;
	return mutex_acquire(&lock->mutex, timeout, grant);
}

int relevo_lock_release(relevo_lock *lock)
{
	if (!given(lock))
		return RELEVO_BAD_ARGUMENT;
	return mutex_release(&lock->mutex);
}
