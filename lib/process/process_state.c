/* Waiting for a process, its state, its signals and its niceness. */
#include "base/deadline.h"
#include "os/go_on.h"
#include "os/readable.h"
#include "process/process.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "process/children.h"
#include "session/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long the fork server may take to tell of a child that has ended. */
#define TELL_TIME (5 * NSEC_PER_SEC)

/* ---- the end ---------------------------------------------------------------- */

static int own_exit_code(const struct relevo_process *process)
{
	siginfo_t info = { 0 };
	int status;
	do
		status = waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED | WNOHANG);
	while (status < 0 && errno == EINTR);
	/* Somebody else waited for it, or nobody could. */
	if (status < 0 || info.si_pid == 0)
		return EXIT_UNKNOWN;
	return info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
}

static int told_exit_code(const struct relevo_process *process)
{
	int code;
	if (!readable_until(process->status_fd, clock_now() + TELL_TIME))
		return EXIT_UNKNOWN;
	ssize_t size;
	do
		size = read(process->status_fd, &code, sizeof code);
	while (size < 0 && errno == EINTR);
	return size == sizeof code ? code : EXIT_UNKNOWN;
}

void process_look(struct relevo_process *process)
{
	if (process->state != PROCESS_STARTED || process->pidfd < 0 ||
	    !readable_until(process->pidfd, 0))
		return;
	process->state = PROCESS_ENDED;
	if (process->role != ROLE_CHILD)
		return;
	process->exit_code =
		process->status_fd >= 0 ? told_exit_code(process) : own_exit_code(process);
}

/* OK: it has ended. TIMED_OUT, and of a public call what go_on_wait() says. */
static int process_state_wait(struct relevo_process *process, bool public, nsec_t deadline)
{
	pthread_mutex_lock(&process->lock);
	process_look(process);
	bool runs = process->state == PROCESS_STARTED;
	int fd = process->pidfd;
	pthread_mutex_unlock(&process->lock);
	if (!runs || MUTANT(process_joined_at_once))
		return RELEVO_OK;
	/* Nobody can close it before it has ended. */
	int status = RELEVO_OK;
	if (public)
		status = go_on_wait(fd, POLLIN, deadline);
	else if (!readable_until(fd, deadline))
		status = RELEVO_TIMED_OUT;
	if (status != RELEVO_OK)
		return status;
	pthread_mutex_lock(&process->lock);
	process_look(process);
	pthread_mutex_unlock(&process->lock);
	return RELEVO_OK;
}

bool process_wait(struct relevo_process *process, nsec_t deadline)
{
	return process_state_wait(process, false, deadline) == RELEVO_OK;
}

/* ---- what may be asked -------------------------------------------------------- */

static int bad_state(const struct relevo_process *process, const char *why, struct error *error)
{
	return error_set(error, RELEVO_BAD_STATE, "the process \"%s\" %s", process->name, why);
}

/* Lock it, if this process may use it, and look at its state. */
static int process_state_begin(struct relevo_process *process, struct error *error)
{
	if (process->role == ROLE_CHILD && process->maker != getpid())
		return bad_state(process, "was made by another process", error);
	pthread_mutex_lock(&process->lock);
	process_look(process);
	if (process->state != PROCESS_DISPOSED)
		return RELEVO_OK;
	pthread_mutex_unlock(&process->lock);
	return bad_state(process, "has been disposed of", error);
}

/* The same for what takes that it was started, and is not this process. */
static int begin_started(struct relevo_process *process, struct error *error)
{
	if (process->role == ROLE_SELF)
		return bad_state(process, "is the one that asks", error);
	int status = process_state_begin(process, error);
	if (status != RELEVO_OK ||
	    (process->state != PROCESS_NEW && process->state != PROCESS_STARTING))
		return status;
	pthread_mutex_unlock(&process->lock);
	return bad_state(process, "has not been started", error);
}

int relevo_process_join(relevo_process *process, int64_t timeout)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = begin_started(process, error);
	if (status != RELEVO_OK)
		return status;
	pthread_mutex_unlock(&process->lock);
	status = process_state_wait(process, true, deadline);
	if (status == RELEVO_TIMED_OUT)
		return error_set(error, status, "the process \"%s\" still runs", process->name);
	if (status != RELEVO_OK)
		return go_on_tell(status, error);
	if (process->role == ROLE_CHILD)
		children_remove(process);
	return RELEVO_OK;
}

