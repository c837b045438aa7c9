/* The command "pool list": one line for each pool of the broker. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/pool_counts.h"
#include "cli/visible.h"

#include <inttypes.h>
#include <stdio.h>

/* An exit status, so that anything but EXIT_DONE ends the listing. */
static int cmd_pool_list_visit(const struct relevo_pool_info *info, void *user)
{
	const struct context *context = user;
	if (context->json)
		return output_json(pool_counts_to_json(info));
	printf("%-24s  %10" PRIu64 "  %8" PRIu64 "  %8" PRIu64 "  %8" PRIu64 "  %10" PRIu64 "\n",
	       visible(info->name), info->waiting, info->running, info->workers, info->callers,
	       info->done);
	return EXIT_DONE;
}

static int cmd_pool_list_run(struct context *context)
{
	int result = connect_session(context);
	if (result != EXIT_DONE)
		return result;
	if (!context->json)
		printf("%-24s  %10s  %8s  %8s  %8s  %10s\n", "NAME", "WAITING", "RUNNING",
		       "WORKERS", "CALLERS", "DONE");
	const char *prefix = context->count > 0 ? context->arguments[0] : NULL;
	int status = relevo_pool_list(context->session, prefix, cmd_pool_list_visit, context);
	return status == RELEVO_OK ? EXIT_DONE : failure_of(status);
}

const struct command cmd_pool_list = {
	.name = "pool list",
	.summary = "list the pools of the broker",
	.usage = "[PREFIX]",
	.help = "Those whose names begin with PREFIX. What the columns mean is told by relevo "
		"pool\n"
		"stat --help.\n",
	.least = 0,
	.most = 1,
	.run = cmd_pool_list_run,
};
