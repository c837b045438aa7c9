/* Giving the handle of a queue back to the broker. */
#include "queue/close_handle.h"

#include "session/outbox.h"

void queue_close_handle(struct relevo_session *session, uint32_t handle)
{
	Relevo__QueueClose operation = RELEVO__QUEUE_CLOSE__INIT;
	operation.queue = handle;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = ++session->connection.last_call;
	header.op_case = RELEVO__HEADER__OP_QUEUE_CLOSE;
	header.queue_close = &operation;
	if (outbox_frame(session, &header, NULL, 0) == RELEVO_OK)
		outbox_push(session);
}
