/* The command "queue shutdown": closes a queue to new items for good. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/output.h"

static bool now;

static const struct option_row options[] = {
	{ "now", 0, NULL, "drop what is in the queue", .flag = &now },
	{ 0 },
};

static int cmd_queue_shutdown_run(struct context *context)
{
	relevo_queue *queue;
	int result = connect_queue(context, RELEVO_FOREVER, NULL, &queue);
	if (result != EXIT_DONE)
		return result;
	int status =
		relevo_queue_shutdown(queue, now ? RELEVO_SHUTDOWN_AT_ONCE : RELEVO_SHUTDOWN_DRAIN);
	if (status != RELEVO_OK)
		result = failure_of(status);
	else if (context->json)
		result = output_json(json_pack("{ss}", "queue", relevo_queue_name(queue)));
	relevo_queue_close(queue);
	return result;
}

const struct command cmd_queue_shutdown = {
	.name = "queue shutdown",
	.summary = "let nothing into a queue any more",
	.usage = "NAME",
	.help = "What is in the queue is still handed out; then, whoever gets is told. This "
		"cannot\n"
		"be undone.\n",
	.least = 1,
	.most = 1,
	.options = options,
	.run = cmd_queue_shutdown_run,
};
