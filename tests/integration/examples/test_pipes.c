/* The examples about pipes print what they promise. */
#include "integration/examples/examples.h"

static void test_message(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("pipe_message")), "Hello!\nand then: END_OF_STREAM\n");
}

static void test_list(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("pipe_list")), "['hello world']\n");
}

static void test_both_ways(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("pipe_both_ways")),
		      "child got: How are you?\nparent got: I am well, and you?\n");
}

static void test_answers(void **state)
{
	(void)state;
	expect_lines(COMMAND(EXAMPLE("pipe_answers")), "Process-1: I have \"good morning\"\n"
						       "Process-2: I have \"good night\"\n");
}

static void test_names(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("pipe_names")), "Carlos\nRenata\nRebeca\nSandra\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_message),   leaks_unit_test(test_list),
		leaks_unit_test(test_both_ways), leaks_unit_test(test_answers),
		leaks_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, examples_set_up, NULL);
}
