#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/output.h"

static struct {
	int64_t capacity, lease;
	bool rendezvous, if_missing;
} given;

static const struct option_row options[] = {
	{ "capacity", 'c', "N", "items it can hold; default: any number", .number = &given.capacity,
	  .least = 1 },
	{ "rendezvous", 0, NULL, "it holds none: a put waits for a get",
	  .flag = &given.rendezvous },
	{ "lease", 0, "MS",
	  "an item that is not acknowledged in time goes\n"
	  "back; default: when its holder is gone",
	  .number = &given.lease, .least = 1 },
	{ "if-missing", 0, NULL,
	  "it is no error if it is there, with the same\n"
	  "options",
	  .flag = &given.if_missing },
	{ 0 },
};

static int run(struct context *context)
{
	if (given.rendezvous && given.capacity > 0)
		return failure_usage("--capacity and --rendezvous exclude each other");
	const struct relevo_queue_options how = {
		.mode = given.if_missing ? RELEVO_OPEN_OR_CREATE : RELEVO_CREATE_NEW,
		.capacity = given.rendezvous ? RELEVO_RENDEZVOUS : given.capacity,
		.lease = given.lease,
	};
	relevo_queue *queue;
	int result = connect_session(context);
	if (result != EXIT_DONE)
		return result;
	int status = relevo_queue_open(context->session, context->arguments[0], &how, &queue);
	if (status != RELEVO_OK)
		return failure_of(status);
	if (context->json)
		result = output_json(json_pack("{ss}", "queue", relevo_queue_name(queue)));
	relevo_queue_close(queue);
	return result;
}

const struct command cmd_queue_create = {
	.name = "queue create",
	.summary = "make a queue, which stays until it is deleted",
	.usage = "NAME",
	.least = 1,
	.most = 1,
	.options = options,
	.run = run,
};
