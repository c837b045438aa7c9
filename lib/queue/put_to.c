/* Putting an item into a queue that is only named, and acknowledging another with it. */
#include "queue/put_to.h"

#include "base/thread_error.h"
#include "queue/item_block.h"
#include "queue/queue.h"
#include "session/call.h"
#include "session/outbox.h"
#include "wire/protocol.h"

static int run_put(struct relevo_session *session, const char *name,
		   const struct relevo_bytes *item, const struct put_done *what,
		   struct error *error)
{
	const relevo_item *done = what->item;
	const relevo_item *held = done != NULL ? done : what->held;
	if (held != NULL && item_block_epoch(held) != session->connection.epoch)
		return error_set(error, RELEVO_NOT_OWNER,
				 "the lease ended when the connection was lost");
	if (item->size > session->connection.limits.max_item)
		return error_set(
			error, RELEVO_TOO_LARGE,
			"an item for \"%s\" has %zu bytes, more than the limit of %u " ITEM_MAX_HOW,
			name, item->size, session->connection.limits.max_item);
	uint64_t lease = done != NULL ? done->lease : 0;
	uint32_t size = (uint32_t)item->size;
	Relevo__QueuePut operation = RELEVO__QUEUE_PUT__INIT;
	operation.name = (char *)name;
	operation.acks = &lease;
	operation.n_acks = done != NULL;
	operation.begin = what->begin;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.sizes = &size;
	header.n_sizes = 1;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &operation;
	struct iovec body = { (void *)item->data, item->size };
	struct call call = { .bodies = &body, .body_count = 1 };
	return call_run(session, &call, &header, NSEC_NEVER, error);
}

int put_to(relevo_queue *from, const char *name, const struct relevo_bytes *item,
	   const struct put_done *what)
{
	relevo_item *done = what->item;
	struct error *error = thread_error();
	int status = queue_enter(from, NSEC_NEVER, error);
	if (status != RELEVO_OK)
		return status;
	status = run_put(from->handle.session, name, item, what, error);
	if (status == RELEVO_OK && done != NULL)
		done->lease = 0;
	session_leave(from->handle.session);
	return status;
}

static int put_to_check(const struct queue_part *queues, const char *name,
			const struct relevo_bytes *item, struct error *error)
{
	const struct relevo_session *session = queues->part.session;
	if (queues->put_to_failed != RELEVO_OK)
		return error_set(error, queues->put_to_failed,
				 "the broker did not take an item: %s",
				 relevo_error_message(queues->put_to_failed));
	if (item->size > session->connection.limits.max_item)
		return error_set(
			error, RELEVO_TOO_LARGE,
			"an item for \"%s\" has %zu bytes, more than the limit of %u " ITEM_MAX_HOW,
			name, item->size, session->connection.limits.max_item);
	return RELEVO_OK;
}

/* The session is locked. */
static int put_to_send_quietly(struct relevo_session *session, const char *name,
			       const struct relevo_bytes *item, const struct put_done *what)
{
	struct connection *connection = &session->connection;
	uint32_t size = (uint32_t)item->size;
	uint64_t lease = what->item->lease;
	Relevo__QueuePut operation = RELEVO__QUEUE_PUT__INIT;
	operation.name = (char *)name;
	operation.quiet = true;
	operation.acks = &lease;
	operation.n_acks = 1;
	operation.or_drop = true;
	operation.begin = what->begin;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = ++connection->last_call;
	header.sizes = &size;
	header.n_sizes = 1;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &operation;
	struct iovec body = { (void *)item->data, item->size };
	connection->window_used += WINDOW_COST(1, size);
	connection->puts++;
	return outbox_frame_later(session, &header, &body);
}

int put_to_quietly(relevo_queue *from, const char *name, const struct relevo_bytes *item,
		   const struct put_done *what)
{
	relevo_item *done = what->item;
	struct error *error = thread_error();
	struct relevo_session *session = from->handle.session;
	int status = queue_enter(from, NSEC_NEVER, error);
	if (status != RELEVO_OK)
		return status;
	status = put_to_check(from->part, name, item, error);
	if (status == RELEVO_OK)
		status = call_wait_for_window(session, item->size, NSEC_NEVER, error);
	/* What was held with a connection that is lost is somebody else's. */
	if (status == RELEVO_OK && item_block_epoch(done) == session->connection.epoch) {
		status = put_to_send_quietly(session, name, item, what);
		if (status == RELEVO_OK && !output_may_wait(session))
			status = outbox_settle(session, NSEC_NEVER);
	}
	if (status != RELEVO_OK && error->status == RELEVO_OK)
		error_set(error, status, "an item for \"%s\" cannot be sent", name);
	done->lease = 0;
	session_leave(session);
	return status;
}
