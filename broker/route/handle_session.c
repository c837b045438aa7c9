/* What clients ask of the session itself: cancel a call, flush, say goodbye. */
#include "route/call.h"
#include "route/handlers.h"
#include "route/reply.h"

void handle_cancel(struct session *session, const struct frame *frame)
{
	/* One that is answered already is nothing to complain about: the answer
	 * and the Cancel have met on their way. */
	struct call *call = call_find(session, frame->header->cancel->call);
	if (call != NULL)
		waiter_cancel(&call->waiter);
}

void handle_goodbye(struct session *session, const struct frame *frame)
{
	session_say_goodbye(session, frame->header->call);
}

void handle_flush(struct session *session, const struct frame *frame)
{
	/* Frames are dealt with in order, so all before this one are. */
	session_confirm(session);
	reply_done(session, frame->header->call, 0);
}
