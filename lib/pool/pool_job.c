/* What all kinds of jobs have in common, from their beginning to their end. */
#include "pool/pool_job.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "base/within.h"
#include "os/pid.h"
#include "pool/pool_broken.h"
#include "session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Results taken at a time. */
enum { STEP = 64 };

/* Milliseconds: so much longer than its limit a worker may have a task before nobody counts
 * on it any more, nor on its keeper, which gives it a second. */
enum { SERVERS_GRACE = 2000 };

/* What a number of milliseconds may be: it travels as 32 bits. */
#define MOST_MSEC (INT64_C(1000) * 60 * 60 * 24 * 30)

/* ---- beginning and end -------------------------------------------------- */

int job_check(const char *function, const struct relevo_task_options *options, struct error *error)
{
	const int64_t times[] = { options->timeout, options->retry_delay };
	for (int i = 0; i < 2; i++) {
		if (times[i] < 0 || times[i] > MOST_MSEC)
			return error_set(error, RELEVO_BAD_ARGUMENT,
					 "a task's %s of %lld ms; 0 to %lld can be",
					 i == 0 ? "timeout" : "retry_delay", (long long)times[i],
					 (long long)MOST_MSEC);
	}
	return name_check(function, "function", error);
}

static int pool_job_enter(struct job *job, struct error *error)
{
	struct map *jobs = &job->pool->jobs;
	int status = keeper_resume(job->pool, error);
	if (status != RELEVO_OK)
		return status;
	status = pool_caller_name(job->pool, job->caller);
	if (status != RELEVO_OK)
		return error_set(error, status, "%s", relevo_error_detail());
	job->id = atomic_fetch_add(&job->pool->last_job, 1) + 1;
	pthread_mutex_lock(&job->pool->lock);
	bool entered = map_insert(jobs, &job->numbered, &job->id, sizeof job->id);
	pthread_mutex_unlock(&job->pool->lock);
	return entered ? RELEVO_OK
		       : error_set(error, RELEVO_NO_MEMORY, "no memory for one job more");
}

/* What was in doubt is of no account: no task of it has been sent. */
static int not_begun(int status, struct error *error)
{
	if (status == RELEVO_UNANSWERED)
		status = error_set(error, RELEVO_TIMED_OUT, "the broker does not answer");
	return status;
}

int job_begin(struct job *job, struct error *error)
{
	nsec_t before = within(job->limit);
	int status = pool_job_enter(job, error);
	within_end(before);
	return not_begun(status, error);
}

void job_end(struct job *job)
{
	pthread_mutex_lock(&job->pool->lock);
	map_remove(&job->pool->jobs, &job->numbered);
	pthread_mutex_unlock(&job->pool->lock);
	buffer_fini(&job->encoded);
}

/*
 * Until when its end may take: whoever ends it waits for that. If the time for the job is over
 * the end has a moment more, unless that was the broker's fault.
 */
static nsec_t end_limit(const struct job *job)
{
	struct relevo_session *session = job->pool->session;
	nsec_t limit = session_limit(session);
	pthread_mutex_lock(&session->lock);
	bool silent = session->connection.silent;
	pthread_mutex_unlock(&session->lock);
	nsec_t end = silent ? job->limit : session_patience(job->limit);
	return end < limit ? end : limit;
}

/* Workers hear of a lost connection by themselves, and of a pool that was terminated from
 * whoever did it. */
void job_take_back(const struct job *job, int status)
{
	struct error ignored;
	nsec_t before = within(end_limit(job));
	if (status == RELEVO_DISCONNECTED)
		pool_caller_forget(job->pool);
	else if (pool_check(job->pool, &ignored) == RELEVO_OK && !MUTANT(given_up_goes_on))
		pool_cancel_job(job->pool, relevo_queue_name(job->reply.queue), job->id);
	within_end(before);
}

int job_open(struct job *job, struct error *error)
{
	nsec_t before = within(job->limit);
	int status = pool_reply_take(job->pool, &job->reply);
	within_end(before);
	if (status != RELEVO_OK)
		return not_begun(error_set(error, status, "%s", relevo_error_detail()), error);
	status = job_begin(job, error);
	if (status != RELEVO_OK)
		pool_reply_return(job->pool, &job->reply);
	return status;
}

