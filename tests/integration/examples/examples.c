#include "integration/examples/examples.h"

#include <stdlib.h>

enum { MAX_LINES = 100 };

int examples_set_up(void **state)
{
	(void)state;
	/* The broker is found beside the library. */
	unsetenv("RELEVO_URL");
	return unsetenv("RELEVO_BROKER");
}

static char *answer_to(const char *const *command, const char *input)
{
	struct relevo_program_output output;
	const struct relevo_run_options options = {
		.program = { .input.kind = RELEVO_STREAM_NULL,
			     .output.kind = RELEVO_STREAM_PIPE,
			     .errors.kind = RELEVO_STREAM_PIPE },
		.input = { input, input != NULL ? strlen(input) : 0 },
		.timeout = TEST_PATIENCE,
	};
	assert_ok(relevo_program_run(command, &options, &output));
	assert_string_equal(output.errors, "");
	assert_int_equal(output.exit_code, 0);
	char *text = output.output;
	output.output = NULL;
	relevo_program_output_free(&output);
	return text;
}

char *output_of(const char *const *command)
{
	return answer_to(command, NULL);
}

void expect_answer(const char *const *command, const char *input, const char *expected)
{
	char *text = answer_to(command, input);
	assert_string_equal(text, expected);
	free(text);
}

void expect_output(const char *const *command, const char *expected)
{
	expect_answer(command, NULL, expected);
}

static int by_text(const void *first, const void *second)
{
	return strcmp(*(char *const *)first, *(char *const *)second);
}

/* Cuts the text into its lines, in the order of the alphabet. */
static size_t sort_lines(char *text, char *lines[MAX_LINES])
{
	size_t count = 0;
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		assert_true(count < MAX_LINES);
		lines[count++] = line;
	}
	qsort(lines, count, sizeof *lines, by_text);
	return count;
}

void expect_lines(const char *const *command, const char *expected)
{
	char *text = output_of(command), *wanted = strdup(expected);
	char *lines[MAX_LINES], *wanted_lines[MAX_LINES];
	size_t count = sort_lines(text, lines);
	assert_int_equal(count, sort_lines(wanted, wanted_lines));
	for (size_t i = 0; i < count; i++)
		assert_string_equal(lines[i], wanted_lines[i]);
	free(text);
	free(wanted);
}
