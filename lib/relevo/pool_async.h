/*
 * Tasks of a pool that are not waited for at once: a handle gives their results later.
 */
#ifndef RELEVO_POOL_ASYNC_H
#define RELEVO_POOL_ASYNC_H

#include <relevo/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One call that was submitted, and its results. Thread-safe. */
typedef struct relevo_job relevo_job;

/*
 * Besides the callbacks in `map`, one at the end: when every task has succeeded on_success,
 * otherwise on_error with the first that has not, in the order of the arguments. One of
 * them is called, once. `map.user` is handed to them.
 *
 * All callbacks of a pool are called by one thread of its own, one after the other. They
 * may submit, wait and block: that delays other callbacks, and calls that wait for a job
 * with callbacks. Tasks and other results go on.
 */
struct relevo_async_options {
	struct relevo_map_options map;
	void (*on_success)(const struct relevo_result *results, size_t count, void *user);
	void (*on_error)(const struct relevo_result *failure, void *user);
	uint64_t reserved[RELEVO_RESERVED];
};

/*
 * Submit a map, and return. Function and arguments are copied. When map.timeout is over,
 * what has no outcome yet is cancelled, and that outcome is TIMED_OUT. `options` may be
 * NULL. *job belongs to the caller, until relevo_job_free(). Thread-safe; may block for a
 * moment for the broker's pace. If the broker does not take a task within the session's time-out,
 * the job ends with TIMED_OUT.
 *
 * Errors: as those of relevo_pool_map() that come before there is an outcome; LIMIT (no more
 * threads can be started). What goes wrong later is the status of the results.
 */
RELEVO_API int relevo_pool_map_async(relevo_pool *pool, const char *function,
				     const struct relevo_bytes *arguments, size_t count,
				     const struct relevo_async_options *options, relevo_job **job);

/* The same for one argument; its result is the only one. */
RELEVO_API int relevo_pool_apply_async(relevo_pool *pool, const char *function,
				       const struct relevo_bytes *argument,
				       const struct relevo_async_options *options,
				       relevo_job **job);

/* Whether all outcomes are there. Does not block. */
RELEVO_API bool relevo_job_ready(relevo_job *job);

/* Whether all tasks succeeded. Does not block. Errors: BAD_STATE (not ready). */
RELEVO_API int relevo_job_successful(relevo_job *job, bool *successful);

/* Wait until all outcomes are there and, unless this is called by one of them, the
 * callbacks have returned. Blocks. Errors: TIMED_OUT, BAD_ARGUMENT. */
RELEVO_API int relevo_job_wait(relevo_job *job, int64_t timeout);

/* relevo_job_wait(), and the outcomes: *results belongs to the job. May be called again,
 * also after a TIMED_OUT. Errors as relevo_job_wait(); those of tasks are in the results. */
RELEVO_API int relevo_job_get(relevo_job *job, int64_t timeout,
			      const struct relevo_result **results, size_t *count);

/*
 * Cancel: what has no outcome yet gets CANCELLED, at once. Tasks that wait are dropped by
 * the workers that come to them, and those that run are ended with their workers, which
 * are replaced. Blocks for the broker's answer. Errors: BAD_STATE (it is ready; nothing
 * has changed); TIMED_OUT, UNANSWERED, DISCONNECTED, NO_MEMORY (it is cancelled, but tasks may
 * go on).
 */
RELEVO_API int relevo_job_cancel(relevo_job *job);

/* Give the handle up, with its results; what was submitted is done all the same, and its
 * callbacks are called. Does not block. NULL is allowed. */
RELEVO_API void relevo_job_free(relevo_job *job);

#ifdef __cplusplus
}
#endif

#endif
