/* Running the command of a task in a worker, within its time, and replying with its output. */
#include "cli/task_run.h"

#include "cli/task_protocol.h"
#include "cli/task_words.h"
#include "cli/visible.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* More than fits into a result is not collected. */
#define MOST_OUTPUT (64u << 20)

static int fail_as(relevo_reply *reply, int status)
{
	const char *detail = relevo_error_detail();
	return relevo_reply_fail_with(reply, status, detail, strlen(detail));
}

static int64_t shorter(int64_t one, int64_t other)
{
	if (one == 0 || other == 0)
		return one + other;
	return one < other ? one : other;
}

/* A terminal is not for whoever thought of the argument. */
static void task_run_complain(const char *errors, size_t size)
{
	char shown[4096];
	if (!isatty(STDERR_FILENO)) {
		fwrite(errors, 1, size, stderr);
		return;
	}
	while (size > 0) {
		size_t done = visible_text(shown, sizeof shown, errors, size, VISIBLE_LINES);
		fputs(shown, stderr);
		errors += done;
		size -= done;
	}
}

/* What it wrote is the result, and what it complained of goes where this one's does. */
static int succeed(relevo_reply *reply, const struct relevo_program_output *output)
{
	task_run_complain(output->errors, output->errors_size);
	return relevo_reply_set(reply, output->output, output->output_size);
}

/* How it has ended is not known where the program's waits are not its own; all that it
 * wrote is there. */
static int task_run_tell(relevo_reply *reply, const struct relevo_program_output *output)
{
	if (output->exit_code != 0)
		return task_fail(reply, output);
	return succeed(reply, output);
}

/* With all that it has started, wherever that went. */
static void task_run_end_command(relevo_program *program)
{
	relevo_program_kill(program);
	relevo_program_wait(program, RELEVO_FOREVER, NULL);
	relevo_worker_end_children();
}

/* It has been ended, so what it wrote until then has come, or will soon. */
static int tell_late(relevo_program *program, relevo_reply *reply, int64_t timeout)
{
	enum { GRACE = 1000 };
	char text[80];
	struct relevo_program_output output;
	relevo_program_communicate(program, NULL, GRACE, &output);
	snprintf(text, sizeof text, "took more than %" PRId64 " ms, and was killed", timeout);
	int status = task_fail_with(reply, RELEVO_TIMED_OUT, text, &output);
	relevo_program_output_free(&output);
	return status;
}

/* It has been started, with its pipes, in a group of its own. */
static int attend(relevo_program *program, relevo_reply *reply, int64_t timeout)
{
	struct relevo_program_output output;
	int status = relevo_program_communicate(program, NULL,
						timeout > 0 ? timeout : RELEVO_FOREVER, &output);
	bool ended = status == RELEVO_OK || status == RELEVO_GONE;
	if (ended) {
		status = task_run_tell(reply, &output);
	} else if (status == RELEVO_TIMED_OUT) {
		task_run_end_command(program);
		status = tell_late(program, reply, timeout);
	} else {
		status = fail_as(reply, status);
		task_run_end_command(program);
	}
	relevo_program_output_free(&output);
	return status;
}

static int run_words(char *const *words, relevo_reply *reply, int64_t timeout)
{
	const struct relevo_program_options options = {
		.input.kind = RELEVO_STREAM_NULL,
		.output.kind = RELEVO_STREAM_PIPE,
		.errors.kind = RELEVO_STREAM_PIPE,
		.group = RELEVO_PROGRAM_GROUP_NEW,
		.whole_group = true,
		.max_output = MOST_OUTPUT,
	};
	relevo_program *program;
	int status = relevo_program_start((const char *const *)words, &options, &program);
	if (status != RELEVO_OK)
		return fail_as(reply, status);
	status = attend(program, reply, timeout);
	relevo_program_close(program);
	/* What has been left behind and has ended since. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	return status;
}

int task_run(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	const struct task_command *command = user;
	struct relevo_bytes word;
	relevo_tuple *tuple;
	int64_t timeout;
	int status = task_unpack(argument, &tuple, &word, &timeout);
	if (status != RELEVO_OK)
		return fail_as(reply, status);
	char **words = task_words_make(command->words, &word);
	if (memchr(word.data, '\0', word.size) != NULL)
		status = relevo_reply_fail(reply, "the argument holds a byte 0");
	else if (words == NULL)
		status = relevo_reply_fail(reply, "no memory for the command");
	else
		status = run_words(words, reply, shorter(timeout, command->timeout));
	task_words_free(words);
	relevo_tuple_free(tuple);
	return status;
}
