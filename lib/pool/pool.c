/* Opening and closing a pool, and its queues. */
#include "pool/pool_job.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "base/within.h"
#include "os/descriptor.h"
#include "process/self.h"
#include "session/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* More is a mistake of units or a fork bomb. */
enum { MOST_WORKERS = 4096, DEFAULT_ATTEMPTS = 3 };

const char *relevo_pool_name(const relevo_pool *pool)
{
	if (!given(pool))
		return "";
	return pool_name_of(pool->tasks);
}

/* ---- its queues -------------------------------------------------------------- */

static int pool_open_queue(relevo_pool *pool, enum pool_queue which, const char *name,
			   relevo_queue **queue, struct error *error)
{
	char queue_name[NAME_MAX_BYTES + 1];
	struct relevo_queue_options options = {
		.mode = RELEVO_OPEN_NEW,
		.lifetime = RELEVO_LIFETIME_SESSION,
		.durable = pool->durable,
	};
	if (which == POOL_TASKS) {
		options.order = pool->order;
		options.on_error = job_task_refused;
		options.user = pool;
	}
	int status = name != NULL ? pool_queue_name(which, name, queue_name, error) : RELEVO_OK;
	if (status != RELEVO_OK)
		return status;
	status =
		relevo_queue_open(pool->session, name != NULL ? queue_name : NULL, &options, queue);
	if (status == RELEVO_EXISTS)
		return error_set(error, status, "a pool \"%s\" is open already", name);
	return status == RELEVO_OK ? status : error_set(error, status, "%s", relevo_error_detail());
}

static int put_plan(relevo_pool *pool, struct error *error)
{
	struct buffer item = { 0 };
	int status = RELEVO_NO_MEMORY;
	if (worker_plan_encode(&pool->plan, &item))
		status = relevo_queue_put(pool->plans, buffer_data(&item), buffer_size(&item),
					  RELEVO_FOREVER);
	buffer_fini(&item);
	if (status != RELEVO_OK)
		error_set(error, status, "the plan of the pool cannot be put: %s",
			  relevo_error_message(status));
	return status;
}

/* Whoever finds the tasks finds the plan. Only a pool without a name is nobody's to
 * find before it has one. */
/* Those that wait for a pool of this name have a queue that ends when it is there: see
 * worker_open.c. */
static void tell_expecting(const relevo_pool *pool, const char *name)
{
	char queue[NAME_MAX_BYTES + 1];
	struct error ignored;
	if (pool_queue_name(POOL_EXPECTED, name, queue, &ignored) == RELEVO_OK)
		relevo_queue_delete(pool->session, queue);
}

static int open_queues(relevo_pool *pool, const char *name, struct error *error)
{
	int status = RELEVO_OK;
	if (name == NULL) {
		status = pool_open_queue(pool, POOL_TASKS, NULL, &pool->tasks, error);
		name = status == RELEVO_OK ? relevo_pool_name(pool) : NULL;
	}
	if (status == RELEVO_OK)
		status = pool_open_queue(pool, POOL_PLAN, name, &pool->plans, error);
	if (status == RELEVO_OK)
		status = put_plan(pool, error);
	if (status == RELEVO_OK && pool->tasks == NULL)
		status = pool_open_queue(pool, POOL_TASKS, name, &pool->tasks, error);
	if (status == RELEVO_OK)
		tell_expecting(pool, name);
	return status;
}

/* ---- opening ------------------------------------------------------------------ */

static int check_initializer(const struct relevo_pool_options *options, struct error *error)
{
	if (options->initializer == NULL)
		return RELEVO_OK;
	return name_check(options->initializer, "initializer", error);
}

/* Functions are known by name, and a program that is run anew knows those only that it
 * registers first: so the default is fork, unless the program has chosen. */
static enum relevo_start_method method_of(const struct relevo_pool_options *options)
{
	if (options->method != RELEVO_START_DEFAULT)
		return options->method;
	enum relevo_start_method set = self_method_set();
	return set != RELEVO_START_DEFAULT ? set : RELEVO_START_FORK;
}

static int pool_check_options(const relevo_session *session,
			      const struct relevo_pool_options *options, struct error *error)
{
	if (options->processes < RELEVO_POOL_NO_WORKERS || options->processes > MOST_WORKERS)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "a pool of %d processes; 1 to %d can be, 0 for one a processor",
				 options->processes, MOST_WORKERS);
	if (options->max_tasks_per_child < 0)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "workers that are replaced after %d tasks; 0 is for never",
				 options->max_tasks_per_child);
	if ((int)options->order < RELEVO_ORDER_FIFO || options->order > RELEVO_ORDER_SHORTEST)
		return error_set(error, RELEVO_BAD_ARGUMENT, "there is no order %d",
				 (int)options->order);
	if (options->method != RELEVO_START_DEFAULT &&
	    relevo_process_method_name(options->method) == NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no start method",
				 (int)options->method);
	/* Every worker would find it out by itself, later. */
	if (options->processes != RELEVO_POOL_NO_WORKERS && !options->shared &&
	    method_of(options) == RELEVO_START_FORK && session->address.kind == ADDRESS_TCP)
		return error_set(
			error, RELEVO_FORKED,
			"local workers cannot use %s after fork: choose another start "
			"method, or RELEVO_POOL_NO_WORKERS and serve it from another program",
			session->address.url);
	if (!given_bytes(&options->initializer_argument, 1))
		return RELEVO_BAD_ARGUMENT;
	return check_initializer(options, error);
}

