/* The command "queue stat": all that is counted for one queue. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/counts.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/visible.h"

#include <inttypes.h>
#include <stdio.h>

static int cmd_queue_stat_print(const struct context *context, const char *name,
				const struct relevo_queue_state *counts)
{
	if (context->json)
		return output_json(counts_to_json(name, counts));
	printf("%-13s  %s\n", "queue", visible(name));
	for (size_t i = 0; i < COUNTS; i++)
		printf("%-13s  %" PRIu64 "\n", counts_name(i), counts_value(counts, i));
	printf("%-13s  %s\n", "durable", counts->durable ? "yes" : "no");
	return EXIT_DONE;
}

static int cmd_queue_stat_run(struct context *context)
{
	relevo_queue *queue;
	struct relevo_queue_state counts;
	int result = connect_queue(context, RELEVO_FOREVER, NULL, &queue);
	if (result != EXIT_DONE)
		return result;
	int status = relevo_queue_inspect(queue, &counts);
	/* This command's own handle is not of interest. */
	counts.handles -= status == RELEVO_OK && counts.handles > 0;
	result = status == RELEVO_OK
			 ? cmd_queue_stat_print(context, relevo_queue_name(queue), &counts)
			 : failure_of(status);
	relevo_queue_close(queue);
	return result;
}

const struct command cmd_queue_stat = {
	.name = "queue stat",
	.summary = "tell what a queue holds and who waits for it",
	.usage = "NAME",
	.help = "  ready         items that can be taken now\n"
		"  leased        items that somebody holds and has not acknowledged\n"
		"  delayed       items that wait for their time\n"
		"  bytes         of all these\n"
		"  getters       calls that wait for an item\n"
		"  putters       calls that wait for room\n"
		"  joiners       calls that wait until no item is left\n"
		"  put, acknowledged, redelivered\n"
		"                items since the queue was made\n"
		"  expired       of these, whose time ran out\n"
		"  dropped       that made room for others\n"
		"  dead_lettered handed out too often, or rejected\n"
		"  duplicates    that did not enter, since their key was there\n"
		"  handles       how often it is open elsewhere\n"
		"  durable       whether the broker keeps it in its data folder\n",
	.least = 1,
	.most = 1,
	.run = cmd_queue_stat_run,
};
