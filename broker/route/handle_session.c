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
	/* First what others shall find when the client has its answer. */
	engine_peer_leave(session->peer, loop_now(session->router->loop));
	session_end(session, "goodbye");
	session_confirm(session);
	reply_done(session, frame->header->call, 0);
}

void handle_flush(struct session *session, const struct frame *frame)
{
	/* Frames are dealt with in order, so all before this one are. */
	session_confirm(session);
	reply_done(session, frame->header->call, 0);
}
