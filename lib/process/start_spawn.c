/* Starting a child by spawn. */
#include "os/descriptor.h"
#include "process/handover.h"
#include "process/process.h"
#include "process/reexec.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int start_spawn_spawn(struct relevo_process *process, int socket, struct error *error)
{
	if (process->aside)
		return reexec_start_aside(REEXEC_CHILD, socket, &process->pid, &process->pidfd,
					  error);
	return reexec_start(REEXEC_CHILD, socket, &process->pid, &process->pidfd, error);
}

static void kill_spawned(struct relevo_process *process)
{
	if (process->aside)
		reexec_kill_aside(process->pidfd);
	else
		reexec_kill(process->pid, process->pidfd);
	process->pid = 0;
	process->pidfd = -1;
}

int start_spawn(struct relevo_process *process, struct error *error)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ||
	    !descriptor_raise_pair(ends))
		return error_set_errno(error, RELEVO_SYSTEM, errno,
				       "no socket for the process \"%s\"", process->name);
	int status = start_spawn_spawn(process, ends[1], error);
	close(ends[1]);
	if (status == RELEVO_OK) {
		status = handover_give(ends[0], process, error);
		if (status != RELEVO_OK)
			kill_spawned(process);
	}
	close(ends[0]);
	return status;
}
