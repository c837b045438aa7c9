/* Writing results, failures and progress of "pool map". */
#include "cli/map_report.h"

#include "cli/failure.h"
#include "cli/output.h"
#include "cli/task_protocol.h"
#include "cli/visible.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- progress ------------------------------------------------------------------ */

/* A terminal shows one line, over and over; a file gets one after the other. */
static void hide(struct map_report *report)
{
	if (report->shown)
		fputs("\r\033[K", stderr);
	report->shown = false;
}

static void map_report_show(struct map_report *report, size_t under_way, const char *end)
{
	hide(report);
	report->told.done = report->done;
	report->told.failed = report->failed;
	report->told.under_way = under_way;
	fprintf(stderr, "%" PRIu64 " done, %" PRIu64 " failed, %zu under way%s", report->done,
		report->failed, under_way, end);
}

bool map_report_has_news(const struct map_report *report, size_t under_way)
{
	return report->progress &&
	       (report->told.done != report->done || report->told.failed != report->failed ||
		report->told.under_way != under_way);
}

void map_report_progress(struct map_report *report, size_t under_way)
{
	if (!report->progress)
		return;
	bool terminal = isatty(STDERR_FILENO);
	map_report_show(report, under_way, terminal ? "" : "\n");
	fflush(stderr);
	report->shown = terminal;
}

void map_report_end(struct map_report *report)
{
	if (report->progress)
		map_report_show(report, 0, "\n");
}

/* ---- failures -------------------------------------------------------------------- */

/* The argument as one can read it, in quotes; the beginning of a long one. */
static const char *quote(const struct relevo_bytes *argument)
{
	enum { MOST = 80, END = 5 };
	static char text[VISIBLE_MOST * MOST + 1 + END];
	size_t size = argument->size < MOST ? argument->size : MOST;
	text[0] = '"';
	size_t shown =
		visible_text(text + 1, VISIBLE_MOST * MOST, argument->data, size, VISIBLE_QUOTE);
	strcat(text, shown < argument->size ? "...\"" : "\"");
	return text;
}

static void map_report_tell_failure(struct map_report *report, const struct map_task *task)
{
	const struct relevo_result *result = &task->result;
	const char *text = result->data != NULL ? (const char *)result->data : "no memory";
	hide(report);
	/* Of a worker that does not answer only that is known. */
	if (result->worker_host[0] == '\0')
		failure_say_lines(result->status, "%s: %s, attempt %" PRIu32,
				  quote(&task->argument), text, result->attempts);
	else
		failure_say_lines(result->status, "%s: %s, process %d on %s, attempt %" PRIu32,
				  quote(&task->argument), text, result->worker_pid,
				  result->worker_host, result->attempts);
}

void map_report_refused(struct map_report *report, const struct relevo_bytes *argument, int status)
{
	hide(report);
	report->failed++;
	failure_say(status, "%s: %s", quote(argument), relevo_error_detail());
}

/* Whether a command that did run has failed: then it says what it wrote, too. */
static bool failure_of_command(const struct map_task *task)
{
	return task->result.status != RELEVO_OK && task->result.data != NULL && task->tasks->packed;
}

/* ---- results ---------------------------------------------------------------------- */

static bool set_outcome(json_t *object, const struct map_task *task)
{
	const struct relevo_result *result = &task->result;
	const struct relevo_bytes data = { result->data, result->data != NULL ? result->size : 0 };
	struct relevo_bytes error, output;
	int exit_code;
	if (result->status == RELEVO_OK)
		return output_set_bytes(object, "output", &data);
	if (!failure_of_command(task))
		return output_set_bytes(object, "error", &data);
	task_split_failure(&data, &error, &output);
	if (!output_set_bytes(object, "output", &output) ||
	    !output_set_bytes(object, "error", &error))
		return false;
	if (result->status != RELEVO_REMOTE || !task_exit_code(error.data, &exit_code))
		return true;
	return json_object_set_new(object, "exit_code", json_integer(exit_code)) == 0;
}

static int write_json(const struct map_task *task)
{
	const struct relevo_result *result = &task->result;
	json_t *object = json_object();
	bool complete = object != NULL && output_set_bytes(object, "argument", &task->argument) &&
			json_object_set_new(object, "status",
					    json_string(relevo_error_name(result->status))) == 0 &&
			set_outcome(object, task);
	complete = complete &&
		   json_object_set_new(object, "host", json_string(result->worker_host)) == 0 &&
		   json_object_set_new(object, "pid",
				       json_integer((json_int_t)result->worker_pid)) == 0 &&
		   json_object_set_new(object, "attempts", json_integer(result->attempts)) == 0;
	if (complete)
		return output_json(object);
	json_decref(object);
	return output_json(NULL);
}

/* What the task wrote, also before it failed. */
static void write_output(const struct map_task *task)
{
	const struct relevo_result *result = &task->result;
	struct relevo_bytes error, output = { result->data, result->size };
	if (failure_of_command(task))
		task_split_failure(&(struct relevo_bytes){ result->data, result->size }, &error,
				   &output);
	else if (result->status != RELEVO_OK)
		return;
	fwrite(output.data, 1, output.size, stdout);
}

int map_report_task(struct map_report *report, const struct map_task *task)
{
	const struct relevo_result *result = &task->result;
	/* No worker had it: the pool, the broker or the connection is at fault. */
	if (result->status != RELEVO_OK && result->attempts == 0) {
		hide(report);
		return failure_say(result->status, "%s",
				   result->data != NULL ? (const char *)result->data : "no memory");
	}
	hide(report);
	report->done += result->status == RELEVO_OK;
	report->failed += result->status != RELEVO_OK;
	if (result->status != RELEVO_OK)
		map_report_tell_failure(report, task);
	if (report->json)
		return write_json(task);
	write_output(task);
	return EXIT_DONE;
}
