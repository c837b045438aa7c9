/* Setting the niceness of a process of the system, in all its threads. */
#include "base/thread_error.h"
#include "system/system.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FIRST = -20, LAST = 19 };

/*
 * To Linux nice belongs to the thread. The list of threads is of this process, whatever
 * becomes of its id; only one whose thread ends in the instant between the two lines, and
 * whose id is given away at once, could be mistaken: there is no call that takes a pidfd.
 */
static int system_nice_set_all(DIR *threads, int nice)
{
	const struct dirent *entry;
	while ((entry = readdir(threads)) != NULL) {
		int thread = atoi(entry->d_name);
		if (thread > 0 && setpriority(PRIO_PROCESS, (id_t)thread, nice) < 0 &&
		    errno != ESRCH)
			return errno;
	}
	return 0;
}

static int set_nice(const relevo_system_process *process, int fd, int nice, struct error *error)
{
	DIR *threads = fdopendir(fd);
	if (threads == NULL) {
		close(fd);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the threads of %d",
				 (int)process->pid);
	}
	int failure = system_nice_set_all(threads, nice);
	closedir(threads);
	if (failure != 0)
		return error_set_errno(error, RELEVO_DENIED, failure,
				       "the process %d cannot have the niceness %d",
				       (int)process->pid, nice);
	return relevo_system_is_alive(process) ? RELEVO_OK : system_gone(process, error);
}

int relevo_system_set_nice(const relevo_system_process *process, int nice)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	int fd;
	if (nice < FIRST || nice > LAST)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no niceness from -20 to 19",
				 nice);
	if (!relevo_system_is_alive(process))
		return system_gone(process, error);
	int status = system_open_folder(process, "task", &fd, error);
	return status != RELEVO_OK ? status : set_nice(process, fd, nice, error);
}
