#include "client/call.h"
#include "client/error.h"
#include "client/output.h"
#include "client/queue.h"
#include "wire/protocol.h"

static int check_items(const relevo_queue *queue, const struct relevo_bytes *items, size_t count,
		       struct error *error)
{
	size_t most = queue->handle.session->connection.limits.max_item;
	for (size_t i = 0; i < count; i++) {
		if (items[i].size > most)
			return error_set(
				error, RELEVO_TOO_LARGE,
				"item %zu for \"%s\" has %zu bytes, more than the limit of %zu", i,
				queue->handle.name, items[i].size, most);
	}
	return RELEVO_OK;
}

/* No capacity: the items are on their way as soon as they are in the batch. */
static int put_pipelined(relevo_queue *queue, const struct relevo_bytes *items, size_t count,
			 nsec_t deadline, size_t *accepted)
{
	struct relevo_session *session = queue->handle.session;
	struct error *error = client_error();
	/* An unbounded queue never waits for room; the window is the broker's
	 * own pace, which also a put that does not wait keeps to. */
	nsec_t patience = session_patience(deadline);
	int status = RELEVO_OK;
	for (size_t i = 0; i < count && status == RELEVO_OK; i++) {
		status = call_wait_for_window(session, items[i].size, patience, error);
		if (status == RELEVO_OK)
			status = output_put(session, queue, items[i].data, items[i].size);
		if (status == RELEVO_OK)
			++*accepted;
	}
	if (status == RELEVO_OK)
		status = output_settle(session, patience);
	if (status != RELEVO_OK && error->status == RELEVO_OK)
		error_set(error, status, "the items for \"%s\" cannot be sent", queue->handle.name);
	return status;
}

/* How many of the items make a frame of a good size. */
static size_t frame_share(const struct relevo_bytes *items, size_t count, size_t most)
{
	size_t bytes = items[0].size;
	size_t share = 1;
	while (share < count && share < most && bytes + items[share].size <= FRAME_GOOD_SIZE)
		bytes += items[share++].size;
	return share;
}

enum { STEP = 256 };

/* A capacity: each frame is answered, perhaps after a wait. */
static int put_step(relevo_queue *queue, const struct relevo_bytes *items, size_t count,
		    nsec_t deadline, size_t *accepted)
{
	uint32_t sizes[STEP];
	struct iovec bodies[STEP];
	for (size_t i = 0; i < count; i++) {
		sizes[i] = (uint32_t)items[i].size;
		bodies[i] = (struct iovec){ (void *)items[i].data, items[i].size };
	}
	Relevo__QueuePut operation = RELEVO__QUEUE_PUT__INIT;
	operation.queue = queue->handle.number;
	operation.timeout_ms = session_timeout(deadline);
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.sizes = sizes;
	header.n_sizes = count;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &operation;
	struct call call = { .bodies = bodies, .body_count = (int)count };
	int status = call_run(queue->handle.session, &call, &header, session_patience(deadline),
			      client_error());
	*accepted += status == RELEVO_OK ? count : call.count;
	return status;
}

static int put_answered(relevo_queue *queue, const struct relevo_bytes *items, size_t count,
			nsec_t deadline, size_t *accepted)
{
	int status = RELEVO_OK;
	for (size_t done = 0; done < count && status == RELEVO_OK;) {
		size_t step = frame_share(items + done, count - done, STEP);
		status = put_step(queue, items + done, step, deadline, accepted);
		done += step;
	}
	return status;
}

int relevo_queue_put_many(relevo_queue *queue, const struct relevo_bytes *items, size_t count,
			  int64_t timeout, size_t *accepted)
{
	struct error *error = client_error();
	size_t ignored;
	if (accepted == NULL)
		accepted = &ignored;
	*accepted = 0;
	nsec_t deadline;
	int status = session_deadline(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = queue_begin(queue, deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = check_items(queue, items, count, error);
	if (status == RELEVO_OK)
		status = queue->bounded ? put_answered(queue, items, count, deadline, accepted)
					: put_pipelined(queue, items, count, deadline, accepted);
	session_end(queue->handle.session);
	return status;
}

int relevo_queue_put(relevo_queue *queue, const void *data, size_t size, int64_t timeout)
{
	struct relevo_bytes item = { data, size };
	return relevo_queue_put_many(queue, &item, 1, timeout, NULL);
}

int relevo_queue_try_put(relevo_queue *queue, const void *data, size_t size)
{
	return relevo_queue_put(queue, data, size, 0);
}
