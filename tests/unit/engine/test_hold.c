/* Items that may be held for a time of their own, and where they go when it is over. */
#include "fixture.h"

static void put_held(struct engine_peer *peer, uint32_t handle, const char *words, unsigned seconds,
		     const char *overdue_to)
{
	struct put_request request = {
		.handle = handle,
		.hold = SECONDS(seconds),
		.overdue_to = overdue_to,
	};
	struct call call = { 0 };
	put_request(peer, &request, words, &call);
	assert_answer(&call, RELEVO_OK);
}

/* It is out of its holder's hands, and whoever waits where it goes has it. */
static void test_what_is_overdue_goes_where_it_says(void **state)
{
	struct fixture *f = *state;
	struct call held = { 0 }, told = { 0 }, call = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	uint32_t late = open_plain(f->b, "late");
	put_held(f->a, q, "x", 10, "late");
	/* Before somebody has it, there is no hurry. */
	tick_to(f, 100);
	get(f->a, q, 1, 0, &held);
	assert_items(&held, "x");
	get(f->b, late, 1, NSEC_NEVER, &told);
	tick_to(f, 109);
	assert_waits(&told);
	tick_to(f, 110);
	assert_items(&told, "x");
	assert_int_equal(told.deliveries[0], 1);
	assert_int_equal(lease_ack(f->a, held.leases, 1, f->now, &error), RELEVO_NOT_OWNER);
	expect(f->a, q, "", &call);
	/* There, it is an item like others. */
	assert_true(engine_next_deadline(f->engine) == NSEC_NEVER);
	ack(f->b, &told);
	assert_int_equal(counts_of(f->a, q).bytes, 0);
}

static void test_what_is_done_in_time_is_done(void **state)
{
	struct fixture *f = *state;
	struct call held = { 0 }, call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	uint32_t late = open_plain(f->b, "late");
	put_held(f->a, q, "x", 10, "late");
	get(f->a, q, 1, 0, &held);
	tick_to(f, 9);
	ack(f->a, &held);
	assert_true(engine_next_deadline(f->engine) == NSEC_NEVER);
	tick_to(f, 100);
	expect(f->b, late, "", &call);
}

/* Whoever dies is not late: another gets the item, and its time begins anew. */
static void test_a_death_comes_before(void **state)
{
	struct fixture *f = *state;
	struct call held = { 0 }, again = { 0 }, call = { 0 };
	uint32_t of_a = open_plain(f->a, "q"), of_b = open_plain(f->b, "q");
	uint32_t late = open_plain(f->c, "late");
	put_held(f->c, open_plain(f->c, "q"), "x", 10, "late");
	get(f->a, of_a, 1, 0, &held);
	tick_to(f, 8);
	gone(f, &f->a);
	get(f->b, of_b, 1, 0, &again);
	assert_items(&again, "x");
	assert_int_equal(again.deliveries[0], 2);
	tick_to(f, 17);
	expect(f->c, late, "", &call);
	tick_to(f, 18);
	expect(f->c, late, "x", &call);
}

static void test_it_goes_back_where_nobody_is_to_be_told(void **state)
{
	struct fixture *f = *state;
	struct call held = { 0 }, call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_held(f->a, q, "x", 10, NULL);
	get(f->a, q, 1, 0, &held);
	tick_to(f, 11);
	expect(f->a, q, "x", &call);
	assert_int_equal(call.deliveries[0], 2);
	/* And so where the one to be told has gone, for then nobody wants it. */
	ack(f->a, &call);
	put_held(f->a, q, "y", 10, "nowhere");
	get(f->a, q, 1, 0, &held);
	tick_to(f, 30);
	expect(f->a, q, "", &call);
	assert_int_equal(counts_of(f->a, q).bytes, 0);
}

static void test_its_own_time_counts_before_the_queues(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_leased(f->a, "q", 10);
	open_plain(f->b, "late");
	put_held(f->a, q, "x", 50, "late");
	get(f->a, q, 1, 0, &call);
	tick_to(f, 50);
	/* Held on to, it has the whole time again. */
	assert_int_equal(lease_extend(f->a, call.leases, 1, 0, f->now, &error), RELEVO_OK);
	assert_int_equal(engine_next_deadline(f->engine), SECONDS(100));
	ack(f->a, &call);
}

/* One that came ahead has not been begun: it is given to another. */
static void test_unread_items_are_not_late(void **state)
{
	struct fixture *f = *state;
	struct call first = { 0 }, call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	uint32_t late = open_plain(f->c, "late");
	put_held(f->c, open_plain(f->c, "q"), "1 2 3 4", 10, "late");
	get_ahead(f->a, q, 2, &first);
	assert_int_equal(first.count, 3);
	/* The second is begun later, and has its time from there. */
	f->now += SECONDS(0) + NSEC_PER_MSEC;
	engine_tick(f->engine, f->now);
	lease_begin(f->a, first.leases[1]);
	tick_to(f, 11);
	expect(f->c, late, "1", &call);
	tick_to(f, 12);
	expect(f->c, late, "2", &call);
	expect(f->c, open_plain(f->c, "q"), "3 4", &call);
	assert_int_equal(call.deliveries[0], 1);
}

static void test_a_name_has_to_be_one(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct put_request request = {
		.handle = open_plain(f->a, "q"),
		.hold = SECONDS(1),
		.overdue_to = "a\nb",
	};
	put_request(f->a, &request, "x", &call);
	assert_answer(&call, RELEVO_BAD_NAME);
	assert_text(call.text, "overdue");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_what_is_overdue_goes_where_it_says),
		fixture_test(test_what_is_done_in_time_is_done),
		fixture_test(test_a_death_comes_before),
		fixture_test(test_it_goes_back_where_nobody_is_to_be_told),
		fixture_test(test_its_own_time_counts_before_the_queues),
		fixture_test(test_unread_items_are_not_late),
		fixture_test(test_a_name_has_to_be_one),
	};
	return cmocka_run_group_tests_name("engine/hold", tests, NULL, NULL);
}
