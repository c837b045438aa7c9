/*
 * Looking at pools: which there are, what they have to do, and which workers serve them.
 * For tools and operators.
 */
#ifndef RELEVO_POOL_LIST_H
#define RELEVO_POOL_LIST_H

#include <relevo/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A pool with a name, at one moment. */
struct relevo_pool_info {
	const char *name;
	uint64_t waiting; /* tasks that no worker has, those to be tried again later included */
	uint64_t running; /* tasks that a worker has */
	uint64_t workers; /* that are connected */
	uint64_t callers; /* handles of it: its owner's, and of those attached to it */
	uint64_t done;    /* tasks that were answered, or dropped */
};

/*
 * Call `visit` for each pool whose name begins with `prefix` (NULL: for all), in the order of
 * their names, until it returns something other than 0: that is returned. What it is given
 * is valid until it returns; it may call relevo. Thread-safe; blocks.
 *
 * Returns RELEVO_OK behind the last. Errors: DISCONNECTED, FORKED, NO_MEMORY.
 */
RELEVO_API int relevo_pool_list(relevo_session *session, const char *prefix,
				int (*visit)(const struct relevo_pool_info *info, void *user),
				void *user);

/* One of those that serve a pool. */
struct relevo_worker_info {
	const char *host; /* what it calls itself */
	pid_t pid;        /* there */
};

/* The same for the workers of one pool, in the order of their hosts. Errors also: BAD_NAME; a
 * pool that is not there has none. */
RELEVO_API int relevo_pool_list_workers(relevo_session *session, const char *name,
					int (*visit)(const struct relevo_worker_info *info,
						     void *user),
					void *user);

/*
 * Wait until a worker serves the pool of that name: it is connected to the broker for it, and has
 * found the pool. A pool that is not there is waited for, too. `timeout` is in ms.
 * Thread-safe; blocks, and wakes with the worker.
 *
 * Errors: TIMED_OUT, BAD_NAME, BAD_ARGUMENT, INTERRUPTED (see relevo_go_on), QUOTA, DISCONNECTED,
 * FORKED, NO_MEMORY.
 */
RELEVO_API int relevo_pool_wait_served(relevo_session *session, const char *name, int64_t timeout);

/* Wait in the same way until no worker serves it any more, or the pool is gone. It may return
 * between the death of a pool's only worker and the start of its replacement. */
RELEVO_API int relevo_pool_wait_unserved(relevo_session *session, const char *name,
					 int64_t timeout);

#ifdef __cplusplus
}
#endif

#endif
