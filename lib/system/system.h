#ifndef SYSTEM_SYSTEM_H
#define SYSTEM_SYSTEM_H

#include "base/error.h"

#include <relevo/system.h>
#include <sys/types.h>

/* Nothing in it changes. The pidfd is what keeps it from meaning another process. */
struct relevo_system_process {
	pid_t pid;
	uint64_t stamp;
	int pidfd;
};

/* It is not there any more: GONE, said of it. */
int system_gone(const relevo_system_process *process, struct error *error);

/*
 * Whether its id is still its own: neither ended and waited for, nor anybody else's. Whoever
 * has looked at something by that id asks afterwards, and then knows whose it was.
 */
bool system_is_there(const relevo_system_process *process);

/* What stands in it is the library's own, and freed with it. */
void system_info_fini(struct relevo_system_info *info);
void system_infos_free(struct relevo_system_info *infos, size_t count);

/* relevo_system_open(), and relevo_system_inspect() of one to be given to system_info_fini(). */
int system_open(pid_t pid, uint64_t stamp, relevo_system_process **process, struct error *error);
int system_inspect(const relevo_system_process *process, struct relevo_system_info *info,
		   struct error *error);

/* Open a folder of it below /proc, such as "fd". GONE, DENIED, NO_DESCRIPTORS, SYSTEM. */
int system_open_folder(const relevo_system_process *process, const char *name, int *fd,
		       struct error *error);

#endif
