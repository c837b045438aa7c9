/*
 * Handles as text: what another process needs to open the same object. To be printed,
 * sent over a pipe or a queue, or given as an argument.
 *
 *	relevo:queue?url=ipc:///run/user/1000/relevo/relevo.sock&name=jobs&broker=1f..&id=2a
 *
 * It is printable ASCII without spaces; other bytes of the URL and the name stand as
 * %XX. It names the object itself and not only its name: of another one that has come to
 * bear the name nothing is opened. It keeps nothing alive, and whoever may connect to the
 * broker may use it.
 */
#ifndef RELEVO_HANDLE_H
#define RELEVO_HANDLE_H

#include <relevo/lock.h>
#include <relevo/queue.h>

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

/*
 * Open what the text says, within a session with that broker, by whatever address: one
 * to be reached over tcp has another URL on its own host. `options` that are of the
 * handle alone (joinable, on_error, release_ahead) count, the others do not; NULL is
 * allowed. Otherwise as relevo_queue_open() and relevo_lock_open().
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

/* The URL in the text, for relevo_session_open(), into `url`, `size` bytes. Errors: BAD_ARGUMENT,
 * TOO_SHORT. */
RELEVO_API int relevo_handle_url(const char *text, char *url, size_t size);

#ifdef __cplusplus
}
#endif

#endif
