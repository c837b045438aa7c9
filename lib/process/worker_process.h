#ifndef PROCESS_WORKER_PROCESS_H
#define PROCESS_WORKER_PROCESS_H

#include "process/worker.h"

#include <sys/types.h>

/* What a worker's process begins with, and has to leave alone. */
struct worker_process {
	struct worker_setup setup; /* but for its wake_fd, which it makes */
	/* Called in the new process: give up what is the parent's. */
	void (*forget)(void *parent);
	void *parent;
};

/*
 * Start a worker by fork(2); it is killed when the calling process ends. The one place
 * where that is done. Returns a descriptor of pidfd_open(2) for it, with its id in *pid;
 * -1, with errno set, when it cannot be started.
 */
int worker_process_start(const struct worker_process *process, pid_t *pid);

#endif
