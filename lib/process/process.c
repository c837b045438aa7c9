/* What a process object holds, and what it says of itself. */
#include "process/process.h"

#include "base/thread_error.h"
#include "session/private_broker.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void process_init(struct relevo_process *process, enum process_role role)
{
	*process = (struct relevo_process){
		.role = role,
		.state = role == ROLE_CHILD ? PROCESS_NEW : PROCESS_STARTED,
		.maker = getpid(),
		.pidfd = -1,
		.status_fd = -1,
	};
	list_init(&process->link);
	pthread_mutex_init(&process->lock, NULL);
}

void process_release_arguments(struct relevo_process *process)
{
	struct process_arguments *arguments = &process->arguments;
	buffer_fini(&arguments->bytes);
	for (size_t i = 0; i < arguments->fd_count; i++)
		close(arguments->fds[i]);
	for (size_t i = 0; i < arguments->claim_count; i++)
		close(arguments->claims[i]);
	free(arguments->fds);
	private_broker_release(arguments->private_broker);
	*arguments = (struct process_arguments){ 0 };
}

void process_release(struct relevo_process *process)
{
	process_release_arguments(process);
	if (process->pidfd >= 0)
		close(process->pidfd);
	if (process->status_fd >= 0)
		close(process->status_fd);
	process->pidfd = process->status_fd = -1;
}

/* ---- what it is ------------------------------------------------------------ */

const char *relevo_process_name(const relevo_process *process)
{
	if (!given(process))
		return "";
	return process->name;
}

pid_t relevo_process_pid(const relevo_process *process)
{
	if (!given(process))
		return 0;
	return process->pid;
}

bool relevo_process_is_daemon(const relevo_process *process)
{
	if (!given(process))
		return false;
	return process->daemon;
}

enum relevo_start_method relevo_process_method(const relevo_process *process)
{
	if (!given(process))
		return (enum relevo_start_method)0;
	return process->method;
}

int relevo_process_set_name(relevo_process *process, const char *name)
{
	if (!given(process, name))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	int status = name_check(name, "process", error);
	if (status != RELEVO_OK)
		return status;
	if (process->role == ROLE_PARENT || process->maker != getpid())
		return error_set(error, RELEVO_BAD_STATE,
				 "the process \"%s\" is not one of this process's", process->name);
	pthread_mutex_lock(&process->lock);
	strcpy(process->name, name);
	pthread_mutex_unlock(&process->lock);
	return RELEVO_OK;
}

int relevo_process_set_daemon(relevo_process *process, bool daemon)
{
	if (!given(process))
		return RELEVO_BAD_ARGUMENT;
	pthread_mutex_lock(&process->lock);
	int status = RELEVO_OK;
	if (process->state != PROCESS_NEW)
		status = error_set(thread_error(), RELEVO_BAD_STATE,
				   "the process \"%s\" has been started", process->name);
	else
		process->daemon = daemon;
	pthread_mutex_unlock(&process->lock);
	return status;
}
