#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "log/log_limit.h"

#include <stdio.h>

static uint64_t admitted(struct log_limit *limit, const char *event, uint64_t times, nsec_t now)
{
	uint64_t count = 0;
	for (uint64_t i = 0; i < times; i++)
		count += log_limit_admit(limit, event, now);
	return count;
}

static void test_a_burst_is_told_and_the_rest_counted(void **state)
{
	(void)state;
	struct log_limit limit = { 0 };
	const char *event = NULL;
	uint64_t count = 0;
	nsec_t now = NSEC_PER_SEC;
	assert_int_equal(log_limit_due(&limit), NSEC_NEVER);
	assert_int_equal(admitted(&limit, "refused", 100000, now), LOG_LIMIT_BURST);
	nsec_t due = log_limit_due(&limit);
	assert_int_equal(due, now + LOG_LIMIT_REPORT_SECONDS * NSEC_PER_SEC);
	assert_false(log_limit_report(&limit, due - 1, &event, &count));
	assert_true(log_limit_report(&limit, due, &event, &count));
	assert_string_equal(event, "refused");
	assert_int_equal(count, 100000 - LOG_LIMIT_BURST);
	assert_false(log_limit_report(&limit, due, &event, &count));
	assert_int_equal(log_limit_due(&limit), NSEC_NEVER);
}

static void test_time_allows_more(void **state)
{
	(void)state;
	struct log_limit limit = { 0 };
	admitted(&limit, "refused", 100000, 0);
	assert_int_equal(admitted(&limit, "refused", 1000, 2 * NSEC_PER_SEC),
			 2 * LOG_LIMIT_PER_SECOND);
	assert_int_equal(admitted(&limit, "refused", 1000, 3600 * NSEC_PER_SEC), LOG_LIMIT_BURST);
}

static void test_one_kind_leaves_the_others_alone(void **state)
{
	(void)state;
	struct log_limit limit = { 0 };
	admitted(&limit, "refused", 100000, 0);
	assert_int_equal(admitted(&limit, "paused", 10, 0), 10);
}

static void test_too_many_kinds_are_not_limited(void **state)
{
	(void)state;
	struct log_limit limit = { 0 };
	char names[LOG_LIMIT_KINDS + 1][16];
	for (int i = 0; i <= LOG_LIMIT_KINDS; i++) {
		snprintf(names[i], sizeof names[i], "kind-%d", i);
		admitted(&limit, names[i], 1, 0);
	}
	assert_int_equal(admitted(&limit, names[LOG_LIMIT_KINDS], 10000, 0), 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_burst_is_told_and_the_rest_counted),
		cmocka_unit_test(test_time_allows_more),
		cmocka_unit_test(test_one_kind_leaves_the_others_alone),
		cmocka_unit_test(test_too_many_kinds_are_not_limited),
	};
	return cmocka_run_group_tests_name("base/log_limit", tests, NULL, NULL);
}
