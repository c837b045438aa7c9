/*
 * Pools: functions run by worker processes, here and on other hosts.
 *
 * A pool is a name at the broker. The program that opens it starts workers of
 * its own; any program that registers the same functions can add more with
 * relevo_worker_serve(). Each worker takes the next task when it is done with
 * the last. The task of a worker that dies is run again by another.
 */
#ifndef RELEVO_POOL_H
#define RELEVO_POOL_H

#include <relevo/queue.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct relevo_pool relevo_pool;

/* What a task has to say, while it runs. */
typedef struct relevo_reply relevo_reply;

/*
 * A function that workers run, in a process of their own. It answers through
 * `reply` and returns RELEVO_OK, or another status to fail; then the text set by
 * relevo_reply_fail() travels with it. `argument` is valid until it returns.
 */
typedef int relevo_function(const struct relevo_bytes *argument, relevo_reply *reply, void *user);

/*
 * Make a function known under a name, in this process and those it forks. Do it
 * before opening a pool or serving one. `user` is handed to every call. The name
 * is copied. Registering a name again replaces the function. Thread-safe; does
 * not block. Errors: BAD_NAME, BAD_ARGUMENT, NO_MEMORY.
 */
int relevo_register(const char *name, relevo_function *function, void *user);

/* Set the result to a copy of these bytes, in place of any set before. Only
 * from inside the function. Errors: NO_MEMORY. */
int relevo_reply_set(relevo_reply *reply, const void *data, size_t size);

/* Say why the task fails. Returns RELEVO_REMOTE, so that it can stand in the
 * function's return statement. */
int relevo_reply_fail(relevo_reply *reply, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct relevo_pool_options {
	const char *name;      /* NULL: the broker makes one up */
	int processes;         /* local workers; 0: one for each processor; RELEVO_NO_WORKERS */
	uint32_t max_attempts; /* runs of a task whose workers die; 0 means 3 */
};

/* No local workers: all come with relevo_worker_serve(). */
#define RELEVO_NO_WORKERS (-1)

/*
 * Open a pool and start its local workers, by fork(2): call it before the
 * program starts threads that hold locks its functions need. `options` may be
 * NULL. A worker that dies is replaced. *pool belongs to the caller, until
 * relevo_pool_close(). Blocks for the broker's answer.
 *
 * Errors: BAD_ARGUMENT (processes < -1), BAD_NAME, EXISTS (another pool of that
 * name is open), DISCONNECTED, FORKED (also with local workers for a session over
 * tcp://, which they could not use), NO_MEMORY, SYSTEM (a worker could not be
 * started; none is left then).
 */
int relevo_pool_open(relevo_session *session, const struct relevo_pool_options *options,
		     relevo_pool **pool);

/* The name under which workers can serve the pool. Belongs to it. */
const char *relevo_pool_name(const relevo_pool *pool);

/* Process ids of the local workers now; at most `count` are stored. Returns how
 * many there are. Thread-safe; does not block. */
size_t relevo_pool_workers(relevo_pool *pool, int *pids, size_t count);

/*
 * End the pool: waits for its local workers to finish the task in hand, for 5 s
 * at most, then ends them. Tasks not begun are dropped, remote workers are told.
 * No other thread may be in a call with it. NULL is allowed.
 */
void relevo_pool_close(relevo_pool *pool);

/* The outcome of one task. */
struct relevo_result {
	int status; /* RELEVO_OK; what the function returned; UNKNOWN_FUNCTION;
		       WORKER_DIED; TOO_LARGE (the result) */
	void *data; /* the result, or the text of the error; a 0 byte follows */
	size_t size;
	uint32_t attempts;   /* how often it was handed to a worker */
	uint64_t worker_pid; /* who did it in the end */
	char worker_host[64];
};

struct relevo_map_options {
	size_t chunk;    /* arguments in one task; 0: count / (4 x local workers), rounded up */
	int64_t timeout; /* of the whole map, in ms; 0 means RELEVO_FOREVER */
	/* Called for each result as it arrives, in any order, from the calling
	 * thread. May be NULL. */
	void (*on_result)(size_t index, const struct relevo_result *result, void *user);
	void *user;
};

/*
 * Run the function for each of `count` arguments and wait for all. results[i] is
 * the outcome for arguments[i]; free them with relevo_results_free(). A task that
 * fails does not stop the others: look at results[i].status. `options` may be
 * NULL. Several threads may map at once. Blocks.
 *
 * Returns OK when every task has an outcome, good or bad. Otherwise nothing has
 * to be freed. Errors: BAD_NAME, TOO_LARGE (an argument, named by its index),
 * TIMED_OUT, DISCONNECTED, FORKED, QUOTA, GONE (the pool was closed), NO_MEMORY.
 */
int relevo_pool_map(relevo_pool *pool, const char *function, const struct relevo_bytes *arguments,
		    size_t count, const struct relevo_map_options *options,
		    struct relevo_result *results);

/* Run it once: relevo_pool_map() with one argument. */
int relevo_pool_apply(relevo_pool *pool, const char *function, const void *data, size_t size,
		      int64_t timeout, struct relevo_result *result);

/* Free what relevo_pool_map() filled in: the data of each result, not the array.
 * Calling it twice, or with zeroed results, does nothing. */
void relevo_results_free(struct relevo_result *results, size_t count);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
