/* Handles of queues as text: see <relevo/handle.h>. */
#include "base/thread_error.h"
#include "queue/queue.h"
#include "session/handle_text.h"

#include <relevo/handle.h>

static struct object_identity queue_identity(const relevo_queue *queue)
{
	return handle_identity(&queue->handle);
}

int relevo_queue_to_text(const relevo_queue *queue, char *text, size_t size)
{
	if (!given(queue) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	const struct object_identity object = queue_identity(queue);
	return handle_print(&object, "queue", text, size);
}

int relevo_queue_from_text(relevo_session *session, const char *text,
			   const struct relevo_queue_options *options, relevo_queue **queue)
{
	if (!given(session, queue))
		return RELEVO_BAD_ARGUMENT;
	HANDLE_FROM_TEXT(queue, struct relevo_queue_options, relevo_queue_open, queue);
}