int relevo_process_is_alive(relevo_process *process, bool *alive)
{
	if (!given(process, alive))
		return RELEVO_BAD_ARGUMENT;
	int status = process_state_begin(process, thread_error());
	if (status != RELEVO_OK)
		return status;
	*alive = process->state == PROCESS_STARTED;
	pthread_mutex_unlock(&process->lock);
	return RELEVO_OK;
}

int relevo_process_exit_code(relevo_process *process, int *code)
{
	if (!given(process, code))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	if (process->role != ROLE_CHILD)
		return bad_state(process, "is not a child of this process", error);
	int status = begin_started(process, error);
	if (status != RELEVO_OK)
		return status;
	bool ended = process->state == PROCESS_ENDED;
	if (ended)
		*code = process->exit_code;
	pthread_mutex_unlock(&process->lock);
	return ended ? RELEVO_OK : bad_state(process, "has not ended", error);
}

int relevo_process_sentinel(relevo_process *process, int *fd)
{
	if (!given(process, fd))
		return RELEVO_BAD_ARGUMENT;
	int status = begin_started(process, thread_error());
	if (status != RELEVO_OK)
		return status;
	*fd = process->pidfd;
	pthread_mutex_unlock(&process->lock);
	return RELEVO_OK;
}

/* ---- signals and niceness -------------------------------------------------------- */

static int process_state_send_signal(relevo_process *process, int number)
{
	struct error *error = thread_error();
	int status = begin_started(process, error);
	if (status != RELEVO_OK)
		return status;
	/* By the descriptor: its number may be another process's by now. */
	if (process->state == PROCESS_STARTED &&
	    pidfd_send_signal(process->pidfd, number, NULL, 0) < 0 && errno != ESRCH)
		status = error_set_errno(error, RELEVO_DENIED, errno,
					 "signal %d cannot be sent to the process \"%s\"", number,
					 process->name);
	pthread_mutex_unlock(&process->lock);
	return status;
}

int relevo_process_terminate(relevo_process *process)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	return process_state_send_signal(process, SIGTERM);
}

int relevo_process_kill(relevo_process *process)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	return process_state_send_signal(process, SIGKILL);
}

int relevo_process_suspend(relevo_process *process)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	return process_state_send_signal(process, SIGSTOP);
}

int relevo_process_resume(relevo_process *process)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	return process_state_send_signal(process, SIGCONT);
}

/* begin_started() for one that runs, this process itself included. */
static int begin_running(struct relevo_process *process, struct error *error)
{
	int status = process->role == ROLE_SELF ? process_state_begin(process, error)
						: begin_started(process, error);
	if (status != RELEVO_OK || process->state == PROCESS_STARTED)
		return status;
	pthread_mutex_unlock(&process->lock);
	return bad_state(process, "has ended", error);
}

int relevo_process_nice(relevo_process *process, int *nice)
{
	if (!given(process, nice))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	int status = begin_running(process, error);
	if (status != RELEVO_OK)
		return status;
	errno = 0;
	int value = getpriority(PRIO_PROCESS, (id_t)process->pid);
	if (errno != 0)
		status = error_set_errno(error, RELEVO_SYSTEM, errno,
					 "the niceness of \"%s\" cannot be read", process->name);
	else
		*nice = value;
	pthread_mutex_unlock(&process->lock);
	return status;
}

int relevo_process_set_nice(relevo_process *process, int nice)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	if (nice < -20 || nice > 19)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no niceness: -20 to 19", nice);
	int status = begin_running(process, error);
	if (status != RELEVO_OK)
		return status;
	/* A child that has not been waited for keeps its number. */
	if (setpriority(PRIO_PROCESS, (id_t)process->pid, nice) < 0)
		status = error_set_errno(error, RELEVO_DENIED, errno,
					 "the niceness of \"%s\" cannot be set to %d",
					 process->name, nice);
	pthread_mutex_unlock(&process->lock);
	return status;
}

/* ---- disposing of it ----------------------------------------------------------------- */

int relevo_process_dispose(relevo_process *process)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	if (process->role != ROLE_CHILD || process->maker != getpid())
		return bad_state(process, "is not a child of this process", error);
	pthread_mutex_lock(&process->lock);
	process_look(process);
	bool runs = process->state == PROCESS_STARTED || process->state == PROCESS_STARTING;
	if (!runs) {
		process_release(process);
		process->state = PROCESS_DISPOSED;
	}
	pthread_mutex_unlock(&process->lock);
	if (runs)
		return bad_state(process, "still runs", error);
	children_remove(process);
	return RELEVO_OK;
}
