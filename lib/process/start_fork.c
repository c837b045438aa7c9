/* Starting a child by fork. */
#include "base/mutant.h"
#include "os/descriptor.h"
#include "process/child.h"
#include "process/fork_aside.h"
#include "process/inherited.h"
#include "process/process.h"
#include "process/self.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* The pidfd may be that of another by now, who has got the number. */
static bool start_fork_is_child(int pidfd)
{
	siginfo_t info;
	return waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/*
 * A child that ends at once may be gone already: the program ignores SIGCHLD, or one of its threads
 * waits for any child. It has run all the same. In place of its pidfd comes `gone`, a descriptor
 * that is readable as that would be; whichever is not needed is closed. -1, with errno set, where
 * there can be no pidfd.
 */
static int start_fork_watch(pid_t pid, int gone)
{
	int pidfd = descriptor_raise(pidfd_open(pid, 0));
	if (pidfd < 0 && errno == ESRCH && !MUTANT(gone_is_not_forked))
		return gone;
	if (pidfd >= 0 && !start_fork_is_child(pidfd)) {
		close(pidfd);
		return gone;
	}
	close(gone);
	/* That was the last descriptor. */
	if (pidfd < 0 && errno == EMFILE)
		pidfd = descriptor_raise(pidfd_open(pid, 0));
	return pidfd;
}

/* As a child; -1, with errno set. */
static pid_t fork_watched(int *pidfd)
{
	int gone = descriptor_raise(eventfd(1, EFD_CLOEXEC));
	if (gone < 0)
		return -1;
	pid_t pid = fork();
	int saved = errno;
	if (pid <= 0) {
		close(gone);
		errno = saved;
		return pid;
	}
	*pidfd = start_fork_watch(pid, gone);
	if (*pidfd >= 0)
		return pid;
	saved = errno;
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
