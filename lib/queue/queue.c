/* Queues: opening, closing and deleting them, and their counts. */
#include "queue/queue.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "queue/close_handle.h"
#include "queue/failed_put.h"
#include "session/call.h"
#include "session/ride.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct opening {
	struct call call;
	struct relevo_queue *queue;
};

static int queue_take_opened(struct call *call, const struct frame *frame)
{
	struct opening *opening = container_of(call, struct opening, call);
	struct relevo_queue *queue = opening->queue;
	if (frame->header->op_case != RELEVO__HEADER__OP_QUEUE_OPENED)
		return RELEVO_BAD_FRAME;
	const Relevo__QueueOpened *opened = frame->header->queue_opened;
	queue->bounded = opened->bounded || opened->capacity_bytes > 0;
	queue->timed = opened->lease_ms > 0;
	queue->keep = opened->keep;
	/* Others read it without the lock: the same queue is as durable as it was. */
	if (queue->handle.durable != opened->durable)
		queue->handle.durable = opened->durable;
	handle_opened(&queue->handle, opened->name, opened->queue, opened->identity);
	return RELEVO_OK;
}

/* The session is locked. */
static int open_handle(struct relevo_queue *queue, Relevo__Header *header, nsec_t deadline,
		       struct error *error)
{
	struct opening opening = { .call.take = queue_take_opened, .queue = queue };
	return call_run(queue->handle.session, &opening.call, header, deadline, error);
}

static int queue_open_again(struct handle *handle, nsec_t deadline, struct error *error)
{
	Relevo__QueueOpen operation = RELEVO__QUEUE_OPEN__INIT;
	operation.name = handle->name;
	operation.mode = RELEVO__OPEN_MODE__OPEN_EXISTING;
	operation.any_kind = true;
	operation.strict_order = container_of(handle, struct relevo_queue, handle)->strict_order;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_OPEN;
	header.queue_open = &operation;
	return open_handle(container_of(handle, struct relevo_queue, handle), &header, deadline,
			   error);
}

static const struct handle_kind queue_kind = { queue_open_again, queue_close_handle };

void queue_forget_calls(struct relevo_queue *queue)
{
	queue->stash.asked = false;
	unfinished_forget(&queue->tasks);
}

int queue_enter(relevo_queue *queue, nsec_t deadline, struct error *error)
{
	return handle_enter(&queue->handle, deadline, error);
}

int queue_check_time(const char *what, int64_t msec, struct error *error)
{
	if (msec >= 0 && ((uint64_t)msec <= MSEC_LONGEST || MUTANT(any_time_is_kept)))
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_ARGUMENT,
			 "%s of %lld ms: from 0 to %llu, a hundred years, can be kept", what,
			 (long long)msec, (unsigned long long)MSEC_LONGEST);
}

int queue_check_options(const struct relevo_queue_options *options, struct error *error)
{
	if (options->mode < RELEVO_OPEN_OR_CREATE || options->mode > RELEVO_OPEN_NEW)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no open mode",
				 (int)options->mode);
	if (options->lifetime < RELEVO_LIFETIME_KEPT || options->lifetime > RELEVO_LIFETIME_SESSION)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no lifetime",
				 (int)options->lifetime);
	if (options->capacity < RELEVO_CAPACITY_RENDEZVOUS)
		return error_set(error, RELEVO_BAD_ARGUMENT, "the capacity %lld is negative",
				 (long long)options->capacity);
	if (options->capacity_bytes < 0)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the capacity of %lld bytes is negative",
				 (long long)options->capacity_bytes);
	if (options->order < RELEVO_ORDER_FIFO || options->order > RELEVO_ORDER_SHORTEST)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no order", (int)options->order);
	if (options->full < RELEVO_FULL_BLOCK || options->full > RELEVO_FULL_DROP_OLDEST)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no full policy",
				 (int)options->full);
	int status = queue_check_time("a lease", options->lease, error);
	return status == RELEVO_OK ? queue_check_time("a TTL", options->ttl, error) : status;
}

/* The public enumerations have the numbers of the wire. */
_Static_assert((int)RELEVO_LIFETIME_SESSION == RELEVO__LIFETIME__LIFETIME_SESSION,
	       "lifetimes differ");
_Static_assert((int)RELEVO_ORDER_SHORTEST == RELEVO__ORDER__ORDER_SHORTEST, "orders differ");
_Static_assert((int)RELEVO_FULL_DROP_OLDEST == RELEVO__FULL_POLICY__FULL_DROP_OLDEST,
	       "full policies differ");
