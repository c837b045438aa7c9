/* The examples about processes print what they promise. */
#include "integration/examples/examples.h"

#include <stdlib.h>

static void test_create(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("process_create")),
		      "Process-1 is not alive before the start\n"
		      "Process-1 adds 3 and 4\n"
		      "Process-1 is not alive after the end\n"
		      "its exit code is 7\n");
}

static void test_arguments(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("process_arguments")), "Hola, Ana\nHola, Ana\n");
}

static void test_names(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("process_names")),
		      "this one is MainProcess\n"
		      "others are Process-1 and Process-2; the second has become reader\n"
		      "writer, a daemon: yes; its child would be Process-3:1: BAD_STATE\n");
}

static void test_end(void **state)
{
	(void)state;
	expect_output(
		COMMAND(EXAMPLE("process_end")),
		"waiting for 0.1 s: TIMED_OUT\n"
		"it is alive: yes\n"
		"disposing of it: BAD_STATE, the process \"Process-1\" still runs\n"
		"Process-1 ended with -15\n"
		"Process-2 ended with -9\n"
		"waiting for it now: BAD_STATE, the process \"Process-1\" has been disposed of\n");
}

static void test_exit_codes(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("process_exit_codes")), "process 0 ended with 0\n"
							      "process 1 ended with 1\n"
							      "process 2 ended with 2\n");
}

static void test_tasks(void **state)
{
	(void)state;
	int pids[4], parents[4], parent;
	double seconds;
	char *output = output_of(COMMAND(EXAMPLE("process_tasks")));
	assert_int_equal(sscanf(output,
				"process %d, child of %d\nprocess %d, child of %d\n"
				"process %d, child of %d\nprocess %d, child of %d\n"
				"4 tasks of 0.2 s took process %d %lf s\n",
				&pids[0], &parents[0], &pids[1], &parents[1], &pids[2], &parents[2],
				&pids[3], &parents[3], &parent, &seconds),
			 10);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(parents[i], parent);
		assert_int_not_equal(pids[i], parent);
		for (int j = 0; j < i; j++)
			assert_int_not_equal(pids[i], pids[j]);
	}
	/* No shorter than one of them; how much longer is the machine's affair. */
	assert_true(seconds >= 0.19);
	free(output);
}

/* "Done" may stand anywhere among the letters. */
static void test_workers(void **state)
{
	(void)state;
	char *output = output_of(COMMAND(EXAMPLE("process_workers")));
	const char *start = "Starting\n", *done = "Done\n";
	int counts[256] = { 0 };
	assert_memory_equal(output, start, strlen(start));
	char *found = strstr(output, done);
	assert_non_null(found);
	memmove(found, found + strlen(done), strlen(found + strlen(done)) + 1);
	for (const char *letter = output + strlen(start); *letter != '\0'; letter++)
		counts[(unsigned char)*letter]++;
	assert_int_equal(strlen(output), strlen(start) + 30);
	for (const char *letter = "ABC"; *letter != '\0'; letter++)
		assert_int_equal(counts[(unsigned char)*letter], 10);
	free(output);
}

static void test_methods(void **state)
{
	(void)state;
	char *output = output_of(COMMAND(EXAMPLE("process_methods")));
	int server, fork, spawn, maker[3], parent[3], end = 0;
	int found = sscanf(output,
			   "forkserver: process %d, made by %d, the system says %d\n"
			   "fork: process %d, made by %d, the system says %d\n"
			   "spawn: process %d, made by %d, the system says %d\n"
			   "from now on: spawn\n%n",
			   &server, &maker[0], &parent[0], &fork, &maker[1], &parent[1], &spawn,
			   &maker[2], &parent[2], &end);
	assert_int_equal(found, 9);
	assert_int_equal(output[end], '\0');
	assert_true(end > 0);
	assert_int_equal(maker[0], maker[1]);
	assert_int_equal(maker[0], maker[2]);
	assert_int_not_equal(parent[0], maker[0]);
	assert_int_equal(parent[1], maker[1]);
	assert_int_equal(parent[2], maker[2]);
	assert_true(server != fork && fork != spawn && server != spawn);
	free(output);
}

static void test_global(void **state)
{
	(void)state;
	expect_lines(COMMAND(EXAMPLE("process_global")),
		     "parent: value = -5\nfork: value = -5\nspawn: value = 0\nspawn: value = 0\n");
}

static void test_object(void **state)
{
	(void)state;
	int pids[2], from[2], to[2], sums[2];
	char *output = output_of(COMMAND(EXAMPLE("process_object")));
	assert_int_equal(
		sscanf(output, "process %d: %d to %d make %d\nprocess %d: %d to %d make %d\n",
		       &pids[0], &from[0], &to[0], &sums[0], &pids[1], &from[1], &to[1], &sums[1]),
		8);
	int first = from[0] == 1 ? 0 : 1;
	assert_int_not_equal(pids[0], pids[1]);
	assert_int_equal(from[first], 1);
	assert_int_equal(to[first], 4);
	assert_int_equal(sums[first], 10);
	assert_int_equal(from[1 - first], 5);
	assert_int_equal(to[1 - first], 8);
	assert_int_equal(sums[1 - first], 26);
	free(output);
}

static void test_memory(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("process_memory")), "child: [1, 4, 9, 16]\nparent: []\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_create),     leaks_unit_test(test_arguments),
		leaks_unit_test(test_names),      leaks_unit_test(test_end),
		leaks_unit_test(test_exit_codes), leaks_unit_test(test_tasks),
		leaks_unit_test(test_workers),    leaks_unit_test(test_methods),
		leaks_unit_test(test_global),     leaks_unit_test(test_object),
		leaks_unit_test(test_memory),
	};
	return cmocka_run_group_tests(tests, examples_set_up, NULL);
}
