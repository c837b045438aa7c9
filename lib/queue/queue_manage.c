/* Calls that manage queues: join, shut down, purge, move and peek. */
#include "base/bounds.h"
#include "base/deadline.h"
#include "base/thread_error.h"
#include "queue/item_block.h"
#include "queue/queue.h"
#include "session/call.h"

#include <relevo/manage.h>

/* A call that is answered with Done, and how many it was about. */
static int queue_manage_run(struct relevo_session *session, Relevo__Header *header, nsec_t patience,
			    uint64_t *count)
{
	struct call call = {
		.interruptible = header->op_case == RELEVO__HEADER__OP_QUEUE_JOIN,
	};
	int status = call_run(session, &call, header, patience, thread_error());
	if (count != NULL)
		*count = call.count;
	return status;
}

static int run_on(relevo_queue *queue, Relevo__Header *header, nsec_t patience, uint64_t *count)
{
	int status = queue_manage_run(queue->handle.session, header, patience, count);
	session_leave(queue->handle.session);
	return status;
}

static int join_now(relevo_queue *queue, nsec_t deadline, struct error *error)
{
	int status = queue_enter(queue, deadline, error);
	if (status != RELEVO_OK)
		return status;
	Relevo__QueueJoin operation = RELEVO__QUEUE_JOIN__INIT;
	operation.queue = queue->handle.number;
	operation.timeout_ms = session_timeout(deadline);
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_JOIN;
	header.queue_join = &operation;
	return run_on(queue, &header, session_patience(deadline), NULL);
}

int relevo_queue_join(relevo_queue *queue, int64_t timeout)
{
	if (!given(queue))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status != RELEVO_OK)
		return status;
	do
		status = join_now(queue, deadline, error);
	while (handle_rides(&queue->handle, deadline, &status, error));
	return status;
}

static int shutdown_now(relevo_queue *queue, enum relevo_shutdown how, nsec_t limit,
			struct error *error)
{
	int status = queue_enter(queue, limit, error);
	if (status != RELEVO_OK)
		return status;
	Relevo__QueueShutdown operation = RELEVO__QUEUE_SHUTDOWN__INIT;
	operation.queue = queue->handle.number;
	operation.at_once = how == RELEVO_SHUTDOWN_AT_ONCE;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_SHUTDOWN;
	header.queue_shutdown = &operation;
	return run_on(queue, &header, limit, NULL);
}

int relevo_queue_shutdown(relevo_queue *queue, enum relevo_shutdown how)
{
	if (!given(queue))
		return RELEVO_BAD_ARGUMENT;
	nsec_t limit = session_limit(queue->handle.session);
	struct error *error = thread_error();
	if (how < RELEVO_SHUTDOWN_DRAIN || how > RELEVO_SHUTDOWN_AT_ONCE)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no way to shut down", (int)how);
	int status;
	do
		status = shutdown_now(queue, how, limit, error);
	while (handle_rides(&queue->handle, limit, &status, error));
	return status;
}

int relevo_queue_purge(relevo_queue *queue, uint64_t *count)
{
	if (!given(queue))
		return RELEVO_BAD_ARGUMENT;
	nsec_t limit = session_limit(queue->handle.session);
	struct error *error = thread_error();
	int status;
	/* Only until it begins: done twice, it would drop what came in between. */
	do
		status = queue_enter(queue, limit, error);
	while (handle_rides(&queue->handle, limit, &status, error));
	if (status != RELEVO_OK)
		return status;
	stash_drop(&queue->stash);
	Relevo__QueuePurge operation = RELEVO__QUEUE_PURGE__INIT;
	operation.queue = queue->handle.number;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PURGE;
	header.queue_purge = &operation;
	return run_on(queue, &header, limit, count);
}

int relevo_queue_move(relevo_session *session, const char *from, const char *to, uint64_t max,
		      uint64_t *count)
{
	if (!given(session, from, to))
		return RELEVO_BAD_ARGUMENT;
	nsec_t limit = session_limit(session);
	struct error *error = thread_error();
	int status = name_check(from, "queue", error);
	if (status == RELEVO_OK)
		status = name_check(to, "queue", error);
	if (status == RELEVO_OK)
		status = session_enter(session, limit, error);
	if (status != RELEVO_OK)
		return status;
	Relevo__QueueMove operation = RELEVO__QUEUE_MOVE__INIT;
	operation.from = (char *)from;
	operation.to = (char *)to;
	operation.max_items = max;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_MOVE;
	header.queue_move = &operation;
	status = queue_manage_run(session, &header, limit, count);
	session_leave(session);
	return status;
}

/* ---- peek --------------------------------------------------------------- */

struct peeking {
	struct call call;
	relevo_item *items;
	size_t room;
	size_t got;
	struct relevo_place *place;
};

static int queue_manage_take_items(struct call *call, const struct frame *frame)
{
	struct peeking *peeking = container_of(call, struct peeking, call);
	const Relevo__Header *header = frame->header;
	const Relevo__QueueItems *items = header->queue_items;
	if (header->op_case != RELEVO__HEADER__OP_QUEUE_ITEMS || header->n_sizes > peeking->room ||
	    items->n_deliveries != header->n_sizes || items->n_properties != header->n_sizes)
		return RELEVO_BAD_FRAME;
	const struct item_source source = {
		.bodies = frame->bodies,
		.sizes = header->sizes,
		.deliveries = items->deliveries,
		.properties = items->properties,
		.count = header->n_sizes,
	};
	if (source.count > 0 && !item_block_fill(peeking->items, &source))
		return RELEVO_NO_MEMORY;
	peeking->got = header->n_sizes;
	peeking->place->rank = items->rank;
	peeking->place->sequence = items->sequence;
	return RELEVO_OK;
}

static int peek_now(relevo_queue *queue, struct peeking *peeking, nsec_t limit, struct error *error)
{
	int status = queue_enter(queue, limit, error);
	if (status != RELEVO_OK)
		return status;
	Relevo__QueuePeek operation = RELEVO__QUEUE_PEEK__INIT;
	operation.queue = queue->handle.number;
	operation.max_items = (uint32_t)peeking->room;
	operation.after_rank = peeking->place->rank;
	operation.after_sequence = peeking->place->sequence;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PEEK;
	header.queue_peek = &operation;
	status = call_run(queue->handle.session, &peeking->call, &header, limit, error);
	session_leave(queue->handle.session);
	return status;
}

int relevo_queue_peek(relevo_queue *queue, struct relevo_place *place, relevo_item *items,
		      size_t count, size_t *got)
{
	if (!given(queue, place, got) || (count > 0 && !given(items)) ||
	    !known(relevo_place, place))
		return RELEVO_BAD_ARGUMENT;
	nsec_t limit = session_limit(queue->handle.session);
	struct peeking peeking = {
		.call.take = queue_manage_take_items,
		.items = items,
		.room = count < PEEK_MAX_ITEMS ? count : PEEK_MAX_ITEMS,
		.place = place,
	};
	*got = 0;
	if (count == 0)
		return RELEVO_OK;
	struct error *error = thread_error();
	int status;
	do
		status = peek_now(queue, &peeking, limit, error);
	while (handle_rides(&queue->handle, limit, &status, error));
	*got = peeking.got;
	return status;
}
