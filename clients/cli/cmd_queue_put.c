/* The command "queue put": puts items from the command line or from standard input. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/input.h"
#include "cli/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Who does not wait for room waits so long for the broker's answer, in ms: as calls do by
 * themselves. */
enum { ANSWER = 10000 };

static struct {
	int64_t timeout, priority, cost, delay, ttl;
	const char *key, *reply_to;
	struct word_list headers; /* NAME=VALUE */
	bool nul, whole, verbose;
} given = { .timeout = RELEVO_FOREVER };

static const struct option_row options[] = {
	{ "null", '0', NULL, "items end with a byte 0, not with the line", .flag = &given.nul },
	{ "whole", 0, NULL, "all of standard input is one item", .flag = &given.whole },
	{ "timeout", 't', "MS",
	  "wait so long for room in a full queue, and for\n"
	  "the broker to confirm items; default: for ever",
	  .number = &given.timeout },
	{ "priority", 'p', "N", "the highest comes first, in a queue of that\norder; default: 0",
	  .number = &given.priority, .least = INT32_MIN },
	{ "cost", 0, "N", "the lowest comes first, in a queue of the\norder shortest; default: 0",
	  .number = &given.cost },
	{ "delay", 0, "MS", "nobody gets it before", .number = &given.delay },
	{ "ttl", 0, "MS", "it expires if nobody holds it then", .number = &given.ttl },
	{ "key", 'k', "KEY", "drop it if one with this key is in the queue", .text = &given.key },
	{ "reply-to", 0, "QUEUE", "where an answer is expected", .text = &given.reply_to },
	{ "header", 'H', "NAME=VALUE", "say this about it; may be given several times",
	  .list = &given.headers },
	{ "verbose", 'v', NULL, "say how many items were put", .flag = &given.verbose },
	{ 0 },
};

/* A command under way. */
struct putting {
	relevo_session *session;
	relevo_queue *queue;
	const char *unit;                         /* what an item is called */
	const struct relevo_put_options *options; /* of each item; NULL: none */
	uint64_t put;                             /* confirmed by the broker */
	bool unanswered;                          /* it does not confirm any */

	/* The batch, and those of it that failed after they had been sent. */
	const struct relevo_bytes *items;
	size_t count;
	size_t failed, first_failed;
	int status;
};

/* Failures come in the order of the items, but without their numbers. */
static void on_error(relevo_queue *queue, int status, const struct relevo_bytes *item, void *user)
{
	struct putting *putting = user;
	(void)queue;
	if (putting->failed++ > 0)
		return;
	putting->status = status;
	for (size_t i = 0; i < putting->count; i++) {
		const struct relevo_bytes *sent = &putting->items[i];
		if (sent->size == item->size && memcmp(sent->data, item->data, item->size) == 0) {
			putting->first_failed = i;
			return;
		}
	}
}

static int fail_at(const struct putting *putting, uint64_t number, int status, const char *reason)
{
	return failure_say(status, "%s %" PRIu64 ": %s", putting->unit, number, reason);
}

static int cmd_queue_put_send_batch(const struct putting *putting, const struct relevo_bytes *items,
				    size_t count, size_t *accepted)
{
	int status = RELEVO_OK;
	if (putting->options == NULL)
		return relevo_queue_put_many(putting->queue, items, count, given.timeout, accepted);
	for (; *accepted < count && status == RELEVO_OK; *accepted += status == RELEVO_OK)
		status = relevo_queue_put_with(putting->queue, items[*accepted].data,
					       items[*accepted].size, putting->options,
					       given.timeout);
	return status;
}

/* Wait until the broker has so many of the batch, which have been sent. They count as put then. */
static int confirm(struct putting *putting, size_t sent)
{
	uint64_t first = putting->put + 1;
	int status =
		relevo_session_flush(putting->session, given.timeout != 0 ? given.timeout : ANSWER);
	if (putting->failed > 0) {
		putting->put += sent - putting->failed;
		return fail_at(putting, first + putting->first_failed, putting->status,
			       relevo_error_message(putting->status));
	}
	putting->unanswered = status == RELEVO_TIMED_OUT;
	if (putting->unanswered)
		return fail_at(putting, first, RELEVO_UNANSWERED,
			       "the broker has not confirmed it: whether it was put is not known");
	if (status != RELEVO_OK)
		return fail_at(putting, first, status, relevo_error_detail());
	putting->put += sent;
	return EXIT_DONE;
}

/* Put them and wait until the broker has them: a batch is large enough for that
 * to cost little. Stops at the first that fails. */
static int put_batch(struct putting *putting, const struct relevo_bytes *items, size_t count)
{
	size_t accepted = 0;
	putting->items = items;
	putting->count = count;
	putting->failed = 0;
	int status = cmd_queue_put_send_batch(putting, items, count, &accepted);
	if (status == RELEVO_OK)
		return confirm(putting, count);
	/* Where the connection is at fault, nobody knows of those on their way either. */
	if (status == RELEVO_DISCONNECTED || accepted == count)
		return fail_at(putting, putting->put + 1, status, relevo_error_detail());
	char reason[256];
	snprintf(reason, sizeof reason, "%s", relevo_error_detail());
	int result = accepted > 0 ? confirm(putting, accepted) : EXIT_DONE;
	return result != EXIT_DONE ? result : fail_at(putting, putting->put + 1, status, reason);
}