_Static_assert((int)RELEVO_OPEN_NEW == RELEVO__OPEN_MODE__CREATE_NEW, "open modes differ");

static void queue_describe(const char *name, const struct relevo_queue_options *options,
			   Relevo__QueueOpen *operation)
{
	operation->name = name != NULL ? (char *)name : (char *)"";
	operation->mode = (Relevo__OpenMode)options->mode;
	operation->lifetime = (Relevo__Lifetime)options->lifetime;
	if (name == NULL && options->lifetime == RELEVO_LIFETIME_KEPT)
		operation->lifetime = RELEVO__LIFETIME__LIFETIME_HANDLES;
	operation->bounded = options->capacity != 0;
	operation->capacity = options->capacity > 0 ? (uint64_t)options->capacity : 0;
	operation->capacity_bytes = (uint64_t)options->capacity_bytes;
	operation->order = (Relevo__Order)options->order;
	operation->full_policy = (Relevo__FullPolicy)options->full;
	operation->lease_ms = (uint64_t)options->lease;
	operation->ttl_ms = (uint64_t)options->ttl;
	operation->max_deliveries = options->max_deliveries;
	if (options->dead_letter != NULL)
		operation->dead_letter = (char *)options->dead_letter;
	operation->exclusive = options->exclusive;
	operation->strict_order = options->strict_order;
	operation->durable = options->durable;
}

static int queue_check_open(const char *name, const struct relevo_queue_options *options,
			    struct error *error)
{
	int status = name != NULL ? name_check(name, "queue", error) : RELEVO_OK;
	if (status == RELEVO_OK)
		status = queue_check_options(options, error);
	if (status == RELEVO_OK && name == NULL && options->mode == RELEVO_OPEN_EXISTING)
		status = error_set(error, RELEVO_BAD_ARGUMENT,
				   "a queue without a name cannot be opened, only created");
	return status;
}

/* Whether it may be asked for again without being told that it is there already. */
static bool attach_rides(const Relevo__Header *header)
{
	return header->op_case == RELEVO__HEADER__OP_QUEUE_OPEN && header->queue_open->durable &&
	       header->queue_open->mode != RELEVO__OPEN_MODE__CREATE_NEW;
}

static int attach_now(struct relevo_queue *queue, Relevo__Header *header, nsec_t limit,
		      struct error *error)
{
	struct relevo_session *session = queue->handle.session;
	int status = session_enter(session, limit, error);
	if (status != RELEVO_OK)
		return status;
	queue->part = queue_part_of(session);
	if (queue->part != NULL)
		kept_owner_init(&queue->kept, &queue->part->puts, &queue->handle, queue);
	if (queue->part != NULL)
		status = open_handle(queue, header, limit, error);
	else
		status = error_set(error, RELEVO_NO_MEMORY, "no memory for a queue handle");
	if (status == RELEVO_OK)
		list_append(&queue->part->queues, &queue->link);
	session_leave(session);
	return status;
}

int queue_attach(struct relevo_queue *queue, relevo_session *session, Relevo__Header *header,
		 struct error *error)
{
	nsec_t limit = session_limit(session);
	queue->handle.session = session;
	queue->handle.kind = &queue_kind;
	if (queue->handle.what == NULL)
		queue->handle.what = "queue";
	const struct ride ride = { session, attach_rides(header), limit };
	int status;
	do
		status = attach_now(queue, header, limit, error);
	while (ride_on(&ride, &status, error));
	return status;
}

void queue_detach(struct relevo_queue *queue)
{
	struct relevo_session *session = queue->handle.session;
	watch_forget(&queue->watched, queue);
	pthread_mutex_lock(&session->lock);
	handle_release(&queue->handle);
	failed_put_forget(queue->part, queue);
	kept_owner_close(&queue->kept);
	stash_fini(&queue->stash);
	unfinished_fini(&queue->tasks);
	list_remove(&queue->link);
	pthread_mutex_unlock(&session->lock);
}

