/* Handles of locks and of all else that several processes wait for or share as text: see
 * <relevo/handle.h>. */
#include "base/thread_error.h"
#include "session/handle_text.h"
#include "sync/mutex.h"
#include "sync/shared.h"
#include "sync/sync_handle.h"

#include <relevo/handle.h>

/* ---- which object it is -------------------------------------------------- */

static struct object_identity lock_identity(const relevo_lock *lock)
{
	return handle_identity(&lock->mutex.source.queue.handle);
}

static struct object_identity rlock_identity(const relevo_rlock *lock)
{
	return handle_identity(&lock->mutex.source.queue.handle);
}

static struct object_identity semaphore_identity(const relevo_semaphore *semaphore)
{
	return handle_identity(semaphore_handle(semaphore));
}

static struct object_identity condition_identity(const relevo_condition *condition)
{
	return handle_identity(condition_handle(condition));
}

static struct object_identity event_identity(const relevo_event *event)
{
	return handle_identity(event_handle(event));
}

static struct object_identity barrier_identity(const relevo_barrier *barrier)
{
	return handle_identity(barrier_handle(barrier));
}

static struct object_identity value_identity(const relevo_value *value)
{
	return handle_identity(value_handle(value));
}

static struct object_identity array_identity(const relevo_array *array)
{
	return handle_identity(array_handle(array));
}

static struct object_identity shared_identity(const relevo_shared *shared)
{
	return (struct object_identity){ shared->session, shared->name, shared->broker,
					 shared->identity };
}

/* ---- writing ------------------------------------------------------------ */

int relevo_lock_to_text(const relevo_lock *lock, char *text, size_t size)
{
	if (!given(lock) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	const struct object_identity object = lock_identity(lock);
	return handle_print(&object, "lock", text, size);
}

int relevo_rlock_to_text(const relevo_rlock *lock, char *text, size_t size)
{
	if (!given(lock) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	const struct object_identity object = rlock_identity(lock);
	return handle_print(&object, "rlock", text, size);
}

int relevo_semaphore_to_text(const relevo_semaphore *semaphore, char *text, size_t size)
{
	if (!given(semaphore) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	const struct object_identity object = semaphore_identity(semaphore);
	return handle_print(&object, "semaphore", text, size);
}

int relevo_condition_to_text(const relevo_condition *condition, char *text, size_t size)
{
	if (!given(condition) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	const struct object_identity object = condition_identity(condition);
	return handle_print(&object, "condition", text, size);
}

int relevo_event_to_text(const relevo_event *event, char *text, size_t size)
{
	if (!given(event) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	const struct object_identity object = event_identity(event);
	return handle_print(&object, "event", text, size);
}

int relevo_barrier_to_text(const relevo_barrier *barrier, char *text, size_t size)
{
	if (!given(barrier) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	const struct object_identity object = barrier_identity(barrier);
	return handle_print(&object, "barrier", text, size);
}

int relevo_value_to_text(const relevo_value *value, char *text, size_t size)
{
	if (!given(value) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	const struct object_identity object = value_identity(value);
	return handle_print(&object, "value", text, size);
}

int relevo_array_to_text(const relevo_array *array, char *text, size_t size)
{
	if (!given(array) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	const struct object_identity object = array_identity(array);
	return handle_print(&object, "array", text, size);
}

int relevo_shared_to_text(const relevo_shared *shared, char *text, size_t size)
{
	if (!given(shared) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	const struct object_identity object = shared_identity(shared);
	return handle_print(&object, "shared", text, size);
}

/* ---- opening ------------------------------------------------------------ */

/* Its size is what it is. */
static int shared_open_existing(relevo_session *session, const char *name,
				const struct relevo_shared_options *options, relevo_shared **shared)
{
	return relevo_shared_open(session, name, 0, options, shared);
}

int relevo_lock_from_text(relevo_session *session, const char *text,
			  const struct relevo_lock_options *options, relevo_lock **lock)
{
	if (!given(session, lock))
		return RELEVO_BAD_ARGUMENT;
	HANDLE_FROM_TEXT(lock, struct relevo_lock_options, relevo_lock_open, lock);
}

int relevo_rlock_from_text(relevo_session *session, const char *text,
			   const struct relevo_lock_options *options, relevo_rlock **lock)
{
	if (!given(session, lock))
		return RELEVO_BAD_ARGUMENT;
	HANDLE_FROM_TEXT(rlock, struct relevo_lock_options, relevo_rlock_open, lock);
}

int relevo_semaphore_from_text(relevo_session *session, const char *text,
			       const struct relevo_semaphore_options *options,
			       relevo_semaphore **semaphore)
{
	if (!given(session, semaphore))
		return RELEVO_BAD_ARGUMENT;
	HANDLE_FROM_TEXT(semaphore, struct relevo_semaphore_options, relevo_semaphore_open,
			 semaphore);
}

int relevo_condition_from_text(relevo_session *session, const char *text,
			       const struct relevo_condition_options *options,
			       relevo_condition **condition)
{
	if (!given(session, condition))
		return RELEVO_BAD_ARGUMENT;
	HANDLE_FROM_TEXT(condition, struct relevo_condition_options, relevo_condition_open,
			 condition);
}

int relevo_event_from_text(relevo_session *session, const char *text,
			   const struct relevo_event_options *options, relevo_event **event)
{
	if (!given(session, event))
		return RELEVO_BAD_ARGUMENT;
	HANDLE_FROM_TEXT(event, struct relevo_event_options, relevo_event_open, event);
}

int relevo_barrier_from_text(relevo_session *session, const char *text,
			     const struct relevo_barrier_options *options, relevo_barrier **barrier)
{
	if (!given(session, barrier))
		return RELEVO_BAD_ARGUMENT;
	HANDLE_FROM_TEXT(barrier, struct relevo_barrier_options, relevo_barrier_open, barrier);
}

int relevo_value_from_text(relevo_session *session, const char *text,
			   const struct relevo_value_options *options, relevo_value **value)
{
	if (!given(session, value))
		return RELEVO_BAD_ARGUMENT;
	HANDLE_FROM_TEXT(value, struct relevo_value_options, relevo_value_open, value);
}

int relevo_array_from_text(relevo_session *session, const char *text,
			   const struct relevo_array_options *options, relevo_array **array)
{
	if (!given(session, array))
		return RELEVO_BAD_ARGUMENT;
	HANDLE_FROM_TEXT(array, struct relevo_array_options, relevo_array_open, array);
}

int relevo_shared_from_text(relevo_session *session, const char *text,
			    const struct relevo_shared_options *options, relevo_shared **shared)
{
	if (!given(session, shared))
		return RELEVO_BAD_ARGUMENT;
	HANDLE_FROM_TEXT(shared, struct relevo_shared_options, shared_open_existing, shared);
}
