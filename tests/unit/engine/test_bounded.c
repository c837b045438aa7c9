/* Queues with a capacity, and rendezvous. */
#include "fixture.h"

static void test_a_put_that_does_not_wait_fills_what_there_is(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_bounded(f->a, "q", 3);
	put(f->a, q, "1 2 3 4 5", 0, &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
	assert_int_equal(call.accepted, 3);
	put(f->a, q, "6", 0, &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
	assert_int_equal(call.accepted, 0);
	expect(f->a, q, "1 2 3", &call);
}

static void test_a_put_waits_for_room(void **state)
{
	struct fixture *f = *state;
	struct call putter = { 0 };
	struct call call = { 0 };
	uint32_t q = open_bounded(f->a, "q", 2);
	put(f->a, q, "1 2 3 4", NSEC_NEVER, &putter);
	assert_waits(&putter);
	assert_int_equal(counts_of(f->a, q).ready, 2);
	assert_int_equal(counts_of(f->a, q).putters, 1);
	get(f->a, q, 1, 0, &call);
	assert_items(&call, "1");
	assert_waits(&putter);
	assert_int_equal(counts_of(f->a, q).ready, 2);
	get(f->a, q, 1, 0, &call);
	assert_items(&call, "2");
	assert_answer(&putter, RELEVO_OK);
	assert_int_equal(putter.accepted, 4);
	expect(f->a, q, "3 4", &call);
}

static void test_no_put_overtakes_one_that_waits(void **state)
{
	struct fixture *f = *state;
	struct call first = { 0 };
	struct call second = { 0 };
	struct call hasty = { 0 };
	struct call call = { 0 };
	uint32_t of_a = open_bounded(f->a, "q", 1);
	uint32_t of_c = open_bounded(f->c, "q", 1);
	put_now(f->a, of_a, "0");
	put(f->a, of_a, "1 2", NSEC_NEVER, &first);
	put(f->c, of_c, "3", NSEC_NEVER, &second);
	put(f->a, of_a, "4", 0, &hasty);
	assert_answer(&hasty, RELEVO_TIMED_OUT);
	get(f->a, of_a, 1, 0, &call);
	assert_waits(&first);
	get(f->a, of_a, 1, 0, &call);
	assert_items(&call, "1");
	assert_answer(&first, RELEVO_OK);
	assert_waits(&second);
	get(f->a, of_a, 1, 0, &call);
	assert_items(&call, "2");
	assert_answer(&second, RELEVO_OK);
	expect(f->a, of_a, "3", &call);
}

static void test_a_get_takes_from_waiting_putters_too(void **state)
{
	struct fixture *f = *state;
	struct call first = { 0 };
	struct call second = { 0 };
	struct call call = { 0 };
	uint32_t q = open_bounded(f->a, "q", 2);
	put(f->a, q, "1 2 3", NSEC_NEVER, &first);
	put(f->c, open_bounded(f->c, "q", 2), "4 5 6 7", NSEC_NEVER, &second);
	get(f->a, q, 5, 0, &call);
	assert_items(&call, "1 2 3 4 5");
	assert_answer(&first, RELEVO_OK);
	assert_answer(&second, RELEVO_OK); /* 6 and 7 fit */
	assert_int_equal(counts_of(f->a, q).ready, 2);
}

static void test_leased_items_take_no_room(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct call back = { 0 };
	uint32_t q = open_bounded(f->a, "q", 1);
	put_now(f->a, q, "1");
	get(f->a, q, 1, 0, &back);
	put_now(f->a, q, "2");
	nack(f->a, &back);
	assert_int_equal(counts_of(f->a, q).ready, 2);
	put(f->a, q, "3", 0, &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
	expect(f->a, q, "1 2", &call);
}

static void test_delayed_items_take_room(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_bounded(f->a, "q", 1);
	put_now(f->a, q, "1");
	get(f->a, q, 1, 0, &call);
	assert_int_equal(lease_nack(f->a, call.leases, 1, SECONDS(9), false, f->now, &error),
			 RELEVO_OK);
	put(f->a, q, "2", 0, &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
}

static void test_a_put_times_out_with_what_it_has_put(void **state)
{
	struct fixture *f = *state;
	struct call putter = { 0 };
	struct call call = { 0 };
	uint32_t q = open_bounded(f->a, "q", 2);
	put(f->a, q, "1 2 3 4", SECONDS(5), &putter);
	get(f->a, q, 1, 0, &call);
	tick_to(f, 5);
	assert_answer(&putter, RELEVO_TIMED_OUT);
	assert_int_equal(putter.accepted, 3);
	expect(f->a, q, "2 3", &call);
}

static void test_a_cancelled_put_makes_way_for_the_next(void **state)
{
	struct fixture *f = *state;
	struct call first = { 0 };
	struct call second = { 0 };
	struct call call = { 0 };
	uint32_t q = open_bounded(f->a, "q", 1);
	put(f->a, q, "1 2", NSEC_NEVER, &first);
	put(f->a, q, "3", NSEC_NEVER, &second);
	waiter_cancel(&first.waiter);
	assert_answer(&first, RELEVO_CANCELLED);
	assert_int_equal(first.accepted, 1);
	get(f->a, q, 9, 0, &call);
	assert_items(&call, "1 3");
	assert_answer(&second, RELEVO_OK);
}

static void test_a_rendezvous_accepts_what_is_waited_for(void **state)
{
	struct fixture *f = *state;
	struct call first = { 0 };
	struct call second = { 0 };
	struct call call = { 0 };
	uint32_t q = open_bounded(f->a, "q", 0);
	put(f->a, q, "x", 0, &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
	get(f->a, q, 1, NSEC_NEVER, &first);
	get(f->a, q, 2, NSEC_NEVER, &second);
	put(f->a, q, "1 2 3 4", 0, &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
	assert_int_equal(call.accepted, 3);
	assert_items(&first, "1");
	assert_items(&second, "2 3");
	assert_int_equal(counts_of(f->a, q).ready, 0);
}

static void test_a_rendezvous_put_waits_for_a_getter(void **state)
{
	struct fixture *f = *state;
	struct call putter = { 0 };
	struct call call = { 0 };
	uint32_t q = open_bounded(f->a, "q", 0);
	put(f->a, q, "1 2", NSEC_NEVER, &putter);
	assert_waits(&putter);
	assert_int_equal(counts_of(f->a, q).ready, 0);
	get(f->a, q, 1, 0, &call);
	assert_items(&call, "1");
	assert_waits(&putter);
	get(f->a, q, 9, 0, &call);
	assert_items(&call, "2");
	assert_answer(&putter, RELEVO_OK);
}

static void test_a_rendezvous_keeps_what_comes_back(void **state)
{
	struct fixture *f = *state;
	struct call getter = { 0 };
	struct call putter = { 0 };
	struct call call = { 0 };
	uint32_t q = open_bounded(f->a, "q", 0);
	get(f->a, q, 1, NSEC_NEVER, &getter);
	put_now(f->a, q, "1");
	put(f->a, q, "2", NSEC_NEVER, &putter);
	nack(f->a, &getter);
	assert_int_equal(counts_of(f->a, q).ready, 1);
	assert_waits(&putter);
	expect(f->a, q, "1 2", &call);
	assert_answer(&putter, RELEVO_OK);
}

static void test_waiting_getters_need_no_room(void **state)
{
	struct fixture *f = *state;
	struct call getter = { 0 };
	struct call call = { 0 };
	uint32_t q = open_bounded(f->a, "q", 1);
	get(f->a, q, 2, NSEC_NEVER, &getter);
	put(f->a, q, "1 2 3 4", 0, &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
	assert_int_equal(call.accepted, 3);
	assert_items(&getter, "1 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_a_put_that_does_not_wait_fills_what_there_is),
		fixture_test(test_a_put_waits_for_room),
		fixture_test(test_no_put_overtakes_one_that_waits),
		fixture_test(test_a_get_takes_from_waiting_putters_too),
		fixture_test(test_leased_items_take_no_room),
		fixture_test(test_delayed_items_take_room),
		fixture_test(test_a_put_times_out_with_what_it_has_put),
		fixture_test(test_a_cancelled_put_makes_way_for_the_next),
		fixture_test(test_a_rendezvous_accepts_what_is_waited_for),
		fixture_test(test_a_rendezvous_put_waits_for_a_getter),
		fixture_test(test_a_rendezvous_keeps_what_comes_back),
		fixture_test(test_waiting_getters_need_no_room),
	};
	return cmocka_run_group_tests_name("engine/bounded", tests, NULL, NULL);
}
