#include "client/call.h"
#include "client/error.h"
#include "client/item_block.h"
#include "client/output.h"
#include "client/queue.h"
#include "wire/protocol.h"

/* Items that are asked for at a time: what fits one answer well. */
enum { STEP = 4096 };

struct getting {
	struct call call;
	relevo_item *items;
	size_t room;
	bool leave_leased;
	size_t got;
	uint64_t epoch; /* of the connection */
};

static int take_items(struct call *call, const struct frame *frame)
{
	struct getting *getting = container_of(call, struct getting, call);
	const Relevo__Header *header = frame->header;
	if (header->op_case != RELEVO__HEADER__OP_QUEUE_ITEMS)
		return RELEVO_BAD_FRAME;
	const Relevo__QueueItems *items = header->queue_items;
	bool counted = items->n_deliveries > 0;
	if (header->n_sizes == 0 || header->n_sizes > getting->room ||
	    items->n_leases != header->n_sizes ||
	    (counted && items->n_deliveries != header->n_sizes))
		return RELEVO_BAD_FRAME;
	/* Not taken, they stay leased until the session ends; but without memory
	 * giving them back would fail as well. */
	struct item_source source = {
		.bodies = frame->bodies,
		.sizes = header->sizes,
		.count = header->n_sizes,
		.epoch = getting->epoch,
	};
	if (!item_block_fill(getting->items, &source))
		return RELEVO_NO_MEMORY;
	for (size_t i = 0; i < header->n_sizes; i++) {
		getting->items[i].lease = items->leases[i];
		getting->items[i].deliveries = counted ? items->deliveries[i] : 1;
	}
	getting->got = header->n_sizes;
	return RELEVO_OK;
}

static int ask(relevo_queue *queue, struct getting *getting, nsec_t deadline, struct error *error)
{
	Relevo__QueueGet operation = RELEVO__QUEUE_GET__INIT;
	operation.queue = queue->handle;
	operation.max_items = getting->room < STEP ? (uint32_t)getting->room : STEP;
	operation.max_bytes = getting->room > 1 ? 4 * FRAME_GOOD_SIZE : 0;
	operation.timeout_ms = deadline > 0 ? clock_msec_until(clock_now(), deadline) : 0;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_GET;
	header.queue_get = &operation;
	return call_run(queue->session, &getting->call, &header, deadline, error);
}

/* From here on they are the caller's: the acknowledgement goes with whatever is
 * sent next, or with the flusher. */
static void acknowledge(struct relevo_session *session, relevo_item *items, size_t count)
{
	/* If the connection was lost meanwhile, the items have gone back; this
	 * number may be another lease's by now. */
	bool held = item_block_epoch(items) == session->connection.epoch;
	for (size_t i = 0; i < count; i++) {
		if (held)
			output_ack(session, items[i].lease);
		items[i].lease = 0;
	}
	flusher_notify(session);
}

static int get(relevo_queue *queue, struct getting *getting, int64_t timeout)
{
	struct error *error = client_error();
	if (getting->room == 0)
		return RELEVO_OK;
	nsec_t deadline;
	int status = session_deadline(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = queue_begin(queue, deadline, error);
	if (status != RELEVO_OK)
		return status;
	getting->call.take = take_items;
	getting->epoch = queue->epoch;
	status = ask(queue, getting, deadline, error);
	if (status == RELEVO_OK && !getting->leave_leased)
		acknowledge(queue->session, getting->items, getting->got);
	session_end(queue->session);
	return status;
}

int relevo_queue_get_many(relevo_queue *queue, relevo_item *items, size_t count, int64_t timeout,
			  size_t *got)
{
	struct getting getting = { .items = items, .room = count };
	int status = get(queue, &getting, timeout);
	*got = getting.got;
	return status;
}

int relevo_queue_lease(relevo_queue *queue, relevo_item *items, size_t count, int64_t timeout,
		       size_t *got)
{
	struct getting getting = { .items = items, .room = count, .leave_leased = true };
	int status = get(queue, &getting, timeout);
	*got = getting.got;
	return status;
}

int relevo_queue_get(relevo_queue *queue, relevo_item *item, int64_t timeout)
{
	*item = (relevo_item){ 0 };
	struct getting getting = { .items = item, .room = 1 };
	return get(queue, &getting, timeout);
}

int relevo_queue_try_get(relevo_queue *queue, relevo_item *item)
{
	return relevo_queue_get(queue, item, 0);
}
