/* The command "queue move": moves items from one queue to another. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/output.h"

#include <inttypes.h>
#include <stdio.h>

static struct {
	int64_t count;
	bool verbose;
} given;

static const struct option_row options[] = {
	{ "count", 'n', "N", "move N items; default: all that are there", .number = &given.count,
	  .least = 1 },
	{ "verbose", 'v', NULL, "say how many items were moved", .flag = &given.verbose },
	{ 0 },
};

static int cmd_queue_move_run(struct context *context)
{
	uint64_t count = 0;
	int result = connect_session(context);
	if (result != EXIT_DONE)
		return result;
	int status = relevo_queue_move(context->session, context->arguments[0],
				       context->arguments[1], (uint64_t)given.count, &count);
	if (status != RELEVO_OK)
		result = failure_of(status);
	if (context->json && status == RELEVO_OK)
		result = output_json(json_pack("{sssssI}", "from", context->arguments[0], "to",
					       context->arguments[1], "moved", (json_int_t)count));
	else if (given.verbose || (status != RELEVO_OK && count > 0))
		fprintf(stderr, "%" PRIu64 " moved\n", count);
	return result;
}

const struct command cmd_queue_move = {
	.name = "queue move",
	.summary = "move items from one queue to another",
	.usage = "FROM TO",
	.help = "In order, and only those that can be taken now: dead letters back to work. Stops\n"
		"without an error where the other queue is full.\n",
	.least = 2,
	.most = 2,
	.options = options,
	.run = cmd_queue_move_run,
};
