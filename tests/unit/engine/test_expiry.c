/* Items whose time is limited, and those put with a delay. */
#include "fixture.h"
#include "queues/manage.h"

static void put_until(struct engine_peer *peer, uint32_t q, const char *words, nsec_t expires)
{
	struct call call = { 0 };
	struct put_request request = { .handle = q, .expires = expires };
	put_request(peer, &request, words, &call);
	assert_answer(&call, RELEVO_OK);
}

static void put_later(struct engine_peer *peer, uint32_t q, const char *words, nsec_t not_before)
{
	struct call call = { 0 };
	struct put_request request = { .handle = q, .not_before = not_before };
	put_request(peer, &request, words, &call);
	assert_answer(&call, RELEVO_OK);
}

static void test_items_expire(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "stays");
	put_until(f->a, q, "late", SECONDS(9));
	put_until(f->a, q, "early earlier", SECONDS(5));
	put_now(f->a, q, "too");
	assert_int_equal(engine_next_deadline(f->engine), SECONDS(5));
	tick_to(f, 5);
	assert_int_equal(counts_of(f->a, q).expired, 2);
	assert_int_equal(counts_of(f->a, q).ready, 3);
	assert_int_equal(engine_next_deadline(f->engine), SECONDS(9));
	expect(f->a, q, "stays late too", &call);
	ack(f->a, &call);
	assert_int_equal(engine_next_deadline(f->engine), NSEC_NEVER);
}

static void test_the_queue_may_say_when(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	const struct queue_options options = { .ttl = SECONDS(10) };
	uint32_t q = open_queue(f->a, "q", &options);
	put_now(f->a, q, "10");
	put_until(f->a, q, "20", SECONDS(20));
	/* It was put at 1. */
	tick_to(f, 10);
	assert_int_equal(counts_of(f->a, q).expired, 0);
	tick_to(f, 11);
	assert_int_equal(counts_of(f->a, q).expired, 1);
	expect(f->a, q, "20", &call);
	ack(f->a, &call);
}

/* The clock is told with a call, before any tick. */
static void test_a_late_tick_hands_out_nothing_stale(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_until(f->a, q, "1", SECONDS(5));
	put_now(f->a, q, "2");
	struct error error;
	assert_int_equal(lease_ack(f->a, NULL, 0, SECONDS(6), &error), RELEVO_OK);
	expect(f->a, q, "2", &call);
	ack(f->a, &call);
	assert_int_equal(counts_of(f->a, q).expired, 1);
}

static void test_what_somebody_holds_expires_when_it_comes_back(void **state)
{
	struct fixture *f = *state;
	struct call held = { 0 }, done = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_until(f->a, q, "held done", SECONDS(5));
	get(f->a, q, 1, 0, &held);
	get(f->a, q, 1, 0, &done);
	tick_to(f, 7);
	assert_int_equal(counts_of(f->a, q).expired, 0);
	ack(f->a, &done);
	nack(f->a, &held);
	assert_int_equal(counts_of(f->a, q).expired, 1);
	expect(f->a, q, "", &held);
	assert_int_equal(f->engine->items.alive, 0);
}

static void test_expired_items_are_dead_letters(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	const struct queue_options options = { .ttl = SECONDS(5), .dead_letter = "dead" };
	uint32_t q = open_queue(f->a, "q", &options);
	put_now(f->a, q, "1 2");
	tick_to(f, 6);
	expect(f->a, q, "", &call);
	/* Dead letters keep. */
	tick_to(f, 500);
	expect(f->a, open_plain(f->a, "dead"), "1 2", &call);
	ack(f->a, &call);
}

static void test_an_item_that_cannot_go_stays(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	const struct queue_options options = { .ttl = SECONDS(5), .dead_letter = "dead" };
	uint32_t q = open_queue(f->a, "q", &options);
	put_now(f->a, q, "1");
	f->recorder.created_status = RELEVO_SYSTEM;
	tick_to(f, 6);
	assert_int_equal(counts_of(f->a, q).expired, 0);
	expect(f->a, q, "1", &call);
	ack(f->a, &call);
}

static void test_items_are_put_with_a_delay(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 }, getter = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_later(f->a, q, "later", SECONDS(5));
	put_now(f->a, q, "now");
	assert_int_equal(counts_of(f->a, q).delayed, 1);
	expect(f->a, q, "now", &call);
	ack(f->a, &call);
	get(f->a, q, 1, NSEC_NEVER, &getter);
	tick_to(f, 4);
	assert_waits(&getter);
	tick_to(f, 5);
	assert_items(&getter, "later");
	assert_int_equal(getter.deliveries[0], 1);
	ack(f->a, &getter);
}

/* Whoever waits for an item does not open the door for one that is not due. */
static void test_a_delayed_item_takes_up_room(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 }, getter = { 0 }, putter = { 0 };
	uint32_t q = open_bounded(f->a, "q", 1);
	struct put_request request = {
		.handle = q,
		.not_before = SECONDS(5),
		.deadline = NSEC_NEVER,
	};
	get(f->a, q, 1, NSEC_NEVER, &getter);
	put_request(f->a, &request, "1 2", &putter);
	assert_waits(&putter);
	assert_int_equal(putter.accepted, 0);
	assert_int_equal(counts_of(f->a, q).delayed, 1);
	tick_to(f, 5);
	assert_items(&getter, "1");
	assert_answer(&putter, RELEVO_OK);
	expect(f->a, q, "2", &call);
	ack(f->a, &call);
	ack(f->a, &getter);
}

