#ifndef PROCESS_CHILD_H
#define PROCESS_CHILD_H

#include "process/process.h"

/*
 * The part of a child: in its own process, which ends here.
 */

/* Of a child that could not be told what to do. */
enum { EXIT_NOT_BEGUN = 127 };

/* Of fork: it is a copy of its parent, of which `parent_fd` is the pidfd. */
_Noreturn void child_of_fork(const struct relevo_process *made, pid_t parent, int parent_fd);

/* Of spawn and forkserver: `socket` tells what it is. */
_Noreturn void child_by_handover(int socket);

#endif
