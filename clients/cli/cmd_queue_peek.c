/* The command "queue peek": writes the items of a queue and leaves them there. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/output.h"

enum { BATCH = 256 };

static struct {
	int64_t count;
	bool all, nul, raw;
} given;

static const struct option_row options[] = {
	{ "count", 'n', "N", "show the first N items; default: 10", .number = &given.count,
	  .least = 1 },
	{ "all", 'a', NULL, "show all of them", .flag = &given.all },
	{ "null", '0', NULL, "write a byte 0 behind each, not a newline", .flag = &given.nul },
	{ "raw", 'r', NULL, "write nothing behind them", .flag = &given.raw },
	{ 0 },
};

static int cmd_queue_peek_show(relevo_queue *queue, const struct output_format *format)
{
	static relevo_item items[BATCH];
	struct relevo_place place = { 0 };
	uint64_t left = given.all ? UINT64_MAX : given.count > 0 ? (uint64_t)given.count : 10;
	size_t written = 0, got = 0;
	do {
		size_t want = left < BATCH ? (size_t)left : BATCH;
		int status = relevo_queue_peek(queue, &place, items, want, &got);
		if (status != RELEVO_OK)
			return failure_of(status);
		written = output_items(format, items, got);
		for (size_t i = 0; i < got; i++)
			relevo_item_free(&items[i]);
		left -= got;
	} while (left > 0 && got > 0 && written == got);
	return written == got ? EXIT_DONE : output_failure();
}

static int cmd_queue_peek_run(struct context *context)
{
	if (given.all && given.count > 0)
		return failure_usage("--count and --all exclude each other");
	if (given.nul + given.raw + context->json > 1)
		return failure_usage("--null, --raw and --json exclude each other");
	const struct output_format format = {
		.json = context->json,
		.separated = !given.raw,
		.separator = given.nul ? '\0' : '\n',
	};
	relevo_queue *queue;
	int result = connect_queue(context, RELEVO_FOREVER, NULL, &queue);
	if (result != EXIT_DONE)
		return result;
	result = cmd_queue_peek_show(queue, &format);
	relevo_queue_close(queue);
	return result;
}

const struct command cmd_queue_peek = {
	.name = "queue peek",
	.summary = "show items of a queue without taking them",
	.usage = "NAME",
	.help = "Those that can be taken now, the next one first. It is well if there are none.\n",
	.least = 1,
	.most = 1,
	.options = options,
	.run = cmd_queue_peek_run,
};
