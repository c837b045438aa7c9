/* The command "pool map": the loop that submits a task per argument and writes results. */
#include "cli/attendant.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/failure.h"
#include "cli/map_patience.h"
#include "cli/map_report.h"
#include "cli/map_source.h"
#include "cli/map_tasks.h"
#include "cli/output.h"
#include "cli/reader.h"
#include "cli/task_protocol.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Progress is shown when there is some, but no more often than this, in ms. */
enum { PACE = 1000 };

/* Of an argument, what goes with it has to fit into an item too. */
enum { ROOM = 1024 };

static struct {
	int64_t timeout, retries, retry_delay, priority, wait, deadline;
	const char *function;
	bool nul, keep_order, progress;
} given = { .wait = RELEVO_FOREVER, .deadline = RELEVO_FOREVER };

static const struct option_row options[] = {
	{ "null", '0', NULL, "arguments end with a byte 0, not with the line", .flag = &given.nul },
	{ "keep-order", 'k', NULL, "write results in the order of the arguments",
	  .flag = &given.keep_order },
	{ "progress", 0, NULL, "say on standard error how far it is", .flag = &given.progress },
	{ "retries", 'r', "N", "run a task that fails up to N times more; default: 0",
	  .number = &given.retries },
	{ "retry-delay", 0, "MS", "wait so long before, twice as long each time",
	  .number = &given.retry_delay },
	{ "timeout", 't', "MS", "kill the command of a task that takes longer",
	  .number = &given.timeout },
	{ "priority", 'p', "N", "the highest comes first; default: 0", .number = &given.priority,
	  .least = INT32_MIN },
	{ "wait", 'w', "MS", "give up when nobody has served the pool for so\nlong; default: never",
	  .number = &given.wait },
	{ "deadline", 'd', "MS", "give up when not all is done after so long;\ndefault: never",
	  .number = &given.deadline },
	{ "function", 'f', "NAME", "call this function of a program that serves the\npool",
	  .text = &given.function },
	{ 0 },
};

/* A command under way. */
struct map {
	struct context *context;
	struct map_source source;
	struct map_tasks tasks;
	struct map_report report;
	struct map_patience patience;
	uint64_t turn;    /* the next to be written, with --keep-order */
	int64_t shown_at; /* ms: when progress was shown last */
	int64_t ends_at;  /* and when it gives up */
	int result;       /* an exit status; not EXIT_DONE: what ended it early */
	bool may_read;    /* standard input is readable */
};

/* ---- results ------------------------------------------------------------------- */

static void cmd_pool_map_report(struct map *map, struct map_task *task)
{
	int result = map_report_task(&map->report, task);
	if (map->result == EXIT_DONE)
		map->result = result;
	map_tasks_release(task);
}

static void report_in_order(struct map *map)
{
	struct map_task *task;
	while (map->result == EXIT_DONE &&
	       (task = map_tasks_find(&map->tasks, map->turn)) != NULL) {
		cmd_pool_map_report(map, task);
		map->turn++;
	}
}

static void take_results(struct map *map)
{
	struct map_task *task;
	while (map->result == EXIT_DONE && (task = map_tasks_done(&map->tasks)) != NULL) {
		map_patience_renew(&map->patience);
		if (!given.keep_order)
			cmd_pool_map_report(map, task);
	}
	if (given.keep_order)
		report_in_order(map);
	if (map->result == EXIT_DONE && (fflush(stdout) != 0 || ferror(stdout)))
		map->result = output_failure();
}

/* ---- tasks --------------------------------------------------------------------- */

/* An argument that is too large is its own fault; all else would go wrong again. */
static void cmd_pool_map_submit(struct map *map, const struct relevo_bytes *argument)
{
	/* Until now there was nothing to be served. */
	if (map->tasks.used == 0)
		map_patience_renew(&map->patience);
	int status = map_tasks_submit(&map->tasks, argument);
	if (status == RELEVO_TOO_LARGE)
		map_report_refused(&map->report, argument, status);
	else if (status != RELEVO_OK)
		map->result = failure_of(status);
}

