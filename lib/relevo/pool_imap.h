/*
 * Iterations over a pool: results one by one, from input that is taken as it is needed.
 */
#ifndef RELEVO_POOL_IMAP_H
#define RELEVO_POOL_IMAP_H

#include <relevo/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An iteration. For one thread at a time. */
typedef struct relevo_imap relevo_imap;

struct relevo_imap_options {
	size_t chunk; /* arguments in one task; 0 means 1 */
	/* Arguments at most that have been taken from the input and whose results have not
	 * been fetched; at least one chunk. 0: 256, or four chunks for each local worker if
	 * that is more. Never more than 64 MiB of arguments. */
	size_t window;
	bool unordered; /* results as they come, not in the order of the input */
	struct relevo_task_options task;
	void *user; /* handed to task.on_progress */
	uint64_t reserved[RELEVO_RESERVED];
};

/*
 * Begin an iteration. Input is taken later, inside relevo_imap_next(), as far as the window
 * allows, so it may be endless. `options` may be NULL; its callbacks are called from inside
 * relevo_imap_next(). *imap
 * belongs to the caller, until relevo_imap_free(), which has to come before
 * relevo_pool_close(). Blocks for the broker's answer.
 *
 * Errors: BAD_NAME, BAD_ARGUMENT, BAD_STATE (the pool was closed), DISCONNECTED, TIMED_OUT,
 * FORKED, QUOTA, NO_MEMORY.
 */
RELEVO_API int relevo_pool_imap(relevo_pool *pool, const char *function,
				const struct relevo_input *input,
				const struct relevo_imap_options *options, relevo_imap **imap);

/*
 * The next result; result->index tells of which argument. Free it with
 * relevo_results_free(). Blocks, and takes input, which has its own time; `timeout` is for
 * the rest.
 *
 * Errors: END_OF_STREAM (there are no more; also when called again), TIMED_OUT (the next
 * call gives the result), what the input failed with (after the results of all complete
 * chunks before; called again, END_OF_STREAM), TOO_LARGE (an argument, in the same way),
 * BAD_ARGUMENT; GONE (the pool was terminated), QUOTA, DISCONNECTED, FORKED, NO_MEMORY,
 * SYSTEM and those of the initializer end it too, and so does INTERRUPTED (see
 * relevo_go_on).
 */
RELEVO_API int relevo_imap_next(relevo_imap *imap, int64_t timeout, struct relevo_result *result);

/* End it. Tasks that are under way are cancelled, as by relevo_job_cancel(). Blocks for the
 * broker's answer. NULL is allowed. */
RELEVO_API void relevo_imap_free(relevo_imap *imap);

#ifdef __cplusplus
}
#endif

#endif
