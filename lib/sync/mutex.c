/* Acquiring and releasing plain and recursive locks. */
#include "sync/mutex.h"

#include "base/deadline.h"
#include "base/mutant.h"
#include "base/thread_error.h"

#include <stdatomic.h>

/* A number for this thread that no other thread of the process ever has. */
static uint64_t this_thread(void)
{
	static atomic_uint_fast64_t last;
	static _Thread_local uint64_t number;
	if (number == 0)
		number = atomic_fetch_add(&last, 1) + 1;
	return number;
}

static int mutex_check_open(const char *name, const struct relevo_lock_options *options,
			    struct error *error)
{
	int status = name != NULL ? name_check(name, "lock", error) : RELEVO_OK;
	if (status == RELEVO_OK)
		status = permit_check_options(options, error);
	if (status == RELEVO_OK && name == NULL && options->mode == RELEVO_OPEN_EXISTING)
		status = error_set(error, RELEVO_BAD_ARGUMENT,
				   "a lock without a name cannot be opened, only created");
	return status;
}

int mutex_open(struct mutex *mutex, relevo_session *session, const char *name,
	       const struct relevo_lock_options *options)
{
	static const struct relevo_lock_options defaults;
	struct error *error = thread_error();
	if (options == NULL)
		options = &defaults;
	int status = mutex_check_open(name, options, error);
	if (status != RELEVO_OK)
		return status;
	mutex->source.noun = "lock";
	mutex->source.release_ahead = options->release_ahead;
	Relevo__LockOpen operation = RELEVO__LOCK_OPEN__INIT;
	operation.kind = RELEVO__LOCK_KIND__LOCK_KIND_LOCK;
	permit_describe(name, options, &operation);
	return permit_open(&mutex->source, session, &operation, error);
}

void mutex_close(struct mutex *mutex)
{
	struct relevo_session *session = mutex->source.queue.handle.session;
	struct error ignored;
	session_lock(session);
	mutex->source.release_ahead = true;
	if (permit_look(&mutex->source, &mutex->token) == PERMIT_HELD &&
	    (!mutex->source.queue.keep || MUTANT(kept_is_released)))
		permit_release(&mutex->source, &mutex->token, &ignored);
	session_unlock(session);
	queue_detach(&mutex->source.queue);
}

bool mutex_is_held(struct mutex *mutex)
{
	return permit_look(&mutex->source, &mutex->token) == PERMIT_HELD &&
	       (!mutex->recursive || mutex->owner == this_thread());
}

/* ---- acquire ---------------------------------------------------------- */

bool mutex_acquire_again(struct mutex *mutex)
{
	bool again = mutex->recursive && mutex_is_held(mutex);
	if (again)
		mutex->depth += !MUTANT(depth_ignored);
	return again;
}

void mutex_own(struct mutex *mutex, const struct permit *token)
{
	mutex->token = *token;
	mutex->owner = this_thread();
	mutex->depth = 1;
}

static int acquire_anew(struct mutex *mutex, bool interruptible, nsec_t deadline,
			struct error *error)
{
	struct permit token;
	int status = permit_acquire(&mutex->source, interruptible, deadline, &token, error);
	if (status == RELEVO_OK)
		mutex_own(mutex, &token);
	return status;
}

static int acquire_locked(struct mutex *mutex, nsec_t deadline, struct relevo_grant *grant,
			  struct error *error)
{
	bool again = mutex_acquire_again(mutex);
	int status = RELEVO_OK;
	if (!again)
		status = acquire_anew(mutex, true, deadline, error);
	if (status != RELEVO_OK || grant == NULL)
		return status;
	*grant = mutex->token.grant;
	if (again)
		grant->owner_died = false;
	return RELEVO_OK;
}

int mutex_acquire(struct mutex *mutex, int64_t timeout, struct relevo_grant *grant)
{
	struct error *error = thread_error();
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = queue_enter(&mutex->source.queue, deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = acquire_locked(mutex, deadline, grant, error);
	session_leave(mutex->source.queue.handle.session);
	return status;
}

/* ---- release ---------------------------------------------------------- */

static int release_plain(struct mutex *mutex, struct error *error)
{
	switch (permit_look(&mutex->source, &mutex->token)) {
	case PERMIT_HELD:
		return permit_release(&mutex->source, &mutex->token, error);
	case PERMIT_LOST:
		return permit_lost(&mutex->source, error);
	default:
		return permit_release_any(&mutex->source, 0, error);
	}
}

static int release_recursive(struct mutex *mutex, struct error *error)
{
	enum permit_state state = permit_look(&mutex->source, &mutex->token);
	if (state != PERMIT_NONE && mutex->owner != this_thread())
		state = PERMIT_NONE;
	if (state == PERMIT_LOST)
		return permit_lost(&mutex->source, error);
	if (state == PERMIT_NONE)
		return error_set(error, RELEVO_NOT_OWNER,
				 "this thread does not hold the lock \"%s\"",
				 mutex->source.queue.handle.name);
	if (--mutex->depth > 0)
		return RELEVO_OK;
	return permit_release(&mutex->source, &mutex->token, error);
}

int mutex_release(struct mutex *mutex)
{
	nsec_t limit = session_limit(mutex->source.queue.handle.session);
	struct error *error = thread_error();
	int status = queue_enter(&mutex->source.queue, limit, error);
	if (status != RELEVO_OK)
		return status;
	status = mutex->recursive ? release_recursive(mutex, error) : release_plain(mutex, error);
	session_leave(mutex->source.queue.handle.session);
	return status;
}

/* ---- for conditions --------------------------------------------------- */

uint64_t mutex_begin_suspend(struct mutex *mutex, struct call *call)
{
	permit_begin_release(&mutex->source, &mutex->token, call);
	return mutex->depth;
}

int mutex_resume(struct mutex *mutex, uint64_t depth, struct error *error)
{
	int status = acquire_anew(mutex, false, NSEC_NEVER, error);
	if (status == RELEVO_OK)
		mutex->depth = depth;
	return status;
}
