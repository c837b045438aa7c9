/* Handles of queues as text: see <relevo/handle.h>. */
#include "base/thread_error.h"
#include "queue/queue.h"
#include "session/handle_text.h"

#include <relevo/handle.h>

int relevo_queue_to_text(const relevo_queue *queue, char *text, size_t size)
{
	if (!given(queue) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	const struct object_identity object = handle_identity(&queue->handle);
	return handle_print(&object, "queue", text, size);
}

struct queue_opening {
	relevo_session *session;
	struct relevo_queue_options options;
	relevo_queue **queue;
};

static int queue_text_open(const char *name, void *user, const struct handle **handle)
{
	struct queue_opening *opening = user;
	int status = relevo_queue_open(opening->session, name, &opening->options, opening->queue);
	if (status == RELEVO_OK)
		*handle = &(*opening->queue)->handle;
	return status;
}

static void queue_text_close(void *user)
{
	struct queue_opening *opening = user;
	relevo_queue_close(*opening->queue);
}

int relevo_queue_from_text(relevo_session *session, const char *text,
			   const struct relevo_queue_options *options, relevo_queue **queue)
{
	if (!given(queue) || !known(relevo_queue_options, options))
		return RELEVO_BAD_ARGUMENT;
	struct queue_opening opening = { .session = session, .queue = queue };
	const struct handle_opener opener = { "queue", queue_text_open, queue_text_close,
					      &opening };
	if (options != NULL)
		opening.options = *options;
	opening.options.mode = RELEVO_OPEN_EXISTING;
	return handle_open_text(text, &opener);
}
