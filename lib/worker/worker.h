#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "base/error.h"
#include "worker/worker_setup.h"

/*
 * Be a worker: run the initializer, then take tasks and run them, until the pool is
 * gone, wake_fd becomes readable or the plan's number of tasks is done: OK. Otherwise
 * why it could not go on. slot->end tells which.
 */
int worker_run(const struct worker_setup *setup, struct error *error);

#endif
