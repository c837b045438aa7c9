/* The command "queue purge": drops the items of a queue. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/output.h"

#include <inttypes.h>
#include <stdio.h>

static bool verbose;

static const struct option_row options[] = {
	{ "verbose", 'v', NULL, "say how many items were dropped", .flag = &verbose },
	{ 0 },
};

static int cmd_queue_purge_run(struct context *context)
{
	relevo_queue *queue;
	uint64_t count;
	int result = connect_queue(context, RELEVO_FOREVER, NULL, &queue);
	if (result != EXIT_DONE)
		return result;
	int status = relevo_queue_purge(queue, &count);
	if (status != RELEVO_OK)
		result = failure_of(status);
	else if (context->json)
		result = output_json(json_pack("{sssI}", "queue", relevo_queue_name(queue),
					       "purged", (json_int_t)count));
	else if (verbose)
		fprintf(stderr, "%" PRIu64 " purged\n", count);
	relevo_queue_close(queue);
	return result;
}

const struct command cmd_queue_purge = {
	.name = "queue purge",
	.summary = "drop the items of a queue",
	.usage = "NAME",
	.help = "What somebody holds stays, and goes back if it is not acknowledged.\n",
	.least = 1,
	.most = 1,
	.options = options,
	.run = cmd_queue_purge_run,
};
