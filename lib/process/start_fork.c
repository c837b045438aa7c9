#include "base/descriptor.h"
#include "process/child.h"
#include "process/process.h"
#include "process/self.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

int start_fork(struct relevo_process *process, struct error *error)
{
	pid_t parent = getpid();
	int parent_fd = descriptor_raise(pidfd_open(parent, 0));
	if (parent_fd < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno,
				       "no descriptor for the process \"%s\"", process->name);
	pid_t pid = fork();
	if (pid == 0)
		child_of_fork(process, parent, parent_fd);
	int failure = errno;
	close(parent_fd);
	if (pid < 0)
		return error_set_errno(error, RELEVO_SYSTEM, failure,
				       "the process \"%s\" cannot be forked", process->name);
	process->pid = pid;
	process->pidfd = descriptor_raise(pidfd_open(pid, 0));
	if (process->pidfd >= 0)
		return RELEVO_OK;
	int saved = errno;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return error_set_errno(error, RELEVO_SYSTEM, saved, "the process \"%s\" cannot be watched",
			       process->name);
}
