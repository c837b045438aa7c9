#ifndef SYSTEM_SYSTEM_READ_H
#define SYSTEM_SYSTEM_READ_H

#include "base/error.h"

#include <relevo/system.h>
#include <sys/types.h>

/*
 * What libproc2 says of the process with that id, or of all (`pid` 0). *infos is an array
 * of the caller's. NOT_FOUND, NO_MEMORY, LIMIT, NO_DESCRIPTORS, SYSTEM.
 */
int system_read(pid_t pid, struct relevo_system_info **infos, size_t *count, struct error *error);

#endif