static void cmd_pool_map_take_arguments(struct map *map)
{
	struct relevo_bytes argument;
	while (map->result == EXIT_DONE && map_tasks_have_room(&map->tasks) &&
	       map_source_take(&map->source, map->may_read, &argument)) {
		map->may_read = false;
		cmd_pool_map_submit(map, &argument);
	}
	map->may_read = false;
}

static bool finished(const struct map *map)
{
	return map->result != EXIT_DONE || (map->source.at_end && map->tasks.used == 0);
}

/* ---- waiting --------------------------------------------------------------------- */

/* When there is something to do though nothing happens; INT64_MAX: never. */
static int64_t next_time(struct map *map)
{
	int64_t next = map->ends_at;
	int64_t patience = map->tasks.used > 0 ? map_patience_end(&map->patience) : INT64_MAX;
	if (patience < next)
		next = patience;
	if (map_report_has_news(&map->report, map->tasks.used) && map->shown_at + PACE < next)
		next = map->shown_at + PACE;
	return next;
}

/* In ms, as poll(2) wants it. */
static int until(int64_t time)
{
	int64_t now = connect_now();
	if (time <= now)
		return 0;
	if (time == INT64_MAX)
		return -1;
	return time - now < INT_MAX ? (int)(time - now) : INT_MAX;
}

static void look_at_clock(struct map *map)
{
	int64_t now = connect_now();
	if (now >= map->ends_at) {
		map->result =
			failure_say(RELEVO_TIMED_OUT, "not all has been done within %" PRId64 " ms",
				    given.deadline);
		return;
	}
	if (now >= map->shown_at + PACE && map_report_has_news(&map->report, map->tasks.used)) {
		map_report_progress(&map->report, map->tasks.used);
		map->shown_at = now;
	}
	if (map->tasks.used > 0)
		map->result = map_patience_look(&map->patience);
}

/* Wait for a result, for more input where there is room for it, for the end of whoever
 * reads the output, and for what is to be known of the pool. */
