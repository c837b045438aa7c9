/* Waiting for a program to end, and its exit code. */
#include "base/deadline.h"
#include "base/mutant.h"
#include "base/thread_error.h"
#include "os/go_on.h"
#include "os/readable.h"
#include "program/program.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

/* The end alone does not reap it. */
bool program_has_ended(const relevo_program *program)
{
	return readable_until(program->pidfd, 0);
}

/* By its pidfd alone: no other child is touched, and no id can be mistaken. */
static void program_wait_reap(relevo_program *program)
{
	siginfo_t info = { 0 };
	if (program->reaped || MUTANT(program_never_reaped))
		return;
	int failed;
	do
		failed = waitid(P_PIDFD, (id_t)program->pidfd, &info, WEXITED);
	while (failed < 0 && errno == EINTR);
	program->reaped = true;
	program->unknown = failed < 0;
	program->exit_code = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
}

/* It has ended, or will without being asked for: as soon as waitid(2) says so. */
int program_wait_killed(relevo_program *program, int *exit_code, struct error *error)
{
	pthread_mutex_lock(&program->lock);
	program_wait_reap(program);
	bool unknown = program->unknown;
	if (exit_code != NULL)
		*exit_code = program->exit_code;
	pthread_mutex_unlock(&program->lock);
	if (!unknown)
		return RELEVO_OK;
	return error_set(error, RELEVO_GONE,
			 "the program \"%s\" has ended, but how was told to somebody else",
			 program->name);
}

int program_wait(relevo_program *program, nsec_t deadline, int *exit_code, struct error *error)
{
	if (program->owner != getpid())
		return error_set(error, RELEVO_FORKED,
				 "the program \"%s\" is the child of another process",
				 program->name);
	int status = go_on_wait(program->pidfd, POLLIN, deadline);
	if (status == RELEVO_TIMED_OUT)
		return error_set(error, status, "the program \"%s\" has not ended", program->name);
	if (status != RELEVO_OK)
		return go_on_tell(status, error);
	return program_wait_killed(program, exit_code, error);
}

int relevo_program_wait(relevo_program *program, int64_t timeout, int *exit_code)
{
	if (!given(program))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	return status != RELEVO_OK ? status : program_wait(program, deadline, exit_code, error);
}

bool relevo_program_is_alive(relevo_program *program)
{
	if (!given(program))
		return false;
	return !program_has_ended(program);
}

int relevo_program_exit_code(relevo_program *program, int *exit_code)
{
	if (!given(program))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	int status = program_wait(program, 0, exit_code, error);
	return status != RELEVO_TIMED_OUT
		       ? status
		       : error_set(error, RELEVO_BAD_STATE, "the program \"%s\" has not ended",
				   program->name);
}
