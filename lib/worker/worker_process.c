/* The one place where a worker's process is made. */
#include "worker/worker_process.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "process/inherited.h"
#include "session/fork.h"
#include "worker/descendants.h"
#include "worker/stop_signal.h"

#include <pthread.h>
#include <relevo/worker.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Of the worker that this process is, unless it is a child of one. */
static pid_t worker_pid;

/* In a child that a function has made by fork(2). */
static bool copied;

static void note_copy(void)
{
	copied = true;
}

bool worker_process_is_copy(void)
{
	return copied && !MUTANT(copies_go_on);
}

/* A function that ends the worker's first thread will never answer, and what else runs here,
 * threads of the library's own among it, would keep the process and its task for ever. */
static void end_with_thread(void *unused)
{
	(void)unused;
	if (!copied && !MUTANT(threads_go_on))
		exit(EXIT_FAILURE);
}

static int run_worker(const struct worker_setup *setup)
{
	int status;
	pthread_cleanup_push(end_with_thread, NULL);
	status = worker_run(setup, &setup->slot->error);
	pthread_cleanup_pop(0);
	return status;
}

/* The worker's process, which ends here. */
static _Noreturn void be_worker(const struct worker_process *process, pid_t parent,
				const sigset_t *signals)
{
	struct worker_setup setup = process->setup;
	struct stop_signal wake;
	/* Whatever becomes of the group, no worker outlives it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	/* The group does so too, but maybe only after the first result. */
	atomic_store(&setup.slot->pid, getpid());
	process->forget(process->parent);
	if (!setup.leave_children)
		descendants_adopt();
	if (inherited_leave(NULL, &setup.slot->error) != RELEVO_OK)
		_exit(EXIT_FAILURE);
	worker_pid = getpid();
	pthread_atfork(NULL, NULL, note_copy);
	copied = false;
	int status = stop_signal_install(&wake, &setup.slot->error);
	stop_signal_release(signals);
	setup.wake_fd = wake.fd;
	if (status == RELEVO_OK)
		status = run_worker(&setup);
	else
		setup.slot->end = WORKER_FINISHED;
	/* Functions have buffered and registered things. */
	exit(status);
}

pid_t worker_process_start(const struct worker_process *process)
{
	pid_t parent = getpid();
	/* The handler that the worker inherits writes to this group's descriptor:
	 * a signal must not reach it before it has its own. */
	sigset_t signals;
	stop_signal_hold(&signals);
	fork_holds(false);
	pid_t pid = fork();
	fork_holds(true);
	if (pid == 0)
		be_worker(process, parent, &signals);
	stop_signal_release(&signals);
	return pid;
}

int relevo_worker_end_children(void)
{
	if (worker_pid != getpid())
		return error_set(thread_error(), RELEVO_BAD_STATE, "this process is no worker");
	descendants_end();
	return RELEVO_OK;
}
