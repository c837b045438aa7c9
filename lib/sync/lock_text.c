/* Handles of locks as text: see <relevo/handle.h>. */
#include "base/thread_error.h"
#include "session/handle_text.h"
#include "sync/mutex.h"

#include <relevo/handle.h>

int relevo_lock_to_text(const relevo_lock *lock, char *text, size_t size)
{
	if (!given(lock) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	const struct object_identity object = handle_identity(&lock->mutex.source.queue.handle);
	return handle_print(&object, "lock", text, size);
}

int relevo_lock_from_text(relevo_session *session, const char *text,
			  const struct relevo_lock_options *options, relevo_lock **lock)
{
	if (!given(lock))
		return RELEVO_BAD_ARGUMENT;
	struct handle_description description;
	struct relevo_lock_options existing = { 0 };
	int status = handle_parse(text, "lock", &description, thread_error());
	if (status != RELEVO_OK)
		return status;
	if (options != NULL)
		existing = *options;
	existing.mode = RELEVO_OPEN_EXISTING;
	status = relevo_lock_open(session, description.name, &existing, lock);
	if (status == RELEVO_OK) {
		const struct object_identity object =
			handle_identity(&(*lock)->mutex.source.queue.handle);
		if (!handle_is_same(&object, &description)) {
			relevo_lock_close(*lock);
			status = RELEVO_NOT_FOUND;
		}
	}
	return status == RELEVO_NOT_FOUND ? handle_gone(&description) : status;
}
