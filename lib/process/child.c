/* What a new child does first, until it calls its target. */
#include "process/child.h"

#include "base/mutant.h"
#include "process/daemon.h"
#include "process/handover.h"
#include "process/inherited.h"
#include "process/self.h"
#include "process/target.h"
#include "session/private_broker.h"
#include "tuple/tuple.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void child_run(relevo_target *target, relevo_tuple *arguments)
{
	int code = target(arguments);
	relevo_tuple_free(arguments);
	/* By whichever method: what it has registered and buffered is done. */
	if (MUTANT(child_ends_at_once))
		_exit(code);
	exit(code);
}

/* ---- by fork ---------------------------------------------------------------- */

/* Descriptors of its own, as those have that came through a socket. */
static relevo_tuple *child_copy_arguments(const struct process_arguments *arguments)
{
	relevo_tuple *tuple = NULL;
	struct error ignored;
	if (arguments->given &&
	    tuple_decode(buffer_data(&arguments->bytes), buffer_size(&arguments->bytes),
			 arguments->fds, arguments->fd_count, &tuple, &ignored) != RELEVO_OK)
		_exit(EXIT_NOT_BEGUN);
	return tuple;
}

void child_of_fork(const struct relevo_process *made, pid_t parent, int parent_fd)
{
	char parent_name[sizeof self()->process.name];
	strcpy(parent_name, self()->process.name);
	self_become(made, parent, parent_fd, parent_name);
	if (inherited_leave(self_finish, NULL) != RELEVO_OK)
		_exit(EXIT_NOT_BEGUN);
	if (made->daemon && !daemon_watch(parent_fd))
		_exit(EXIT_NOT_BEGUN);
	child_run(made->target, child_copy_arguments(&made->arguments));
}

/* ---- by handover ------------------------------------------------------------- */

/* Standard input, output and error as the creator has them. */
static void take_standard(struct handover *handover)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if ((handover->start->standard & 1U << fd) == 0) {
			close(fd);
			continue;
		}
		int given = handover_next_fd(handover);
		dup2(given, fd);
		close(given);
	}
}

static int child_find_target(const Relevo__ProcessStart *start, relevo_target **target,
			     struct error *error)
{
	struct target wanted = { .offset = start->offset };
	if (strlen(start->module) >= sizeof wanted.module || start->build.len > BUILD_ID_MAX)
		return error_set(error, RELEVO_BAD_FRAME, "the function of a process has no place");
	strcpy(wanted.module, start->module);
	wanted.build_size = start->build.len;
	memcpy(wanted.build, start->build.data, start->build.len);
	return target_find(&wanted, target, error);
}

static int child_become_here(struct handover *handover, struct error *error)
{
	const Relevo__ProcessStart *start = handover->start;
	struct relevo_process made;
	int parent_fd = handover_next_fd(handover);
	process_init(&made, ROLE_CHILD);
	snprintf(made.name, sizeof made.name, "%s", start->name);
	snprintf(made.identity, sizeof made.identity, "%s", start->identity);
	snprintf(made.url, sizeof made.url, "%s", start->url);
	made.daemon = start->daemon;
	made.method = (enum relevo_start_method)start->method;
	self_become(&made, (pid_t)start->parent_pid, parent_fd, start->parent_name);
	self_inherit_method((enum relevo_start_method)start->default_method);
	if (start->key.len == KEY_SIZE) {
		memcpy(self()->key, start->key.data, KEY_SIZE);
		self()->key_size = KEY_SIZE;
	}
	take_standard(handover);
	if (start->private_broker[0] != '\0')
		private_broker_adopt(start->private_broker, handover_next_fd(handover));
	/* They hold what the arguments are about for as long as this process, or one that it
	 * forks, has them: nobody closes them. */
	for (uint32_t i = 0; i < start->claims; i++)
		handover_next_fd(handover);
	/* One that has been removed since is not worth the start. */
	int moved = start->folder[0] != '\0' ? chdir(start->folder) : 0;
	(void)moved;
	if (made.daemon && !daemon_watch(parent_fd))
		return error_set(error, RELEVO_SYSTEM, "a daemon cannot watch its parent");
	return made.method == RELEVO_START_FORKSERVER ? inherited_leave(self_finish, error)
						      : self_at_exit(error);
}

static int child_take_arguments(struct handover *handover, relevo_tuple **tuple,
				struct error *error)
{
	const Relevo__ProcessStart *start = handover->start;
	*tuple = NULL;
	if (!start->has_arguments)
		return RELEVO_OK;
	int status = tuple_decode(start->arguments.data, start->arguments.len,
				  handover->fds + handover->next_fd,
				  handover->fd_count - handover->next_fd, tuple, error);
	if (status == RELEVO_OK)
		handover->next_fd = handover->fd_count;
	return status;
}

void child_by_handover(int socket)
{
	struct handover handover;
	relevo_target *target = NULL;
	relevo_tuple *arguments = NULL;
	struct error error = { 0 };
	int status = handover_take(socket, &handover, &error);
	if (status == RELEVO_OK)
		status = child_become_here(&handover, &error);
	if (status == RELEVO_OK)
		status = child_find_target(handover.start, &target, &error);
	if (status == RELEVO_OK)
		status = child_take_arguments(&handover, &arguments, &error);
	handover_answer(socket, &error);
	handover_free(&handover);
	close(socket);
	if (status != RELEVO_OK)
		_exit(EXIT_NOT_BEGUN);
	child_run(target, arguments);
}
