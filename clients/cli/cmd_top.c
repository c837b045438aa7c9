/* The command "top": counts and rates of queues and locks, live, as text or as JSON. */
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/reader.h"
#include "cli/top_screen.h"

#include <stdio.h>

static struct {
	int64_t delay, count;
	bool batch;
} given = { .delay = 1000 };

static const struct option_row options[] = {
	{ "delay", 'd', "MS", "time between two looks; default: 1000", .number = &given.delay,
	  .least = 10 },
	{ "count", 'n', "N", "end after N tables; default: go on", .number = &given.count,
	  .least = 1 },
	{ "batch", 'b', NULL, "print the tables, one behind the other", .flag = &given.batch },
	{ 0 },
};

static json_t *row_to_json(const struct top_row *row)
{
	json_t *object = listing_to_json(&row->info);
	if (object != NULL &&
	    json_object_set_new(object, "put_per_second", json_real(row->put_rate)) == 0 &&
	    json_object_set_new(object, "acknowledged_per_second",
				json_real(row->acknowledged_rate)) == 0)
		return object;
	json_decref(object);
	return NULL;
}

static int cmd_top_print_json(const struct top_table *table)
{
	int result = EXIT_DONE;
	for (size_t i = 0; i < table->count && result == EXIT_DONE; i++)
		result = output_json(row_to_json(&table->rows[i]));
	return result;
}

static void print_text(const struct top_table *table, const char *url)
{
	char text[512];
	top_summary(table, url, text, sizeof text);
	printf("%s\n\n", text);
	top_line(NULL, text, sizeof text);
	puts(text);
	for (size_t i = 0; i < table->count; i++) {
		top_line(&table->rows[i], text, sizeof text);
		puts(text);
	}
	putchar('\n');
}

/* Show it, and wait until the next look. False: enough. */
static bool cmd_top_show(const struct context *context, const struct top_table *table, int *result)
{
	const char *url = relevo_session_url(context->session);
	if (!given.batch)
		return top_screen_show(table, url, (int)given.delay);
	if (context->json)
		*result = cmd_top_print_json(table);
	else
		print_text(table, url);
	return *result == EXIT_DONE && fflush(stdout) == 0;
}

static int cmd_top_watch(const struct context *context)
{
	struct top_table tables[2] = { { 0 }, { 0 } };
	int result = EXIT_DONE;
	int status = top_take(context->session, &tables[1], &tables[0]);
	/* A rate needs two looks. */
	if (status == RELEVO_OK)
		result = reader_pause((int)given.delay);
	int64_t shown = 0;
	for (int at = 1; status == RELEVO_OK && result == EXIT_DONE; at = 1 - at) {
		status = top_take(context->session, &tables[1 - at], &tables[at]);
		if (status != RELEVO_OK || !cmd_top_show(context, &tables[at], &result) ||
		    ++shown == given.count)
			break;
		if (given.batch)
			result = reader_pause((int)given.delay);
	}
	top_empty(&tables[0]);
	top_empty(&tables[1]);
	return status != RELEVO_OK ? failure_of(status) : result;
}

static int cmd_top_run(struct context *context)
{
	if (given.delay > 3600 * 1000)
		return failure_usage("--delay: an hour is the longest");
	given.batch = given.batch || context->json;
	int result = connect_session(context);
	if (result != EXIT_DONE)
		return result;
	if (!given.batch && !top_screen_open())
		return failure_usage("there is no terminal to show a live table on: see --batch");
	result = cmd_top_watch(context);
	if (!given.batch)
		top_screen_close();
	return result;
}

const struct command cmd_top = {
	.name = "top",
	.summary = "watch queues and locks, live",
	.usage = "",
	.help = "A table of all queues, locks, semaphores and conditions: what they hold, who "
		"waits,\n"
		"and how much goes through them. Of a lock, what can be taken is ready, and what "
		"is\n"
		"held leased. Arrows scroll, q leaves.\n",
	.least = 0,
	.most = 0,
	.options = options,
	.run = cmd_top_run,
};
