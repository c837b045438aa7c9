/* What clients ask of locks, semaphores and conditions: open and release. */
#include "route/handlers.h"
#include "route/opening.h"
#include "route/reply.h"

/* Which kind of queue it is, and how many tokens it starts with. */
static void handle_lock_describe(const Relevo__LockOpen *open, struct queue_options *options)
{
	switch (open->kind) {
	case RELEVO__LOCK_KIND__LOCK_KIND_LOCK:
		options->kind = QUEUE_LOCK;
		options->bounded = true;
		options->capacity = options->tokens = 1;
		break;
	case RELEVO__LOCK_KIND__LOCK_KIND_SEMAPHORE:
		options->kind = QUEUE_SEMAPHORE;
		options->bounded = open->bounded;
		options->capacity = options->tokens = open->tokens;
		break;
	case RELEVO__LOCK_KIND__LOCK_KIND_CONDITION:
		options->kind = QUEUE_CONDITION;
		options->bounded = true;
		break;
	default:
		break;
	}
}

void handle_lock_open(struct session *session, const struct frame *frame)
{
	const Relevo__LockOpen *open = frame->header->lock_open;
	struct queue_options options = {
		.lifetime = (enum queue_lifetime)open->lifetime,
		.lease = clock_span(open->lease_ms),
		.keep = open->keep,
	};
	handle_lock_describe(open, &options);
	open_queue(session, frame->header->call,
		   &(struct opening){ open->name, open->mode, &options, false });
}

void handle_lock_release(struct session *session, const struct frame *frame)
{
	const Relevo__LockRelease *operation = frame->header->lock_release;
	const struct token_release release = {
		.handle = operation->queue,
		.lease = operation->lease,
		.any = operation->any,
	};
	struct error error = { 0 };
	int status =
		token_release(session->peer, &release, loop_now(session->router->loop), &error);
	if (!operation->quiet)
		reply_outcome(session, frame->header->call, status, 0, &error);
}
