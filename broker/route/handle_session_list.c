/* Who is connected. */
#include "route/handlers.h"
#include "route/reply.h"

/* Leases that are looked at for one answer, about a millisecond's worth. */
enum { EFFORT = 32 * 1024 };

void handle_session_list(struct session *session, const struct frame *frame)
{
	const Relevo__SessionList *list = frame->header->session_list;
	const uint32_t most = list->max_sessions > 0 && list->max_sessions < SESSIONS_MOST
				      ? list->max_sessions
				      : SESSIONS_MOST;
	struct session_row rows[SESSIONS_MOST];
	uint32_t count = 0, effort = EFFORT;
	bool more = false;
	list_for_each (node, &session->router->sessions) {
		const struct session *one = container_of(node, struct session, in_router);
		if (one->number <= list->after || one->unborn)
			continue;
		/* The next answer has its own effort. */
		more = count == most || effort == 0;
		if (more)
			break;
		rows[count].session = one;
		peer_look(one->peer, &effort, &rows[count++].look);
	}
	reply_sessions(session, frame->header->call, rows, count, more);
}
