/* The command "queue list": one line for each queue, or also each lock and the like. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/visible.h"

#include <inttypes.h>
#include <stdio.h>

static bool all;

static const struct option_row options[] = {
	{ "all", 'a', NULL, "locks, semaphores and conditions too", .flag = &all },
	{ 0 },
};

static void cmd_queue_list_print(const struct relevo_queue_info *info)
{
	printf("%-24s  %-9s  %10" PRIu64 "  %8" PRIu64 "  %8" PRIu64 "  %7" PRIu64 "  %7" PRIu64
	       "\n",
	       visible(info->name), listing_kind(info->kind), info->ready, info->leased,
	       info->delayed, info->getters, info->putters);
}

/* An exit status, so that anything but EXIT_DONE ends the listing. */
static int cmd_queue_list_visit(const struct relevo_queue_info *info, void *user)
{
	const struct context *context = user;
	if (info->kind != RELEVO_KIND_QUEUE && !all)
		return EXIT_DONE;
	if (context->json)
		return output_json(listing_to_json(info));
	cmd_queue_list_print(info);
	return EXIT_DONE;
}

static int cmd_queue_list_run(struct context *context)
{
	int result = connect_session(context);
	if (result != EXIT_DONE)
		return result;
	if (!context->json)
		printf("%-24s  %-9s  %10s  %8s  %8s  %7s  %7s\n", "NAME", "KIND", "READY", "LEASED",
		       "DELAYED", "GETTERS", "PUTTERS");
	const char *prefix = context->count > 0 ? context->arguments[0] : NULL;
	int status = relevo_queue_list(context->session, prefix, cmd_queue_list_visit, context);
	return status == RELEVO_OK ? EXIT_DONE : failure_of(status);
}

const struct command cmd_queue_list = {
	.name = "queue list",
	.summary = "list the queues of the broker",
	.usage = "[PREFIX]",
	.help = "Those whose names begin with PREFIX. What the columns mean is told by relevo "
		"queue\n"
		"stat --help.\n",
	.least = 0,
	.most = 1,
	.options = options,
	.run = cmd_queue_list_run,
};
