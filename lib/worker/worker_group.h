#ifndef WORKER_WORKER_GROUP_H
#define WORKER_WORKER_GROUP_H

#include "base/error.h"
#include "session/key_source.h"
#include "worker/stop_signal.h"
#include "worker/worker_plan.h"
#include "worker/worker_table.h"

struct worker_group_options {
	const char *url;
	struct key_source key;
	const char *pool; /* its name */
	bool shared;      /* and this, as for a worker */
	enum relevo_order order;
	bool carries_on; /* its pool outlives the broker: whoever finds none is replaced */
	bool durable;
	const struct worker_plan *plan; /* NULL: the workers ask the broker */
	/* Wait for a pool that is not there, and for a broker that was there. */
	bool patient;
	/* What the workers have started goes on after their end. */
	bool leave_children;
	/* In use: on the first signal the workers finish what they have in hand, on the second
	 * they are killed. */
	struct stop_signal *wake;
	/* End at once, workers and all, when this process does. A descriptor of
	 * pidfd_open(2). */
	int owner_fd;
	/* Written to once the workers have been started for the first time; -1:
	 * nobody waits for that. */
	int ready_fd;
};

/*
 * Keep table->count workers going: start them, replace those that die, each after a pause
 * that grows while they die young. Returns when all have ended because the pool is gone or
 * a signal told them to: OK; or with the reason when none can do its work: when not all
 * could be started to begin with, or their initializer fails again and again, or, unless it
 * is patient, when the pool is not there or the broker cannot be reached.
 *
 * Takes the whole process for itself, which ends afterwards: it has no other children, one
 * thread, and adopts and kills what the workers leave behind.
 */
int worker_group_run(const struct worker_group_options *options, struct worker_table *table,
		     struct error *error);

/* The number of processors this process may use, or what was asked for. */
int worker_group_size(int processes);

#endif
