#ifndef WORKER_POOL_NAME_H
#define WORKER_POOL_NAME_H

#include "base/error.h"
#include "base/name.h"

#include <relevo/queue.h>

/* What the names of the queues of tasks begin with, unless the broker made them up. */
#define POOL_TASKS_PREFIX  "pool/"
#define POOL_WORKER_PREFIX "pool-worker/"

/* The queues that a pool is made of. */
enum pool_queue {
	POOL_TASKS,
	POOL_PLAN,      /* one item: what workers are told, see worker_plan.h */
	POOL_CANCELLED, /* jobs that were taken back, made when the first is */
	POOL_EXPECTED,  /* of workers that wait for the pool; deleted when it is opened */
	POOL_AWAITED,   /* of those who wait until it is served; deleted by a worker that comes */
	POOL_CONTROL,   /* what the names of the workers' own queues begin with */
	POOL_WORKER,    /* and those that show that they are there: see worker_presence.h */
};

/* The queue's name; `queue` has NAME_MAX_BYTES + 1 bytes. BAD_NAME. */
int pool_queue_name(enum pool_queue which, const char *pool, char *queue, struct error *error);

/* How the queue of tasks of a shared pool is opened, by whoever comes. */
struct relevo_queue_options pool_shared_tasks(enum relevo_order order, bool durable);

/* The pool's name, inside that of its queue of tasks. */
const char *pool_name_of(const relevo_queue *tasks);

#endif