void job_close(struct job *job, int status)
{
	job_end(job);
	if (status == RELEVO_OK) {
		pool_reply_return(job->pool, &job->reply);
		return;
	}
	nsec_t before = within(end_limit(job));
	job_take_back(job, status);
	pool_reply_drop(job->pool, &job->reply);
	within_end(before);
}

/* The lock is held. */
static struct job *pool_job_find(relevo_pool *pool, uint64_t id)
{
	struct map_node *node = map_find(&pool->jobs, &id, sizeof id);
	return node != NULL ? container_of(node, struct job, numbered) : NULL;
}

struct job *job_find(relevo_pool *pool, uint64_t id)
{
	pthread_mutex_lock(&pool->lock);
	struct job *job = pool_job_find(pool, id);
	pthread_mutex_unlock(&pool->lock);
	return job;
}

void job_task_refused(relevo_queue *tasks, int status, const struct relevo_bytes *task, void *user)
{
	relevo_pool *pool = user;
	relevo_item item = { .data = (void *)task->data, .size = task->size };
	const uint8_t *bodies;
	struct error ignored;
	(void)tasks;
	struct task_room room;
	task_room_init(&room);
	const Relevo__TaskHeader *header = task_decode(&item, &room, &bodies, &ignored);
	pthread_mutex_lock(&pool->lock);
	struct job *job = header != NULL ? pool_job_find(pool, header->job) : NULL;
	if (job != NULL) {
		atomic_store(&job->refused, status);
		atomic_fetch_add(&pool->collector.refusals, 1);
		pool_reply_stir(&job->reply);
	}
	pthread_mutex_unlock(&pool->lock);
	task_room_fini(&room);
}

void job_stir_all(relevo_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	for (struct map_node *node = map_next(&pool->jobs, NULL); node != NULL;
	     node = map_next(&pool->jobs, node))
		pool_reply_stir(&container_of(node, struct job, numbered)->reply);
	pthread_mutex_unlock(&pool->lock);
}

/* ---- sending ------------------------------------------------------------ */

int job_check_argument(const struct job *job, size_t index, const struct relevo_bytes *argument,
		       struct error *error)
{
	size_t most = relevo_session_max_item(job->pool->session);
	if (task_size(argument, 1, 3 * NAME_MAX_BYTES) <= most)
		return RELEVO_OK;
	return error_set(error, RELEVO_TOO_LARGE,
			 "argument %zu of \"%s\" has %zu bytes; an item of %zu must hold it and "
			 "its header",
			 index, job->function, argument->size, most);
}

size_t job_share(const struct job *job, const struct relevo_bytes *arguments, size_t chunk)
{
	size_t most = relevo_session_max_item(job->pool->session);
	size_t share = chunk;
	while (share > 1 && task_size(arguments, share, 3 * NAME_MAX_BYTES) > most)
		share /= 2;
	return share;
}

static int put_task(struct job *job, const struct job_task *task)
{
	const struct relevo_task_options *options = job->options;
	const struct relevo_bytes item = { buffer_data(&job->encoded), buffer_size(&job->encoded) };
	if (task->delay == 0 && options->priority == 0 && options->cost == 0 &&
	    options->timeout == 0)
		return relevo_queue_put(job->pool->tasks, item.data, item.size, RELEVO_FOREVER);
	uint64_t cost = (uint64_t)options->cost * task->count;
	const struct relevo_put_options put = {
		.priority = options->priority,
		.cost = cost < UINT32_MAX ? (uint32_t)cost : UINT32_MAX,
		.delay = task->delay,
	};
	const struct queue_hold hold = {
		.msec = options->timeout > 0
				? (uint64_t)options->timeout * task->count + SERVERS_GRACE
				: 0,
		.overdue_to = relevo_queue_name(job->reply.queue),
	};
	return queue_put_held(job->pool->tasks, &item, &put, &hold, RELEVO_FOREVER);
}

