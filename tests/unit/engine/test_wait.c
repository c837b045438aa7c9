/* Calls that wait: served in turn, timed out, cancelled, limited. */
#include "fixture.h"

#include <string.h>

static void test_getters_are_served_in_order_of_arrival(void **state)
{
	struct fixture *f = *state;
	struct call first = { 0 };
	struct call second = { 0 };
	struct call third = { 0 };
	uint32_t of_a = open_plain(f->a, "q");
	uint32_t of_c = open_plain(f->c, "q");
	get(f->a, of_a, 1, NSEC_NEVER, &first);
	get(f->c, of_c, 3, NSEC_NEVER, &second);
	get(f->a, of_a, 9, NSEC_NEVER, &third);
	assert_int_equal(counts_of(f->a, of_a).getters, 3);
	put_now(f->a, of_a, "1 2");
	assert_items(&first, "1");
	assert_items(&second, "2");
	assert_waits(&third);
	put_now(f->a, of_a, "3 4");
	assert_items(&third, "3 4");
	assert_int_equal(counts_of(f->a, of_a).getters, 0);
}

static void test_a_get_that_does_not_wait_finds_the_queue_empty(void **state)
{
	struct fixture *f = *state;
	struct call waiting = { 0 };
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	get(f->a, q, 1, NSEC_NEVER, &waiting);
	get(f->a, q, 1, 0, &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
	assert_waits(&waiting);
	/* The calls that still wait end before this function does. */
	gone(f, &f->a);
}

static void test_a_get_times_out_at_its_deadline(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct call longer = { 0 };
	uint32_t q = open_plain(f->a, "q");
	get(f->a, q, 1, SECONDS(10), &call);
	get(f->a, q, 1, SECONDS(20), &longer);
	assert_int_equal(engine_next_deadline(f->engine), SECONDS(10));
	engine_tick(f->engine, SECONDS(10) - 1);
	assert_waits(&call);
	assert_int_equal(engine_tick(f->engine, SECONDS(10)), SECONDS(20));
	assert_answer(&call, RELEVO_TIMED_OUT);
	assert_waits(&longer);
	put_now(f->a, q, "x");
	assert_items(&longer, "x");
	assert_true(engine_next_deadline(f->engine) == NSEC_NEVER);
}

static void test_an_item_that_comes_at_the_deadline_is_served(void **state)
{
	struct fixture *f = *state;
	struct call holder = { 0 };
	struct call call = { 0 };
	uint32_t q = open_leased(f->a, "q", 9); /* until second 10 */
	put_now(f->a, q, "x");
	get(f->a, q, 1, 0, &holder);
	get(f->a, q, 1, SECONDS(10), &call);
	tick_to(f, 10);
	assert_items(&call, "x");
}

static void test_a_cancelled_call_is_answered_so(void **state)
{
	struct fixture *f = *state;
	struct call first = { 0 };
	struct call second = { 0 };
	uint32_t q = open_plain(f->a, "q");
	get(f->a, q, 1, SECONDS(10), &first);
	get(f->a, q, 1, NSEC_NEVER, &second);
	waiter_cancel(&first.waiter);
	assert_answer(&first, RELEVO_CANCELLED);
	assert_true(engine_next_deadline(f->engine) == NSEC_NEVER);
	put_now(f->a, q, "x");
	assert_items(&second, "x");
}

static void test_a_cancel_after_the_answer_does_nothing(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	get(f->a, q, 1, NSEC_NEVER, &call);
	put_now(f->a, q, "x");
	assert_items(&call, "x");
	waiter_cancel(&call.waiter);
	assert_int_equal(call.answers, 1);
	struct call never = { 0 };
	waiter_cancel(&never.waiter);
	assert_false(waiter_pending(&never.waiter));
}

static void test_a_dead_session_is_not_answered(void **state)
{
	struct fixture *f = *state;
	struct call getter = { 0 };
	struct call putter = { 0 };
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	uint32_t full = open_bounded(f->a, "full", 1);
	uint32_t of_c = open_plain(f->c, "q");
	get(f->a, q, 1, SECONDS(10), &getter);
	put(f->a, full, "x y z", NSEC_NEVER, &putter);
	gone(f, &f->a);
	assert_int_equal(getter.answers, 0);
	assert_int_equal(putter.answers, 0);
	assert_true(engine_next_deadline(f->engine) == NSEC_NEVER);
	/* What it waited with is gone, what was accepted is not. */
	put_now(f->c, of_c, "1");
	expect(f->c, of_c, "1", &call);
	expect(f->c, open_bounded(f->c, "full", 1), "x", &call);
}

static void test_no_more_calls_wait_than_allowed(void **state)
{
	(void)state;
	const struct engine_config config = {
		.seed = 1,
		.peer_waiters = 2,
		.peer_leases = 100,
		.peer_handles = 10,
	};
	struct fixture *f = fixture_open(&config);
	struct call first = { 0 };
	struct call second = { 0 };
	struct call third = { 0 };
	uint32_t q = open_plain(f->a, "q");
	uint32_t full = open_bounded(f->a, "full", 1);
	get(f->a, q, 1, NSEC_NEVER, &first);
	put(f->a, full, "x y", NSEC_NEVER, &second);
	get(f->a, q, 1, NSEC_NEVER, &third);
	assert_answer(&third, RELEVO_LIMIT);
	assert_text(third.text, "2 calls wait");
	put(f->a, full, "z", NSEC_NEVER, &third);
	assert_answer(&third, RELEVO_LIMIT);
	/* What need not wait is not affected, nor are other sessions. */
	get(f->a, full, 1, NSEC_NEVER, &third);
	assert_items(&third, "x");
	assert_answer(&second, RELEVO_OK);
	struct call other = { 0 };
	get(f->b, open_plain(f->b, "q"), 1, NSEC_NEVER, &other);
	assert_waits(&other);
	/* A call that ended makes room for the next. */
	get(f->a, q, 1, SECONDS(5), &second);
	assert_waits(&second);
	tick_to(f, 5);
	assert_answer(&second, RELEVO_TIMED_OUT);
	get(f->a, q, 1, NSEC_NEVER, &second);
	assert_waits(&second);
	fixture_close(f);
}

static void test_bad_handles_are_named(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	get(f->a, 17, 1, 0, &call);
	assert_answer(&call, RELEVO_BAD_ARGUMENT);
	assert_text(call.text, "number 17");
	put(f->a, 17, "x", 0, &call);
	assert_answer(&call, RELEVO_BAD_ARGUMENT);
	put(f->a, 0, "x", 0, &call);
	assert_answer(&call, RELEVO_BAD_ARGUMENT);
	assert_int_equal(queue_close(f->a, 17, &error), RELEVO_BAD_ARGUMENT);
	struct queue_counts counts;
	assert_int_equal(queue_count(f->a, 17, &counts, &error), RELEVO_BAD_ARGUMENT);
}

static void test_a_put_by_name_needs_the_queue(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct put_request request = { .name = "q" };
	put_request(f->a, &request, "x", &call);
	assert_answer(&call, RELEVO_NOT_FOUND);
	assert_text(call.text, "\"q\"");
	uint32_t q = open_plain(f->c, "q");
	put_request(f->a, &request, "x", &call);
	assert_answer(&call, RELEVO_OK);
	expect(f->c, q, "x", &call);
	request.name = "bad\nname";
	put_request(f->a, &request, "x", &call);
	assert_answer(&call, RELEVO_BAD_NAME);
	assert_null(strchr(call.text, '\n'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_getters_are_served_in_order_of_arrival),
		fixture_test(test_a_get_that_does_not_wait_finds_the_queue_empty),
		fixture_test(test_a_get_times_out_at_its_deadline),
		fixture_test(test_an_item_that_comes_at_the_deadline_is_served),
		fixture_test(test_a_cancelled_call_is_answered_so),
		fixture_test(test_a_cancel_after_the_answer_does_nothing),
		fixture_test(test_a_dead_session_is_not_answered),
		cmocka_unit_test(test_no_more_calls_wait_than_allowed),
		fixture_test(test_bad_handles_are_named),
		fixture_test(test_a_put_by_name_needs_the_queue),
	};
	return cmocka_run_group_tests_name("engine/wait", tests, NULL, NULL);
}
