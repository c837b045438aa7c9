/* Getting and leasing items of one queue: one or many, from the stash or from the broker. */
#include "base/deadline.h"
#include "base/mutant.h"
#include "base/thread_error.h"
#include "queue/item_block.h"
#include "queue/queue.h"
#include "queue/stash.h"
#include "session/call.h"
#include "session/outbox.h"
#include "wire/protocol.h"

/* Items that are asked for at a time: what fits one answer well, and one frame gives back. */
enum { STEP = FRAME_MAX_LEASES };

struct getting {
	struct call call;
	relevo_queue *queue;
	relevo_item *items;
	size_t room;
	uint32_t ahead; /* items that may come beyond those asked for, for the stash */
	bool leave_leased;
	bool to_work_on; /* leave_leased, and what came ahead will do */
	size_t got;
	uint64_t epoch; /* of the connection */
};

static int queue_get_take_items(struct call *call, const struct frame *frame)
{
	struct getting *getting = container_of(call, struct getting, call);
	struct item_source source;
	if (!item_source_read(&source, frame, getting->room + getting->ahead))
		return RELEVO_BAD_FRAME;
	source.epoch = getting->epoch;
	bool taken = getting->ahead > 0 ? stash_fill(getting->queue, &source, getting->items)
					: item_block_fill(getting->items, &source);
	/* Not taken, they stay leased until the session ends; but without memory
	 * giving them back would fail as well. */
	if (!taken)
		return RELEVO_NO_MEMORY;
	getting->got = getting->ahead > 0 ? 1 : source.count;
	return RELEVO_OK;
}

static int queue_get_ask(struct getting *getting, nsec_t deadline, struct error *error)
{
	relevo_queue *queue = getting->queue;
	Relevo__QueueGet operation = RELEVO__QUEUE_GET__INIT;
	operation.queue = queue->handle.number;
	operation.max_items = getting->room < STEP ? (uint32_t)getting->room : STEP;
	operation.max_bytes = 4 * FRAME_GOOD_SIZE;
	operation.ahead = getting->ahead;
	operation.begins = getting->to_work_on;
	operation.timeout_ms = session_timeout(deadline);
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_GET;
	header.queue_get = &operation;
	getting->call.take = queue_get_take_items;
	getting->call.interruptible = true;
	getting->epoch = queue->handle.epoch;
	int status = call_run(queue->handle.session, &getting->call, &header,
			      session_patience(deadline), error);
	if (getting->ahead > 0)
		queue->stash.asked = false;
	return status;
}

void queue_hand_over(relevo_queue *queue, relevo_item *items, size_t count)
{
	struct relevo_session *session = queue->handle.session;
	/* If the connection was lost meanwhile, the items have gone back; this
	 * number may be another lease's by now. */
	bool held = item_block_epoch(items) == session->connection.epoch;
	for (size_t i = 0; i < count; i++) {
		if (queue->joinable)
			unfinished_add(&queue->tasks, items[i].lease, item_block_epoch(items));
		else if (held)
			outbox_ack(session, items[i].lease);
		items[i].lease = 0;
	}
	flusher_notify(session);
}

void queue_finish(struct relevo_queue *queue, relevo_item *item)
{
	session_lock(queue->handle.session);
	queue_hand_over(queue, item, 1);
	session_leave(queue->handle.session);
}

/* What lies here unread comes first; a lease is not taken of it, since the broker
 * may call it back at any time, nor what is leased for a time, which may have run out. */
static void take_from_stash(struct getting *getting)
{
	if (getting->leave_leased || (getting->queue->timed && !MUTANT(timed_is_taken_here)))
		stash_give_back(getting->queue);
	else
		while (getting->got < getting->room &&
		       stash_take(getting->queue, &getting->items[getting->got]))
			getting->got++;
}

/* One item, and others ahead. What lies here unread could be worked on only if the broker
 * heard of it. The session is locked. */
static int get_to_work_on(struct getting *getting, nsec_t deadline, struct error *error)
{
	relevo_queue *queue = getting->queue;
	stash_give_back(queue);
	getting->ahead = stash_ask(&queue->stash);
	int status = queue_get_ask(getting, deadline, error);
	/* Who gives back what is not worked on in time. */
	flusher_notify(queue->handle.session);
	return status;
}

/* While the broker was asked, one may have come that a watch had asked for. */
static bool take_told(struct getting *getting)
{
	if (!getting->leave_leased && !getting->queue->timed && getting->queue->stash.told)
		take_from_stash(getting);
	return getting->got > 0;
}

