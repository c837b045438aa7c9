#include "conformance/cast.h"

#include <stdarg.h>

enum relevo_start_method cast_fork = RELEVO_START_FORK, cast_forkserver = RELEVO_START_FORKSERVER,
			 cast_spawn = RELEVO_START_SPAWN, cast_method;

relevo_queue *cast_reports; /* of the case's process */
static relevo_queue *cues;

static int nothing(relevo_tuple *arguments)
{
	(void)arguments;
	return 0;
}

int cast_prepare(void **state)
{
	const struct relevo_process_options options = { .method = RELEVO_START_FORKSERVER };
	relevo_process *process = NULL;
	(void)state;
	assert_ok(relevo_process_new(nothing, &options, &process));
	assert_ok(relevo_process_start(process));
	assert_int_equal(cast_end(process), 0);
	return 0;
}

int cast_setup(void **state)
{
	const enum relevo_start_method *method = *state;
	cast_method = *method;
	if (stage_setup(state) != 0)
		return -1;
	const struct stage *stage = *state;
	assert_ok(relevo_queue_open(stage->session, "reports", NULL, &cast_reports));
	assert_ok(relevo_queue_open(stage->session, "cues", NULL, &cues));
	return 0;
}

int cast_teardown(void **state)
{
	relevo_queue_close(cast_reports);
	relevo_queue_close(cues);
	return stage_teardown(state);
}

relevo_process *cast_new(const struct stage *stage, relevo_target *target, const char *name,
			 const relevo_tuple *arguments)
{
	const struct relevo_process_options options = {
		.name = name,
		.arguments = arguments,
		.method = cast_method,
		.session = stage->session,
	};
	relevo_process *process = NULL;
	assert_ok(relevo_process_new(target, &options, &process));
	return process;
}

relevo_process *cast_start(const struct stage *stage, relevo_target *target, const char *name,
			   const relevo_tuple *arguments)
{
	relevo_process *process = cast_new(stage, target, name, arguments);
	assert_ok(relevo_process_start(process));
	return process;
}

int cast_end(relevo_process *process)
{
	int code;
	assert_ok(relevo_process_join(process, TEST_PATIENCE));
	assert_ok(relevo_process_exit_code(process, &code));
	relevo_process_free(process);
	return code;
}

/* A queue of the stage's, in a child. */
static relevo_queue *queue_in_child(const char *name)
{
	relevo_session *session;
	relevo_queue *queue;
	child_check(relevo_process_session(&session) == RELEVO_OK);
	child_check(relevo_queue_open(session, name, NULL, &queue) == RELEVO_OK);
	return queue;
}

void await_cue(void)
{
	relevo_item item;
	relevo_queue *queue = queue_in_child("cues");
	child_check(relevo_queue_get(queue, TEST_PATIENCE, &item) == RELEVO_OK);
	relevo_item_free(&item);
	relevo_queue_close(queue);
}

void give_cue(void)
{
	child_check(relevo_queue_put(cues, "", 0, TEST_PATIENCE) == RELEVO_OK);
}

void report(const char *format, ...)
{
	char text[400];
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	child_check(size > 0 && (size_t)size < sizeof text);
	relevo_queue *queue = queue_in_child("reports");
	child_check(relevo_queue_put(queue, text, (size_t)size, TEST_PATIENCE) == RELEVO_OK);
	relevo_queue_close(queue);
}

void expect_report(const struct stage *stage, const char *format, ...)
{
	char text[400];
	va_list arguments;
	relevo_item item;
	(void)stage;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	assert_ok(relevo_queue_get(cast_reports, TEST_PATIENCE, &item));
	assert_string_equal(item.data, text);
	relevo_item_free(&item);
}

int next_report_number(void)
{
	relevo_item item;
	assert_ok(relevo_queue_get(cast_reports, TEST_PATIENCE, &item));
	int number = atoi(item.data);
	relevo_item_free(&item);
	return number;
}
