/* The examples about pools print what they promise. */
#include "integration/examples/examples.h"

#include <stdlib.h>

static void test_map(void **state)
{
	(void)state;
	char *output = output_of(COMMAND(EXAMPLE("pool_map")));
	const char *last = "[0, 1, 4, 9, 16, 25]\n";
	assert_true(strlen(output) > strlen(last));
	assert_string_equal(output + strlen(output) - strlen(last), last);
	for (int i = 0; i < 6; i++) {
		char line[40];
		snprintf(line, sizeof line, "In worker with: %d\n", i);
		const char *found = strstr(output, line);
		assert_non_null(found);
		assert_null(strstr(found + 1, line));
	}
	free(output);
}

enum { TASKS = 16, WORKERS = 4 };

struct tasks {
	bool started[TASKS], ended[TASKS];
	int running;
};

/* Each task once, with its end after its beginning; never more at a time than workers. */
static void follow(struct tasks *tasks, const char *line)
{
	char what[20];
	int task;
	assert_non_null(line);
	assert_int_equal(sscanf(line, "%19s %d", what, &task), 2);
	assert_in_range(task, 0, TASKS - 1);
	bool starts = strcmp(what, "Started") == 0;
	assert_true(starts || strcmp(what, "Ended") == 0);
	assert_int_equal(tasks->started[task], !starts);
	assert_false(tasks->ended[task]);
	*(starts ? &tasks->started[task] : &tasks->ended[task]) = true;
	tasks->running += starts ? 1 : -1;
	assert_in_range(tasks->running, 0, WORKERS);
}

static void test_tasks(void **state)
{
	(void)state;
	char *output = output_of(COMMAND(EXAMPLE("pool_tasks"))), *rest = NULL;
	struct tasks tasks = { .running = 0 };
	char *line = strtok_r(output, "\n", &rest);
	for (int i = 0; i < 2 * TASKS; i++) {
		follow(&tasks, line);
		line = strtok_r(NULL, "\n", &rest);
	}
	assert_string_equal(line, "All done");
	assert_null(strtok_r(NULL, "\n", &rest));
	free(output);
}

static void test_options(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("pool_options")), "100, 101, 102, 103, 104, 105, 106, 107\n"
							"4 workers for 8 arguments\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_map),
		leaks_unit_test(test_tasks),
		leaks_unit_test(test_options),
	};
	return cmocka_run_group_tests(tests, examples_set_up, NULL);
}
