/* Sending signals to a program, or to its group. */
#include "base/thread_error.h"
#include "program/program.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether it has ended, and nobody has waited for it. */
static bool is_unreaped(const relevo_program *program)
{
	siginfo_t info = { 0 };
	return waitid(P_PIDFD, (id_t)program->pidfd, &info, WEXITED | WNOWAIT | WNOHANG) == 0;
}

/* As long as the program runs or is to be waited for, the id of its group, which is its
 * own, names nothing else. */
static int signal_group(const relevo_program *program, int number)
{
	if (program_has_ended(program) && !is_unreaped(program)) {
		errno = ESRCH;
		return -1;
	}
	return kill(-program->pid, number);
}

static int program_signal_send_signal(const relevo_program *program, int number)
{
	if (program->whole_group)
		return signal_group(program, number);
	if (program_has_ended(program)) {
		errno = ESRCH;
		return -1;
	}
	return pidfd_send_signal(program->pidfd, number, NULL, 0);
}

int program_signal(relevo_program *program, int number, struct error *error)
{
	if (program->owner != getpid())
		return error_set(error, RELEVO_FORKED,
				 "the program \"%s\" is the child of another process",
				 program->name);
	pthread_mutex_lock(&program->lock);
	int failure = program_signal_send_signal(program, number) < 0 ? errno : 0;
	pthread_mutex_unlock(&program->lock);
	switch (failure) {
	case 0:
		return RELEVO_OK;
	case ESRCH:
		return error_set(error, RELEVO_GONE, "the program \"%s\" has ended", program->name);
	case EINVAL:
		return error_set(error, RELEVO_BAD_ARGUMENT, "there is no signal %d", number);
	default:
		return error_set_errno(error, RELEVO_DENIED, failure,
				       "the program \"%s\" cannot be sent signal %d", program->name,
				       number);
	}
}

int relevo_program_signal(relevo_program *program, int number)
{
	if (!given(program))
		return RELEVO_BAD_ARGUMENT;
	return program_signal(program, number, thread_error());
}

int relevo_program_terminate(relevo_program *program)
{
	if (!given(program))
		return RELEVO_BAD_ARGUMENT;
	return program_signal(program, SIGTERM, thread_error());
}

int relevo_program_kill(relevo_program *program)
{
	if (!given(program))
		return RELEVO_BAD_ARGUMENT;
	return program_signal(program, SIGKILL, thread_error());
}

int relevo_program_suspend(relevo_program *program)
{
	if (!given(program))
		return RELEVO_BAD_ARGUMENT;
	return program_signal(program, SIGSTOP, thread_error());
}

int relevo_program_resume(relevo_program *program)
{
	if (!given(program))
		return RELEVO_BAD_ARGUMENT;
	return program_signal(program, SIGCONT, thread_error());
}
