/*
 * Workers that serve somebody else's pool, from this host or another.
 */
#ifndef RELEVO_WORKER_H
#define RELEVO_WORKER_H

#include <relevo/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct relevo_worker_options {
	int processes; /* 0: one for each processor */
	/* The pool belongs to nobody, as with the option of that name of relevo_pool_open(): it
	 * is made if it is not there, with this order, and a private broker never is. */
	bool shared;
	enum relevo_order order;
};

/*
 * Serve the pool of that name at that broker (NULL: as for relevo_open()) with
 * the functions registered so far. Starts `processes` workers by fork(2), each
 * with a connection of its own, replaces those that die, and blocks until the
 * pool is closed, the broker goes, or this process gets SIGTERM or SIGINT: then
 * the workers finish the task in hand first. Signal handlers are put back before
 * it returns. `options` may be NULL. The initializer, and how long a worker lives, are
 * what the pool's options say; the initializer has to be registered here as well.
 *
 * Call it from the main thread, before anything has opened a tcp:// session in
 * this process.
 *
 * Returns OK after a signal or when the pool was closed. Errors: BAD_ADDRESS,
 * NO_BROKER, NOT_FOUND (no such pool), OPTION_MISMATCH (a shared one: it has another order, or
 * an owner), BAD_NAME, BAD_ARGUMENT, DISCONNECTED, FORKED, NO_MEMORY, SYSTEM;
 * what the initializer failed with.
 */
int relevo_worker_serve(const char *url, const char *pool,
			const struct relevo_worker_options *options);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
