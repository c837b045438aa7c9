#ifndef PROCESS_POOL_NAME_H
#define PROCESS_POOL_NAME_H

#include "base/error.h"
#include "base/name.h"

#include <relevo/queue.h>

/* The queues that a pool is made of. */
enum pool_queue {
	POOL_TASKS,
	POOL_PLAN,      /* one item: what workers are told, see worker_plan.h */
	POOL_CANCELLED, /* jobs that were taken back, made when the first is */
	POOL_CONTROL,   /* what the names of the workers' own queues begin with */
};

/* The queue's name; `queue` has NAME_MAX_BYTES + 1 bytes. BAD_NAME. */
int pool_queue_name(enum pool_queue which, const char *pool, char *queue, struct error *error);

/* The pool's name, inside that of its queue of tasks. */
const char *pool_name_of(const relevo_queue *tasks);

#endif
