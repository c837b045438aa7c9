/* Getting or leasing items from whichever of several queues has some. */
#include "base/bounds.h"
#include "base/deadline.h"
#include "base/mutant.h"
#include "base/thread_error.h"
#include "queue/item_block.h"
#include "queue/queue.h"
#include "session/call.h"
#include "session/ride.h"
#include "wire/protocol.h"

/* Items that are asked for at a time. */
enum { STEP = FRAME_MAX_LEASES };

struct choosing {
	struct call call;
	relevo_queue *const *queues;
	size_t count;
	relevo_item *items;
	size_t room;
	bool leave_leased;
	size_t which;
	size_t got;
	uint64_t epoch;
};

static int queue_any_take_items(struct call *call, const struct frame *frame)
{
	struct choosing *choosing = container_of(call, struct choosing, call);
	struct item_source source;
	if (!item_source_read(&source, frame, choosing->room))
		return RELEVO_BAD_FRAME;
	const uint32_t from = frame->header->queue_items->queue;
	size_t which = 0;
	while (which < choosing->count && choosing->queues[which]->handle.number != from)
		which++;
	if (which == choosing->count)
		return RELEVO_BAD_FRAME;
	source.epoch = choosing->epoch;
	if (!item_block_fill(choosing->items, &source))
		return RELEVO_NO_MEMORY;
	choosing->which = which;
	choosing->got = source.count;
	return RELEVO_OK;
}

static int queue_any_check(const struct choosing *choosing, struct error *error)
{
	if (choosing->count == 0 || choosing->count > GET_MAX_QUEUES)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "a get from %zu queues; from 1 to %d can be", choosing->count,
				 GET_MAX_QUEUES);
	for (size_t i = 0; i < choosing->count; i++) {
		if (choosing->queues[i] == NULL)
			return error_set(error, RELEVO_BAD_ARGUMENT, "queue %zu of %zu is NULL", i,
					 choosing->count);
	}
	const struct relevo_session *session = choosing->queues[0]->handle.session;
	for (size_t i = 1; i < choosing->count; i++) {
		if (choosing->queues[i]->handle.session != session)
			return error_set(error, RELEVO_BAD_ARGUMENT,
					 "the queues \"%s\" and \"%s\" are of two sessions",
					 choosing->queues[0]->handle.name,
					 choosing->queues[i]->handle.name);
	}
	return RELEVO_OK;
}

/* Whether all numbers are those of the present connection. The session is locked. */
static bool all_valid(const struct choosing *choosing)
{
	for (size_t i = 0; i < choosing->count; i++) {
		const struct handle *handle = &choosing->queues[i]->handle;
		if (handle->epoch != handle->session->connection.epoch)
			return false;
	}
	return true;
}

/* Locks the session, with all handles of it valid. */
static int begin_all(const struct choosing *choosing, nsec_t deadline, struct error *error)
{
	struct relevo_session *session = choosing->queues[0]->handle.session;
	for (;;) {
		for (size_t i = 0; i < choosing->count; i++) {
			int status = queue_enter(choosing->queues[i], deadline, error);
			if (status != RELEVO_OK)
				return status;
			if (i + 1 == choosing->count && all_valid(choosing))
				return RELEVO_OK;
			session_leave(session);
		}
	}
}

/* What lies here unread comes first; a lease is not taken of it, since the broker may
 * call it back at any time. */
static bool take_from_stashes(struct choosing *choosing)
{
	if (choosing->leave_leased)
		return false;
	for (size_t i = 0; i < choosing->count; i++) {
		choosing->which = i;
		if (choosing->queues[i]->timed)
			stash_give_back(choosing->queues[i]);
		else if (stash_take(choosing->queues[i], choosing->items))
			return true;
	}
	return false;
}

