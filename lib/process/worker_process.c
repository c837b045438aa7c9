#include "process/worker_process.h"

#include "base/descriptor.h"
#include "process/wake.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The worker's process, which ends here. */
static _Noreturn void be_worker(const struct worker_process *process, pid_t parent,
				const sigset_t *signals)
{
	struct worker_setup setup = process->setup;
	struct wake wake;
	/* Whatever becomes of the group, no worker outlives it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	/* The group does so too, but maybe only after the first result. */
	atomic_store(&setup.slot->pid, getpid());
	process->forget(process->parent);
	int status = wake_install(&wake, &setup.slot->error);
	wake_release(signals);
	setup.wake_fd = wake.fd;
	if (status == RELEVO_OK)
		status = worker_run(&setup, &setup.slot->error);
	else
		setup.slot->end = WORKER_FINISHED;
	_exit(status);
}

int worker_process_start(const struct worker_process *process, pid_t *pid)
{
	pid_t parent = getpid();
	/* The handler that the worker inherits writes to this group's descriptor:
	 * a signal must not reach it before it has its own. */
	sigset_t signals;
	wake_hold(&signals);
	*pid = fork();
	if (*pid == 0)
		be_worker(process, parent, &signals);
	wake_release(&signals);
	if (*pid < 0)
		return -1;
	int fd = descriptor_raise(pidfd_open(*pid, 0));
	if (fd >= 0)
		return fd;
	int saved = errno;
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	errno = saved;
	return -1;
}
