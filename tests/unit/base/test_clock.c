#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

#include <limits.h>

static void test_the_clock_does_not_run_backwards(void **state)
{
	(void)state;
	nsec_t last = clock_now();
	assert_true(last > 0);
	for (int i = 0; i < 1000; i++) {
		nsec_t now = clock_now();
		assert_true(now >= last);
		last = now;
	}
}

static void test_deadlines(void **state)
{
	(void)state;
	assert_true(clock_deadline(5, 0) == 5);
	assert_true(clock_deadline(5, 3) == 5 + 3 * NSEC_PER_MSEC);
	assert_true(clock_deadline(5, MSEC_FOREVER) == NSEC_NEVER);
	assert_true(clock_deadline(5, MSEC_FOREVER - 1) ==
		    5 + (nsec_t)(MSEC_FOREVER - 1) * NSEC_PER_MSEC);
}

static void test_milliseconds_are_rounded_up(void **state)
{
	(void)state;
	assert_int_equal(clock_msec_until(100, 100), 0);
	assert_int_equal(clock_msec_until(100, 99), 0);
	assert_int_equal(clock_msec_until(100, 101), 1);
	assert_int_equal(clock_msec_until(100, 100 + NSEC_PER_MSEC), 1);
	assert_int_equal(clock_msec_until(100, 101 + NSEC_PER_MSEC), 2);
	assert_true(clock_msec_until(100, NSEC_NEVER) == MSEC_FOREVER);
}

static void test_a_far_deadline_is_not_for_ever(void **state)
{
	(void)state;
	nsec_t far = (nsec_t)MSEC_FOREVER * 2 * NSEC_PER_MSEC;
	assert_true(clock_msec_until(0, far) == MSEC_FOREVER - 1);
	assert_true(clock_msec_until(0, NSEC_NEVER - 1) == MSEC_FOREVER - 1);
}

static void test_poll_timeouts(void **state)
{
	(void)state;
	assert_int_equal(clock_poll_timeout(100, NSEC_NEVER), -1);
	assert_int_equal(clock_poll_timeout(100, 50), 0);
	assert_int_equal(clock_poll_timeout(100, 101), 1);
	assert_int_equal(clock_poll_timeout(0, (nsec_t)INT_MAX * 2 * NSEC_PER_MSEC), INT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_clock_does_not_run_backwards),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_milliseconds_are_rounded_up),
		cmocka_unit_test(test_a_far_deadline_is_not_for_ever),
		cmocka_unit_test(test_poll_timeouts),
	};
	return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
