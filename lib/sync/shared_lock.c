/* The lock of shared memory. */
#include "base/deadline.h"
#include "base/thread_error.h"
#include "sync/shared.h"

bool relevo_shared_has_lock(const relevo_shared *shared)
{
	if (!given(shared))
		return false;
	return shared->lock_owner != NULL;
}

static int no_lock(const struct relevo_shared *shared, struct error *error)
{
	return error_set(error, RELEVO_BAD_STATE, "the shared memory \"%s\" has no lock",
			 shared->name);
}

int relevo_shared_lock_owner(relevo_shared *shared, relevo_shared **owner)
{
	if (!given(shared, owner))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	if (shared->lock_owner == NULL)
		return no_lock(shared, error);
	*owner = shared->lock_owner;
	return RELEVO_OK;
}

static int shared_lock_describe(const struct relevo_shared *shared, int status, struct error *error)
{
	const char *name = shared->lock_owner->name;
	switch (status) {
	case RELEVO_TIMED_OUT:
		return error_set(error, status, "the lock of \"%s\" was not free in time", name);
	case RELEVO_LIMIT:
		return error_set(error, status, "the lock of \"%s\" is acquired too often", name);
	case RELEVO_NOT_OWNER:
		return error_set(error, status, "this thread does not have the lock of \"%s\"",
				 name);
	case RELEVO_NOT_LOCAL:
		return error_set(error, status,
				 "the lock of \"%s\" belongs to processes of another PID namespace",
				 name);
	default:
		return error_set(error, status, "the lock of \"%s\" has been written over", name);
	}
}

int relevo_shared_lock(relevo_shared *shared, int64_t timeout, bool *owner_died)
{
	if (!given(shared))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline = 0;
	bool inherited = false;
	if (shared->lock_owner == NULL)
		return no_lock(shared, error);
	int status = deadline_after(timeout, &deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = memory_lock(&shared->lock_owner->memory, deadline, &inherited);
	if (owner_died != NULL)
		*owner_died = inherited;
	return status == RELEVO_OK ? RELEVO_OK : shared_lock_describe(shared, status, error);
}

int relevo_shared_unlock(relevo_shared *shared)
{
	if (!given(shared))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	if (shared->lock_owner == NULL)
		return no_lock(shared, error);
	int status = memory_unlock(&shared->lock_owner->memory);
	return status == RELEVO_OK ? RELEVO_OK : shared_lock_describe(shared, status, error);
}
