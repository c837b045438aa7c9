/* Putting items: one or many, with or without waiting for the broker's answer. */
#include "base/bounds.h"
#include "base/deadline.h"
#include "base/thread_error.h"
#include "queue/properties.h"
#include "queue/queue.h"
#include "session/call.h"
#include "session/outbox.h"
#include "wire/protocol.h"

#include <stdio.h>
#include <stdlib.h>

static int check_items(const relevo_queue *queue, const struct relevo_bytes *items, size_t count,
		       struct error *error)
{
	size_t most = queue->handle.session->connection.limits.max_item;
	for (size_t i = 0; i < count; i++) {
		if (items[i].size > most)
			return error_set(error, RELEVO_TOO_LARGE,
					 "item %zu for \"%s\" has %zu bytes, more than the limit "
					 "of %zu " ITEM_MAX_HOW,
					 i, queue->handle.name, items[i].size, most);
	}
	return RELEVO_OK;
}

/* Items on their way into a queue. */
struct putting {
	relevo_queue *queue;
	const struct relevo_bytes *items;
	size_t count;
	const Relevo__QueuePut *options; /* of the items; NULL: none */
	nsec_t deadline;
	nsec_t patience; /* see patience(); 0: not asked for yet */
	size_t accepted;
	size_t done;              /* of them, in steps of which the outcome is known */
	struct put_number number; /* of the step that is under way, if it may come again */
	struct error *error;
};

/* One for all that the call does; most calls wait for nothing, and need none. */
static nsec_t patience(struct putting *putting)
{
	if (putting->patience == 0)
		putting->patience = session_patience(putting->deadline);
	return putting->patience;
}

static int send_item(const struct putting *putting, const struct outbox_way *way,
		     const struct relevo_bytes *item)
{
	struct relevo_session *session = putting->queue->handle.session;
	if (putting->options != NULL)
		return outbox_put_with(session, way, item, putting->options);
	return outbox_put(session, way, item);
}

/* An unbounded queue never waits for room; the window is the broker's own pace, which also a
 * put that does not wait keeps to. */
static int wait_for_window(struct putting *putting, const struct relevo_bytes *item)
{
	struct relevo_session *session = putting->queue->handle.session;
	if (call_window_has_room(&session->connection, item->size))
		return RELEVO_OK;
	return call_wait_for_window(session, item->size, patience(putting), putting->error);
}

