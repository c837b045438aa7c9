/* Items that are given back with a delay. */
#include "fixture.h"

static void delay(struct fixture *f, const struct call *call, unsigned until)
{
	struct error error;
	assert_int_equal(
		lease_nack(f->a, call->leases, call->count, SECONDS(until), false, f->now, &error),
		RELEVO_OK);
}

static void test_a_delayed_item_comes_when_it_is_due(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "x y");
	get(f->a, q, 1, 0, &call);
	delay(f, &call, 10);
	assert_int_equal(engine_next_deadline(f->engine), SECONDS(10));
	expect(f->a, q, "y", &call);
	f->now = SECONDS(10) - 1;
	assert_int_equal(engine_tick(f->engine, f->now), SECONDS(10));
	expect(f->a, q, "", &call);
	f->now = SECONDS(10);
	assert_true(engine_tick(f->engine, f->now) == NSEC_NEVER);
	expect(f->a, q, "x", &call);
	assert_int_equal(call.deliveries[0], 2);
}

static void test_a_due_item_is_back_in_its_place(void **state)
{
	struct fixture *f = *state;
	struct call first = { 0 };
	struct call second = { 0 };
	struct call third = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1 2 3 4");
	get(f->a, q, 1, 0, &first);
	get(f->a, q, 1, 0, &second);
	get(f->a, q, 1, 0, &third);
	delay(f, &first, 20);
	delay(f, &second, 10);
	nack(f->a, &third);
	tick_to(f, 10);
	get(f->a, q, 1, 0, &second);
	assert_items(&second, "2");
	nack(f->a, &second);
	tick_to(f, 20);
	expect(f->a, q, "1 2 3 4", &first);
}

static void test_an_earlier_delay_moves_the_deadline(void **state)
{
	struct fixture *f = *state;
	struct call first = { 0 };
	struct call second = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1 2");
	get(f->a, q, 1, 0, &first);
	get(f->a, q, 1, 0, &second);
	delay(f, &first, 20);
	delay(f, &second, 10);
	assert_int_equal(engine_next_deadline(f->engine), SECONDS(10));
	assert_int_equal(engine_tick(f->engine, SECONDS(10)), SECONDS(20));
}

static void test_a_due_item_serves_who_waits(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct call waiting = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "x");
	get(f->a, q, 1, 0, &call);
	delay(f, &call, 10);
	get(f->a, q, 1, NSEC_NEVER, &waiting);
	assert_waits(&waiting);
	tick_to(f, 10);
	assert_items(&waiting, "x");
}

static void test_a_delay_that_has_passed_is_none(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "x");
	get(f->a, q, 1, 0, &call);
	delay(f, &call, 1); /* it is one second past the start */
	expect(f->a, q, "x", &call);
}

static void test_delayed_items_go_with_their_queue(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "x y");
	expect(f->a, q, "x y", &call);
	delay(f, &call, 10);
	assert_int_equal(queue_delete(f->engine, "q", QUEUE_ANY, &error), RELEVO_OK);
	assert_true(engine_next_deadline(f->engine) == NSEC_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_a_delayed_item_comes_when_it_is_due),
		fixture_test(test_a_due_item_is_back_in_its_place),
		fixture_test(test_an_earlier_delay_moves_the_deadline),
		fixture_test(test_a_due_item_serves_who_waits),
		fixture_test(test_a_delay_that_has_passed_is_none),
		fixture_test(test_delayed_items_go_with_their_queue),
	};
	return cmocka_run_group_tests_name("engine/delay", tests, NULL, NULL);
}