static int put_arguments(struct putting *putting, char **arguments, int count)
{
	int result = EXIT_DONE;
	putting->unit = "item";
	for (int i = 0; i < count && result == EXIT_DONE; i++) {
		struct relevo_bytes item = { arguments[i], strlen(arguments[i]) };
		result = put_batch(putting, &item, 1);
	}
	return result;
}

static int input_failure(const struct putting *putting, enum input_result outcome, size_t most)
{
	char reason[80];
	switch (outcome) {
	case INPUT_TOO_LARGE:
		snprintf(reason, sizeof reason, "more than the %zu bytes that an item may have",
			 most);
		return fail_at(putting, putting->put + 1, RELEVO_TOO_LARGE, reason);
	case INPUT_NO_MEMORY:
		return failure_say(RELEVO_NO_MEMORY, "no memory for standard input");
	case INPUT_ERROR:
		return failure_system("reading standard input");
	default:
		return EXIT_DONE;
	}
}

static int put_input(struct putting *putting)
{
	enum input_mode mode = given.whole ? INPUT_WHOLE : given.nul ? INPUT_NUL : INPUT_LINES;
	struct input input;
	size_t most = relevo_session_max_item(putting->session);
	if (!input_open(&input, STDIN_FILENO, mode, most))
		return input_failure(putting, INPUT_NO_MEMORY, most);
	putting->unit = mode == INPUT_LINES ? "line" : "item";
	int result = EXIT_DONE;
	enum input_result outcome;
	while (result == EXIT_DONE && (outcome = input_next(&input)) == INPUT_ITEMS)
		result = put_batch(putting, input.items, input.count);
	if (result == EXIT_DONE)
		result = input_failure(putting, outcome, most);
	input_close(&input);
	return result;
}

static void cmd_queue_put_report(const struct context *context, const struct putting *putting,
				 int result)
{
	if (context->json)
		output_json(json_pack("{sssI}", "queue", context->arguments[0], "put",
				      (json_int_t)putting->put));
	else if (given.verbose || (result != EXIT_DONE && putting->put > 0))
		fprintf(stderr, "%" PRIu64 " put\n", putting->put);
}

/* ---- what is said of each item ------------------------------------------ */

static bool any_options(void)
{
	return given.priority != 0 || given.cost != 0 || given.delay != 0 || given.ttl != 0 ||
	       given.key != NULL || given.reply_to != NULL || given.headers.count > 0;
}

/* NAME=VALUE, in place. */
static int split_header(char *word, struct relevo_header *header)
{
	char *equals = strchr(word, '=');
	if (equals == NULL)
		return failure_usage("--header: \"%s\" is not NAME=VALUE", word);
	*equals = '\0';
	*header = (struct relevo_header){ word, equals + 1, strlen(equals + 1) };
	return EXIT_DONE;
}

static int take_options(struct relevo_put_options *said)
{
	static struct relevo_header headers[WORDS_MOST];
	if (given.priority > INT32_MAX)
		return failure_usage("--priority: %" PRId64 " is more than %d", given.priority,
				     INT32_MAX);
	if (given.cost > UINT32_MAX)
		return failure_usage("--cost: %" PRId64 " is more than %u", given.cost, UINT32_MAX);
	for (size_t i = 0; i < given.headers.count; i++) {
		/* The words are those of argv, which may be written to. */
		int result = split_header((char *)given.headers.words[i], &headers[i]);
		if (result != EXIT_DONE)
			return result;
	}
	*said = (struct relevo_put_options){
		.priority = (int32_t)given.priority,
		.cost = (uint32_t)given.cost,
		.delay = given.delay,
		.ttl = given.ttl,
		.key = given.key,
		.key_size = given.key != NULL ? strlen(given.key) : 0,
		.reply_to = given.reply_to,
		.headers = headers,
		.header_count = given.headers.count,
	};
	return EXIT_DONE;
}

static int cmd_queue_put_run(struct context *context)
{
	struct putting putting = { .unit = "item" };
	struct relevo_put_options said;
	if (given.nul && given.whole)
		return failure_usage("--null and --whole exclude each other");
	if (context->count > 1 && (given.nul || given.whole))
		return failure_usage("--null and --whole are for items from standard input");
	int result = any_options() ? take_options(&said) : EXIT_DONE;
	if (result != EXIT_DONE)
		return result;
	putting.options = any_options() ? &said : NULL;
	struct relevo_queue_options how = { .on_error = on_error, .user = &putting };
	result = connect_queue(context, given.timeout, &how, &putting.queue);
	if (result != EXIT_DONE)
		return result;
	putting.session = context->session;
	result = context->count > 1
			 ? put_arguments(&putting, context->arguments + 1, context->count - 1)
			 : put_input(&putting);
	cmd_queue_put_report(context, &putting, result);
	relevo_queue_close(putting.queue);
	/* A farewell would be waited for, too. */
	if (putting.unanswered)
		context->session = NULL;
	return result;
}

const struct command cmd_queue_put = {
	.name = "queue put",
	.summary = "put items into a queue",
	.usage = "NAME [ITEM]...",
	.help = "Without ITEM, each line of standard input is one, without its end. Stops at the\n"
		"first item that fails; those before it stay put.\n",
	.least = 1,
	.most = -1,
	.options = options,
	.run = cmd_queue_put_run,
};
