/* Jobs that are submitted, and whose results are waited for later or told by callbacks. */
#include "pool/pool_async.h"

#include "base/deadline.h"
#include "base/thread_error.h"
#include "base/within.h"
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

/* ---- memory ----------------------------------------------------------------- */

void async_release(relevo_job *job)
{
	pthread_mutex_lock(&job->lock);
	bool last = --job->references == 0;
	pthread_mutex_unlock(&job->lock);
	if (!last)
		return;
	relevo_results_free(job->mapping.results, job->mapping.count);
	free(job->mapping.results);
	free((void *)job->mapping.arguments);
	free((void *)job->mapping.job.function);
	free(job->last);
	mapping_fini(&job->mapping);
	pthread_cond_destroy(&job->changed);
	pthread_mutex_destroy(&job->lock);
	free(job);
}

/* One block: the array, and the bytes behind it. */
static struct relevo_bytes *pool_async_copy_arguments(const struct relevo_bytes *arguments,
						      size_t count)
{
	size_t size = count * sizeof *arguments;
	for (size_t i = 0; i < count; i++)
		size += arguments[i].size;
	struct relevo_bytes *copy = malloc(size + 1);
	if (copy == NULL)
		return NULL;
	char *place = (char *)(copy + count);
	for (size_t i = 0; i < count; i++) {
		copy[i] = (struct relevo_bytes){ place, arguments[i].size };
		if (arguments[i].size > 0)
			memcpy(place, arguments[i].data, arguments[i].size);
		place += arguments[i].size;
	}
	return copy;
}

static bool has_callbacks(const struct relevo_async_options *options)
{
	return options->on_success != NULL || options->on_error != NULL ||
	       options->map.on_result != NULL || options->map.task.on_progress != NULL;
}

static relevo_job *job_new(const char *function, const struct relevo_bytes *arguments, size_t count,
			   const struct relevo_async_options *options)
{
	relevo_job *job = calloc(1, sizeof *job);
	if (job == NULL)
		return NULL;
	pthread_mutex_init(&job->lock, NULL);
	pthread_cond_init(&job->changed, NULL);
	job->references = 1;
	job->options = *options;
	job->quiet = options->map;
	job->mapping.options = &job->quiet;
	job->mapping.count = count;
	job->mapping.job.watched = true;
	job->mapping.job.function = function != NULL ? strdup(function) : NULL;
	job->mapping.arguments = pool_async_copy_arguments(arguments, count);
	job->mapping.results = calloc(count + 1, sizeof *job->mapping.results);
	bool complete = job->mapping.arguments != NULL && job->mapping.results != NULL &&
			(function == NULL || job->mapping.job.function != NULL);
	if (has_callbacks(options)) {
		job->last = calloc(1, sizeof *job->last);
		complete = complete && job->last != NULL;
	}
	if (complete)
		return job;
	/* Nothing has been counted that async_release() could miss. */
	job->mapping.count = 0;
	async_release(job);
	return NULL;
}

/* ---- callbacks ----------------------------------------------------------------- */

static const struct relevo_result *first_failure(const relevo_job *job)
{
	for (size_t i = 0; i < job->mapping.count; i++) {
		if (job->mapping.results[i].status != RELEVO_OK)
			return &job->mapping.results[i];
	}
	return NULL;
}

static void set_told(relevo_job *job)
{
	pthread_mutex_lock(&job->lock);
	job->told = true;
	job->calls = NULL;
	if (job->watch != NULL)
		watch_due(job->watch);
	pthread_cond_broadcast(&job->changed);
	relevo_pool *pool = job->pool;
	job->pool = NULL;
	pthread_mutex_unlock(&job->lock);
	if (pool != NULL)
		pool_leave(pool);
}

static void call_end(relevo_job *job)
{
	const struct relevo_async_options *options = &job->options;
	const struct relevo_result *failure = first_failure(job);
	if (failure == NULL && options->on_success != NULL)
		options->on_success(job->mapping.results, job->mapping.count, options->map.user);
	if (failure != NULL && options->on_error != NULL)
		options->on_error(failure, options->map.user);
}

void async_call(relevo_job *job, struct note *note)
{
	const struct relevo_map_options *options = &job->options.map;
	const struct relevo_bytes said = { note->said, note->size };
	switch (note->kind) {
	case NOTE_PROGRESS:
		options->task.on_progress(note->index, &said, options->user);
		break;
	case NOTE_RESULT:
		options->on_result(note->index, &job->mapping.results[note->index], options->user);
		break;
	case NOTE_END:
		call_end(job);
		set_told(job);
		break;
	}
	async_release(job);
}