static bool make_plan(struct worker_plan *plan, const struct relevo_pool_options *options)
{
	const struct relevo_bytes *argument = &options->initializer_argument;
	plan->max_tasks = (uint32_t)options->max_tasks_per_child;
	plan->never_twice = options->max_attempts == 1;
	if (options->initializer == NULL)
		return true;
	strcpy(plan->initializer, options->initializer);
	return buffer_append(&plan->argument, argument->data, argument->size);
}

/* By its handle: a pool that ends takes its time, and its name may be another's by then. */
static void delete_queue(relevo_queue *queue)
{
	if (queue == NULL)
		return;
	if (MUTANT(pools_end_by_name))
		relevo_queue_delete(queue->handle.session, relevo_queue_name(queue));
	else
		queue_delete_this(queue);
	relevo_queue_close(queue);
}

static void free_memory(relevo_pool *pool)
{
	free(pool->replies);
	if (pool->keeper_watch >= 0)
		close(pool->keeper_watch);
	map_fini(&pool->jobs);
	worker_table_free(pool->table);
	worker_plan_fini(&pool->plan);
	pthread_cond_destroy(&pool->changed);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

static void end_at_broker(relevo_pool *pool)
{
	for (size_t i = 0; i < pool->reply_count; i++)
		pool_reply_drop(pool, &pool->replies[i]);
	pool_cancel_fini(pool);
	pool_caller_end(pool);
	pool_owner_close(pool);
	if (pool->attached)
		relevo_queue_close(pool->tasks);
	else
		delete_queue(pool->tasks);
	delete_queue(pool->plans);
}

static void pool_free(relevo_pool *pool)
{
	nsec_t before = within(session_limit(pool->session));
	collector_fini(pool);
	end_at_broker(pool);
	free_memory(pool);
	within_end(before);
}

static void forget_reply(const struct reply *reply)
{
	if (reply->queue == NULL)
		return;
	relevo_queue_close(reply->queue);
	close(reply->event);
}

/* In a child by fork, which has a copy: the pool is its parent's. */
static void pool_forget(relevo_pool *pool)
{
	for (size_t i = 0; i < pool->reply_count; i++)
		forget_reply(&pool->replies[i]);
	forget_reply(&pool->collector.reply);
	relevo_queue_close(pool->cancelled);
	pool_owner_forget(pool);
	relevo_queue_close(pool->caller);
	relevo_queue_close(pool->tasks);
	relevo_queue_close(pool->plans);
	keeper_forget(pool);
	free_memory(pool);
}

static relevo_pool *pool_new(relevo_session *session, const struct relevo_pool_options *options)
{
	relevo_pool *pool = calloc(1, sizeof *pool);
	if (pool == NULL)
		return NULL;
	pool->session = session;
	pool->owner = getpid();
	pool->keeper_watch = pool->owner_of.event = -1;
	pool->method = method_of(options);
	pool->order = options->order;
	pool->leave_children = options->leave_children;
	pool->durable = options->durable;
	pool->max_attempts = options->max_attempts > 0 ? options->max_attempts : DEFAULT_ATTEMPTS;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->changed, NULL);
	map_init(&pool->jobs, 0);
	collector_init(&pool->collector);
	bool complete = make_plan(&pool->plan, options);
	if (options->processes != RELEVO_POOL_NO_WORKERS) {
		pool->processes = worker_group_size(options->processes);
		pool->table = worker_table_new(pool->processes);
		pool->keeper_watch = descriptor_raise(epoll_create1(EPOLL_CLOEXEC));
		complete = complete && pool->table != NULL && pool->keeper_watch >= 0;
	}
	if (complete)
		return pool;
	int why = errno;
	pool_free(pool);
	errno = why;
	return NULL;
}

static int tell_attach(int status, const char *name, bool shared, struct error *error)
{
	if (status == RELEVO_NOT_FOUND)
		return error_set(error, status, "there is no pool \"%s\"", name);
	if (status == RELEVO_OPTION_MISMATCH && shared)
		return error_set(error, status, "the pool \"%s\" is not shared in this way: %s",
				 name, relevo_error_detail());
	return error_set(error, status, "%s", relevo_error_detail());
}

