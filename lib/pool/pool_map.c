/* Jobs over an array of arguments, and the calls that wait for all their results. */
#include "pool/pool_map.h"

#include "base/deadline.h"
#include "base/thread_error.h"
#include "session/interrupt.h"
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

/* What may be under way at a time: the rest waits here, not at the broker. */
enum { MOST_TASKS_SENT = 4096 };
#define MOST_BYTES_SENT (64u * 1024 * 1024)

/* ---- the kind of job ----------------------------------------------------- */

static bool pool_map_find(struct job *job, uint64_t index, struct job_place *place)
{
	struct mapping *mapping = container_of(job, struct mapping, job);
	if (index >= mapping->sent || mapping->results[index].data != NULL)
		return false;
	*place = (struct job_place){
		.argument = &mapping->arguments[index],
		.result = &mapping->results[index],
		.tries = mapping->tries != NULL ? &mapping->tries[index] : NULL,
	};
	return true;
}

static void pool_map_kept(struct job *job, uint64_t index, const struct job_place *place)
{
	struct mapping *mapping = container_of(job, struct mapping, job);
	mapping->received++;
	mapping->bytes_sent -= place->argument->size;
	if (mapping->options->on_result != NULL)
		mapping->options->on_result(index, place->result, mapping->options->user);
}

static void pool_map_said(struct job *job, uint64_t index, const struct relevo_bytes *what)
{
	struct mapping *mapping = container_of(job, struct mapping, job);
	job->options->on_progress(index, what, mapping->options->user);
}

static const struct job_kind map_kind = { pool_map_find, pool_map_kept, pool_map_said };

/* ---- sending -------------------------------------------------------------- */

/* As in Python: four chunks for each worker. */
static size_t default_chunk(const relevo_pool *pool, size_t count)
{
	size_t shares = 4 * (size_t)worker_group_size(pool->processes);
	return (count + shares - 1) / shares;
}

