/* Making and freeing process objects. */
#include "base/mutant.h"
#include "base/thread_error.h"
#include "os/descriptor.h"
#include "process/children.h"
#include "process/process.h"
#include "process/self.h"
#include "session/private_broker.h"
#include "session/session.h"
#include "tuple/tuple.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Copies of the descriptors, since the tuple may be freed before the start. */
static int copy_descriptors(struct process_arguments *arguments, const int *fds, size_t count,
			    struct error *error)
{
	arguments->fds = malloc((count + 1) * sizeof *arguments->fds);
	if (arguments->fds == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the arguments");
	for (size_t i = 0; i < count; i++) {
		int fd = descriptor_copy(fds[i], STDERR_FILENO + 1);
		if (fd < 0)
			return error_set_errno(
				error, errno == EBADF ? RELEVO_BAD_ARGUMENT : RELEVO_SYSTEM, errno,
				"the descriptor %d cannot be passed on", fds[i]);
		arguments->fds[arguments->fd_count++] = fd;
	}
	return RELEVO_OK;
}

static int process_take_arguments(struct relevo_process *process, const relevo_tuple *tuple,
				  struct error *error)
{
	struct process_arguments *arguments = &process->arguments;
	int fds[ARGUMENT_DESCRIPTORS];
	size_t count = 0;
	/* The claims alone would not keep it, if all sessions are closed before the start. */
	if (!MUTANT(private_broker_let_go))
		arguments->private_broker = private_broker_hold();
	if (tuple == NULL)
		return RELEVO_OK;
	arguments->given = true;
	int status =
		tuple_encode(tuple, &arguments->bytes, fds, ARGUMENT_DESCRIPTORS, &count, error);
	if (status == RELEVO_OK)
		status = copy_descriptors(arguments, fds, count, error);
	if (status == RELEVO_OK)
		claims_make(tuple, arguments->claims, &arguments->claim_count);
	return status;
}

/* The number among all children, in the whole family. */
static void take_identity(struct relevo_process *process)
{
	const char *own = self()->process.identity;
	snprintf(process->identity, sizeof process->identity, "%.40s%s%u", own,
		 own[0] != '\0' ? ":" : "", self_next_child());
}

static int process_take_name(struct relevo_process *process, const char *name, struct error *error)
{
	if (name == NULL) {
		snprintf(process->name, sizeof process->name, "Process-%s", process->identity);
		return RELEVO_OK;
	}
	int status = name_check(name, "process", error);
	if (status == RELEVO_OK)
		strcpy(process->name, name);
	return status;
}

static int process_check_options(const struct relevo_process_options *options, struct error *error)
{
	if (options->daemon < RELEVO_DAEMON_AS_CREATOR || options->daemon > RELEVO_DAEMON_NO)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "%d does not say whether it is a daemon", (int)options->daemon);
	if (options->method != RELEVO_START_DEFAULT &&
	    relevo_process_method_name(options->method) == NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no start method",
				 (int)options->method);
	return RELEVO_OK;
}

/* The broker that the child's session leads to: where it finds what it is given. */
static void choose_url(struct relevo_process *process, const struct relevo_process_options *options)
{
	const char *url = self()->url;
	char given[ADDRESS_MAX];
	if (options->session != NULL)
		url = options->session->address.url;
	else if (options->arguments != NULL && tuple_first_url(options->arguments, given))
		url = given;
	snprintf(process->url, sizeof process->url, "%s", url);
}

static int process_fill(struct relevo_process *process,
			const struct relevo_process_options *options, struct error *error)
{
	int status = process_check_options(options, error);
	if (status == RELEVO_OK)
		status = target_describe(process->target, &process->place, error);
	if (status != RELEVO_OK)
		return status;
	process->daemon = options->daemon == RELEVO_DAEMON_AS_CREATOR
				  ? self()->process.daemon
				  : options->daemon == RELEVO_DAEMON_YES;
	process->method = options->method != RELEVO_START_DEFAULT ? options->method
								  : relevo_process_default_method();
	choose_url(process, options);
	take_identity(process);
	status = process_take_name(process, options->name, error);
	if (status == RELEVO_OK)
		status = process_take_arguments(process, options->arguments, error);
	return status;
}

int relevo_process_new(relevo_target *target, const struct relevo_process_options *options,
		       relevo_process **out)
{
	if (!given(out) || !known(relevo_process_options, options))
		return RELEVO_BAD_ARGUMENT;
	static const struct relevo_process_options defaults;
	struct error *error = thread_error();
	if (target == NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT, "no function is given for a process");
	struct relevo_process *process = malloc(sizeof *process);
	if (process == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a process object");
	process_init(process, ROLE_CHILD);
	process->target = target;
	int status = process_fill(process, options != NULL ? options : &defaults, error);
	if (status != RELEVO_OK) {
		process_release(process);
		free(process);
		return status;
	}
	*out = process;
	return RELEVO_OK;
}

void relevo_process_free(relevo_process *process)
{
	if (process == NULL || process->role != ROLE_CHILD)
		return;
	if (process->maker == getpid()) {
		pthread_mutex_lock(&process->lock);
		process_look(process);
		bool runs = process->state == PROCESS_STARTED;
		pthread_mutex_unlock(&process->lock);
		if (runs) {
			children_adopt(process);
			return;
		}
		children_remove(process);
	}
	process_release(process);
	free(process);
}
