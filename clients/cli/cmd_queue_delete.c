/* The command "queue delete": deletes queues by their names. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/output.h"

/* What stands in the list of queues is made of one, and has a kind of its own. */
static int cmd_queue_delete_any(relevo_session *session, const char *name)
{
	static int (*const delete[])(relevo_session * session, const char *name) = {
		relevo_queue_delete,
		relevo_lock_delete,
		relevo_semaphore_delete,
		relevo_condition_delete,
	};
	int status = RELEVO_OPTION_MISMATCH;
	for (size_t i = 0; i < 4 && status == RELEVO_OPTION_MISMATCH; i++)
		status = delete[i](session, name);
	return status;
}

static int cmd_queue_delete_run(struct context *context)
{
	int result = connect_session(context);
	for (int i = 0; i < context->count && result == EXIT_DONE; i++) {
		const char *name = context->arguments[i];
		int status = cmd_queue_delete_any(context->session, name);
		if (status != RELEVO_OK)
			return failure_of(status);
		if (context->json)
			result = output_json(json_pack("{ss}", "queue", name));
	}
	return result;
}

const struct command cmd_queue_delete = {
	.name = "queue delete",
	.summary = "delete queues, locks, semaphores and conditions by name",
	.usage = "NAME...",
	.help = "Stops at the first that cannot be deleted.\n",
	.least = 1,
	.most = -1,
	.run = cmd_queue_delete_run,
};
