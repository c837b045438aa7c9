#ifndef PROCESS_FORK_ASIDE_H
#define PROCESS_FORK_ASIDE_H

#include <sys/types.h>

/*
 * fork(2) of a process that is not this one's child: whatever the program waits for, it does not
 * see it, and how it ended cannot be known. It is the child of a process between, which has ended
 * when this returns. Handlers of pthread_atfork(3) run twice.
 *
 * 0: in the new process. Otherwise its id, and *pidfd is the caller's; -1, with errno set.
 */
pid_t fork_aside(int *pidfd);

#endif