/* The session is locked. */
static int get_locked(struct getting *getting, nsec_t deadline, struct error *error)
{
	int status = RELEVO_OK;
	if (getting->queue->joinable && !unfinished_reserve(&getting->queue->tasks, getting->room))
		return error_set(error, RELEVO_NO_MEMORY, "no memory for %zu tasks", getting->room);
	take_from_stash(getting);
	if (getting->got == 0) {
		if (getting->room == 1 && !getting->leave_leased && !getting->queue->joinable &&
		    !getting->queue->strict_order)
			getting->ahead = stash_ask(&getting->queue->stash);
		status = queue_get_ask(getting, deadline, error);
		if (status != RELEVO_OK && take_told(getting)) {
			*error = (struct error){ 0 };
			status = RELEVO_OK;
		}
	}
	if (status == RELEVO_OK && !getting->leave_leased)
		queue_hand_over(getting->queue, getting->items, getting->got);
	return status;
}

static int queue_get_now(struct getting *getting, nsec_t deadline, struct error *error)
{
	int status = queue_enter(getting->queue, deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = getting->to_work_on ? get_to_work_on(getting, deadline, error)
				     : get_locked(getting, deadline, error);
	session_leave(getting->queue->handle.session);
	return status;
}

static int queue_get_get(struct getting *getting, int64_t timeout)
{
	struct error *error = thread_error();
	if (getting->room == 0)
		return RELEVO_OK;
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status != RELEVO_OK)
		return status;
	do
		status = queue_get_now(getting, deadline, error);
	while (handle_rides(&getting->queue->handle, deadline, &status, error));
	return status;
}

static int get_many(struct getting *getting, int64_t timeout, size_t *got)
{
	int status = queue_get_get(getting, timeout);
	*got = getting->got;
	return status;
}

int relevo_queue_get_many(relevo_queue *queue, int64_t timeout, relevo_item *items, size_t count,
			  size_t *got)
{
	if (!given(queue, got) || (count > 0 && !given(items)))
		return RELEVO_BAD_ARGUMENT;
	struct getting getting = { .queue = queue, .items = items, .room = count };
	return get_many(&getting, timeout, got);
}

int queue_get_attentively(relevo_queue *queue, struct queue_items *items, int64_t timeout,
			  struct attention *attention)
{
	struct getting getting = {
		.call.attention = attention,
		.queue = queue,
		.items = items->items,
		.room = items->room,
	};
	attention->due = false;
	return get_many(&getting, timeout, &items->count);
}

int relevo_queue_lease(relevo_queue *queue, int64_t timeout, relevo_item *items, size_t count,
		       size_t *got)
{
	if (!given(queue, got) || (count > 0 && !given(items)))
		return RELEVO_BAD_ARGUMENT;
	struct getting getting = {
		.queue = queue,
		.items = items,
		.room = count,
		.leave_leased = true,
	};
	int status = queue_get_get(&getting, timeout);
	*got = getting.got;
	return status;
}

int queue_lease_to_work_on(relevo_queue *queue, relevo_item *item)
{
	struct getting getting = { .queue = queue, .items = item, .room = 1, .to_work_on = true };
	*item = (relevo_item){ 0 };
	return queue_get_get(&getting, RELEVO_FOREVER);
}

bool queue_take_to_work_on(relevo_queue *queue, relevo_item *item)
{
	struct relevo_session *session = queue->handle.session;
	pthread_mutex_lock(&session->lock);
	bool taken = stash_take(queue, item);
	pthread_mutex_unlock(&session->lock);
	return taken;
}

/* What has come ahead costs no call, nor what a call needs. The session is locked. */
static bool take_ahead(relevo_queue *queue, relevo_item *item)
{
	if (queue->joinable || (queue->timed && !MUTANT(timed_is_taken_here)) ||
	    !stash_take(queue, item))
		return false;
	queue_hand_over(queue, item, 1);
	return true;
}

static int get_one(relevo_queue *queue, relevo_item *item, nsec_t deadline, struct error *error)
{
	struct getting getting = { .queue = queue, .items = item, .room = 1 };
	return get_locked(&getting, deadline, error);
}

static int get_one_now(relevo_queue *queue, relevo_item *item, nsec_t deadline, struct error *error)
{
	int status = queue_enter(queue, deadline, error);
	if (status != RELEVO_OK)
		return status;
	if (!take_ahead(queue, item))
		status = get_one(queue, item, deadline, error);
	session_leave(queue->handle.session);
	return status;
}

int relevo_queue_get(relevo_queue *queue, int64_t timeout, relevo_item *item)
{
	if (!given(queue, item))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline;
	*item = (relevo_item){ 0 };
	int status = deadline_after(timeout, &deadline, error);
	if (status != RELEVO_OK)
		return status;
	do
		status = get_one_now(queue, item, deadline, error);
	while (handle_rides(&queue->handle, deadline, &status, error));
	return status;
}