static void add_note(relevo_job *job, struct note *note)
{
	pthread_mutex_lock(&job->lock);
	job->references++;
	struct callbacks *calls = job->calls;
	pthread_mutex_unlock(&job->lock);
	note->job = job;
	callbacks_add(calls, note);
}

/* A note for which there is no memory is not called: results are in the handle, too. */
static void pool_async_on_result(size_t index, const struct relevo_result *result, void *user)
{
	struct note *note = calloc(1, sizeof *note);
	(void)result;
	if (note == NULL)
		return;
	note->kind = NOTE_RESULT;
	note->index = index;
	add_note(user, note);
}

static void on_progress(size_t index, const struct relevo_bytes *said, void *user)
{
	struct note *note = calloc(1, sizeof *note + said->size);
	if (note == NULL)
		return;
	note->kind = NOTE_PROGRESS;
	note->index = index;
	note->size = said->size;
	if (said->size > 0)
		memcpy(note->said, said->data, said->size);
	add_note(user, note);
}

void async_ended(relevo_job *job)
{
	job_end(&job->mapping.job);
	pthread_mutex_lock(&job->lock);
	job->ended = true;
	pthread_cond_broadcast(&job->changed);
	struct note *note = job->last;
	job->last = NULL;
	pthread_mutex_unlock(&job->lock);
	if (note == NULL) {
		set_told(job);
		return;
	}
	note->kind = NOTE_END;
	add_note(job, note);
}

/* ---- submitting ------------------------------------------------------------------ */

static int pool_async_prepare(relevo_job *job, relevo_pool *pool, struct error *error)
{
	const struct relevo_async_options *options = &job->options;
	int64_t timeout = options->map.timeout != 0 ? options->map.timeout : RELEVO_FOREVER;
	job->quiet.user = job;
	job->quiet.on_result = options->map.on_result != NULL ? pool_async_on_result : NULL;
	job->quiet.task.on_progress = options->map.task.on_progress != NULL ? on_progress : NULL;
	job->mapping.job.pool = pool;
	if (job->mapping.job.function == NULL)
		return error_set(error, RELEVO_BAD_NAME, "the function has no name");
	int status = deadline_after(timeout, &job->deadline, error);
	job->mapping.job.limit = session_patience(job->deadline);
	/* Waiting for others who hold the lock is part of it. */
	job->mapping.job.hold_limit = session_limit(pool->session);
	return status == RELEVO_OK ? mapping_init(&job->mapping, error) : status;
}

/* The lock of the collector is held. From here on that has the job, and a reference to it. */
static int pool_async_hand_over(relevo_job *job, relevo_pool *pool, struct error *error)
{
	int status = pool_enter(pool, error);
	if (status != RELEVO_OK)
		return status;
	job->pool = pool;
	job->references++;
	job->mapping.job.reply = pool->collector.reply;
	status = collector_begin(pool, job, error);
	if (status != RELEVO_OK) {
		job->references--;
		pool_leave(pool);
	}
	return status;
}

static int pool_async_submit(relevo_job *job, relevo_pool *pool, struct error *error)
{
	struct collector *collector = &pool->collector;
	int status = RELEVO_OK;
	if (job->last != NULL) {
		status = callbacks_start(&collector->callbacks, error);
		job->calls = &collector->callbacks;
	}
	nsec_t before = within(NSEC_NEVER);
	pthread_mutex_lock(&collector->lock);
	if (status == RELEVO_OK)
		status = collector_start(pool, &job->mapping.job, error);
	if (status == RELEVO_OK)
		status = pool_async_hand_over(job, pool, error);
	pthread_mutex_unlock(&collector->lock);
	within_end(before);
	return status;
}

int relevo_pool_map_async(relevo_pool *pool, const char *function,
			  const struct relevo_bytes *arguments, size_t count,
			  const struct relevo_async_options *options, relevo_job **out)
{
	if (!given(pool, function, out) || (count > 0 && !given(arguments)) ||
	    !given_bytes(arguments, count) || !known(relevo_async_options, options) ||
	    (options != NULL && !map_options_known(&options->map)))
		return RELEVO_BAD_ARGUMENT;
	static const struct relevo_async_options defaults;
	struct error failure = { 0 };
	relevo_job *job =
		job_new(function, arguments, count, options != NULL ? options : &defaults);
	int status = RELEVO_NO_MEMORY;
	if (job == NULL)
		error_set(&failure, status, "no memory for %zu arguments", count);
	else
		status = pool_async_prepare(job, pool, &failure);
	if (status == RELEVO_OK)
		status = pool_async_submit(job, pool, &failure);
	if (status == RELEVO_OK)
		*out = job;
	else if (job != NULL)
		async_release(job);
	*thread_error() = failure;
	return status;
}

