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

int relevo_queue_from_text(relevo_session *session, const char *text,
			   const struct relevo_queue_options *options, relevo_queue **queue)
{
	if (!given(queue))
		return RELEVO_BAD_ARGUMENT;
	struct handle_description description;
	struct relevo_queue_options existing = { 0 };
	int status = handle_parse(text, "queue", &description, thread_error());
	if (status != RELEVO_OK)
		return status;
	if (options != NULL)
		existing = *options;
	existing.mode = RELEVO_OPEN_EXISTING;
	status = relevo_queue_open(session, description.name, &existing, queue);
	if (status == RELEVO_OK) {
		const struct object_identity object = handle_identity(&(*queue)->handle);
		if (!handle_is_same(&object, &description)) {
			relevo_queue_close(*queue);
			status = RELEVO_NOT_FOUND;
		}
	}
	return status == RELEVO_NOT_FOUND ? handle_gone(&description) : status;
}
