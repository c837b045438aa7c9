#ifndef PROCESS_WORKER_H
#define PROCESS_WORKER_H

#include "base/error.h"

/*
 * Be a worker: take tasks from the queue of that name and run them, until the
 * queue is gone or `wake_fd` becomes readable (then after the task in hand): OK.
 * Otherwise why it could not go on.
 */
int worker_run(const char *url, const char *queue, int wake_fd, struct error *error);

#endif
