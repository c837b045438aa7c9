/* The thread that collects the results of submitted jobs: see pool_collect.h. */
#include "pool/pool_collect.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "base/within.h"
#include "os/thread.h"
#include "pool/pool_async.h"
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

/* Results taken at a time. */
enum { STEP = 256 };

void collector_init(struct collector *collector)
{
	pthread_mutex_init(&collector->lock, NULL);
	pthread_cond_init(&collector->changed, NULL);
	list_init(&collector->jobs);
	callbacks_init(&collector->callbacks);
}

/* ---- the end of jobs -------------------------------------------------------------- */

static void pool_collect_finish(struct collector *collector, relevo_job *job)
{
	list_remove(&job->link);
	collector->timed -= job->deadline != NSEC_NEVER;
	async_ended(job);
	async_release(job);
}

void collector_end_job(relevo_pool *pool, relevo_job *job, int status, const char *text)
{
	struct mapping *mapping = &job->mapping;
	for (size_t i = 0; i < mapping->count; i++) {
		/* Without memory for the text it has none. */
		if (mapping->results[i].data == NULL)
			job_set_outcome(&mapping->results[i], i, status, text);
	}
	pool_collect_finish(&pool->collector, job);
}

/* The same, and what of it is under way ends too. */
static void abort_job(relevo_pool *pool, relevo_job *job, int status, const char *text)
{
	/* The job itself may be freed with its end. */
	const struct job ended = job->mapping.job;
	collector_end_job(pool, job, status, text);
	job_take_back(&ended, status);
}

void collector_end_all(relevo_pool *pool, int status, const char *text)
{
	struct collector *collector = &pool->collector;
	struct list *node;
	nsec_t before = within(session_limit(pool->session));
	pthread_mutex_lock(&collector->lock);
	while ((node = list_first(&collector->jobs)) != NULL)
		abort_job(pool, container_of(node, relevo_job, link), status, text);
	pthread_mutex_unlock(&collector->lock);
	within_end(before);
}

/* ---- jobs under way ---------------------------------------------------------------- */

/*
 * The broker does not answer, and others wait for the lock: until it is let go, nothing is
 * waited for any more. Whoever has taken the lock ends this.
 */
static void give_up_waiting(int status)
{
	if ((status == RELEVO_TIMED_OUT || status == RELEVO_UNANSWERED) &&
	    !MUTANT(collector_waits_again))
		within(0);
}

/* Send what may be sent now, and see whether the job has ended, for whatever reason. */
static void advance(relevo_pool *pool, relevo_job *job)
{
	struct error error = { 0 };
	int refused = atomic_load(&job->mapping.job.refused);
	if (refused != RELEVO_OK)
		error_set(&error, refused, "the broker refused a task: %s",
			  relevo_error_message(refused));
	else if (mapping_can_send(&job->mapping))
		mapping_send(&job->mapping, &error);
	give_up_waiting(error.status);
	if (error.status != RELEVO_OK)
		abort_job(pool, job, error.status, error_text(&error));
	else if (mapping_done(&job->mapping))
		pool_collect_finish(&pool->collector, job);
}

/* Until when a job may take to begin, with all that it is the first to need. */
static nsec_t within_begin(const struct job *job)
{
	nsec_t before = within(job->limit);
	within(job->hold_limit);
	return before;
}

int collector_begin(relevo_pool *pool, relevo_job *job, struct error *error)
{
	struct collector *collector = &pool->collector;
	nsec_t before = within_begin(&job->mapping.job);
	int status = job_begin(&job->mapping.job, error);
	within_end(before);
	if (status != RELEVO_OK)
		return status;
	list_append(&collector->jobs, &job->link);
	pthread_cond_signal(&collector->changed);
	if (job->deadline != NSEC_NEVER)
		collector->timed++;
	/* The thread does not know yet that it has to look at the time before. */
	if (job->deadline < collector->until)
		pool_reply_stir(&collector->reply);
	advance(pool, job);
	return RELEVO_OK;
}

/* Only jobs of the collector have their results sent to its queue. */
static relevo_job *job_of(relevo_pool *pool, uint64_t id)
{
	struct job *job = job_find(pool, id);
	if (job == NULL || job->reply.queue != pool->collector.reply.queue)
		return NULL;
	return container_of(job, relevo_job, mapping.job);
}

static void pool_collect_take(relevo_pool *pool, const relevo_item *item)
{
	struct arrival arrival;
	struct error error = { 0 };
	relevo_job *job = arrival_decode(item, &arrival) ? job_of(pool, arrival.job) : NULL;
	if (job != NULL) {
		job->mapping.job.hold_limit = session_limit(pool->session);
		if (job_take(&job->mapping.job, &arrival, &error) == RELEVO_OK)
			advance(pool, job);
		else
			abort_job(pool, job, error.status, error_text(&error));
	}
	arrival_free(&arrival);
}

