/*
 * Waiting for several things at once: pipes, and whatever has a descriptor to poll, such
 * as sockets and the sentinels of processes.
 */
#ifndef RELEVO_WAIT_H
#define RELEVO_WAIT_H

#include <relevo/pipe.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One thing to wait for: `pipe`, or if that is NULL, `descriptor`. */
struct relevo_wait_entry {
	relevo_pipe *pipe;
	int descriptor;
	bool ready; /* what relevo_wait() found */
};

/*
 * Wait up to `timeout` ms until at least one entry is ready: has something to receive or to
 * read, or has come to its end, which the next read will say. All that are ready are
 * marked, and *ready tells how many; nothing is taken. No entries: the time passes. A
 * pipe may stand in one wait at a time. Thread-safe otherwise; a signal does not end it.
 *
 * Errors: TIMED_OUT, BAD_ARGUMENT (an entry's descriptor is not
 * open; the detail names which), BAD_STATE (a pipe does not receive), CLOSED, FORKED (a
 * remote pipe is the parent's), LIMIT, NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_wait(struct relevo_wait_entry *entries, size_t count, int64_t timeout,
			   size_t *ready);

#ifdef __cplusplus
}
#endif

#endif
