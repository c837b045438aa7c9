/* The examples about locks, shared numbers and queues print what they promise. */
#include "integration/examples/examples.h"

static void test_lock_by_hand(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("lock_by_hand")), "1 0 16 32 48 64 80 96 112 128 144\n");
}

static void test_lock_by_scope(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("lock_by_scope")), "local: 0\nshared: 4\n");
}

static void test_array_results(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("array_results")),
		      "child: [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]\n"
		      "parent: [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]\n"
		      "exactly 5.35: yes\n");
}

static void test_shared_counter(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("shared_counter")),
		      "somebody died: 2 begun, 1 done\n3 begun, 3 done\n");
}

static void test_queue_item(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("queue_item")), "[42, None, 'hello']\n");
}

static void test_queue_squares(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("queue_squares")), "0\n1\n4\n9\n16\n25\n36\n49\n64\n81\n");
}

static void test_queue_states(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("queue_states")), "empty: yes, full: no\n"
							"put first: OK\n"
							"empty: no, full: no\n"
							"put second: OK\n"
							"empty: no, full: yes\n"
							"put third: TIMED_OUT\n"
							"get: first\n"
							"get: second\n"
							"get: TIMED_OUT\n");
}

static void test_queue_lines(void **state)
{
	(void)state;
	const char *const command[] = { EXAMPLE("queue_lines"), NULL };
	expect_answer(command, "one\ntwo\n\nthree\n--\nnot read\n",
		      "one\nonetwo\nonetwo\nonetwothree\nthe end\n");
	/* The end of the input is an end, too. */
	expect_answer(command, "one", "one\nthe end\n");
	expect_answer(command, NULL, "the end\n");
}

static void test_queue_acknowledge(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("queue_acknowledge")),
		      "the first has two coffees, which was handed out 1 times\n"
		      "the second has two coffees, which was handed out 2 times\n"
		      "nothing is left to do\n");
}

static void test_fork_queue(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("os_fork_queue")), "hello from the clone\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_lock_by_hand),  leaks_unit_test(test_lock_by_scope),
		leaks_unit_test(test_array_results), leaks_unit_test(test_shared_counter),
		leaks_unit_test(test_queue_item),    leaks_unit_test(test_queue_squares),
		leaks_unit_test(test_queue_states),  leaks_unit_test(test_queue_lines),
		leaks_unit_test(test_fork_queue),    leaks_unit_test(test_queue_acknowledge),
	};
	return cmocka_run_group_tests(tests, examples_set_up, NULL);
}