int job_send(struct job *job, const struct job_task *task)
{
	Relevo__TaskHeader header = RELEVO__TASK_HEADER__INIT;
	header.function = (char *)job->function;
	header.reply_to = (char *)relevo_queue_name(job->reply.queue);
	header.job = job->id;
	header.first = task->first;
	header.max_attempts = job->pool->max_attempts;
	header.timeout_ms = (uint32_t)job->options->timeout;
	header.watched = job->watched || job->pool->attached;
	header.caller = job->caller;
	header.handed = task->handed;
	header.deaths = task->deaths;
	buffer_truncate(&job->encoded, 0);
	if (!task_encode(&job->encoded, &header, task->arguments, task->count))
		return error_set(thread_error(), RELEVO_NO_MEMORY, "no memory for a task");
	nsec_t before = within(job->limit);
	if (job->hold_limit != 0)
		within(job->hold_limit);
	int status = put_task(job, task);
	within_end(before);
	/* A broker that takes one task after another may take its time for all of them. What was
	 * only kept here until the time was over is none that it took. */
	if (job->hold_limit != 0 && status == RELEVO_OK && clock_now() < job->hold_limit)
		job->hold_limit = session_limit(job->pool->session);
	return status;
}

/* ---- receiving ----------------------------------------------------------- */

bool job_set_outcome(struct relevo_result *result, size_t index, int status, const char *text)
{
	*result = (struct relevo_result){ .status = status, .index = index };
	result->data = strdup(text);
	result->size = strlen(text);
	return result->data != NULL;
}

/* Whether a failure is one that another run may mend. */
static bool may_pass(int status)
{
	return status != RELEVO_OK && status != RELEVO_WORKER_DIED && status != RELEVO_CANCELLED &&
	       status != RELEVO_UNKNOWN_FUNCTION && status != RELEVO_TOO_LARGE;
}

static int64_t retry_delay(const struct job *job, uint32_t tries)
{
	int64_t delay = job->options->retry_delay;
	for (uint32_t i = 0; i < tries && delay < MOST_MSEC; i++)
		delay *= 2;
	return delay < MOST_MSEC ? delay : MOST_MSEC;
}

static int pool_job_keep(struct job *job, uint64_t index, const Relevo__ResultHeader *header,
			 const struct job_outcome *outcome)
{
	struct job_place place;
	if (!job->kind->find(job, index, &place))
		return RELEVO_OK;
	char *data = malloc(outcome->size + 1);
	if (data == NULL)
		return error_set(thread_error(), RELEVO_NO_MEMORY, "no memory for a result");
	if (outcome->size > 0)
		memcpy(data, outcome->data, outcome->size);
	data[outcome->size] = '\0';
	*place.result = (struct relevo_result){
		.status = outcome->status,
		.data = data,
		.size = outcome->size,
		.index = index,
		.attempts = outcome->attempts + (place.tries != NULL ? *place.tries : 0),
		.worker_pid = pid_of(header->pid),
	};
	size_t host = strnlen(header->host, sizeof place.result->worker_host - 1);
	memcpy(place.result->worker_host, header->host, host);
	job->kind->kept(job, index, &place);
	return RELEVO_OK;
}

/* Whether it is run again, as the options say; then it has been sent, with this status. */
static bool try_again(struct job *job, uint64_t index, int outcome, int *status)
{
	struct job_place place;
	if (job->options->retries == 0 || !may_pass(outcome) || MUTANT(failures_are_final) ||
	    !job->kind->find(job, index, &place) || *place.tries >= job->options->retries)
		return false;
	*status = job_send(job, &(struct job_task){
					.first = index,
					.arguments = place.argument,
					.count = 1,
					.delay = retry_delay(job, (*place.tries)++),
				});
	return true;
}

int job_settle(struct job *job, uint64_t index, const Relevo__ResultHeader *header,
	       const struct job_outcome *outcome)
{
	int status;
	if (try_again(job, index, outcome->status, &status))
		return status;
	return pool_job_keep(job, index, header, outcome);
}

