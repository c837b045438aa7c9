#ifndef WORKER_WORKER_PROCESS_H
#define WORKER_WORKER_PROCESS_H

#include "worker/worker.h"

#include <sys/types.h>

/* What a worker's process begins with, and has to leave alone. */
struct worker_process {
	struct worker_setup setup; /* but for its wake_fd, which it makes */
	/* Called in the new process: give up what is the parent's. */
	void (*forget)(void *parent);
	void *parent;
};

/*
 * Start a worker by fork(2); it is killed when the calling process ends, and the orphans below it
 * are its own children. Its process's id, which has to be waited for; -1, with errno set, when
 * it cannot be started.
 */
pid_t worker_process_start(const struct worker_process *process);

/* Whether this process is a child that a worker's function has made by fork(2), which is no
 * worker. */
bool worker_process_is_copy(void);

#endif
