#ifndef PROCESS_CHILDREN_H
#define PROCESS_CHILDREN_H

#include "process/process.h"

/*
 * The children of this process that were started and are not known to have ended. A
 * forked process has none of its parent's.
 */
void children_add(struct relevo_process *process);
void children_remove(struct relevo_process *process);

/* The owner has no use for it any more, but it runs: from now on it is the list's. */
void children_adopt(struct relevo_process *process);

/* End the daemons, wait for the others. At the end of the process. */
void children_finish(void);

/* Once, before there is one: let a child by fork(2) have none of them. False: no memory. */
bool children_mind_forks(void);

/* Take the exit codes of those that have ended, so that none stays a zombie. */
void children_look(void);

#endif