static int queue_any_ask(struct choosing *choosing, nsec_t deadline, struct error *error)
{
	struct relevo_session *session = choosing->queues[0]->handle.session;
	uint32_t also[GET_MAX_QUEUES];
	for (size_t i = 1; i < choosing->count; i++)
		also[i - 1] = choosing->queues[i]->handle.number;
	Relevo__QueueGet operation = RELEVO__QUEUE_GET__INIT;
	operation.queue = choosing->queues[0]->handle.number;
	operation.max_items = choosing->room < STEP ? (uint32_t)choosing->room : STEP;
	operation.max_bytes = 4 * FRAME_GOOD_SIZE;
	operation.timeout_ms = session_timeout(deadline);
	operation.also = also;
	operation.n_also = choosing->count - 1;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_GET;
	header.queue_get = &operation;
	choosing->call.take = queue_any_take_items;
	choosing->call.interruptible = true;
	choosing->epoch = session->connection.epoch;
	return call_run(session, &choosing->call, &header, session_patience(deadline), error);
}

/* The session is locked. */
static int get_now(struct choosing *choosing, nsec_t deadline, struct error *error)
{
	for (size_t i = 0; i < choosing->count; i++) {
		relevo_queue *queue = choosing->queues[i];
		if (queue->joinable && !choosing->leave_leased &&
		    !unfinished_reserve(&queue->tasks, 1))
			return error_set(error, RELEVO_NO_MEMORY, "no memory for a task");
	}
	int status = RELEVO_OK;
	if (!take_from_stashes(choosing))
		status = queue_any_ask(choosing, deadline, error);
	if (status == RELEVO_OK && (!choosing->leave_leased || MUTANT(choice_never_leased)))
		queue_hand_over(choosing->queues[choosing->which], choosing->items, 1);
	return status;
}

static int choose_now(struct choosing *choosing, nsec_t deadline, struct error *error)
{
	int status = begin_all(choosing, deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = get_now(choosing, deadline, error);
	session_leave(choosing->queues[0]->handle.session);
	return status;
}

static bool all_durable(const struct choosing *choosing)
{
	for (size_t i = 0; i < choosing->count; i++) {
		if (!choosing->queues[i]->handle.durable)
			return false;
	}
	return true;
}

static int choose(struct choosing *choosing, int64_t timeout)
{
	struct error *error = thread_error();
	nsec_t deadline;
	int status = queue_any_check(choosing, error);
	if (status == RELEVO_OK)
		status = deadline_after(timeout, &deadline, error);
	if (status != RELEVO_OK)
		return status;
	const struct ride ride = {
		.session = choosing->queues[0]->handle.session,
		.carries_on = all_durable(choosing),
		.deadline = deadline,
	};
	do
		status = choose_now(choosing, deadline, error);
	while (ride_on(&ride, &status, error));
	return status;
}

int relevo_queue_get_any(relevo_queue *const *queues, size_t count, int64_t timeout,
			 relevo_item *item, size_t *which)
{
	if (!given(queues, item))
		return RELEVO_BAD_ARGUMENT;
	*item = (relevo_item){ 0 };
	/* One queue is no choice, and its items may come ahead. */
	if (count == 1) {
		if (which != NULL)
			*which = 0;
		return relevo_queue_get(queues[0], timeout, item);
	}
	struct choosing choosing = { .queues = queues, .count = count, .items = item, .room = 1 };
	int status = choose(&choosing, timeout);
	if (which != NULL)
		*which = choosing.which;
	return status;
}

int relevo_queue_lease_any(relevo_queue *const *queues, size_t queue_count, int64_t timeout,
			   relevo_item *items, size_t count, size_t *which, size_t *got)
{
	if (!given(queues, got) || (count > 0 && !given(items)))
		return RELEVO_BAD_ARGUMENT;
	struct choosing choosing = {
		.queues = queues,
		.count = queue_count,
		.items = items,
		.room = count,
		.leave_leased = true,
	};
	*got = 0;
	if (which != NULL)
		*which = 0;
	if (count == 0)
		return RELEVO_OK;
	if (queue_count == 1)
		return relevo_queue_lease(queues[0], timeout, items, count, got);
	int status = choose(&choosing, timeout);
	if (which != NULL)
		*which = choosing.which;
	*got = choosing.got;
	return status;
}
