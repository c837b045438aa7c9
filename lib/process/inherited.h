#ifndef PROCESS_INHERITED_H
#define PROCESS_INHERITED_H

#include "base/error.h"

/*
 * A forked process has its parent's functions for the end (atexit(3)), and what its parent has
 * written into streams and they have not written yet: all that is the parent's to do. What this
 * process adds itself is to be done at its end, as at that of any other program.
 *
 * To be called in the child before any code of the program's: from here on exit(3) does what has
 * been added since, calls `finish` (may be NULL), writes what streams hold, and ends. NO_MEMORY.
 */
int inherited_leave(void (*finish)(void), struct error *error);

/*
 * To be called before a fork: finds what the child needs. A child that has to look for it itself
 * touches the tables of names of every library that is loaded, which is some eight page faults.
 */
void inherited_prepare(void);

#endif
