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

#include <relevo/process.h>
#include <relevo/queue.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_pool relevo_pool;

/* Through which a task answers while it runs. */
typedef struct relevo_reply relevo_reply;

/*
 * A function that workers run, in a process of their own. It answers through
 * `reply` and returns RELEVO_OK, or another status to fail; then the text set by
 * relevo_reply_fail() travels with it. `argument` is valid until it returns. No exception of C++
 * may leave it: see <relevo/relevo.h>; one that ends its thread ends its worker. It may have
 * processes and pools of its own; in a child by fork(2) signals do what they did in the process
 * that the worker was made from.
 */
typedef int relevo_function(const struct relevo_bytes *argument, relevo_reply *reply, void *user);

/*
 * Make a function known under a name, in this process and those it forks. Do it
 * before opening a pool or serving one. `user` is handed to every call. The name
 * is copied. Registering a name again replaces the function. Thread-safe; does
 * not block. Errors: BAD_NAME, BAD_ARGUMENT, NO_MEMORY.
 */
RELEVO_API int relevo_function_register(const char *name, relevo_function *function, void *user);

/* Set the result to a copy of these bytes, in place of any set before. Only
 * from inside the function. Errors: NO_MEMORY. */
RELEVO_API int relevo_reply_set(relevo_reply *reply, const void *data, size_t size);

/* Say why the task fails. Returns RELEVO_REMOTE, so that it can stand in the
 * function's return statement. */
