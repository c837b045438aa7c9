/* The examples with an event loop print what they promise. */
#include "integration/examples/examples.h"

#define SERVED                                                                                     \
	"an item: one\nan item: two\nno more items: SHUT_DOWN\na result: 49\nthe lock is held\n"   \
	"the timer\n"

static void test_epoll(void **state)
{
	(void)state;
	expect_lines(COMMAND(EXAMPLE("loop_epoll")), SERVED);
}

static void test_libuv(void **state)
{
	(void)state;
#ifndef WITH_LIBUV
	skip();
#endif
	expect_lines(COMMAND(EXAMPLE("loop_libuv")), SERVED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_epoll),
		leaks_unit_test(test_libuv),
	};
	return cmocka_run_group_tests(tests, examples_set_up, NULL);
}
