/* What clients ask of pipes: to meet another by name. */
#include "route/call.h"
#include "route/handlers.h"
#include "route/reply.h"

/* The wire's numbers are those of the engine. */
_Static_assert((int)RELEVO__PIPE_DIRECTION__PIPE_SENDS == PIPE_SENDS, "directions differ");

static void answer_pipe(struct waiter *waiter, const struct answer *answer)
{
	struct call *call = container_of(waiter, struct call, waiter);
	reply_pipe(call->session, call->number, answer);
	call_free(call);
}

void handle_pipe_meet(struct session *session, const struct frame *frame)
{
	const Relevo__PipeMeet *meet = frame->header->pipe_meet;
	const struct pipe_request request = {
		.name = meet->name,
		.direction = (enum pipe_direction)meet->direction,
		.local = connection_peer(session->connection)->local,
		.deadline = session_deadline(session, meet->timeout_ms),
	};
	struct error error = { 0 };
	struct call *call;
	int status = call_new(session, frame->header->call, true, &call, &error);
	if (status != RELEVO_OK) {
		reply_error(session, frame->header->call, &error);
		return;
	}
	call->waiter.answer = answer_pipe;
	pipe_meet(session->peer, &request, loop_now(session->router->loop), &call->waiter);
}
