#ifndef CLI_GUARDIAN_H
#define CLI_GUARDIAN_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A small process beside this one, which does nothing but wait for its end, however that
 * comes: then it kills the group of processes it was told of. So no command outlives the
 * worker that ran it.
 */

/* See that there is one; false: the system does not allow it, and errno says why. */
bool guardian_start(void);

/* From now on it is about this group; 0: about none. */
void guardian_watch(pid_t group);

#endif