/* A pool that is somebody else's, or nobody's. Only the latter may have no name yet. */
static int pool_attach(relevo_session *session, const char *name,
		       const struct relevo_queue_options *existing, bool shared, relevo_pool **out)
{
	const struct relevo_pool_options options = {
		.processes = RELEVO_POOL_NO_WORKERS,
		.order = existing->order,
	};
	struct error failure = { 0 };
	char queue[NAME_MAX_BYTES + 1];
	int status = RELEVO_OK;
	if (name != NULL || !shared)
		status = pool_queue_name(POOL_TASKS, name, queue, &failure);
	relevo_pool *pool = status == RELEVO_OK ? pool_new(session, &options) : NULL;
	if (status == RELEVO_OK && pool == NULL)
		status = error_set_errno(&failure, RELEVO_SYSTEM, errno, "no room for a pool");
	if (status == RELEVO_OK) {
		struct relevo_queue_options tasks = *existing;
		tasks.on_error = job_task_refused;
		tasks.user = pool;
		pool->attached = true;
		status = relevo_queue_open(session, name != NULL ? queue : NULL, &tasks,
					   &pool->tasks);
		if (status != RELEVO_OK)
			tell_attach(status, name, shared, &failure);
		else
			status = pool_owner_open(pool, &failure);
		pool->durable = status == RELEVO_OK && pool->tasks->handle.durable;
	}
	if (status == RELEVO_OK)
		*out = pool;
	else if (pool != NULL)
		pool_free(pool);
	*thread_error() = failure;
	return status;
}

int relevo_pool_attach(relevo_session *session, const char *name, relevo_pool **pool)
{
	if (!given(session, name, pool))
		return RELEVO_BAD_ARGUMENT;
	const struct relevo_queue_options existing = { .mode = RELEVO_OPEN_EXISTING };
	nsec_t before = within(session_limit(session));
	int status = pool_attach(session, name, &existing, false, pool);
	within_end(before);
	return status;
}

static int pool_open_shared(relevo_session *session, const struct relevo_pool_options *options,
			    relevo_pool **pool)
{
	const struct relevo_queue_options tasks =
		pool_shared_tasks(options->order, options->durable);
	int status = RELEVO_OK;
	if (options->processes > 0 || options->initializer != NULL ||
	    options->max_tasks_per_child != 0)
		status = error_set(thread_error(), RELEVO_BAD_ARGUMENT,
				   "a shared pool has no workers, initializer or "
				   "max_tasks_per_child of one who opens it");
	if (status == RELEVO_OK)
		status = pool_attach(session, options->name, &tasks, true, pool);
	if (status == RELEVO_OK && options->max_attempts > 0)
		(*pool)->max_attempts = options->max_attempts;
	return status;
}

static int pool_open_pool(relevo_session *session, const struct relevo_pool_options *options,
			  relevo_pool **out)
{
	struct error failure = { 0 };
	int status = pool_check_options(session, options, &failure);
	if (status == RELEVO_OK && options->shared)
		return pool_open_shared(session, options, out);
	relevo_pool *pool = status == RELEVO_OK ? pool_new(session, options) : NULL;
	if (status == RELEVO_OK && pool == NULL)
		status = error_set_errno(&failure, RELEVO_SYSTEM, errno, "no room for a pool");
	if (status == RELEVO_OK)
		status = open_queues(pool, options->name, &failure);
	/* A pool that is deleted ends: its keeper sees that by the workers, nobody by the queue. */
	if (status == RELEVO_OK && pool->processes > 0)
		status = keeper_start(pool, &failure);
	else if (status == RELEVO_OK)
		status = pool_owner_open(pool, &failure);
	if (status == RELEVO_OK)
		*out = pool;
	else if (pool != NULL)
		pool_free(pool);
	*thread_error() = failure;
	return status;
}

int relevo_pool_open(relevo_session *session, const struct relevo_pool_options *options,
		     relevo_pool **pool)
{
	if (!given(session, pool) || !known(relevo_pool_options, options))
		return RELEVO_BAD_ARGUMENT;
	static const struct relevo_pool_options defaults;
	nsec_t before = within(session_limit(session));
	int status = pool_open_pool(session, options != NULL ? options : &defaults, pool);
	within_end(before);
	return status;
}

size_t relevo_pool_workers(relevo_pool *pool, pid_t *pids, size_t count)
{
	if (!given(pool) || (count > 0 && !given(pids)))
		return 0;
	size_t running = 0;
	for (int i = 0; i < pool->processes; i++) {
		int pid = atomic_load(&pool->table->slots[i].pid);
		if (pid != 0 && running++ < count)
			pids[running - 1] = pid;
	}
	return running;
}

void relevo_pool_close(relevo_pool *pool)
{
	if (pool == NULL)
		return;
	if (pool->owner != getpid()) {
		pool_forget(pool);
		return;
	}
	pthread_mutex_lock(&pool->lock);
	pool->state = POOL_TERMINATED;
	pthread_mutex_unlock(&pool->lock);
	nsec_t limit = session_limit(pool->session);
	nsec_t before = within(limit);
	pool_drop_tasks(pool);
	collector_end_all(pool, RELEVO_GONE, "the pool was freed");
	within_end(before);
	/* What the workers take is not the broker's time. */
	nsec_t stopped = clock_now();
	keeper_stop(pool);
	before = within(limit + (clock_now() - stopped));
	pool_free(pool);
	within_end(before);
}
