/* Waiting for a process of the system, and sending it signals. */
#include "base/deadline.h"
#include "base/thread_error.h"
#include "os/go_on.h"
#include "os/readable.h"
#include "system/system.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>

static bool system_signal_has_ended(const relevo_system_process *process)
{
	return readable_until(process->pidfd, 0);
}

bool relevo_system_is_alive(const relevo_system_process *process)
{
	if (!given(process))
		return false;
	return !system_signal_has_ended(process);
}

int relevo_system_wait(const relevo_system_process *process, int64_t timeout)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = go_on_tell(go_on_wait(process->pidfd, POLLIN, deadline), error);
	if (status == RELEVO_TIMED_OUT)
		error_set(error, status, "the process %d has not ended", (int)process->pid);
	return status;
}

static int system_signal_send_signal(const relevo_system_process *process, int number,
				     struct error *error)
{
	/* A process that has ended takes signals, which do nothing. */
	if (system_signal_has_ended(process))
		return system_gone(process, error);
	if (pidfd_send_signal(process->pidfd, number, NULL, 0) == 0)
		return RELEVO_OK;
	if (errno == ESRCH)
		return system_gone(process, error);
	if (errno == EINVAL)
		return error_set(error, RELEVO_BAD_ARGUMENT, "there is no signal %d", number);
	return error_set_errno(error, RELEVO_DENIED, errno,
			       "the process %d cannot be sent signal %d", (int)process->pid,
			       number);
}

int relevo_system_signal(const relevo_system_process *process, int number)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	return system_signal_send_signal(process, number, thread_error());
}

int relevo_system_terminate(const relevo_system_process *process)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	return system_signal_send_signal(process, SIGTERM, thread_error());
}

int relevo_system_kill(const relevo_system_process *process)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	return system_signal_send_signal(process, SIGKILL, thread_error());
}

int relevo_system_suspend(const relevo_system_process *process)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	return system_signal_send_signal(process, SIGSTOP, thread_error());
}

int relevo_system_resume(const relevo_system_process *process)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	return system_signal_send_signal(process, SIGCONT, thread_error());
}
