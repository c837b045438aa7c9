/*
 * Workers that serve the pool of another program, from this host or another.
 */
#ifndef RELEVO_WORKER_H
#define RELEVO_WORKER_H

#include <relevo/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct relevo_worker_options {
	int processes; /* 0: relevo_system_cpu_count() */
	/* The pool has no owner, as with the option of that name of relevo_pool_open(): it is
	 * made if it is not there, with this order. A private broker is never started. */
	bool shared;
	enum relevo_order order;
	/* End, with the reason, when the pool is not there or the connection to the broker is
	 * lost, instead of waiting for them. */
	bool give_up;
	/* Processes that functions have started and left behind go on after their worker's end. */
	bool leave_children;
	/* For tcp://, the key or the file it is in, as in struct relevo_session_options. What is at
	 * `key` has to stay as it is until the call returns. */
	const char *key_file;
	struct relevo_bytes key;
	RELEVO_LATER bool durable; /* of a shared pool: as that option of whoever opens it */
	uint64_t reserved[RELEVO_RESERVED - 1];
};

/*
 * Serve the pool of that name at that broker (NULL: as for relevo_session_open()) with
 * the functions registered so far. Starts `processes` workers, each
 * with a connection of its own, replaces those that die, and blocks until the
 * pool is closed or this process gets SIGTERM or SIGINT: then
 * the workers finish the task in hand first; a second signal ends them at once. Signal
 * handlers are put back before it returns. `options` may be NULL. The initializer, and how long a
 * worker lives, are what the pool's options say; the initializer has to be registered here as well.
 *
 * There has to be a broker to begin with; NULL never starts a private one. A pool that is not
 * there yet is waited for. When the connection is lost or the broker is
 * restarted, workers come back: at first one of them, after 50 ms, then twice as long
 * each time up to 5 s, less a random part of up to a half; and the others once that one is ready.
 * With `give_up` all of that is an error.
 *
 * This process forks another one, which forks the workers and looks after them. That keeper is no
 * child of this process, which so never sees it when it waits for its children; when this process
 * is killed, the keeper kills the workers. A worker's own children, all that its functions have
 * started, end with it unless `leave_children` says otherwise, even if they have made groups or
 * sessions of their own. A worker does not ignore SIGCHLD, even if this process does, and blocks
 * no signal.
 *
 * Call it from the main thread, before anything has opened a tcp:// session in
 * this process.
 *
 * Returns OK after a signal or when the pool was closed. Errors: BAD_ADDRESS,
 * NO_BROKER, NOT_FOUND (no such pool, with `give_up`), OPTION_MISMATCH (a shared one: it has
 * another order, or an owner), BAD_NAME, BAD_ARGUMENT, DISCONNECTED, FORKED, NO_MEMORY,
 * NO_DESCRIPTORS, LIMIT (the system allows no more processes), SYSTEM (also: the process that
 * keeps the workers was killed); what the initializer failed with.
 */
RELEVO_API int relevo_worker_serve(const char *url, const char *pool,
				   const struct relevo_worker_options *options);

/*
 * From inside a function that a worker runs: kill all processes that this worker's functions
 * have started and that still run, with what those have started, also in process groups and
 * sessions of their own. Returns when they have ended, after two seconds at most. Not while
 * another thread of the function waits for one of these processes.
 *
 * Errors: BAD_STATE (this process is no worker).
 */
RELEVO_API int relevo_worker_end_children(void);

#ifdef __cplusplus
}
#endif

#endif