/* ---- time ------------------------------------------------------------------------- */

static nsec_t pool_collect_next_deadline(const struct collector *collector)
{
	nsec_t next = NSEC_NEVER;
	if (collector->timed == 0)
		return next;
	list_for_each (node, &collector->jobs) {
		const relevo_job *job = container_of(node, relevo_job, link);
		if (job->deadline < next)
			next = job->deadline;
	}
	return next;
}

static void end_overdue(relevo_pool *pool)
{
	struct collector *collector = &pool->collector;
	nsec_t now = clock_now();
	list_for_each (node, &collector->jobs) {
		relevo_job *job = container_of(node, relevo_job, link);
		if (job->deadline <= now)
			abort_job(pool, job, RELEVO_TIMED_OUT,
				  "the time for the whole job ran out");
	}
}

static void look_at_refusals(relevo_pool *pool)
{
	struct collector *collector = &pool->collector;
	unsigned refusals = atomic_load(&collector->refusals);
	if (refusals == collector->refusals_seen)
		return;
	collector->refusals_seen = refusals;
	list_for_each (node, &collector->jobs) {
		relevo_job *job = container_of(node, relevo_job, link);
		job->mapping.job.hold_limit = session_limit(pool->session);
		advance(pool, job);
	}
}

/* ---- the thread ---------------------------------------------------------------------- */

/* Without workers, jobs get nowhere. */
static void look_after_workers(relevo_pool *pool)
{
	struct error error = { 0 };
	pthread_mutex_lock(&pool->collector.lock);
	bool idle = list_empty(&pool->collector.jobs);
	pthread_mutex_unlock(&pool->collector.lock);
	if (!idle && keeper_check(pool, &error) != RELEVO_OK)
		collector_end_all(pool, error.status, error_text(&error));
}

static void pool_collect_take_all(relevo_pool *pool, relevo_item *items, size_t count)
{
	struct collector *collector = &pool->collector;
	nsec_t before = within(NSEC_NEVER);
	pthread_mutex_lock(&collector->lock);
	for (size_t i = 0; i < count; i++) {
		pool_collect_take(pool, &items[i]);
		relevo_item_free(&items[i]);
	}
	look_at_refusals(pool);
	if (collector->timed > 0)
		end_overdue(pool);
	pthread_mutex_unlock(&collector->lock);
	within_end(before);
}

static void pool_collect_receive(relevo_pool *pool, nsec_t until)
{
	relevo_item items[STEP];
	struct queue_items received = { items, STEP, 0 };
	bool stirred;
	int status = pool_reply_receive(pool, &pool->collector.reply, &received, until, &stirred);
	if (stirred)
		look_after_workers(pool);
	else if (status != RELEVO_OK && status != RELEVO_TIMED_OUT)
		collector_end_all(pool, status, relevo_error_detail());
	pool_collect_take_all(pool, items, received.count);
}

/* Wait for jobs; false when it is over. */
static bool wait_for_jobs(struct collector *collector, nsec_t *until)
{
	pthread_mutex_lock(&collector->lock);
	while (list_empty(&collector->jobs) && !collector->stop)
		pthread_cond_wait(&collector->changed, &collector->lock);
	*until = collector->until = pool_collect_next_deadline(collector);
	bool stop = collector->stop;
	pthread_mutex_unlock(&collector->lock);
	return !stop;
}

static void *pool_collect_collect(void *argument)
{
	relevo_pool *pool = argument;
	nsec_t until;
	while (wait_for_jobs(&pool->collector, &until))
		pool_collect_receive(pool, until);
	return NULL;
}

int collector_start(relevo_pool *pool, const struct job *first, struct error *error)
{
	struct collector *collector = &pool->collector;
	if (collector->started)
		return RELEVO_OK;
	if (collector->reply.queue == NULL) {
		nsec_t before = within_begin(first);
		int status = pool_reply_take(pool, &collector->reply);
		within_end(before);
		if (status != RELEVO_OK)
			return error_set(error, status, "%s", relevo_error_detail());
	}
	int number = thread_start(&collector->thread, NULL, pool_collect_collect, pool);
	if (number != 0)
		return error_set_process(error, number, "no thread to collect results");
	collector->started = true;
	return RELEVO_OK;
}

void collector_fini(relevo_pool *pool)
{
	struct collector *collector = &pool->collector;
	if (collector->started) {
		pthread_mutex_lock(&collector->lock);
		collector->stop = true;
		pthread_cond_signal(&collector->changed);
		pthread_mutex_unlock(&collector->lock);
		pool_reply_stir(&collector->reply);
		pthread_join(collector->thread, NULL);
	}
	callbacks_fini(&collector->callbacks);
	if (collector->reply.queue != NULL)
		pool_reply_drop(pool, &collector->reply);
	pthread_cond_destroy(&collector->changed);
	pthread_mutex_destroy(&collector->lock);
}
