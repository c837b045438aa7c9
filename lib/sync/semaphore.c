/* Semaphores: the public calls, and the permits that a handle has taken. */
#include <relevo/semaphore.h>

#include "base/deadline.h"
#include "base/thread_error.h"
#include "sync/semaphore.h"
#include "sync/sync_handle.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Permits that a handle remembers as its own. Who takes more than that without
 * giving any back uses them as signals, which others give: then the oldest are
 * those that have been given back. */
enum { MOST_HELD = 1024 };

static int semaphore_check_open(const char *name, const struct relevo_semaphore_options *options,
				const struct relevo_lock_options *common, struct error *error)
{
	int status = name != NULL ? name_check(name, "semaphore", error) : RELEVO_OK;
	if (status == RELEVO_OK)
		status = permit_check_options(common, error);
	if (status == RELEVO_OK && name == NULL && options->mode == RELEVO_OPEN_EXISTING)
		status = error_set(error, RELEVO_BAD_ARGUMENT,
				   "a semaphore without a name cannot be opened, only created");
	return status;
}

static int open_source(struct permit_source *source, relevo_session *session, const char *name,
		       const struct relevo_semaphore_options *options)
{
	struct error *error = thread_error();
	const struct relevo_lock_options common = {
		.mode = options->mode,
		.lifetime = options->lifetime,
		.lease = options->lease,
		.keep = options->keep,
	};
	int status = semaphore_check_open(name, options, &common, error);
	if (status != RELEVO_OK)
		return status;
	source->noun = "semaphore";
	source->release_ahead = options->release_ahead;
	Relevo__LockOpen operation = RELEVO__LOCK_OPEN__INIT;
	operation.kind = RELEVO__LOCK_KIND__LOCK_KIND_SEMAPHORE;
	operation.tokens = options->value;
	operation.bounded = options->bounded;
	permit_describe(name, &common, &operation);
	return permit_open(source, session, &operation, error);
}

int relevo_semaphore_open(relevo_session *session, const char *name,
			  const struct relevo_semaphore_options *options, relevo_semaphore **out)
{
	if (!given(session, out) || !known(relevo_semaphore_options, options))
		return RELEVO_BAD_ARGUMENT;
	static const struct relevo_semaphore_options defaults = { .value = 1 };
	if (options == NULL)
		options = &defaults;
	relevo_semaphore *semaphore = calloc(1, sizeof *semaphore);
	if (semaphore == NULL)
		return error_set(thread_error(), RELEVO_NO_MEMORY,
				 "no memory for a semaphore handle");
	semaphore->limited = options->lease > 0;
	int status = open_source(&semaphore->source, session, name, options);
	if (status == RELEVO_OK)
		*out = semaphore;
	else
		free(semaphore);
	return status;
}

void relevo_semaphore_close(relevo_semaphore *semaphore)
{
	if (semaphore == NULL)
		return;
	queue_detach(&semaphore->source.queue);
	free(semaphore->held);
	free(semaphore);
}

int relevo_semaphore_delete(relevo_session *session, const char *name)
{
	return queue_delete_kind(session, name, RELEVO__QUEUE_KIND__KIND_SEMAPHORE, "semaphore");
}

const struct handle *semaphore_handle(const relevo_semaphore *semaphore)
{
	return &semaphore->source.queue.handle;
}

const char *relevo_semaphore_name(const relevo_semaphore *semaphore)
{
	if (!given(semaphore))
		return "";
	return semaphore->source.queue.handle.name;
}

/* ---- acquire ---------------------------------------------------------- */

static bool semaphore_make_room(relevo_semaphore *semaphore)
{
	if (semaphore->count < semaphore->capacity)
		return true;
	if (semaphore->capacity == MOST_HELD) {
		size_t half = MOST_HELD / 2;
		memmove(semaphore->held, semaphore->held + half, half * sizeof *semaphore->held);
		semaphore->count -= half;
		return true;
	}
	size_t capacity = semaphore->capacity > 0 ? 2 * semaphore->capacity : 8;
	uint64_t *held = realloc(semaphore->held, capacity * sizeof *held);
	if (held == NULL)
		return false;
	semaphore->held = held;
	semaphore->capacity = capacity;
	return true;
}

/* Without memory for it the permit counts as one that somebody took. */
void semaphore_remember(relevo_semaphore *semaphore, const struct permit *token)
{
	if (semaphore->epoch != token->epoch || semaphore->process != token->process)
		semaphore->count = 0;
	semaphore->epoch = token->epoch;
	semaphore->process = token->process;
	if (semaphore_make_room(semaphore))
		semaphore->held[semaphore->count++] = token->lease;
}

int relevo_semaphore_acquire(relevo_semaphore *semaphore, int64_t timeout,
			     struct relevo_grant *grant)
{
	if (!given(semaphore))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct relevo_queue *queue = &semaphore->source.queue;
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = queue_enter(queue, deadline, error);
	if (status != RELEVO_OK)
		return status;
	struct permit token;
	status = permit_acquire(&semaphore->source, true, deadline, &token, error);
	if (status == RELEVO_OK)
		semaphore_remember(semaphore, &token);
	if (status == RELEVO_OK && grant != NULL)
		*grant = token.grant;
	session_leave(queue->handle.session);
	return status;
}

/* ---- release ---------------------------------------------------------- */

/* The permit taken last. */
static struct permit last_held(relevo_semaphore *semaphore)
{
	struct permit token = { .epoch = semaphore->epoch, .process = semaphore->process };
	if (semaphore->count > 0)
		token.lease = semaphore->held[--semaphore->count];
	return token;
}

static int release_locked(relevo_semaphore *semaphore, struct error *error)
{
	struct permit token = last_held(semaphore);
	switch (permit_look(&semaphore->source, &token)) {
	case PERMIT_HELD:
		if (semaphore->limited)
			return permit_release(&semaphore->source, &token, error);
		return permit_release_any(&semaphore->source, token.lease, error);
	case PERMIT_LOST:
		return permit_lost(&semaphore->source, error);
	default:
		semaphore->count = 0; /* the parent's, if any */
		return permit_release_any(&semaphore->source, 0, error);
	}
}

int relevo_semaphore_release(relevo_semaphore *semaphore)
{
	if (!given(semaphore))
		return RELEVO_BAD_ARGUMENT;
	nsec_t limit = session_limit(semaphore->source.queue.handle.session);
	struct error *error = thread_error();
	struct relevo_queue *queue = &semaphore->source.queue;
	int status = queue_enter(queue, limit, error);
	if (status != RELEVO_OK)
		return status;
	status = release_locked(semaphore, error);
	session_leave(queue->handle.session);
	return status;
}

int relevo_semaphore_value(relevo_semaphore *semaphore, uint64_t *value)
{
	if (!given(semaphore, value))
		return RELEVO_BAD_ARGUMENT;
	struct relevo_queue_state counts;
	int status = relevo_queue_inspect(&semaphore->source.queue, &counts);
	if (status == RELEVO_OK)
		*value = counts.ready;
	return status;
}
