/* What clients ask of the session itself: cancel a call, flush, say goodbye. */
#include "route/call.h"
#include "route/deal.h"
#include "route/handlers.h"

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
	deal_goodbye(session, frame->header->call);
}

void handle_flush(struct session *session, const struct frame *frame)
{
	deal_flush(session, frame->header->call);
}