static void test_a_delay_beyond_its_time_is_never_over(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	struct put_request request = {
		.handle = q,
		.not_before = SECONDS(9),
		.expires = SECONDS(5),
	};
	put_request(f->a, &request, "1", &call);
	tick_to(f, 20);
	expect(f->a, q, "", &call);
	assert_int_equal(counts_of(f->a, q).expired, 1);
	assert_int_equal(counts_of(f->a, q).delayed, 0);
}

static void test_what_is_over_is_not_delayed(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_until(f->a, q, "x", SECONDS(5));
	get(f->a, q, 1, 0, &call);
	tick_to(f, 7);
	assert_int_equal(lease_nack(f->a, call.leases, 1, SECONDS(9), false, f->now, &error),
			 RELEVO_OK);
	assert_int_equal(counts_of(f->a, q).expired, 1);
	assert_int_equal(counts_of(f->a, q).delayed, 0);
	assert_int_equal(f->engine->items.alive, 0);
}

/* A put that waits for room, and its items too old when it comes. */
static void test_what_is_over_is_not_handed_out_by_a_put_that_waited(void **state)
{
	struct fixture *f = *state;
	struct call putting = { 0 }, call = { 0 };
	uint32_t q = open_bounded(f->a, "q", 0);
	struct put_request request = { .handle = q, .expires = SECONDS(5), .deadline = NSEC_NEVER };
	put_request(f->a, &request, "x y", &putting);
	tick_to(f, 7);
	assert_waits(&putting);
	get(f->b, open_bounded(f->b, "q", 0), 2, 0, &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
	assert_answer(&putting, RELEVO_OK);
	assert_int_equal(counts_of(f->a, q).expired, 2);
	assert_int_equal(f->engine->items.alive, 0);
}

static void test_what_is_over_is_not_moved(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	uint32_t to = open_plain(f->a, "to");
	put_until(f->a, q, "old", SECONDS(5));
	put_now(f->a, q, "new");
	const struct move_request request = { .from = "q", .to = "to" };
	/* Before any tick. */
	move_items(f->a, &request, SECONDS(6), &call);
	assert_answer(&call, RELEVO_OK);
	assert_int_equal(call.accepted, 1);
	assert_int_equal(counts_of(f->a, q).expired, 1);
	assert_int_equal(counts_of(f->a, to).ready, 1);
}

/* Where nothing rests the put waits until then, and the getter with it. */
static void test_a_delayed_put_comes_to_who_waits(void **state)
{
	struct fixture *f = *state;
	struct call putting = { 0 }, call = { 0 };
	uint32_t q = open_bounded(f->a, "q", 0);
	struct put_request request = {
		.handle = q,
		.not_before = SECONDS(5),
		.deadline = NSEC_NEVER,
	};
	put_request(f->a, &request, "x", &putting);
	get(f->b, open_bounded(f->b, "q", 0), 1, NSEC_NEVER, &call);
	assert_waits(&putting);
	assert_waits(&call);
	assert_int_equal(engine_next_deadline(f->engine), SECONDS(5));
	tick_to(f, 5);
	assert_answer(&putting, RELEVO_OK);
	assert_items(&call, "x");
	assert_int_equal(engine_next_deadline(f->engine), NSEC_NEVER);
}

static void test_who_gives_up_makes_way(void **state)
{
	struct fixture *f = *state;
	struct call late = { 0 }, putting = { 0 }, call = { 0 };
	uint32_t q = open_bounded(f->a, "q", 0);
	struct put_request request = {
		.handle = q,
		.not_before = SECONDS(50),
		.deadline = SECONDS(5),
	};
	put_request(f->a, &request, "x", &late);
	put(f->a, q, "y", NSEC_NEVER, &putting);
	get(f->b, open_bounded(f->b, "q", 0), 1, NSEC_NEVER, &call);
	/* No put overtakes one that waits. */
	assert_waits(&call);
	tick_to(f, 5);
	assert_answer(&late, RELEVO_TIMED_OUT);
	assert_answer(&putting, RELEVO_OK);
	assert_items(&call, "y");
}

static void test_a_queue_goes_with_what_would_expire(void **state)
{
	struct fixture *f = *state;
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_until(f->a, q, "1 2 3", SECONDS(5));
	assert_int_equal(queue_delete(f->engine, "q", QUEUE_ANY, &error), RELEVO_OK);
	tick_to(f, 9);
	assert_int_equal(f->engine->items.alive, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_items_expire),
		fixture_test(test_the_queue_may_say_when),
		fixture_test(test_a_late_tick_hands_out_nothing_stale),
		fixture_test(test_what_somebody_holds_expires_when_it_comes_back),
		fixture_test(test_expired_items_are_dead_letters),
		fixture_test(test_an_item_that_cannot_go_stays),
		fixture_test(test_items_are_put_with_a_delay),
		fixture_test(test_a_delayed_item_takes_up_room),
		fixture_test(test_a_delay_beyond_its_time_is_never_over),
		fixture_test(test_what_is_over_is_not_delayed),
		fixture_test(test_what_is_over_is_not_handed_out_by_a_put_that_waited),
		fixture_test(test_what_is_over_is_not_moved),
		fixture_test(test_a_delayed_put_comes_to_who_waits),
		fixture_test(test_who_gives_up_makes_way),
		fixture_test(test_a_queue_goes_with_what_would_expire),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
