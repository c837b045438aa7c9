/* Acquiring tokens of locks and semaphores from the broker, and giving them back. */
#include "sync/permit.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "session/flusher.h"
#include "session/outbox.h"

#include <unistd.h>

int permit_check_options(const struct relevo_lock_options *options, struct error *error)
{
	const struct relevo_queue_options common = {
		.mode = options->mode,
		.lifetime = options->lifetime,
		.lease = options->lease,
	};
	return queue_check_options(&common, error);
}

void permit_describe(const char *name, const struct relevo_lock_options *options,
		     Relevo__LockOpen *operation)
{
	operation->name = name != NULL ? (char *)name : (char *)"";
	operation->mode = (Relevo__OpenMode)options->mode;
	operation->lifetime = (Relevo__Lifetime)options->lifetime;
	if (name == NULL && options->lifetime == RELEVO_LIFETIME_KEPT)
		operation->lifetime = RELEVO__LIFETIME__LIFETIME_HANDLES;
	operation->lease_ms = (uint64_t)options->lease;
	operation->keep = options->keep;
}

int permit_open(struct permit_source *source, relevo_session *session, Relevo__LockOpen *operation,
		struct error *error)
{
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_LOCK_OPEN;
	header.lock_open = operation;
	source->queue.handle.what = source->noun;
	return queue_attach(&source->queue, session, &header, error);
}

enum permit_state permit_look(const struct permit_source *source, struct permit *token)
{
	if (token->lease == 0)
		return PERMIT_NONE;
	const struct connection *connection = &source->queue.handle.session->connection;
	if (token->epoch == connection->epoch && !connection->broken)
		return PERMIT_HELD;
	token->lease = 0;
	return token->process == getpid() ? PERMIT_LOST : PERMIT_NONE;
}

int permit_lost(const struct permit_source *source, struct error *error)
{
	return error_set(error, RELEVO_NOT_OWNER,
			 "the %s \"%s\" was lost with the connection to the broker", source->noun,
			 source->queue.handle.name);
}

/* ---- acquire ---------------------------------------------------------- */

struct acquiring {
	struct call call;
	struct permit *token;
};

int permit_take(struct permit *token, const struct frame *frame)
{
	if (frame->header->op_case != RELEVO__HEADER__OP_QUEUE_ITEMS)
		return RELEVO_BAD_FRAME;
	const Relevo__QueueItems *items = frame->header->queue_items;
	if (items->n_leases != 1 || items->n_deliveries > 1)
		return RELEVO_BAD_FRAME;
	token->lease = items->leases[0];
	token->grant.token = items->grant;
	token->grant.owner_died =
		!MUTANT(death_untold) && items->n_deliveries > 0 && items->deliveries[0] > 1;
	return RELEVO_OK;
}

static int take_token(struct call *call, const struct frame *frame)
{
	return permit_take(container_of(call, struct acquiring, call)->token, frame);
}

void permit_describe_acquire(const struct permit_source *source, uint32_t timeout,
			     Relevo__QueueGet *operation, Relevo__Header *header)
{
	operation->queue = source->queue.handle.number;
	operation->timeout_ms = timeout;
	header->op_case = RELEVO__HEADER__OP_QUEUE_GET;
	header->queue_get = operation;
}

/* The broker speaks of queues. */
static int not_in_time(const struct permit_source *source, struct error *error)
{
	return error_set(error, RELEVO_TIMED_OUT, "the %s \"%s\" was not free in time",
			 source->noun, source->queue.handle.name);
}

int permit_acquire(struct permit_source *source, bool interruptible, nsec_t deadline,
		   struct permit *token, struct error *error)
{
	struct relevo_queue *queue = &source->queue;
	uint32_t timeout = deadline > 0 ? clock_msec_until(clock_now(), deadline) : 0;
	if (MUTANT(acquire_never_waits))
		timeout = 0;
	Relevo__QueueGet operation = RELEVO__QUEUE_GET__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	permit_describe_acquire(source, timeout, &operation, &header);
	struct permit taken = { .epoch = queue->handle.epoch, .process = getpid() };
	struct acquiring acquiring = {
		.call.take = take_token,
		.call.interruptible = interruptible,
		.token = &taken,
	};
	int status = call_run(queue->handle.session, &acquiring.call, &header,
			      session_patience(deadline), error);
	if (acquiring.call.done && status == RELEVO_TIMED_OUT) {
		if (!MUTANT(lock_excludes_nobody))
			return not_in_time(source, error);
		status = RELEVO_OK;
	}
	if (status == RELEVO_OK)
		*token = taken;
	return status;
}

/* ---- release ---------------------------------------------------------- */

static void describe_release(const struct permit_source *source, uint64_t lease,
			     Relevo__LockRelease *operation, Relevo__Header *header)
{
	operation->queue = source->queue.handle.number;
	operation->lease = lease;
	header->op_case = RELEVO__HEADER__OP_LOCK_RELEASE;
	header->lock_release = operation;
}

/* On its way, and no later than at once: somebody may wait for it. */
static int permit_send_quietly(struct relevo_session *session, Relevo__Header *header,
			       struct error *error)
{
	header->call = ++session->connection.last_call;
	header->lock_release->quiet = true;
	int status = outbox_frame(session, header, NULL, 0);
	if (status == RELEVO_OK)
		status = outbox_push(session);
	if (status != RELEVO_OK)
		return error_set(error, status, "the release cannot be sent");
	if (outbox_pending(&session->connection))
		flusher_notify(session);
	return RELEVO_OK;
}

static int run_release(struct permit_source *source, Relevo__Header *header, struct error *error)
{
	nsec_t limit = session_limit(source->queue.handle.session);
	struct call call = { .take = NULL };
	return call_run(source->queue.handle.session, &call, header, limit, error);
}

int permit_release(struct permit_source *source, struct permit *token, struct error *error)
{
	Relevo__LockRelease operation = RELEVO__LOCK_RELEASE__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	describe_release(source, token->lease, &operation, &header);
	token->lease = 0;
	if (source->release_ahead)
		return permit_send_quietly(source->queue.handle.session, &header, error);
	return run_release(source, &header, error);
}

int permit_release_any(struct permit_source *source, uint64_t lease, struct error *error)
{
	Relevo__LockRelease operation = RELEVO__LOCK_RELEASE__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	describe_release(source, lease, &operation, &header);
	operation.any = true;
	if (source->release_ahead && lease != 0)
		return permit_send_quietly(source->queue.handle.session, &header, error);
	return run_release(source, &header, error);
}

void permit_begin_release(struct permit_source *source, struct permit *token, struct call *call)
{
	Relevo__LockRelease operation = RELEVO__LOCK_RELEASE__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	describe_release(source, token->lease, &operation, &header);
	token->lease = 0;
	call_begin(source->queue.handle.session, call, &header);
}
