/* Opening a queue for any operation that does, whose enums have been checked. */
#include "route/opening.h"

#include "route/reply.h"

void open_queue(struct session *session, uint64_t call, const struct opening *opening)
{
	struct queue_opened opened;
	struct error error = { 0 };
	int status = queue_open(session->peer, opening->name, (enum queue_open_mode)opening->mode,
				opening->options, &opened, &error);
	if (status == RELEVO_OK && opening->strict_order)
		queue_get_in_order(session->peer, opened.handle);
	if (status == RELEVO_OK)
		reply_opened(session, call, &opened);
	else
		reply_error(session, call, &error);
}
