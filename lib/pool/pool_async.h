#ifndef POOL_POOL_ASYNC_H
#define POOL_POOL_ASYNC_H

#include "pool/pool_map.h"
#include "session/watch.h"

#include <relevo/pool_async.h>

/*
 * A job that was submitted. Its handle outlives the pool: then only results are left.
 */
struct relevo_job {
	struct mapping mapping;
	struct list link; /* in the collector, while it is under way */
	struct relevo_async_options options;
	struct relevo_map_options quiet; /* the same, for the mapping */
	nsec_t deadline;                 /* NSEC_NEVER: none */
	struct note *last;               /* says that it has ended; NULL: nobody is told */

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	int references;
	bool ended;              /* all outcomes are there */
	bool told;               /* and the callbacks have returned */
	struct callbacks *calls; /* NULL: the pool is gone, or nothing is to be called */
	relevo_pool *pool;       /* NULL: it has ended */
	struct watch *watch;     /* NULL: nobody waits for it beside other things */
	watch_slot watched;
};

/* Wait for its end beside other things: see session/watch.h. It is over with that. NULL: memory
 * ran out. */
struct watch *job_watch(relevo_job *job);

/* All outcomes are there: tell who waits, and have the callback called. The collector's
 * lock is held. */
void async_ended(relevo_job *job);

/* The callback's thread: do what the note says. */
void async_call(relevo_job *job, struct note *note);

void async_release(relevo_job *job);

#endif
