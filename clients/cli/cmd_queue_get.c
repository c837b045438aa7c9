/* The command "queue get": takes items, and acknowledges those that it has written. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/reader.h"
#include "cli/streams.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { BATCH = 1024 };

static struct {
	int64_t count, timeout;
	bool all, follow, nul, raw;
} given = { .timeout = -1 };

static const struct option_row options[] = {
	{ "count", 'n', "N", "take N items, waiting for each; default: 1", .number = &given.count,
	  .least = 1 },
	{ "all", 'a', NULL, "take all that are there", .flag = &given.all },
	{ "follow", 'f', NULL, "take items as they come, for ever", .flag = &given.follow },
	{ "timeout", 't', "MS",
	  "wait so long for the next item; default:\n"
	  "for ever, with --all not at all",
	  .number = &given.timeout },
	{ "null", '0', NULL, "write a byte 0 behind each, not a newline", .flag = &given.nul },
	{ "raw", 'r', NULL, "write nothing behind them", .flag = &given.raw },
	{ 0 },
};

/*
 * Only what was written is acknowledged. The rest goes back at once, as if it had not been handed
 * out: also when whoever reads takes a rest, so that nothing is held back, or counted, meanwhile.
 */
static int write_batch(relevo_queue *queue, const struct output_format *format, relevo_item *items,
		       size_t count, size_t *written)
{
	bool full;
	*written = output_items_taken(format, items, count, &full);
	int trouble = errno;
	int status = relevo_queue_ack(queue, items, *written);
	if (status == RELEVO_OK && *written < count)
		status = relevo_queue_put_back(queue, items + *written, count - *written);
	if (status != RELEVO_OK)
		return failure_of(status);
	if (full || *written == count)
		return EXIT_DONE;
	errno = trouble;
	return output_failure();
}

/* How many to take next: not many more than were written of those before. */
static size_t next_step(size_t got, size_t written, size_t step)
{
	if (written < got)
		step = written;
	return step > BATCH / 2 ? BATCH : 2 * step + 1;
}

/* Why there are no more items. */
static int end_of_items(int status)
{
	if (status == RELEVO_INTERRUPTED)
		return reader_interrupted();
	bool nothing_left = status == RELEVO_TIMED_OUT;
	if ((given.all && nothing_left) ||
	    ((given.all || given.follow) && status == RELEVO_SHUT_DOWN))
		return EXIT_DONE;
	return failure_of(status);
}

/* `patience`: of the first item; each that follows has the whole time. */
static int cmd_queue_get_take(relevo_queue *queue, const struct output_format *format,
			      int64_t patience)
{
	static relevo_item items[BATCH];
	bool endless = given.all || given.follow;
	int64_t left = given.count > 0 ? given.count : 1;
	size_t step = BATCH;
	int result = EXIT_DONE;
	while (result == EXIT_DONE && left > 0) {
		size_t want = endless || left > (int64_t)step ? step : (size_t)left;
		size_t got, written;
		short events = streams_wait(STDOUT_FILENO, POLLOUT);
		if ((events & ~POLLOUT) != 0)
			return reader_failure(events);
		int status = relevo_queue_lease(queue, patience, items, want, &got);
		if (status != RELEVO_OK)
			return end_of_items(status);
		patience = given.timeout;
		result = write_batch(queue, format, items, got, &written);
		for (size_t i = 0; i < got; i++)
			relevo_item_free(&items[i]);
		step = next_step(got, written, step);
		left -= endless ? 0 : (int64_t)written;
	}
	return result;
}

static int cmd_queue_get_run(struct context *context)
{
	if ((given.count > 0) + given.all + given.follow > 1)
		return failure_usage("--count, --all and --follow exclude each other");
	if (given.nul + given.raw + context->json > 1)
		return failure_usage("--null, --raw and --json exclude each other");
	const struct output_format format = {
		.json = context->json,
		.separated = !given.raw,
		.separator = given.nul ? '\0' : '\n',
	};
	if (given.timeout < 0)
		given.timeout = given.all ? 0 : RELEVO_FOREVER;
	relevo_queue *queue;
	reader_watch(context);
	int result = connect_queue(context, given.timeout, NULL, &queue);
	if (result != EXIT_DONE)
		return result;
	result = cmd_queue_get_take(queue, &format, connect_left(context, given.timeout));
	relevo_queue_close(queue);
	return result;
}

const struct command cmd_queue_get = {
	.name = "queue get",
	.summary = "take items out of a queue and write them",
	.usage = "NAME",
	.help = "An item is taken when it has been written; if nobody reads it any more, it goes\n"
		"back into its place. What has entered a pipe counts as written. When nobody\n"
		"reads the output any more it ends, also while it waits. With --json, bytes that\n"
		"are not UTF-8 come as \"base64\" in place of \"text\".\n",
	.least = 1,
	.most = 1,
	.options = options,
	.run = cmd_queue_get_run,
};
