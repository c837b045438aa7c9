/* Starting a process, by whichever method it has. */
#include "process/process.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "process/children.h"
#include "process/self.h"
#include "session/fork.h"

#include <stdio.h>
#include <unistd.h>

static int start_by_method(struct relevo_process *process, struct error *error)
{
	switch (process->method) {
	case RELEVO_START_FORK:
		return start_fork(process, error);
	case RELEVO_START_SPAWN:
		return start_spawn(process, error);
	default:
		return start_forkserver(process, error);
	}
}

static int process_start_check(const struct relevo_process *process, struct error *error)
{
	if (process->role != ROLE_CHILD || process->maker != getpid())
		return error_set(error, RELEVO_BAD_STATE,
				 "the process \"%s\" was made by another process", process->name);
	if (self()->process.daemon)
		return error_set(error, RELEVO_BAD_STATE,
				 "a daemon may not have children, such as \"%s\"", process->name);
	return RELEVO_OK;
}

/* One of the threads that start it does. */
static int claim(struct relevo_process *process, struct error *error)
{
	pthread_mutex_lock(&process->lock);
	enum process_state state = process->state;
	if (state == PROCESS_NEW)
		process->state = PROCESS_STARTING;
	pthread_mutex_unlock(&process->lock);
	if (state == PROCESS_NEW)
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_STATE, "the process \"%s\" %s", process->name,
			 state == PROCESS_DISPOSED ? "has been disposed of"
						   : "has been started before");
}

int process_start(struct relevo_process *process, struct error *error)
{
	int status = claim(process, error);
	if (status != RELEVO_OK)
		return status;
	/* Its streams are left alone: what they hold could wait for ever for a reader, or for a
	 * thread that has their locks. */
	if (MUTANT(start_writes_streams))
		fflush(stdout);
	/* What it has put comes first; fork sends by itself. */
	if (process->method != RELEVO_START_FORK)
		fork_send_all();
	status = start_by_method(process, error);
	if (status == RELEVO_OK)
		process_release_arguments(process);
	pthread_mutex_lock(&process->lock);
	process->state = status == RELEVO_OK ? PROCESS_STARTED : PROCESS_NEW;
	pthread_mutex_unlock(&process->lock);
	return status;
}

int relevo_process_start(relevo_process *process)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	int status = process_start_check(process, error);
	if (status == RELEVO_OK)
		status = self_at_exit(error);
	if (status != RELEVO_OK)
		return status;
	children_look();
	status = process_start(process, error);
	if (status == RELEVO_OK)
		children_add(process);
	return status;
}
