#ifndef OS_THREAD_H
#define OS_THREAD_H

#include "base/clock.h"

#include <pthread.h>
#include <stdbool.h>

/*
 * pthread_create() for the library's own threads: they take no signals, which are for the
 * program's. `attributes` may be NULL. Returns 0 or an error number, ENOMEM
 * where there is no room for its stack.
 */
int thread_start(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
		 void *argument);

/* Lock it, waiting until `deadline` at most. False: it was not free in time. */
bool thread_lock_by(pthread_mutex_t *mutex, nsec_t deadline);

#endif
