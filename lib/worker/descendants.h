#ifndef WORKER_DESCENDANTS_H
#define WORKER_DESCENDANTS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * What runs below this process, whatever groups and sessions it has made for itself. A process
 * whose parent ends becomes a child of the next one above it that has adopted, so to
 * kill all children again and again, until there are none, reaches everything.
 */

/* From now on orphans below this process become its children. It has to wait for them. */
void descendants_adopt(void);

/* SIGKILL for all children of this process but those that are spared (NULL: none is). False:
 * there is none, or the system does not tell. Nobody else may wait for them meanwhile. */
bool descendants_kill(bool (*spared)(pid_t pid, void *user), void *user);

/* Take away the children that have ended, and what they left behind. */
void descendants_reap(void);

/* Kill all that runs below this process, and wait for their ends, for two seconds at most: one
 * that the kernel does not let go of is left to it. */
void descendants_end(void);

#endif