static void wait_for_event(struct map *map)
{
	bool reads = map->source.waiting && map_tasks_have_room(&map->tasks);
	struct pollfd entries[] = {
		{ .fd = map->tasks.wake_fd, .events = POLLIN },
		{ .fd = reads ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
		{ .fd = map->patience.event, .events = POLLIN },
	};
	int ready = poll(entries, 4, until(next_time(map)));
	if (ready < 0 && errno != EINTR)
		map->result = failure_system("waiting for results");
	if (ready < 0)
		return;
	map->may_read = entries[1].revents != 0;
	if (entries[2].revents != 0)
		map->result = reader_failure(entries[2].revents);
	else if (entries[3].revents != 0)
		map->result = map_patience_look(&map->patience);
	else if (until(next_time(map)) == 0)
		look_at_clock(map);
}

static int run_tasks(struct map *map)
{
	map->shown_at = connect_now();
	map->ends_at = map->context->ends_at;
	map->result = map_patience_open(&map->patience);
	while (map->result == EXIT_DONE) {
		take_results(map);
		cmd_pool_map_take_arguments(map);
		if (finished(map))
			break;
		wait_for_event(map);
	}
	map_patience_close(&map->patience);
	map_report_end(&map->report);
	if (map->result != EXIT_DONE)
		return map->result;
	if (map->source.result != EXIT_DONE)
		return map->source.result;
	return map->report.failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* ---- beginning and end --------------------------------------------------------- */

/* The pool that is there, or one that whoever comes will serve. */
static int cmd_pool_map_open_pool(const struct context *context, relevo_pool **pool)
{
	const struct relevo_pool_options shared = {
		.name = context->arguments[0],
		.shared = true,
		.order = RELEVO_ORDER_PRIORITY,
	};
	int status = relevo_pool_attach(context->session, shared.name, pool);
	if (status == RELEVO_NOT_FOUND)
		status = relevo_pool_open(context->session, &shared, pool);
	/* Another one was made just now. */
	if (status == RELEVO_OPTION_MISMATCH)
		status = relevo_pool_attach(context->session, shared.name, pool);
	return status == RELEVO_OK ? EXIT_DONE : failure_of(status);
}

static int run_map(struct map *map)
{
	struct context *context = map->context;
	size_t most = relevo_session_max_item(context->session) - ROOM;
	int count = context->count - 1;
	/* As other commands have it: a lone dash is standard input. */
	if (count == 1 && strcmp(context->arguments[1], "-") == 0)
		count = 0;
	int result = map_source_open(&map->source, context->arguments + 1, count,
				     given.nul ? INPUT_NUL : INPUT_LINES, most);
	if (result != EXIT_DONE)
		return result;
	if (map_tasks_open(&map->tasks))
		result = cmd_pool_map_open_pool(context, &map->tasks.pool);
	else
		result = failure_system("no descriptor");
	if (result == EXIT_DONE)
		result = run_tasks(map);
	/* What is under way when it ends early is ended by those who serve. */
	relevo_pool_close(map->tasks.pool);
	map_tasks_close(&map->tasks);
	map_source_close(&map->source);
	return result;
}

static int cmd_pool_map_check_numbers(void)
{
	if (given.priority > INT32_MAX)
		return failure_usage("--priority: %" PRId64 " is more than %d", given.priority,
				     INT32_MAX);
	if (given.retries > UINT32_MAX)
		return failure_usage("--retries: %" PRId64 " is more than %u", given.retries,
				     UINT32_MAX);
	return EXIT_DONE;
}

/* Who serves the pool ends commands in time, and keeps what they wrote. If he does not, the
 * pool fails the task, as long as it counts so far. */
static int64_t limit_of_server(void)
{
	const int64_t late = 1000, longest = INT64_C(1000) * 60 * 60 * 24 * 29;
	return given.timeout > 0 && given.timeout < longest ? given.timeout + late : 0;
}

static int cmd_pool_map_run(struct context *context)
{
	static struct map map;
	int result = cmd_pool_map_check_numbers();
	if (result == EXIT_DONE && context->count > 1 && given.nul &&
	    strcmp(context->arguments[1], "-") != 0)
		result = failure_usage("--null is for arguments from standard input");
	context->go_on = attendant_goes_on;
	if (result == EXIT_DONE)
		result = connect_within(context, given.deadline);
	if (result != EXIT_DONE)
		return result;
	bool packed = given.function == NULL;
	map.context = context;
	map.patience = (struct map_patience){
		.session = context->session,
		.pool = context->arguments[0],
		.wait = given.wait,
	};
	map.report = (struct map_report){ .json = context->json, .progress = given.progress };
	map.tasks.function = packed ? TASK_FUNCTION : given.function;
	map.tasks.packed = packed;
	map.tasks.timeout = given.timeout;
	map.tasks.options = (struct relevo_task_options){
		.timeout = packed ? limit_of_server() : given.timeout,
		.retries = (uint32_t)given.retries,
		.retry_delay = given.retry_delay,
		.priority = (int32_t)given.priority,
	};
	return run_map(&map);
}

const struct command cmd_pool_map = {
	.name = "pool map",
	.summary = "have a pool do something for each argument",
	.usage = "NAME [ARGUMENT]...",
	.help = "Without ARGUMENT, or for -, each line of standard input is one, taken as they\n"
		"are needed. What each task writes is kept whole. Those that fail are named on\n"
		"standard error, do not stop the others, and make the exit status 1. The pool is\n"
		"made if it is missing; then tasks wait until somebody serves it.\n",
	.least = 1,
	.most = -1,
	.options = options,
	.run = cmd_pool_map_run,
};
