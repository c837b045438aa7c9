/* The lock of a value or an array: choosing it, opening it on demand, closing it. */
#include "sync/value_lock.h"

#include "base/thread_error.h"
#include "sync/mutex.h"

#include <stdio.h>
#include <string.h>

/* Behind the name of what it guards. */
static const char suffix[] = ".guard";

int value_lock_init(struct value_lock *guard, relevo_session *session, relevo_rlock *given,
		    bool none)
{
	struct error *error = thread_error();
	*guard = (struct value_lock){ .none = none, .given = given != NULL };
	atomic_init(&guard->lock, given);
	if (given != NULL && none)
		return error_set(error, RELEVO_BAD_ARGUMENT, "a lock is given, and none asked for");
	if (given != NULL && given->mutex.source.queue.handle.session != session)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the lock \"%s\" is of another session", relevo_rlock_name(given));
	return RELEVO_OK;
}

static int open_own(const struct handle *handle, relevo_rlock **lock)
{
	char name[NAME_MAX_BYTES + sizeof suffix];
	/* It need not outlive those who know it. */
	const struct relevo_lock_options options = { .lifetime = RELEVO_LIFETIME_UNTIL_UNUSED };
	snprintf(name, sizeof name, "%s%s", handle->name, suffix);
	return relevo_rlock_open(handle->session, name, &options, lock);
}

int value_lock_get(struct value_lock *guard, const struct handle *handle, relevo_rlock **lock)
{
	*lock = atomic_load(&guard->lock);
	if (*lock != NULL)
		return RELEVO_OK;
	if (guard->none)
		return error_set(thread_error(), RELEVO_BAD_STATE, "the %s \"%s\" has no lock",
				 handle->what, handle->name);
	relevo_rlock *own = NULL, *first = NULL;
	int status = open_own(handle, &own);
	if (status != RELEVO_OK)
		return status;
	/* Another thread may have been faster. */
	if (atomic_compare_exchange_strong(&guard->lock, &first, own)) {
		*lock = own;
	} else {
		relevo_rlock_close(own);
		*lock = first;
	}
	return RELEVO_OK;
}

void value_lock_fini(struct value_lock *guard)
{
	if (!guard->given)
		relevo_rlock_close(atomic_load(&guard->lock));
}
