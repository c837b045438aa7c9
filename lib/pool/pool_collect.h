#ifndef POOL_POOL_COLLECT_H
#define POOL_POOL_COLLECT_H

#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "pool/pool_callback.h"
#include "pool/pool_reply.h"

#include <relevo/pool_async.h>

#include <pthread.h>
#include <stdatomic.h>

/*
 * Who looks after jobs that nobody waits for: a thread of the pool's owner, started with
 * the first of them. It takes the results of all, which come to one queue, and sends what
 * of the large ones could not be sent at once.
 */
struct collector {
	pthread_mutex_t lock; /* of what follows, and of the jobs */
	pthread_cond_t changed;
	pthread_t thread;
	bool started;
	bool stop;
	struct reply reply;   /* queue is NULL: none is needed yet */
	nsec_t until;         /* how long the thread waits, if nothing comes */
	struct list jobs;     /* under way, in the order of their numbers */
	size_t timed;         /* of them, those with a deadline */
	atomic_uint refusals; /* of tasks by the broker, ever */
	unsigned refusals_seen;
	struct callbacks callbacks;
};

struct job;

void collector_init(struct collector *collector);

/* Have the thread running, for that job. The lock is held. */
int collector_start(relevo_pool *pool, const struct job *first, struct error *error);

/* A job, and a reference to it, is the collector's from now on: send what may be sent. The
 * lock is held. NO_MEMORY: it is not. */
int collector_begin(relevo_pool *pool, relevo_job *job, struct error *error);

/* What has no outcome yet gets this one, and the job ends. The lock is held. */
void collector_end_job(relevo_pool *pool, relevo_job *job, int status, const char *text);

/* End all jobs in that way. */
void collector_end_all(relevo_pool *pool, int status, const char *text);

/* Stop the threads; jobs have ended before. */
void collector_fini(relevo_pool *pool);

#endif