int relevo_queue_open(relevo_session *session, const char *name,
		      const struct relevo_queue_options *options, relevo_queue **out)
{
	if (!given(session, out) || !known(relevo_queue_options, options))
		return RELEVO_BAD_ARGUMENT;
	static const struct relevo_queue_options defaults;
	struct error *error = thread_error();
	if (options == NULL)
		options = &defaults;
	int status = queue_check_open(name, options, error);
	if (status != RELEVO_OK)
		return status;
	struct relevo_queue *queue = calloc(1, sizeof *queue);
	if (queue == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a queue handle");
	queue->joinable = options->joinable;
	queue->strict_order = options->strict_order;
	queue->on_error = options->on_error;
	queue->user = options->user;
	Relevo__QueueOpen operation = RELEVO__QUEUE_OPEN__INIT;
	queue_describe(name, options, &operation);
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_OPEN;
	header.queue_open = &operation;
	status = queue_attach(queue, session, &header, error);
	if (status != RELEVO_OK) {
		free(queue);
		return status;
	}
	*out = queue;
	return RELEVO_OK;
}

void relevo_queue_close(relevo_queue *queue)
{
	if (queue == NULL)
		return;
	queue_detach(queue);
	free(queue);
}

/* The session is locked. */
static int queue_run_delete(relevo_session *session, Relevo__QueueDelete *operation, nsec_t limit,
			    struct error *error)
{
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_DELETE;
	header.queue_delete = operation;
	struct call call = { .take = NULL };
	return call_run(session, &call, &header, limit, error);
}

int queue_delete_kind(relevo_session *session, const char *name, Relevo__QueueKind kind,
		      const char *what)
{
	if (!given(session, name))
		return RELEVO_BAD_ARGUMENT;
	nsec_t limit = session_limit(session);
	struct error *error = thread_error();
	int status = name_check(name, what, error);
	if (status == RELEVO_OK)
		status = session_enter(session, limit, error);
	if (status != RELEVO_OK)
		return status;
	Relevo__QueueDelete operation = RELEVO__QUEUE_DELETE__INIT;
	operation.name = (char *)name;
	operation.kind = kind;
	status = queue_run_delete(session, &operation, limit, error);
	session_leave(session);
	return status;
}

int queue_delete_this(relevo_queue *queue)
{
	nsec_t limit = session_limit(queue->handle.session);
	struct error *error = thread_error();
	int status = queue_enter(queue, limit, error);
	if (status != RELEVO_OK)
		return status;
	Relevo__QueueDelete operation = RELEVO__QUEUE_DELETE__INIT;
	operation.name = (char *)"";
	operation.queue = queue->handle.number;
	status = queue_run_delete(queue->handle.session, &operation, limit, error);
	session_leave(queue->handle.session);
	return status;
}

int relevo_queue_delete(relevo_session *session, const char *name)
{
	return queue_delete_kind(session, name, RELEVO__QUEUE_KIND__KIND_QUEUE, "queue");
}

const char *relevo_queue_name(const relevo_queue *queue)
{
	if (!given(queue))
		return "";
	return queue->handle.name;
}

struct counting {
	struct call call;
	struct relevo_queue_state *counts;
};

static int take_counts(struct call *call, const struct frame *frame)
{
	struct counting *counting = container_of(call, struct counting, call);
	if (frame->header->op_case != RELEVO__HEADER__OP_QUEUE_STATS)
		return RELEVO_BAD_FRAME;
	const Relevo__QueueStats *stats = frame->header->queue_stats;
	*counting->counts = (struct relevo_queue_state){
		.ready = stats->ready,
		.leased = stats->leased,
		.delayed = stats->delayed,
		.bytes = stats->bytes,
		.getters = stats->getters,
		.putters = stats->putters,
		.put = stats->put,
		.acknowledged = stats->acknowledged,
		.redelivered = stats->redelivered,
		.handles = stats->handles,
		.expired = stats->expired,
		.dropped = stats->dropped,
		.dead_lettered = stats->dead_lettered,
		.duplicates = stats->duplicates,
		.joiners = stats->joiners,
		.shut_down = stats->shut_down,
		.durable = stats->durable,
	};
	return RELEVO_OK;
}

static int inspect_now(relevo_queue *queue, struct relevo_queue_state *counts, nsec_t limit,
		       struct error *error)
{
	int status = queue_enter(queue, limit, error);
	if (status != RELEVO_OK)
		return status;
	Relevo__QueueStat operation = RELEVO__QUEUE_STAT__INIT;
	operation.queue = queue->handle.number;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_STAT;
	header.queue_stat = &operation;
	struct counting counting = { .call.take = take_counts, .counts = counts };
	status = call_run(queue->handle.session, &counting.call, &header, limit, error);
	session_leave(queue->handle.session);
	return status;
}

int relevo_queue_inspect(relevo_queue *queue, struct relevo_queue_state *counts)
{
	if (!given(queue, counts))
		return RELEVO_BAD_ARGUMENT;
	nsec_t limit = session_limit(queue->handle.session);
	struct error *error = thread_error();
	int status;
	do
		status = inspect_now(queue, counts, limit, error);
	while (handle_rides(&queue->handle, limit, &status, error));
	return status;
}