int mapping_init(struct mapping *mapping, struct error *error)
{
	const struct relevo_map_options *options = mapping->options;
	mapping->job.options = &options->task;
	if (mapping->job.kind == NULL)
		mapping->job.kind = &map_kind;
	int status = job_check(mapping->job.function, &options->task, error);
	for (size_t i = 0; i < mapping->count && status == RELEVO_OK; i++)
		status = job_check_argument(&mapping->job, i, &mapping->arguments[i], error);
	if (status != RELEVO_OK)
		return status;
	size_t chunk = options->chunk > 0 ? options->chunk
					  : default_chunk(mapping->job.pool, mapping->count);
	mapping->chunk = chunk < MOST_IN_CHUNK ? chunk : MOST_IN_CHUNK;
	if (options->task.retries == 0 || mapping->count == 0)
		return RELEVO_OK;
	mapping->tries = calloc(mapping->count, sizeof *mapping->tries);
	if (mapping->tries == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to count retries");
	return RELEVO_OK;
}

void mapping_fini(struct mapping *mapping)
{
	free(mapping->tries);
	mapping->tries = NULL;
}

bool mapping_can_send(const struct mapping *mapping)
{
	return mapping->sent < mapping->count &&
	       mapping->sent - mapping->received < MOST_TASKS_SENT * mapping->chunk &&
	       mapping->bytes_sent < MOST_BYTES_SENT;
}

static int send_chunk(struct mapping *mapping)
{
	const struct relevo_bytes *arguments = mapping->arguments + mapping->sent;
	size_t left = mapping->count - mapping->sent;
	size_t share =
		job_share(&mapping->job, arguments, left < mapping->chunk ? left : mapping->chunk);
	const struct job_task task = {
		.first = mapping->sent,
		.arguments = arguments,
		.count = share,
	};
	int status = job_send(&mapping->job, &task);
	if (status != RELEVO_OK)
		return status;
	for (size_t i = 0; i < share; i++)
		mapping->bytes_sent += arguments[i].size;
	mapping->sent += share;
	return RELEVO_OK;
}

int mapping_send(struct mapping *mapping, struct error *error)
{
	int status = RELEVO_OK;
	while (status == RELEVO_OK && mapping_can_send(mapping))
		status = send_chunk(mapping);
	if (status != RELEVO_OK)
		error_set(error, status, "%s", relevo_error_detail());
	return status;
}

/* ---- waiting for it -------------------------------------------------------- */

static int pool_map_run(struct mapping *mapping, nsec_t deadline, struct error *error)
{
	struct job *job = &mapping->job;
	job->watched = deadline != NSEC_NEVER || interrupt_asks(job->pool->session);
	job->limit = session_patience(deadline);
	int status = job_open(job, error);
	if (status != RELEVO_OK)
		return status;
	while (status == RELEVO_OK && !mapping_done(mapping)) {
		status = mapping_send(mapping, error);
		if (status == RELEVO_OK)
			status = job_receive(job, deadline, error);
	}
	if (status == RELEVO_TIMED_OUT)
		error_set(error, status, "%zu of %zu results of \"%s\" came in time",
			  mapping->received, mapping->count, job->function);
	job_close(job, status);
	return status;
}

static int pool_map_map(struct mapping *mapping, struct error *error)
{
	const struct relevo_map_options *options = mapping->options;
	int64_t timeout = options->timeout != 0 ? options->timeout : RELEVO_FOREVER;
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = mapping_init(mapping, error);
	if (status == RELEVO_OK)
		status = pool_enter(mapping->job.pool, error);
	if (status == RELEVO_OK) {
		if (mapping->count > 0)
			memset(mapping->results, 0, mapping->count * sizeof *mapping->results);
		status = mapping->count > 0 ? pool_map_run(mapping, deadline, error) : RELEVO_OK;
		pool_leave(mapping->job.pool);
		if (status != RELEVO_OK)
			relevo_results_free(mapping->results, mapping->count);
	}
	mapping_fini(mapping);
	return status;
}

bool map_options_known(const struct relevo_map_options *options)
{
	return options == NULL ||
	       (known(relevo_map_options, options) && known(relevo_task_options, &options->task));
}

int relevo_pool_map(relevo_pool *pool, const char *function, const struct relevo_bytes *arguments,
		    size_t count, const struct relevo_map_options *options,
		    struct relevo_result *results)
{
	if (!given(pool, function) || (count > 0 && !given(arguments, results)) ||
	    !given_bytes(arguments, count) || !map_options_known(options))
		return RELEVO_BAD_ARGUMENT;
	static const struct relevo_map_options defaults;
	struct error failure = { 0 };
	struct mapping mapping = {
		.job = { .pool = pool, .function = function },
		.arguments = arguments,
		.count = count,
		.options = options != NULL ? options : &defaults,
		.results = results,
	};
	int status = pool_map_map(&mapping, &failure);
	*thread_error() = failure;
	return status;
}

int relevo_pool_apply(relevo_pool *pool, const char *function, const void *data, size_t size,
		      int64_t timeout, struct relevo_result *result)
{
	if (!given(pool, function, result) || (size > 0 && !given(data)))
		return RELEVO_BAD_ARGUMENT;
	/* The options' 0 is for ever. */
	if (timeout == 0)
		return error_set(thread_error(), RELEVO_TIMED_OUT,
				 "\"%s\" is not run in no time: nothing was submitted", function);
	struct relevo_bytes argument = { data, size };
	struct relevo_map_options options = { .chunk = 1, .timeout = timeout };
	return relevo_pool_map(pool, function, &argument, 1, &options, result);
}

void relevo_results_free(struct relevo_result *results, size_t count)
{
	if (count > 0 && !given(results))
		return;
	for (size_t i = 0; i < count; i++) {
		free(results[i].data);
		results[i].data = NULL;
	}
}
