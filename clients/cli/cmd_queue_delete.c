/* The command "queue delete": deletes queues by their names. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/output.h"

static int cmd_queue_delete_run(struct context *context)
{
	int result = connect_session(context);
	for (int i = 0; i < context->count && result == EXIT_DONE; i++) {
		const char *name = context->arguments[i];
		int status = relevo_queue_delete(context->session, name);
		if (status != RELEVO_OK)
			return failure_of(status);
		if (context->json)
			result = output_json(json_pack("{ss}", "queue", name));
	}
	return result;
}

const struct command cmd_queue_delete = {
	.name = "queue delete",
	.summary = "delete queues with all their items",
	.usage = "NAME...",
	.help = "Stops at the first that cannot be deleted.\n",
	.least = 1,
	.most = -1,
	.run = cmd_queue_delete_run,
};
