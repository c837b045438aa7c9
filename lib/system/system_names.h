#ifndef SYSTEM_SYSTEM_NAMES_H
#define SYSTEM_SYSTEM_NAMES_H

#include <sys/types.h>

/* The name that the kernel has of a process, and the path of its executable, byte for byte:
 * libproc2 makes both fit for a terminal and the locale. free() it; NULL: it cannot be told, or no
 * memory. */
char *system_name(pid_t pid);
char *system_executable(pid_t pid);

#endif
