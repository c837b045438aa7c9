/* How a pool comes to its end. */
#include "base/clock.h"
#include "base/deadline.h"
#include "base/thread_error.h"
#include "base/within.h"
#include "pool/pool_job.h"
#include "session/session.h"

#include <unistd.h>

/* ---- what it waits for ----------------------------------------------------- */

int pool_enter(relevo_pool *pool, struct error *error)
{
	if (pool->owner != getpid())
		return error_set(error, RELEVO_FORKED,
				 "the pool \"%s\" is another process's: attach to it",
				 relevo_pool_name(pool));
	pthread_mutex_lock(&pool->lock);
	bool open = pool->state == POOL_OPEN;
	pool->under_way += open;
	pthread_mutex_unlock(&pool->lock);
	return open ? RELEVO_OK
		    : error_set(error, RELEVO_BAD_STATE, "the pool \"%s\" takes no more work",
				relevo_pool_name(pool));
}

void pool_leave(relevo_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	if (--pool->under_way == 0)
		pthread_cond_broadcast(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
}

static enum pool_state state_of(relevo_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	enum pool_state state = pool->state;
	pthread_mutex_unlock(&pool->lock);
	return state;
}

int pool_check(relevo_pool *pool, struct error *error)
{
	if (state_of(pool) != POOL_TERMINATED)
		return RELEVO_OK;
	return error_set(error, RELEVO_GONE, "the pool was terminated");
}

/* ---- close, terminate -------------------------------------------------------- */

int relevo_pool_shutdown(relevo_pool *pool)
{
	if (!given(pool))
		return RELEVO_BAD_ARGUMENT;
	thread_error();
	pthread_mutex_lock(&pool->lock);
	if (pool->state == POOL_OPEN)
		pool->state = POOL_CLOSED;
	pthread_mutex_unlock(&pool->lock);
	return RELEVO_OK;
}

int pool_drop_tasks(relevo_pool *pool)
{
	if (pool->attached)
		return RELEVO_OK;
	int status = queue_delete_this(pool->tasks);
	queue_delete_this(pool->plans);
	return status == RELEVO_GONE ? RELEVO_OK : status;
}

int relevo_pool_terminate(relevo_pool *pool)
{
	if (!given(pool))
		return RELEVO_BAD_ARGUMENT;
	struct error failure = { 0 };
	pthread_mutex_lock(&pool->lock);
	bool first = pool->state != POOL_TERMINATED;
	pool->state = POOL_TERMINATED;
	pthread_mutex_unlock(&pool->lock);
	job_stir_all(pool);
	keeper_kill(pool);
	thread_error();
	if (!first)
		return RELEVO_OK;
	nsec_t before = within(session_limit(pool->session));
	int status = pool_drop_tasks(pool);
	if (status != RELEVO_OK)
		error_set(&failure, status, "%s", relevo_error_detail());
	if (pool->attached)
		pool_caller_end(pool);
	else
		pool_cancel_all(pool);
	collector_end_all(pool, RELEVO_GONE, "the pool was terminated");
	within_end(before);
	*thread_error() = failure;
	return status;
}

/* ---- join ---------------------------------------------------------------------- */

static bool wait_for_work(relevo_pool *pool, nsec_t deadline)
{
	bool in_time = true;
	struct timespec until = { 0 };
	if (deadline != NSEC_NEVER)
		until = clock_timespec(deadline);
	pthread_mutex_lock(&pool->lock);
	while (pool->under_way > 0 && in_time)
		in_time = deadline == NSEC_NEVER
				  ? pthread_cond_wait(&pool->changed, &pool->lock) == 0
				  : pthread_cond_clockwait(&pool->changed, &pool->lock,
							   CLOCK_MONOTONIC, &until) == 0;
	bool done = pool->under_way == 0;
	pthread_mutex_unlock(&pool->lock);
	return done;
}

int relevo_pool_join(relevo_pool *pool, int64_t timeout)
{
	if (!given(pool))
		return RELEVO_BAD_ARGUMENT;
	struct error failure = { 0 };
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, &failure);
	if (status == RELEVO_OK && state_of(pool) == POOL_OPEN)
		status = error_set(&failure, RELEVO_BAD_STATE,
				   "the pool \"%s\" is neither closed nor terminated",
				   relevo_pool_name(pool));
	if (status == RELEVO_OK && !wait_for_work(pool, deadline))
		status = RELEVO_TIMED_OUT;
	if (status == RELEVO_OK) {
		/* Without a broker the workers end as well. */
		nsec_t before = within(session_patience(deadline));
		pool_drop_tasks(pool);
		within_end(before);
		if (!keeper_wait(pool, deadline))
			status = RELEVO_TIMED_OUT;
	}
	if (status == RELEVO_TIMED_OUT)
		error_set(&failure, status, "the pool \"%s\" has not ended in time",
			  relevo_pool_name(pool));
	*thread_error() = failure;
	return status;
}