RELEVO_API int relevo_reply_fail(relevo_reply *reply, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same with any bytes as the text, of any size, and as any kind of error. Returns
 * `status`. Errors: BAD_ARGUMENT (`status` is OK), NO_MEMORY. */
RELEVO_API int relevo_reply_fail_with(relevo_reply *reply, int status, const void *data,
				      size_t size);

/*
 * Tell the caller how far the task has come: on_progress gets a copy of these bytes. Only
 * from inside the function, and from its thread. Blocks for the broker's answer. Errors:
 * BAD_STATE (in an initializer), TOO_LARGE, QUOTA, DISCONNECTED, NO_MEMORY.
 */
RELEVO_API int relevo_reply_progress(relevo_reply *reply, const void *data, size_t size);

struct relevo_pool_options {
	const char *name; /* NULL: the broker makes one up */
	int processes;    /* local workers; 0: relevo_system_cpu_count(); RELEVO_POOL_NO_WORKERS */
	uint32_t max_attempts; /* runs of a task whose workers die; 0 means 3 */
	/* A registered function that each worker, also one of another program, runs before
	 * its first task, and its argument, which is copied. NULL: none. One that fails or
	 * dies three times, and never succeeds, makes the calls of the pool fail with its
	 * error. */
	const char *initializer;
	struct relevo_bytes initializer_argument;
	/* A worker that has done so many tasks is replaced; a chunk is one. 0: never. */
	int max_tasks_per_child;
	/* Which task is next: RELEVO_ORDER_FIFO; RELEVO_ORDER_PRIORITY and RELEVO_ORDER_SHORTEST go
	 * by the options of the task; RELEVO_ORDER_FAIR takes turns between those that have
	 * submitted some: see relevo_pool_attach(). */
	enum relevo_order order;
	/* How local workers come to be: RELEVO_START_FORK, the default unless the program has
	 * called relevo_process_set_default_method(): they are copies of this process.
	 * RELEVO_START_FORKSERVER and RELEVO_START_SPAWN: of the program run anew, which has those
	 * functions only that it registers before relevo_process_enter(); for programs with
	 * threads, and for a session over tcp://. */
	enum relevo_start_method method;
	/* The pool has no owner. It is made if it is not there, and lasts as long as any process
	 * has it open, is attached to it, or serves it. All workers come with
	 * relevo_worker_serve() and its own `shared`; `processes` is 0 or RELEVO_POOL_NO_WORKERS,
	 * and there is no initializer and no max_tasks_per_child. The handle is as one by
	 * relevo_pool_attach(): ending it ends what was submitted with it. Tasks wait while there
	 * is no worker. */
	bool shared;
	/* Processes that a function has started and left behind go on after its worker's end.
	 * Otherwise they are killed when the worker ends, however it ends, and so at the latest
	 * with the pool or its owner, even if they have made groups or sessions of their own:
	 * orphans become the worker's own children, then those of the process that keeps the
	 * workers. So in a
	 * worker, waiting for any child (waitpid(-1, ...)) may find one of them. */
	bool leave_children;
	/* The queues that the pool is made of are durable: see struct relevo_queue_options. */
	RELEVO_LATER bool durable;
	uint64_t reserved[RELEVO_RESERVED - 1];
};

/* No local workers: all come with relevo_worker_serve(). */
#define RELEVO_POOL_NO_WORKERS (-1)

/*
 * Open a pool and start its local workers. By fork, call it before the program starts
 * threads that hold locks its functions need. `options` may be NULL. A worker that dies is
 * replaced. *pool belongs to the caller, until relevo_pool_close(). A child by fork cannot use it:
 * its calls get FORKED, and it may attach to it. Blocks for the broker's answer.
 *
 * Errors: BAD_ARGUMENT (processes < -1, max_tasks_per_child < 0, options that a shared pool does
 * not have), BAD_NAME (of the pool or its initializer), EXISTS (another pool of that name is
 * open), OPTION_MISMATCH (a shared one: it has another order, or an owner), DISCONNECTED, FORKED
 * (also with local workers by fork for a session over tcp://, which they could not use),
 * BAD_STATE (the method needs relevo_process_enter(), which was not called), TIMED_OUT,
 * UNANSWERED (the broker does not answer), NO_DESCRIPTORS,
 * NO_MEMORY, LIMIT (the system allows no more processes), SYSTEM (a worker could not be started;
 * none is left then).
 */
RELEVO_API int relevo_pool_open(relevo_session *session, const struct relevo_pool_options *options,
				relevo_pool **pool);

/*
 * A handle of a pool that another process keeps, or another program: to submit work to it. Ending
 * such a handle ends what was submitted with it; the pool and its workers stay. When the pool
 * ends, or the process that keeps it, calls under way fail with GONE at once, and so do those that
 * follow and the results that are still out. relevo_pool_workers() finds none. *pool belongs to
 * the caller, until relevo_pool_close().
 * Blocks for the broker's answer. Errors: BAD_NAME, NOT_FOUND, QUOTA, DISCONNECTED,
 * TIMED_OUT, FORKED, NO_MEMORY.
 */
RELEVO_API int relevo_pool_attach(relevo_session *session, const char *name, relevo_pool **pool);

/*
 * Delete a pool by its name, also one that another process made: tasks that no worker has yet are
 * dropped, its workers end after the task in hand, calls on it end with GONE. Thread-safe; blocks
 * for the answers. Errors: BAD_NAME, NOT_FOUND, DISCONNECTED, UNANSWERED, FORKED.
 */
RELEVO_API int relevo_pool_delete(relevo_session *session, const char *name);

/* The name under which workers can serve the pool. Belongs to it. */
RELEVO_API const char *relevo_pool_name(const relevo_pool *pool);

/* Process ids of the local workers now; at most `count` are stored. Returns how
 * many there are. Thread-safe; does not block. */
RELEVO_API size_t relevo_pool_workers(relevo_pool *pool, pid_t *pids, size_t count);

/*
 * Take no more work: calls that submit some get BAD_STATE from now on. What was submitted
 * is still done. Thread-safe; does not block. OK also when it was closed or terminated
 * before.
 */
RELEVO_API int relevo_pool_shutdown(relevo_pool *pool);

/*
 * End the pool at once: tasks that wait are dropped, local workers killed in the middle
 * of theirs, and those of other programs told to end what they run. Calls under way fail
 * with GONE at once, and so do results that are still out. Thread-safe;
 * blocks for the broker's answer, no longer than the session's time-out, and twice that if
 * others submit at the time. OK also when it was terminated before. Errors: DISCONNECTED, FORKED,
 * TIMED_OUT, UNANSWERED (the local workers have been killed all the same).
 */
RELEVO_API int relevo_pool_terminate(relevo_pool *pool);

/*
 * Wait until a pool that was closed or terminated has ended: all tasks have their outcomes,
 * callbacks have been called, iterations (relevo_imap) have ended or been freed, and no local
 * worker is left. Thread-safe; blocks; not from a
 * callback.
 *
 * Errors: BAD_STATE (neither closed nor terminated), TIMED_OUT (it goes on ending),
 * BAD_ARGUMENT.
 */
RELEVO_API int relevo_pool_join(relevo_pool *pool, int64_t timeout);

/*
 * End the pool and free it: waits for its local workers to finish the task in hand, for 5 s
 * at most, then ends them, and for the broker as relevo_pool_terminate() does. Tasks not begun are
 * dropped, workers of other programs are told. To have everything done first, close and join it.
 * Waits for callbacks that run. No other thread may be in a call with it, and iterations have to be
 * freed before; handles of results stay valid. NULL is allowed.
 */
RELEVO_API void relevo_pool_close(relevo_pool *pool);

/* The outcome of one task. */
struct relevo_result {
	int status; /* RELEVO_OK; what the function returned; UNKNOWN_FUNCTION;
		       WORKER_DIED; TIMED_OUT; CANCELLED; TOO_LARGE (the result) */
	void *data; /* the result, or the text of the error; a 0 byte follows */
	size_t size;
	size_t index;      /* of its argument */
	uint32_t attempts; /* how often it was handed to a worker */
	pid_t worker_pid;  /* that did it in the end, or died of it last */
	char worker_host[64];
	uint64_t reserved[RELEVO_RESERVED_FEW];
};

/* How a task is treated. Zero is the default of each. */
struct relevo_task_options {
	/* ms that one run of the function may take: then it is ended with its worker, and
	 * its outcome is TIMED_OUT. If the worker is stopped, with all of its program or its
	 * host, the outcome comes two seconds later; a chunk that it had is given to others,
	 * one by one, when the time for all of it is over. Time spent waiting for a
	 * worker does not count. 0: any time. */
	int64_t timeout;
	/* How often it is run again after it failed (with whatever status but WORKER_DIED,
	 * CANCELLED, UNKNOWN_FUNCTION and TOO_LARGE), the first time after retry_delay ms,
	 * then after twice as long each time. */
	uint32_t retries;
	int64_t retry_delay;
	int32_t priority; /* in a pool with RELEVO_ORDER_PRIORITY: the highest first */
	uint32_t cost;    /* in a pool with RELEVO_ORDER_SHORTEST: the lowest first */
	/* Called for each relevo_reply_progress() of the task of arguments[index]. From
	 * where, see the call that is given these options. May be NULL. */
	void (*on_progress)(size_t index, const struct relevo_bytes *said, void *user);
	uint64_t reserved[RELEVO_RESERVED];
};

struct relevo_map_options {
	size_t chunk;    /* arguments in one task; 0: count / (4 x local workers), rounded up */
	int64_t timeout; /* of the whole map, in ms; 0 means RELEVO_FOREVER */
	struct relevo_task_options task;
	/* Called for each result as it arrives, in any order. May be NULL. */
	void (*on_result)(size_t index, const struct relevo_result *result, void *user);
	void *user; /* handed to the callbacks */
	uint64_t reserved[RELEVO_RESERVED];
};

/*
 * Run the function for each of `count` arguments and wait for all. results[i] is
 * the outcome for arguments[i]; free them with relevo_results_free(). A task that fails
 * does not stop the others: look at results[i].status. One whose workers die fails alone.
 * The other tasks of its chunk are run again; where max_attempts is 1, only those that
 * had not begun, and the rest have their results. `options` may be
 * NULL; its callbacks are called from the calling thread. Several threads may map at
 * once. Blocks.
 *
 * Returns OK when every task has an outcome, good or bad. Otherwise nothing has
 * to be freed, and what was submitted is taken back: tasks that wait are dropped by the
 * workers that come to them, and those that run are ended with their workers, which are
 * replaced. The same happens if the caller ends before, or is killed. A broker that does not
 * answer makes this no longer than session.h says: the time-out covers all that is done on
 * behalf of the map. Tasks that such a broker has got may be run once it goes on. Errors:
 * BAD_NAME, BAD_ARGUMENT, TOO_LARGE (an argument, named by its index), BAD_STATE (the pool was
 * closed), TIMED_OUT, INTERRUPTED (see relevo_go_on), DISCONNECTED, FORKED, QUOTA, GONE
 * (the pool was terminated meanwhile), NO_MEMORY, LIMIT and SYSTEM (no worker can be started);
 * the initializer's error, when it fails in every worker.
 */
RELEVO_API int relevo_pool_map(relevo_pool *pool, const char *function,
			       const struct relevo_bytes *arguments, size_t count,
			       const struct relevo_map_options *options,
			       struct relevo_result *results);

/* Run it once: relevo_pool_map() with one argument, until `timeout` ms have passed. With 0 nothing
 * is submitted, since no worker answers without being waited for: TIMED_OUT. */
RELEVO_API int relevo_pool_apply(relevo_pool *pool, const char *function, const void *data,
				 size_t size, int64_t timeout, struct relevo_result *result);

/*
 * Where arguments come from when they are not an array: called for one after the other, from
 * the thread whose call needs them. It sets *argument, whose bytes it
 * may change when it is called again, and returns RELEVO_OK; RELEVO_END_OF_STREAM behind
 * the last; or another status, which ends the input with that error. It may use relevo.
 */
struct relevo_input {
	int (*next)(struct relevo_bytes *argument, void *user);
	void *user;
	uint64_t reserved[RELEVO_RESERVED_FEW];
};

/* The outcomes of a map whose size was not known before. */
struct relevo_results {
	struct relevo_result *items;
	size_t count;
	uint64_t reserved[RELEVO_RESERVED_FEW];
};

/*
 * relevo_pool_map() for what `input` gives: first all of it is taken, and copied, then it
 * is mapped. An error of the input is returned as it is, and nothing is run. Free
 * *results with relevo_results_free() of its items, and free() of the array.
 */
RELEVO_API int relevo_pool_map_input(relevo_pool *pool, const char *function,
				     const struct relevo_input *input,
				     const struct relevo_map_options *options,
				     struct relevo_results *results);

/* Free what relevo_pool_map() filled in: the data of each result, not the array.
 * Calling it twice, or with zeroed results, does nothing. */
RELEVO_API void relevo_results_free(struct relevo_result *results, size_t count);

#ifdef __cplusplus
}
#endif

#endif
