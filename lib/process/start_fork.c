#include "process/child.h"
#include "process/process.h"
#include "process/self.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child's own copy of the descriptor that says when its parent has ended. */
static _Noreturn void be_child(const struct relevo_process *process, pid_t parent, int parent_fd)
{
	int copy = dup(parent_fd);
	child_of_fork(process, parent, copy);
}

int start_fork(struct relevo_process *process, struct error *error)
{
	pid_t parent = getpid();
	int parent_fd = self_pidfd();
	if (parent_fd < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno,
				       "no descriptor for the process \"%s\"", process->name);
	pid_t pid = fork();
	if (pid == 0)
		be_child(process, parent, parent_fd);
	if (pid < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno,
				       "the process \"%s\" cannot be forked", process->name);
	process->pid = pid;
	process->pidfd = pidfd_open(pid, 0);
	if (process->pidfd >= 0)
		return RELEVO_OK;
	int saved = errno;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return error_set_errno(error, RELEVO_SYSTEM, saved, "the process \"%s\" cannot be watched",
			       process->name);
}
