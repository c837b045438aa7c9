/* Conditions: nothing rests there. */
#include "fixture.h"

static uint32_t open_condition(struct engine_peer *peer)
{
	return open_queue(peer, "condition",
			  &(struct queue_options){ .kind = QUEUE_CONDITION, .bounded = true });
}

static void await(struct engine_peer *peer, uint32_t handle, struct call *call)
{
	get(peer, handle, 1, NSEC_NEVER, call);
}

static void test_a_notice_reaches_who_waits(void **state)
{
	struct fixture *f = *state;
	struct call waiters[3] = { 0 };
	struct call notify = { 0 };
	uint32_t mine = open_condition(f->a);
	uint32_t theirs = open_condition(f->b);
	for (int i = 0; i < 3; i++)
		await(f->a, mine, &waiters[i]);
	put(f->b, theirs, "n n", 0, &notify);
	assert_answer(&notify, RELEVO_OK);
	assert_answer(&waiters[0], RELEVO_OK);
	assert_answer(&waiters[1], RELEVO_OK);
	assert_waits(&waiters[2]);
	put(f->b, theirs, "n n n", 0, &notify);
	assert_answer(&notify, RELEVO_TIMED_OUT);
	assert_int_equal(notify.accepted, 1);
	assert_answer(&waiters[2], RELEVO_OK);
}

static void test_a_notice_is_not_remembered(void **state)
{
	struct fixture *f = *state;
	struct call waiter = { 0 };
	struct call notify = { 0 };
	uint32_t mine = open_condition(f->a);
	put(f->a, mine, "n", 0, &notify);
	assert_answer(&notify, RELEVO_TIMED_OUT);
	await(f->a, mine, &waiter);
	assert_waits(&waiter);
	/* The calls that still wait end before this function does. */
	gone(f, &f->a);
}

static void test_the_notice_of_a_dead_waiter_goes_to_another(void **state)
{
	struct fixture *f = *state;
	struct call dead = { 0 };
	struct call other = { 0 };
	struct call third = { 0 };
	struct call notify = { 0 };
	uint32_t theirs = open_condition(f->b);
	await(f->a, open_condition(f->a), &dead);
	await(f->b, theirs, &other);
	await(f->b, theirs, &third);
	put(f->b, theirs, "n", 0, &notify);
	assert_answer(&dead, RELEVO_OK);
	gone(f, &f->a);
	assert_answer(&other, RELEVO_OK);
	assert_waits(&third);
	gone(f, &f->b);
}

static void test_without_another_it_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct call dead = { 0 };
	struct call later = { 0 };
	struct call notify = { 0 };
	uint32_t theirs = open_condition(f->b);
	await(f->a, open_condition(f->a), &dead);
	put(f->b, theirs, "n", 0, &notify);
	gone(f, &f->a);
	assert_int_equal(f->engine->items.alive, 0);
	assert_int_equal(counts_of(f->b, theirs).ready, 0);
	assert_int_equal(counts_of(f->b, theirs).bytes, 0);
	await(f->b, theirs, &later);
	assert_waits(&later);
	gone(f, &f->b);
}

static void test_who_gives_up_at_the_notice_passes_it_on(void **state)
{
	struct fixture *f = *state;
	struct call gave_up = { 0 };
	struct call other = { 0 };
	struct call notify = { 0 };
	uint32_t mine = open_condition(f->a);
	await(f->a, mine, &gave_up);
	await(f->b, open_condition(f->b), &other);
	put(f->b, open_condition(f->b), "n", 0, &notify);
	waiter_cancel(&gave_up.waiter); /* too late: it has been answered */
	assert_answer(&gave_up, RELEVO_OK);
	nack(f->a, &gave_up);
	assert_answer(&other, RELEVO_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_a_notice_reaches_who_waits),
		fixture_test(test_a_notice_is_not_remembered),
		fixture_test(test_the_notice_of_a_dead_waiter_goes_to_another),
		fixture_test(test_without_another_it_is_forgotten),
		fixture_test(test_who_gives_up_at_the_notice_passes_it_on),
	};
	return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
