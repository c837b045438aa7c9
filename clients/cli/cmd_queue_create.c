/* The command "queue create": makes a queue with the options that are given. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/output.h"

static struct {
	int64_t capacity, capacity_bytes, order, full, lease, ttl, max_deliveries;
	const char *dead_letter;
	bool rendezvous, exclusive, durable, if_missing;
} given;

/* As the enumerations of <relevo/queue.h>. */
static const char *const orders[] = { "fifo", "priority", "fair", "shortest", NULL };
static const char *const policies[] = { "block", "reject", "drop-oldest", NULL };

static const struct option_row options[] = {
	{ "capacity", 'c', "N", "items it can hold; default: any number", .number = &given.capacity,
	  .least = 1 },
	{ "rendezvous", 0, NULL, "it holds none: a put waits for a get",
	  .flag = &given.rendezvous },
	{ "lease", 0, "MS",
	  "an item that is not acknowledged in time goes\n"
	  "back; default: when its holder is gone",
	  .number = &given.lease, .least = 1 },
	{ "capacity-bytes", 0, "N", "bytes that its items can have; default: any\nnumber",
	  .number = &given.capacity_bytes, .least = 1 },
	{ "order", 'o', "ORDER", "fifo, priority, fair or shortest; default: fifo",
	  .number = &given.order, .choices = orders },
	{ "full", 0, "POLICY",
	  "what a put without room does: block, reject or\ndrop-oldest; default: block",
	  .number = &given.full, .choices = policies },
	{ "ttl", 0, "MS", "an item that nobody holds expires; default:\nnever",
	  .number = &given.ttl, .least = 1 },
	{ "max-deliveries", 0, "N",
	  "handed out so often, an item is a dead letter;\ndefault: never",
	  .number = &given.max_deliveries, .least = 1 },
	{ "dead-letter", 0, "QUEUE", "where dead letters and what expires go;\ndefault: nowhere",
	  .text = &given.dead_letter },
	{ "exclusive", 0, NULL, "one session at a time may get", .flag = &given.exclusive },
	{ "durable", 0, NULL, "kept in the broker's data folder", .flag = &given.durable },
	{ "if-missing", 0, NULL,
	  "it is no error if it is there, with the same\n"
	  "options",
	  .flag = &given.if_missing },
	{ 0 },
};

static int cmd_queue_create_run(struct context *context)
{
	if (given.rendezvous && given.capacity > 0)
		return failure_usage("--capacity and --rendezvous exclude each other");
	if (given.max_deliveries > UINT32_MAX)
		return failure_usage("--max-deliveries: more than %u is as good as never",
				     UINT32_MAX);
	const struct relevo_queue_options how = {
		.mode = given.if_missing ? RELEVO_OPEN_OR_CREATE : RELEVO_OPEN_NEW,
		.capacity = given.rendezvous ? RELEVO_CAPACITY_RENDEZVOUS : given.capacity,
		.capacity_bytes = given.capacity_bytes,
		.order = (enum relevo_order)given.order,
		.full = (enum relevo_full_policy)given.full,
		.lease = given.lease,
		.ttl = given.ttl,
		.max_deliveries = (uint32_t)given.max_deliveries,
		.dead_letter = given.dead_letter,
		.exclusive = given.exclusive,
		.durable = given.durable,
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
	.run = cmd_queue_create_run,
};
