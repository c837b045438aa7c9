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

struct lock_opening {
	relevo_session *session;
	struct relevo_lock_options options;
	relevo_lock **lock;
};

static int lock_text_open(const char *name, void *user, const struct handle **handle)
{
	struct lock_opening *opening = user;
	int status = relevo_lock_open(opening->session, name, &opening->options, opening->lock);
	if (status == RELEVO_OK)
		*handle = &(*opening->lock)->mutex.source.queue.handle;
	return status;
}

static void lock_text_close(void *user)
{
	struct lock_opening *opening = user;
	relevo_lock_close(*opening->lock);
}

int relevo_lock_from_text(relevo_session *session, const char *text,
			  const struct relevo_lock_options *options, relevo_lock **lock)
{
	if (!given(lock) || !known(relevo_lock_options, options))
		return RELEVO_BAD_ARGUMENT;
	struct lock_opening opening = { .session = session, .lock = lock };
	const struct handle_opener opener = { "lock", lock_text_open, lock_text_close, &opening };
	if (options != NULL)
		opening.options = *options;
	opening.options.mode = RELEVO_OPEN_EXISTING;
	return handle_open_text(text, &opener);
}