static int take_one(struct job *job, const Relevo__ResultHeader *header, size_t part,
		    const uint8_t *body)
{
	return job_settle(
		job, header->first + part, header,
		&(struct job_outcome){
			.status = header->n_statuses > 0 ? (int)header->statuses[part] : RELEVO_OK,
			.data = body,
			.size = header->sizes[part],
			.attempts = header->attempts,
		});
}

static int pool_job_take_parts(struct job *job, const Relevo__ResultHeader *header,
			       const uint8_t *body)
{
	if (header->broken > 0)
		return header->n_sizes > 0 ? job_take_broken(job, header, body) : RELEVO_OK;
	int status = RELEVO_OK;
	for (size_t i = 0; i < header->n_sizes && status == RELEVO_OK; i++) {
		status = take_one(job, header, i, body);
		body += header->sizes[i];
	}
	return status;
}

static int take_progress(struct job *job, const Relevo__ResultHeader *header, const uint8_t *body)
{
	struct job_place place;
	const struct relevo_bytes said = { body, header->n_sizes > 0 ? header->sizes[0] : 0 };
	if (job->options->on_progress != NULL && job->kind->find(job, header->first, &place))
		job->kind->said(job, header->first, &said);
	return RELEVO_OK;
}

int job_take(struct job *job, const struct arrival *arrival, struct error *error)
{
	int status;
	if (arrival->overdue != NULL)
		status = job_take_overdue(job, arrival->overdue);
	else if (arrival->result->progress)
		status = take_progress(job, arrival->result, arrival->body);
	else
		status = pool_job_take_parts(job, arrival->result, arrival->body);
	return status == RELEVO_OK ? status : error_set(error, status, "%s", relevo_error_detail());
}

bool arrival_decode(const relevo_item *item, struct arrival *arrival)
{
	struct error ignored;
	arrival->job = 0;
	arrival->overdue = NULL;
	task_room_init(&arrival->room);
	arrival->result = result_decode(item, &arrival->room, &arrival->body, &ignored);
	if (arrival->result == NULL)
		arrival->overdue = task_decode(item, &arrival->room, &arrival->body, &ignored);
	if (arrival->result != NULL)
		arrival->job = arrival->result->job;
	else if (arrival->overdue != NULL)
		arrival->job = arrival->overdue->job;
	return arrival->job != 0;
}

void arrival_free(struct arrival *arrival)
{
	task_room_fini(&arrival->room);
}

static int pool_job_take_item(struct job *job, const relevo_item *item, struct error *error)
{
	struct arrival arrival;
	int status = RELEVO_OK;
	if (arrival_decode(item, &arrival) && arrival.job == job->id)
		status = job_take(job, &arrival, error);
	arrival_free(&arrival);
	return status;
}

/* Nothing has come: is there still somebody to wait for? */
static int pool_job_look_after(struct job *job, nsec_t deadline, struct error *error)
{
	int refused = atomic_load(&job->refused);
	int status = pool_check(job->pool, error);
	/* A pool that ends refuses tasks: its end is the reason. */
	if (status == RELEVO_OK)
		status = keeper_check(job->pool, error);
	if (status == RELEVO_OK && refused != RELEVO_OK)
		status = error_set(error, refused, "the broker refused a task: %s",
				   relevo_error_message(refused));
	if (status == RELEVO_OK && clock_now() >= deadline)
		status = error_set(error, RELEVO_TIMED_OUT,
				   "the results of \"%s\" did not come in time", job->function);
	return status;
}

int job_receive(struct job *job, nsec_t deadline, struct error *error)
{
	relevo_item items[STEP];
	struct queue_items received = { items, STEP, 0 };
	bool stirred;
	nsec_t before = within(job->limit);
	int status = pool_reply_receive(job->pool, &job->reply, &received, deadline, &stirred);
	within_end(before);
	if (stirred || status == RELEVO_TIMED_OUT)
		status = pool_job_look_after(job, deadline, error);
	else if (status != RELEVO_OK)
		error_set(error, status, "%s", relevo_error_detail());
	for (size_t i = 0; i < received.count; i++) {
		if (status == RELEVO_OK)
			status = pool_job_take_item(job, &items[i], error);
		relevo_item_free(&items[i]);
	}
	return status;
}
