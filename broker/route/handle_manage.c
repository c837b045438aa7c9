/* What is done with a queue as a whole. */
#include "queues/manage.h"
#include "route/call.h"
#include "route/deferred.h"
#include "route/handlers.h"
#include "route/reply.h"

#include <stdlib.h>

static nsec_t now_of(const struct session *session)
{
	return loop_now(session->router->loop);
}

/* ---- join, shut down, purge, move -------------------------------------- */

static void answer_count(struct waiter *waiter, const struct answer *answer)
{
	struct call *call = container_of(waiter, struct call, waiter);
	reply_put(call->session, call->number, answer);
	call_free(call);
}

/* It may have come to an end in a later round, or stopped before that. */
static void answer_move(struct waiter *waiter, const struct answer *answer)
{
	struct call *call = container_of(waiter, struct call, waiter);
	deferred_wait_for_all(call->session, call->number);
	reply_put(call->session, call->number, answer);
	deferred_end(call->session->router);
	call_free(call);
}

void handle_queue_join(struct session *session, const struct frame *frame)
{
	const Relevo__QueueJoin *join = frame->header->queue_join;
	nsec_t deadline = session_deadline(session, join->timeout_ms);
	struct error error = { 0 };
	struct call *call;
	if (call_new(session, frame->header->call, deadline != 0, &call, &error) != RELEVO_OK) {
		reply_error(session, frame->header->call, &error);
		return;
	}
	call->waiter.answer = answer_count;
	const struct join_request request = { join->queue, join->until_end, deadline };
	queue_join(session->peer, &request, now_of(session), &call->waiter);
}

void handle_queue_shutdown(struct session *session, const struct frame *frame)
{
	const Relevo__QueueShutdown *shutdown = frame->header->queue_shutdown;
	struct error error = { 0 };
	int status = queue_shut_down(session->peer, shutdown->queue,
				     shutdown->at_once ? QUEUE_SHUT : QUEUE_DRAINING,
				     now_of(session), &error);
	reply_outcome(session, frame->header->call, status, 0, &error);
}

void handle_queue_purge(struct session *session, const struct frame *frame)
{
	uint64_t count;
	struct error error = { 0 };
	int status = queue_purge(session->peer, frame->header->queue_purge->queue, now_of(session),
				 &count, &error);
	reply_outcome(session, frame->header->call, status, count, &error);
}

void handle_queue_move(struct session *session, const struct frame *frame)
{
	const Relevo__QueueMove *move = frame->header->queue_move;
	const struct move_request request = { move->from, move->to, move->max_items };
	struct error error = { 0 };
	struct call *call;
	if (call_new(session, frame->header->call, false, &call, &error) != RELEVO_OK) {
		reply_error(session, frame->header->call, &error);
		return;
	}
	call->waiter.answer = answer_move;
	queue_move(session->peer, &request, now_of(session), &call->waiter);
}

/* ---- peek and list ------------------------------------------------------ */

void handle_queue_peek(struct session *session, const struct frame *frame)
{
	const Relevo__QueuePeek *message = frame->header->queue_peek;
	const struct frame_limits *limits = &session->router->config.limits;
	const uint32_t most = limits->max_frame - FRAME_MAX_HEADER - FRAME_PREFIX_SIZE;
	const struct peek_request request = {
		.handle = message->queue,
		.max_items = message->max_items,
		.max_bytes = message->max_bytes > 0 && message->max_bytes < most
				     ? message->max_bytes
				     : most,
		.after = { message->after_rank, message->after_sequence },
	};
	struct peek peek;
	struct error error = { 0 };
	int status = queue_peek(session->peer, &request, now_of(session), &peek, &error);
	if (status == RELEVO_OK) {
		reply_peek(session, frame->header->call, &peek);
		peek_end(session->router->engine, &peek);
	} else {
		reply_error(session, frame->header->call, &error);
	}
}

void handle_queue_list(struct session *session, const struct frame *frame)
{
	const Relevo__QueueList *list = frame->header->queue_list;
	const uint32_t most = list->max_queues > 0 && list->max_queues < LISTING_MOST
				      ? list->max_queues
				      : LISTING_MOST;
	/* One more tells whether there are more. */
	const struct list_request request = { list->prefix, list->after, most + 1 };
	struct queue_summary summaries[LISTING_MOST + 1];
	uint32_t count = queue_list(session->router->engine, &request, summaries);
	reply_listing(session, frame->header->call, summaries, count < most ? count : most,
		      count > most);
}
