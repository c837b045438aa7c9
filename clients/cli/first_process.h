#ifndef CLI_FIRST_PROCESS_H
#define CLI_FIRST_PROCESS_H

#include <stdbool.h>

/*
 * The first process of a container has duties: whatever loses its parent becomes its
 * child, to be waited for; and signals that it does not handle do not reach it.
 * If this process is one, all that is left to a child, which returns from here: this
 * process passes on to it what it is told, waits for everybody, and ends with it. False: there can
 * be no child, and errno says why.
 */
bool first_process_step_aside(void);

#endif
