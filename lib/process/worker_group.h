#ifndef PROCESS_WORKER_GROUP_H
#define PROCESS_WORKER_GROUP_H

#include "base/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

/* One worker, in memory that the group, its workers and the pool's owner share. */
struct worker_slot {
	atomic_int pid; /* 0: none runs */
	bool finished;  /* it ended of its own accord, and left in `error` why */
	struct error error;
};

struct worker_table {
	size_t size; /* of the mapping */
	int count;
	struct worker_slot slots[];
};

/* NULL when memory ran out. */
struct worker_table *worker_table_new(int count);
void worker_table_free(struct worker_table *table);

struct worker_group_options {
	const char *url;
	const char *queue;
	/* End at once, workers and all, when this process does; -1: nobody. A
	 * descriptor of pidfd_open(2). */
	int owner_fd;
	/* Written to once the workers have been started for the first time; -1:
	 * nobody waits for that. */
	int ready_fd;
};

/*
 * Keep table->count workers going: start them by fork(2), replace those that
 * die, each after a pause that grows while they die young. Returns when all have
 * ended because the queue is gone or a signal told them to: OK; or with the
 * reason when none can do its work. On the first SIGTERM or SIGINT the workers
 * finish what they have in hand; on the second they are killed.
 */
int worker_group_run(const struct worker_group_options *options, struct worker_table *table,
		     struct error *error);

/* The number of processors this process may use, or what was asked for. */
int worker_group_size(int processes);

#endif
