/* The command "pool serve": its options, and serving the pool with a command per task. */
#include "cli/child.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/first_process.h"
#include "cli/task_protocol.h"
#include "cli/task_run.h"

#include <limits.h>
#include <string.h>

static struct {
	int64_t workers, timeout, order;
	bool give_up, leave;
} given = { .order = RELEVO_ORDER_PRIORITY };

/* As the enumeration of <relevo/queue.h>. */
static const char *const orders[] = { "fifo", "priority", "fair", "shortest", NULL };

static const struct option_row options[] = {
	{ "workers", 'j', "N", "tasks at one time; default: one for each\nprocessor",
	  .number = &given.workers },
	{ "timeout", 't', "MS", "kill COMMAND, and all it has started, when it\ntakes longer",
	  .number = &given.timeout },
	{ "give-up", 'g', NULL,
	  "end when the connection to the broker is lost,\ninstead of coming back",
	  .flag = &given.give_up },
	{ "leave", 'l', NULL, "let what COMMAND leaves behind go on after the\nserver's end",
	  .flag = &given.leave },
	{ "order", 'o', "ORDER",
	  "which task is next, if this makes the pool:\n"
	  "fifo, priority (the default), fair, shortest",
	  .number = &given.order, .choices = orders },
	{ 0 },
};

/* Tasks will say so, too, and it may come; but whoever starts this is there now. */
static void check_command(const char *command)
{
	if (strstr(command, "{}") != NULL)
		return;
	int failure = child_find(command);
	if (failure != 0)
		failure_warn("%s: %s: until that changes, every task fails", command,
			     strerror(failure));
}

static int cmd_pool_serve_run(struct context *context)
{
	struct task_command command = {
		.words = context->arguments + 1,
		.timeout = given.timeout,
	};
	if (given.workers > INT_MAX)
		given.workers = INT_MAX;
	const struct relevo_worker_options serving = {
		.processes = (int)given.workers,
		.shared = true,
		.order = (enum relevo_order)given.order,
		.give_up = given.give_up,
		.leave_children = given.leave,
	};
	if (!first_process_step_aside())
		return failure_system("no process to do the work");
	check_command(command.words[0]);
	int status = relevo_function_register(TASK_FUNCTION, task_run, &command);
	/* Workers have sessions of their own. One here would be in their way: what goes over
	 * tcp:// does not survive the fork that makes them. */
	if (status == RELEVO_OK)
		status = relevo_worker_serve(context->url, context->arguments[0], &serving);
	return status == RELEVO_OK ? EXIT_DONE : connect_failure(context, status);
}

const struct command cmd_pool_serve = {
	.name = "pool serve",
	.summary = "run a command for each task of a pool",
	.usage = "NAME -- COMMAND [ARGUMENT]...",
	.help = "Each {} in the words of COMMAND, also inside of one, becomes the argument of the\n"
		"task; without any it is added as the last word. No shell looks at it. What\n"
		"COMMAND writes is the result, another exit status than 0 a failure. The pool is\n"
		"made if it is missing. Goes on until SIGTERM or SIGINT; then tasks that run are\n"
		"finished, and a second signal ends them at once.\n",
	.least = 2,
	.most = -1,
	.options = options,
	.run = cmd_pool_serve_run,
};