int relevo_pool_apply_async(relevo_pool *pool, const char *function,
			    const struct relevo_bytes *argument,
			    const struct relevo_async_options *options, relevo_job **job)
{
	if (!given(pool, argument, job))
		return RELEVO_BAD_ARGUMENT;
	return relevo_pool_map_async(pool, function, argument, 1, options, job);
}

/* ---- handles ---------------------------------------------------------------------- */

bool relevo_job_ready(relevo_job *job)
{
	if (!given(job))
		return false;
	pthread_mutex_lock(&job->lock);
	bool ended = job->ended;
	pthread_mutex_unlock(&job->lock);
	return ended;
}

int relevo_job_successful(relevo_job *job, bool *successful)
{
	if (!given(job, successful))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	if (!relevo_job_ready(job))
		return error_set(error, RELEVO_BAD_STATE, "\"%s\" has not ended",
				 job->mapping.job.function);
	*successful = first_failure(job) == NULL;
	return RELEVO_OK;
}

static bool pool_async_wait_change(relevo_job *job, nsec_t deadline)
{
	if (deadline == NSEC_NEVER)
		return pthread_cond_wait(&job->changed, &job->lock) == 0;
	struct timespec until = clock_timespec(deadline);
	return pthread_cond_clockwait(&job->changed, &job->lock, CLOCK_MONOTONIC, &until) == 0;
}

int relevo_job_wait(relevo_job *job, int64_t timeout)
{
	if (!given(job))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status != RELEVO_OK)
		return status;
	pthread_mutex_lock(&job->lock);
	/* A callback waits for outcomes only: else it might wait for itself. */
	bool in_callback = job->calls != NULL && callbacks_here(job->calls);
	while (!(in_callback ? job->ended : job->told) && pool_async_wait_change(job, deadline))
		continue;
	bool done = in_callback ? job->ended : job->told;
	pthread_mutex_unlock(&job->lock);
	if (done)
		return RELEVO_OK;
	return error_set(error, RELEVO_TIMED_OUT, "\"%s\" has not ended in time",
			 job->mapping.job.function);
}

int relevo_job_get(relevo_job *job, int64_t timeout, const struct relevo_result **results,
		   size_t *count)
{
	if (!given(job, results))
		return RELEVO_BAD_ARGUMENT;
	int status = relevo_job_wait(job, timeout);
	if (status != RELEVO_OK)
		return status;
	*results = job->mapping.results;
	if (count != NULL)
		*count = job->mapping.count;
	return RELEVO_OK;
}

/* The pool, which cannot go as long as the job is under way in it; NULL: it has ended. */
static relevo_pool *pool_of(relevo_job *job)
{
	pthread_mutex_lock(&job->lock);
	relevo_pool *pool = job->ended ? NULL : job->pool;
	pthread_mutex_unlock(&job->lock);
	return pool;
}

int relevo_job_cancel(relevo_job *job)
{
	if (!given(job))
		return RELEVO_BAD_ARGUMENT;
	struct error failure = { 0 };
	relevo_pool *pool = pool_of(job);
	bool ended = pool == NULL;
	nsec_t limit = 0;
	if (!ended) {
		/* Waiting for whoever holds the lock is part of it. */
		limit = session_limit(pool->session);
		pthread_mutex_lock(&pool->collector.lock);
		ended = relevo_job_ready(job);
		if (!ended)
			collector_end_job(pool, job, RELEVO_CANCELLED, "the job was cancelled");
		pthread_mutex_unlock(&pool->collector.lock);
	}
	if (ended)
		return error_set(thread_error(), RELEVO_BAD_STATE, "\"%s\" has ended already",
				 job->mapping.job.function);
	nsec_t before = within(limit);
	int status = pool_cancel_job(pool, relevo_queue_name(pool->collector.reply.queue),
				     job->mapping.job.id);
	within_end(before);
	if (status != RELEVO_OK)
		error_set(&failure, status, "%s", relevo_error_detail());
	*thread_error() = failure;
	return status;
}

void relevo_job_free(relevo_job *job)
{
	if (job == NULL)
		return;
	watch_forget(&job->watched, job);
	async_release(job);
}