/* No capacity: the items are on their way as soon as they are in the batch. */
static int put_pipelined(struct putting *putting)
{
	const struct relevo_bytes *items = putting->items;
	struct handle *handle = &putting->queue->handle;
	struct error *error = putting->error;
	struct outbox_way way = { .owner = handle->durable ? &putting->queue->kept.owner : NULL };
	int status = RELEVO_OK;
	for (size_t i = putting->accepted; i < putting->count && status == RELEVO_OK; i++) {
		status = wait_for_window(putting, &items[i]);
		way.queue = handle->number;
		if (status == RELEVO_OK)
			status = send_item(putting, &way, &items[i]);
		if (status == RELEVO_OK)
			putting->accepted++;
	}
	if (status == RELEVO_OK && !output_may_wait(handle->session))
		status = outbox_settle(handle->session, patience(putting));
	if (status != RELEVO_OK && error->status == RELEVO_OK)
		error_set(error, status, "the items for \"%s\" cannot be sent", handle->name);
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
static int put_step(struct putting *putting, const struct relevo_bytes *items, size_t count)
{
	relevo_queue *queue = putting->queue;
	uint32_t sizes[STEP];
	struct iovec bodies[STEP];
	for (size_t i = 0; i < count; i++) {
		sizes[i] = (uint32_t)items[i].size;
		bodies[i] = (struct iovec){ (void *)items[i].data, items[i].size };
	}
	Relevo__QueuePut operation = RELEVO__QUEUE_PUT__INIT;
	if (putting->options != NULL)
		operation = *putting->options;
	operation.queue = queue->handle.number;
	operation.timeout_ms = session_timeout(putting->deadline);
	if (queue->handle.durable)
		put_number_hold(&queue->part->puts.numbers, &putting->number, &operation);
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.sizes = sizes;
	header.n_sizes = count;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &operation;
	struct call call = { .bodies = bodies, .body_count = (int)count, .interruptible = true };
	int status = call_run(queue->handle.session, &call, &header,
			      session_patience(putting->deadline), putting->error);
	/* It comes again, and counts then. */
	if (status == RELEVO_DISCONNECTED && putting->number.sequence != 0)
		return status;
	put_number_settle(&putting->number);
	putting->accepted += status == RELEVO_OK ? count : call.count;
	putting->done += count;
	return status;
}

static int put_answered(struct putting *putting)
{
	int status = RELEVO_OK;
	while (putting->done < putting->count && status == RELEVO_OK) {
		const struct relevo_bytes *items = putting->items + putting->done;
		size_t step = frame_share(items, putting->count - putting->done, STEP);
		status = put_step(putting, items, step);
	}
	return status;
}

/* One that was sent, and whose outcome has not been heard in time. */
static int put_in_doubt(struct putting *putting, int status)
{
	struct relevo_session *session = putting->queue->handle.session;
	char why[ERROR_TEXT_SIZE];
	if (putting->number.sequence == 0)
		return status;
	pthread_mutex_lock(&session->lock);
	put_number_settle(&putting->number);
	pthread_mutex_unlock(&session->lock);
	if (status != RELEVO_TIMED_OUT && status != RELEVO_INTERRUPTED)
		return status;
	snprintf(why, sizeof why, "%s", error_text(putting->error));
	return error_set(putting->error, RELEVO_UNANSWERED, "whether it was put is not known: %s",
			 why);
}

static int put_now(struct putting *putting)
{
	struct error *error = putting->error;
	relevo_queue *queue = putting->queue;
	putting->patience = 0;
	int status = queue_enter(queue, putting->deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = check_items(queue, putting->items, putting->count, error);
	if (status == RELEVO_OK)
		status = queue->bounded ? put_answered(putting) : put_pipelined(putting);
	session_leave(queue->handle.session);
	return status;
}

static int queue_put_put(struct putting *putting, int64_t timeout)
{
	struct error *error = putting->error = thread_error();
	int status = deadline_after(timeout, &putting->deadline, error);
	if (status != RELEVO_OK)
		return status;
	do
		status = put_now(putting);
	while (handle_rides(&putting->queue->handle, putting->deadline, &status, error));
	return put_in_doubt(putting, status);
}

int relevo_queue_put_many(relevo_queue *queue, const struct relevo_bytes *items, size_t count,
			  int64_t timeout, size_t *accepted)
{
	if (!given(queue) || (count > 0 && !given(items)) || !given_bytes(items, count))
		return RELEVO_BAD_ARGUMENT;
	struct putting putting = { .queue = queue, .items = items, .count = count };
	int status = queue_put_put(&putting, timeout);
	if (accepted != NULL)
		*accepted = putting.accepted;
	return status;
}

int relevo_queue_put(relevo_queue *queue, const void *data, size_t size, int64_t timeout)
{
	if (!given(queue) || (size > 0 && !given(data)))
		return RELEVO_BAD_ARGUMENT;
	const struct relevo_bytes item = { data, size };
	struct putting putting = { .queue = queue, .items = &item, .count = 1 };
	return queue_put_put(&putting, timeout);
}

static int queue_put_describe(const struct relevo_put_options *options, Relevo__QueuePut *operation,
			      struct error *error)
{
	int status = queue_check_time("a delay", options->delay, error);
	if (status == RELEVO_OK)
		status = queue_check_time("a TTL", options->ttl, error);
	if (status == RELEVO_OK && options->key_size > ITEM_MAX_KEY)
		status = error_set(error, RELEVO_TOO_LARGE, "a key of %zu bytes: %d are the most",
				   options->key_size, ITEM_MAX_KEY);
	if (status == RELEVO_OK && options->key_size > 0 && !given(options->key))
		status = RELEVO_BAD_ARGUMENT;
	if (status != RELEVO_OK)
		return status;
	operation->priority = options->priority;
	operation->cost = options->cost;
	operation->delay_ms = (uint64_t)options->delay;
	operation->ttl_ms = (uint64_t)options->ttl;
	operation->key = (ProtobufCBinaryData){ options->key_size, (uint8_t *)options->key };
	return properties_pack(options, &operation->properties, error);
}

int relevo_queue_put_with(relevo_queue *queue, const void *data, size_t size,
			  const struct relevo_put_options *options, int64_t timeout)
{
	if (!given(queue) || (size > 0 && !given(data)) || !known(relevo_put_options, options))
		return RELEVO_BAD_ARGUMENT;
	const struct relevo_bytes item = { data, size };
	if (options == NULL)
		return relevo_queue_put(queue, data, size, timeout);
	return queue_put_held(queue, &item, options, &(struct queue_hold){ 0 }, timeout);
}

int queue_put_held(relevo_queue *queue, const struct relevo_bytes *item,
		   const struct relevo_put_options *options, const struct queue_hold *hold,
		   int64_t timeout)
{
	Relevo__QueuePut operation = RELEVO__QUEUE_PUT__INIT;
	int status = queue_put_describe(options, &operation, thread_error());
	if (status != RELEVO_OK)
		return status;
	operation.hold_ms = hold->msec;
	if (hold->msec > 0)
		operation.overdue_to = (char *)hold->overdue_to;
	struct putting putting = {
		.queue = queue,
		.items = item,
		.count = 1,
		.options = &operation,
	};
	status = queue_put_put(&putting, timeout);
	free(operation.properties.data);
	return status;
}
