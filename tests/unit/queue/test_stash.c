/* How many items a handle asks for ahead. */
#include "queue/stash.h"
#include "support/test.h"

#include <stdlib.h>

/* What is asked for by one that took `taken` items in about that time. */
static uint32_t asked_after(uint32_t before, uint32_t taken, nsec_t time)
{
	struct stash stash = { 0 };
	(void)stash_ask(&stash);
	stash.asked_for = before;
	stash.taken = taken;
	stash.last_ask = clock_now() - time;
	uint32_t asked = stash_ask(&stash);
	free(stash.items);
	return asked;
}

static void test_none_at_first(void **state)
{
	(void)state;
	struct stash stash = { 0 };
	assert_int_equal(stash_ask(&stash), 0);
	assert_false(stash.asked);
}

static void test_none_for_one_that_is_slow(void **state)
{
	(void)state;
	assert_int_equal(asked_after(100, 1, STASH_TIME), 0);
	assert_int_equal(asked_after(512, 10, 20 * STASH_TIME), 0);
}

static void test_half_of_the_time(void **state)
{
	(void)state;
	assert_in_range(asked_after(400, 400, STASH_TIME), 1, 200);
}

static void test_grows_step_by_step(void **state)
{
	(void)state;
	assert_in_range(asked_after(0, 1, 1), 1, 8);
	assert_in_range(asked_after(8, 9, 1), 1, 72);
	assert_in_range(asked_after(500, 501, 1), 1, STASH_MOST);
}

static void test_one_call_at_a_time(void **state)
{
	(void)state;
	struct stash stash = { .last_ask = clock_now(), .taken = 100 };
	assert_in_range(stash_ask(&stash), 1, 8);
	assert_int_equal(stash_ask(&stash), 0);
	free(stash.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none_at_first),
		cmocka_unit_test(test_none_for_one_that_is_slow),
		cmocka_unit_test(test_half_of_the_time),
		cmocka_unit_test(test_grows_step_by_step),
		cmocka_unit_test(test_one_call_at_a_time),
	};
	return cmocka_run_group_tests_name("client/stash", tests, NULL, NULL);
}
