#ifndef SYNC_SEMAPHORE_H
#define SYNC_SEMAPHORE_H

#include "sync/permit.h"

#include <relevo/semaphore.h>

struct relevo_semaphore {
	struct permit_source source;
	bool limited; /* permits run out */
	/* Leases of the permits taken and not given back, the latest last; all of
	 * one connection of one process. */
	uint64_t *held;
	size_t count, capacity;
	uint64_t epoch;
	pid_t process;
};

/* A permit has been taken. The session is locked. */
void semaphore_remember(relevo_semaphore *semaphore, const struct permit *token);

#endif
