/*
 * Handles as text: what another process needs to open the same object. To be printed,
 * sent over a pipe or a queue, or given as an argument.
 *
 *	relevo:queue?url=ipc:///run/user/1000/relevo/relevo.sock&name=jobs&broker=1f..&id=2a
 *
 * It is printable ASCII without spaces; other bytes of the URL and the name stand as
 * %XX. It names the object itself and not only its name: if another object has that name by
 * now, opening fails with GONE. It does not keep the object alive. Any process that may
 * connect to the broker may use it.
 */
#ifndef RELEVO_HANDLE_H
#define RELEVO_HANDLE_H

#include <relevo/array.h>
#include <relevo/barrier.h>
#include <relevo/condition.h>
#include <relevo/event.h>
#include <relevo/lock.h>
#include <relevo/queue.h>
#include <relevo/rlock.h>
#include <relevo/semaphore.h>
#include <relevo/shared.h>
#include <relevo/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Room for any of them. */
#define RELEVO_HANDLE_TEXT 2048

/*
 * Write the handle into `text`, `size` bytes with the 0 behind it. Thread-safe; does not
 * block. Errors: TOO_SHORT (*text is empty then).
 */
RELEVO_API int relevo_queue_to_text(const relevo_queue *queue, char *text, size_t size);

/* The same for a lock. */
RELEVO_API int relevo_lock_to_text(const relevo_lock *lock, char *text, size_t size);

/* The same for a recursive lock. */
RELEVO_API int relevo_rlock_to_text(const relevo_rlock *lock, char *text, size_t size);

/* The same for a semaphore. */
RELEVO_API int relevo_semaphore_to_text(const relevo_semaphore *semaphore, char *text, size_t size);

/* The same for a condition. */
RELEVO_API int relevo_condition_to_text(const relevo_condition *condition, char *text, size_t size);

/* The same for an event. */
RELEVO_API int relevo_event_to_text(const relevo_event *event, char *text, size_t size);

/* The same for a barrier. */
RELEVO_API int relevo_barrier_to_text(const relevo_barrier *barrier, char *text, size_t size);

/* The same for a value. */
RELEVO_API int relevo_value_to_text(const relevo_value *value, char *text, size_t size);

/* The same for an array. */
RELEVO_API int relevo_array_to_text(const relevo_array *array, char *text, size_t size);

/* The same for memory that is shared. */
RELEVO_API int relevo_shared_to_text(const relevo_shared *shared, char *text, size_t size);

/*
 * Open what the text says, within a session with that broker, by whatever address: one
 * to be reached over tcp has another URL on its own host. `options` that are of the
 * handle alone (joinable, on_error, release_ahead, a barrier's time-out and action, the locks that
 * go with conditions, values and arrays, lock_of) count, the others do not; NULL is allowed.
 * Otherwise as relevo_queue_open() and its like. *queue is the caller's, and if this fails it stays
 * as it was.
 *
 * Errors: BAD_ARGUMENT (it is not such a text, or of another kind of object), GONE (the
 * object has been deleted, or ended with its broker), and those of opening.
 */
RELEVO_API int relevo_queue_from_text(relevo_session *session, const char *text,
				      const struct relevo_queue_options *options,
				      relevo_queue **queue);

/* The same for a lock. */
RELEVO_API int relevo_lock_from_text(relevo_session *session, const char *text,
				     const struct relevo_lock_options *options, relevo_lock **lock);

/* The same for a recursive lock. */
RELEVO_API int relevo_rlock_from_text(relevo_session *session, const char *text,
				      const struct relevo_lock_options *options,
				      relevo_rlock **lock);

/* The same for a semaphore. */
RELEVO_API int relevo_semaphore_from_text(relevo_session *session, const char *text,
					  const struct relevo_semaphore_options *options,
					  relevo_semaphore **semaphore);

/* The same for a condition. */
RELEVO_API int relevo_condition_from_text(relevo_session *session, const char *text,
					  const struct relevo_condition_options *options,
					  relevo_condition **condition);

/* The same for an event. */
RELEVO_API int relevo_event_from_text(relevo_session *session, const char *text,
				      const struct relevo_event_options *options,
				      relevo_event **event);

/* The same for a barrier. */
RELEVO_API int relevo_barrier_from_text(relevo_session *session, const char *text,
					const struct relevo_barrier_options *options,
					relevo_barrier **barrier);

/* The same for a value. */
RELEVO_API int relevo_value_from_text(relevo_session *session, const char *text,
				      const struct relevo_value_options *options,
				      relevo_value **value);

/* The same for an array. */
RELEVO_API int relevo_array_from_text(relevo_session *session, const char *text,
				      const struct relevo_array_options *options,
				      relevo_array **array);

/* The same for memory that is shared: by a process of the same host. */
RELEVO_API int relevo_shared_from_text(relevo_session *session, const char *text,
				       const struct relevo_shared_options *options,
				       relevo_shared **shared);

/* The URL in the text, for relevo_session_open(), into `url`, `size` bytes. Errors: BAD_ARGUMENT,
 * TOO_SHORT. */
RELEVO_API int relevo_handle_url(const char *text, char *url, size_t size);

#ifdef __cplusplus
}
#endif

#endif
