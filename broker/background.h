#ifndef BROKER_BACKGROUND_H
#define BROKER_BACKGROUND_H

#include "base/error.h"

#include <stddef.h>

/* Descriptors that the background shall keep; the room for one more is used
 * inside. */
struct kept_fds {
	int fds[64];
	size_t count;
};

/*
 * Go on in a process of its own that no terminal and no parent holds. The
 * process that called waits until background_report() or the other's end, and
 * exits with what that tells. Of the descriptors, those kept and standard error
 * stay open. Call it before there are threads. Returns in the new process
 * only, with *report set, or fails with SYSTEM.
 */
int background_enter(struct kept_fds *kept, int *report, struct error *error);

/* The start has succeeded; closes `report`. */
void background_report(int report);

#endif
