/* Handles of processes of the system: opening and closing them. */
#include "system/system.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "os/cpu_count.h"
#include "os/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <unistd.h>

int system_gone(const relevo_system_process *process, struct error *error)
{
	return error_set(error, RELEVO_GONE, "the process %d has ended", (int)process->pid);
}

bool system_is_there(const relevo_system_process *process)
{
	/* Not to be allowed is an answer of somebody, too. */
	return MUTANT(pid_unguarded) || pidfd_send_signal(process->pidfd, 0, NULL, 0) == 0 ||
	       errno == EPERM;
}

static int no_process(pid_t pid, struct error *error)
{
	return error_set(error, RELEVO_NOT_FOUND, "there is no process %d", (int)pid);
}

static int system_fail(int failure, pid_t pid, struct error *error)
{
	/* EINVAL, in newer kernels ENOENT: a thread's id, not a process's. */
	if (failure == ESRCH || failure == EINVAL || failure == ENOENT)
		return no_process(pid, error);
	return error_set_errno(error, RELEVO_SYSTEM, failure, "the process %d", (int)pid);
}

/* Its pidfd is held already, so what is read now is of this process. */
static int system_identify(relevo_system_process *process, uint64_t stamp, struct error *error)
{
	struct relevo_system_info info;
	int status = system_inspect(process, &info, error);
	if (status == RELEVO_GONE)
		return no_process(process->pid, error);
	if (status != RELEVO_OK)
		return status;
	process->stamp = info.stamp;
	system_info_fini(&info);
	if (stamp == 0 || stamp == process->stamp)
		return RELEVO_OK;
	return error_set(error, RELEVO_NOT_FOUND, "the process %d is another one than it was",
			 (int)process->pid);
}

int system_open(pid_t pid, uint64_t stamp, relevo_system_process **process, struct error *error)
{
	if (pid <= 0)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no process's id", (int)pid);
	relevo_system_process *opened = calloc(1, sizeof *opened);
	if (opened == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the process %d", (int)pid);
	opened->pid = pid;
	opened->pidfd = descriptor_raise(pidfd_open(pid, 0));
	int status = opened->pidfd < 0 ? system_fail(errno, pid, error)
				       : system_identify(opened, stamp, error);
	if (status != RELEVO_OK) {
		relevo_system_close(opened);
		return status;
	}
	*process = opened;
	return RELEVO_OK;
}

int relevo_system_open(pid_t pid, uint64_t stamp, relevo_system_process **process)
{
	return system_open(pid, stamp, process, thread_error());
}

static int parent_of(const relevo_system_process *process, pid_t *parent, struct error *error)
{
	struct relevo_system_info info;
	int status = system_inspect(process, &info, error);
	if (status != RELEVO_OK)
		return status;
	*parent = info.parent;
	system_info_fini(&info);
	return RELEVO_OK;
}

/* A parent that ends leaves its children to another one, and its id to anybody: only if it
 * is still the parent after it has been opened, it is the right process. */
int relevo_system_open_parent(const relevo_system_process *process, relevo_system_process **parent)
{
	if (!given(process, parent))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	pid_t before = -1, after;
	int status = parent_of(process, &after, error);
	relevo_system_process *opened = NULL;
	while (status == RELEVO_OK && before != after) {
		relevo_system_close(opened);
		opened = NULL;
		before = after;
		if (before == 0)
			return error_set(error, RELEVO_NOT_FOUND,
					 "the process %d has no parent that can be seen",
					 (int)process->pid);
		int open_status = system_open(before, 0, &opened, error);
		status = parent_of(process, &after, error);
		if (status == RELEVO_OK && before == after)
			status = open_status;
	}
	if (status == RELEVO_OK)
		*parent = opened;
	else
		relevo_system_close(opened);
	return status;
}

void relevo_system_close(relevo_system_process *process)
{
	if (process == NULL)
		return;
	if (process->pidfd >= 0)
		close(process->pidfd);
	free(process);
}

pid_t relevo_system_pid(const relevo_system_process *process)
{
	if (!given(process))
		return -1;
	return process->pid;
}

int relevo_system_sentinel(const relevo_system_process *process)
{
	if (!given(process))
		return -1;
	return process->pidfd;
}

int system_open_folder(const relevo_system_process *process, const char *name, int *fd,
		       struct error *error)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", (int)process->pid, name);
	*fd = descriptor_raise(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	int failure = errno;
	if (!system_is_there(process)) {
		if (*fd >= 0)
			close(*fd);
		return system_gone(process, error);
	}
	if (*fd >= 0)
		return RELEVO_OK;
	if (failure == EACCES || failure == EPERM)
		return error_set(error, RELEVO_DENIED, "the process %d is another user's",
				 (int)process->pid);
	return system_fail(failure, process->pid, error);
}

int relevo_system_cpu_count(void)
{
	return cpu_count();
}
