#ifndef WORKER_WORKER_PLAN_H
#define WORKER_WORKER_PLAN_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/name.h"

#include <relevo/queue.h>

/*
 * What a worker has to know of its pool before the first task. Local workers have it
 * from the owner's memory; those of other programs look at the pool's queue of plans.
 */
struct worker_plan {
	char initializer[NAME_MAX_BYTES + 1]; /* "": none */
	struct buffer argument;               /* of the initializer */
	uint32_t max_tasks;                   /* 0: any number */
	bool never_twice;                     /* no task is run a second time */
};

void worker_plan_fini(struct worker_plan *plan);

/* The plan as an item. */
bool worker_plan_encode(const struct worker_plan *plan, struct buffer *out);

/* And back; `plan` is empty. BAD_FRAME, NO_MEMORY. */
int worker_plan_decode(const void *data, size_t size, struct worker_plan *plan,
		       struct error *error);

/* Look at the plan in that queue. NOT_FOUND (there is no such pool), BAD_FRAME,
 * DISCONNECTED, NO_MEMORY. */
int worker_plan_read(relevo_session *session, const char *queue, struct worker_plan *plan,
		     struct error *error);

#endif
