#ifndef STORE_STORE_HELPER_H
#define STORE_STORE_HELPER_H

#include "base/clock.h"

#include <pthread.h>
#include <stdbool.h>

/*
 * A thread for what may take its time: files ahead of need, checkpoints, space that is given
 * back. So none of that holds up the commits, which have a thread of their own. One job at a
 * time, in order.
 */
struct store_job {
	struct store_job *next;
	void (*run)(struct store_job *job); /* may free it */
};

struct store_helper {
	pthread_t thread;
	bool runs;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct store_job *first, **end; /* guarded by the lock, and so are: */
	struct store_job *late;         /* to be done at that time; NULL: none */
	nsec_t late_at;
	bool stopping;
};

void store_helper_init(struct store_helper *helper);
/* Without having been started, nothing is done until it is. Returns 0 or an error number. */
int store_helper_start(struct store_helper *helper);
/* From any thread. */
void store_helper_add(struct store_helper *helper, struct store_job *job);
/* The same when that time has come; there is one such job at most. It is not done if the helper
 * is stopped before. From any thread. */
void store_helper_add_late(struct store_helper *helper, struct store_job *job, nsec_t when);
/* What has been added is done before this returns; jobs that may be left can ask. */
void store_helper_stop(struct store_helper *helper);
bool store_helper_stopping(struct store_helper *helper);
void store_helper_fini(struct store_helper *helper);

/* How both threads of a log are started: with a small stack. */
int store_thread_start(pthread_t *thread, void *(*run)(void *), void *argument);

#endif
