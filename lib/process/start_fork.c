/* Starting a child by fork. */
#include "base/descriptor.h"
#include "base/mutant.h"
#include "process/child.h"
#include "process/fork_aside.h"
#include "process/inherited.h"
#include "process/process.h"
#include "process/self.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* As a child; -1, with errno set. */
static pid_t fork_watched(int *pidfd)
{
	pid_t pid = fork();
	if (pid <= 0)
		return pid;
	*pidfd = descriptor_raise(pidfd_open(pid, 0));
	if (*pidfd >= 0)
		return pid;
	int saved = errno;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	errno = saved;
	return -1;
}

int start_fork(struct relevo_process *process, struct error *error)
{
	pid_t parent = getpid();
	int parent_fd = descriptor_raise(pidfd_open(parent, 0));
	if (parent_fd < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno,
				       "no descriptor for the process \"%s\"", process->name);
	int pidfd;
	inherited_prepare();
	bool aside = process->aside && !MUTANT(keeper_is_a_child);
	pid_t pid = aside ? fork_aside(&pidfd) : fork_watched(&pidfd);
	if (pid == 0)
		child_of_fork(process, parent, parent_fd);
	int failure = errno;
	close(parent_fd);
	if (pid < 0)
		return error_set_process(error, failure, "the process \"%s\" cannot be forked",
					 process->name);
	process->pid = pid;
	process->pidfd = pidfd;
	return RELEVO_OK;
}
