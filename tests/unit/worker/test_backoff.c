/* The pauses between attempts. */
#include "worker/backoff.h"

#include "support/process.h"

static void pauses_double_up_to_a_limit(void **state)
{
	struct backoff backoff = { 0 };
	nsec_t whole = BACKOFF_FIRST;
	(void)state;
	for (int i = 0; i < 20; i++) {
		nsec_t pause = backoff_next(&backoff, UINT64_MAX);
		assert_in_range(pause, whole / 2, whole);
		whole = 2 * whole < BACKOFF_LONGEST ? 2 * whole : BACKOFF_LONGEST;
	}
	backoff_reset(&backoff);
	assert_in_range(backoff_next(&backoff, 0), BACKOFF_FIRST / 2, BACKOFF_FIRST);
}

/* By chance, any from a half on. */
static void they_differ(void **state)
{
	nsec_t half = BACKOFF_FIRST / 2;
	(void)state;
	assert_int_equal(backoff_next(&(struct backoff){ 0 }, 0), half);
	assert_int_equal(backoff_next(&(struct backoff){ 0 }, half), BACKOFF_FIRST);
	assert_int_equal(backoff_next(&(struct backoff){ 0 }, half + 1), half);
	assert_int_equal(backoff_next(&(struct backoff){ 0 }, 12345), half + 12345);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_double_up_to_a_limit),
		cmocka_unit_test(they_differ),
	};
	return cmocka_run_group_tests_name("process/backoff", tests, NULL, NULL);
}
