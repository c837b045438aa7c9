/* What clients ask of queues and leases: open to delete, put, get, acknowledge, counts. */
#include "route/call.h"
#include "route/deal.h"
#include "route/handlers.h"
#include "route/opening.h"
#include "route/reply.h"
#include "wire/protocol.h"

/* Items that one answer may carry: those that were asked for, and others. Half of
 * what fits a frame, so that its header has room for properties. */
enum { MOST_AHEAD = 1024, MOST_ITEMS = FRAME_MAX_ITEMS / 2 - MOST_AHEAD };

/* Bodies that one answer may carry: the frame's limit less its header. */
static uint32_t most_bytes(const struct session *session)
{
	return session->router->config.limits.max_frame - FRAME_MAX_HEADER - FRAME_PREFIX_SIZE;
}

/* ---- open, close, delete ---------------------------------------------- */

void handle_queue_open(struct session *session, const struct frame *frame)
{
	const Relevo__QueueOpen *open = frame->header->queue_open;
	const struct queue_options options = {
		.lifetime = (enum queue_lifetime)open->lifetime,
		.bounded = open->bounded,
		.capacity = open->capacity,
		.capacity_bytes = open->capacity_bytes,
		.order = (enum queue_order)open->order,
		.full = (enum queue_full)open->full_policy,
		.lease = clock_span(open->lease_ms),
		.ttl = clock_span(open->ttl_ms),
		.max_deliveries = open->max_deliveries,
		.dead_letter = open->dead_letter,
		.exclusive = open->exclusive,
		.durable = open->durable,
		.kind = open->any_kind && open->mode == RELEVO__OPEN_MODE__OPEN_EXISTING
				? QUEUE_ANY
				: QUEUE_ITEMS,
	};
	open_queue(session, frame->header->call,
		   &(struct opening){ open->name, open->mode, &options, open->strict_order });
}

void handle_queue_close(struct session *session, const struct frame *frame)
{
	struct error error = { 0 };
	int status = queue_close(session->peer, frame->header->queue_close->queue, &error);
	reply_outcome(session, frame->header->call, status, 0, &error);
}

void handle_queue_delete(struct session *session, const struct frame *frame)
{
	const Relevo__QueueDelete *operation = frame->header->queue_delete;
	struct error error = { 0 };
	int status = operation->queue != 0
			     ? queue_delete_handle(session->peer, operation->queue, &error)
			     : queue_delete(session->router->engine, operation->name,
					    (enum queue_kind)operation->kind, &error);
	reply_outcome(session, frame->header->call, status, 0, &error);
}

/* ---- put -------------------------------------------------------------- */

static void answer_put(struct waiter *waiter, const struct answer *answer)
{
	struct call *call = container_of(waiter, struct call, waiter);
	if (!call->quiet)
		reply_put(call->session, call->number, answer);
	else if (answer->status != RELEVO_OK && call->frame != NULL)
		reply_put_failed(call->session, call->number, answer, call->frame);
	else if (answer->status != RELEVO_OK)
		reply_put_failed_late(call->session, call->number, answer, call->queue);
	if (call->answered != NULL)
		*call->answered = true;
	if (list_linked(&call->in_deals))
		deal_done(call);
	else
		call_free(call);
}

/* In the window. */
static uint64_t put_cost(const struct frame *frame)
{
	return WINDOW_COST(frame->header->n_sizes, frame->bodies_size);
}

/* 0 is no time. */
static nsec_t later(const struct session *session, uint64_t msec)
{
	return msec > 0 ? loop_now(session->router->loop) + clock_span(msec) : 0;
}

void pass_over_put(struct session *session, const struct frame *frame)
{
	deal_expect(session, NULL, put_cost(frame), false);
}

static void refuse_put(struct session *session, const struct frame *frame,
		       const struct error *error)
{
	const struct answer answer = { .status = error->status, .text = error->text };
	if (!frame->header->queue_put->quiet) {
		reply_put(session, frame->header->call, &answer);
		return;
	}
	reply_put_failed(session, frame->header->call, &answer, frame);
	pass_over_put(session, frame);
}

/* To the engine. A quiet one is answered by then, but for its commit. */
static void put_hand_over(struct session *session, const struct frame *frame, struct call *call,
			  const struct put_request *request)
{
	const bool quiet = call->quiet;
	const nsec_t now = loop_now(session->router->loop);
	call->frame = quiet ? frame : NULL;
	if (!quiet) {
		queue_put(session->peer, request, now, &call->waiter);
		return;
	}
	bool answered = false;
	call->answered = &answered;
	queue_put(session->peer, request, now, &call->waiter);
	if (!answered) {
		call->answered = NULL;
		call->frame = NULL;
	}
	deal_expect(session, answered ? NULL : call, put_cost(frame), request->sequence != 0);
}

void handle_queue_put(struct session *session, const struct frame *frame)
{
	const Relevo__Header *header = frame->header;
	const Relevo__QueuePut *put = header->queue_put;
	nsec_t deadline = put->quiet ? 0 : session_deadline(session, put->timeout_ms);
	struct error error = { 0 };
	struct call *call;
	if (put->begin != 0)
		lease_begin(session->peer, put->begin);
	if (call_new(session, header->call, deadline != 0, &call, &error) != RELEVO_OK) {
		refuse_put(session, frame, &error);
	} else {
		const struct put_request request = {
			.handle = put->queue,
			.name = put->name,
			.bodies = frame->bodies,
			.sizes = header->sizes,
			.count = header->n_sizes,
			.acks = put->acks,
			.ack_count = put->n_acks,
			.or_drop = put->or_drop && put->name != NULL && put->queue == 0,
			.deadline = deadline,
			.sequence = put->sequence,
			.settled = put->settled,
			.priority = put->priority,
			.cost = put->cost,
			.not_before = later(session, put->delay_ms),
			.expires = later(session, put->ttl_ms),
			.key = put->key.data,
			.key_size = put->key.len,
			.properties = put->properties.data,
			.properties_size = put->properties.len,
			.hold = clock_span(put->hold_ms),
			.overdue_to = put->overdue_to,
		};
		call->waiter.answer = answer_put;
		call->quiet = put->quiet;
		call->queue = put->queue;
		put_hand_over(session, frame, call, &request);
	}
}

/* ---- get, ack, nack --------------------------------------------------- */

static void answer_get(struct waiter *waiter, const struct answer *answer)
{
	struct call *call = container_of(waiter, struct call, waiter);
	reply_get(call->session, call->number, answer);
	call_free(call);
}

void handle_queue_get(struct session *session, const struct frame *frame)
{
	const Relevo__QueueGet *get = frame->header->queue_get;
	const uint32_t most = most_bytes(session);
	const struct get_request request = {
		.handle = get->queue,
		.max_items = get->max_items < MOST_ITEMS ? get->max_items : MOST_ITEMS,
		.max_bytes = get->max_bytes > 0 && get->max_bytes < most ? get->max_bytes : most,
		.ahead = get->ahead < MOST_AHEAD ? get->ahead : MOST_AHEAD,
		.begins = get->begins,
		.deadline = session_deadline(session, get->timeout_ms),
		.also = get->also,
		.also_count = get->n_also,
	};
	struct error error = { 0 };
	struct call *call;
	if (call_new(session, frame->header->call, request.deadline != 0, &call, &error) !=
	    RELEVO_OK) {
		reply_error(session, frame->header->call, &error);
		return;
	}
	call->waiter.answer = answer_get;
	queue_get(session->peer, &request, loop_now(session->router->loop), &call->waiter);
}

void handle_queue_ack(struct session *session, const struct frame *frame)
{
	const Relevo__QueueAck *ack = frame->header->queue_ack;
	struct error error = { 0 };
	int status = lease_ack(session->peer, ack->leases, ack->n_leases,
			       loop_now(session->router->loop), &error);
	if (!ack->quiet)
		reply_outcome(session, frame->header->call, status, ack->n_leases, &error);
}

void handle_queue_nack(struct session *session, const struct frame *frame)
{
	const Relevo__QueueNack *nack = frame->header->queue_nack;
	nsec_t now = loop_now(session->router->loop);
	struct error error = { 0 };
	int status = lease_nack(session->peer, nack->leases, nack->n_leases,
				later(session, nack->delay_ms), nack->unread, now, &error);
	if (!nack->quiet)
		reply_outcome(session, frame->header->call, status, nack->n_leases, &error);
}

void handle_queue_reject(struct session *session, const struct frame *frame)
{
	const Relevo__QueueReject *reject = frame->header->queue_reject;
	struct error error = { 0 };
	int status = lease_reject(session->peer, reject->leases, reject->n_leases,
				  loop_now(session->router->loop), &error);
	reply_outcome(session, frame->header->call, status, reject->n_leases, &error);
}

void handle_queue_extend(struct session *session, const struct frame *frame)
{
	const Relevo__QueueExtend *extend = frame->header->queue_extend;
	struct error error = { 0 };
	int status =
		lease_extend(session->peer, extend->leases, extend->n_leases,
			     clock_span(extend->lease_ms), loop_now(session->router->loop), &error);
	reply_outcome(session, frame->header->call, status, extend->n_leases, &error);
}

void handle_queue_stat(struct session *session, const struct frame *frame)
{
	struct queue_counts counts;
	struct error error = { 0 };
	int status = queue_count(session->peer, frame->header->queue_stat->queue, &counts, &error);
	if (status == RELEVO_OK)
		reply_counts(session, frame->header->call, &counts);
	else
		reply_error(session, frame->header->call, &error);
}
