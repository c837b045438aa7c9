/* Orders other than first in, first out. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t open_ordered(struct engine_peer *peer, enum queue_order order)
{
	const struct queue_options options = { .order = order };
	return open_queue(peer, "q", &options);
}

static void put_ranked(struct engine_peer *peer, uint32_t q, const char *words, int32_t priority)
{
	struct call call = { 0 };
	struct put_request request = { .handle = q, .priority = priority };
	put_request(peer, &request, words, &call);
	assert_answer(&call, RELEVO_OK);
}

static void put_costing(struct engine_peer *peer, uint32_t q, const char *words, uint32_t cost)
{
	struct call call = { 0 };
	struct put_request request = { .handle = q, .cost = cost };
	put_request(peer, &request, words, &call);
	assert_answer(&call, RELEVO_OK);
}

static void test_the_highest_priority_comes_first(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_ordered(f->a, QUEUE_PRIORITY);
	put_ranked(f->a, q, "middle", 0);
	put_ranked(f->a, q, "low lower", -1);
	put_ranked(f->a, q, "lowest", INT32_MIN);
	put_ranked(f->a, q, "high", 1);
	put_ranked(f->a, q, "highest", INT32_MAX);
	put_ranked(f->a, q, "too", 0);
	expect(f->a, q, "highest high middle too low lower lowest", &call);
	ack(f->a, &call);
}

static void test_the_lowest_cost_comes_first(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_ordered(f->a, QUEUE_SHORTEST);
	put_costing(f->a, q, "dear", UINT32_MAX);
	put_costing(f->a, q, "some", 7);
	put_costing(f->a, q, "free", 0);
	put_costing(f->a, q, "more", 7);
	expect(f->a, q, "free some more dear", &call);
	ack(f->a, &call);
}

static void test_what_comes_back_has_its_rank(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_ordered(f->a, QUEUE_PRIORITY);
	put_ranked(f->a, q, "1", 1);
	put_ranked(f->a, q, "2", 2);
	get(f->a, q, 2, 0, &call);
	assert_items(&call, "2 1");
	put_ranked(f->a, q, "3", 3);
	put_ranked(f->a, q, "two", 2);
	nack(f->a, &call);
	expect(f->a, q, "3 2 two 1", &call);
	ack(f->a, &call);
}

static void test_a_flood_does_not_starve_others(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t a = open_ordered(f->a, QUEUE_FAIR), b = open_ordered(f->b, QUEUE_FAIR),
		 c = open_ordered(f->c, QUEUE_FAIR);
	put_now(f->a, a, "a1 a2 a3 a4 a5");
	put_now(f->b, b, "b1 b2");
	get(f->a, a, 2, 0, &call);
	assert_items(&call, "a1 b1");
	ack(f->a, &call);
	/* Who comes later neither waits for what was there nor makes it wait. */
	put_now(f->c, c, "c1 c2");
	expect(f->a, a, "a2 b2 c1 a3 c2 a4 a5", &call);
	ack(f->a, &call);
}

static void test_a_session_that_was_idle_gets_no_credit(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t a = open_ordered(f->a, QUEUE_FAIR), b = open_ordered(f->b, QUEUE_FAIR);
	put_now(f->a, a, "a1 a2 a3 a4 a5 a6");
	get(f->a, a, 3, 0, &call);
	assert_items(&call, "a1 a2 a3");
	ack(f->a, &call);
	put_now(f->b, b, "b1 b2 b3");
	expect(f->a, a, "a4 b1 a5 b2 a6 b3", &call);
	ack(f->a, &call);
}

static void test_a_session_may_go_while_its_items_wait(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t a = open_ordered(f->a, QUEUE_FAIR), b = open_ordered(f->b, QUEUE_FAIR);
	put_now(f->b, b, "b1 b2");
	put_now(f->a, a, "a1 a2");
	gone(f, &f->b);
	expect(f->a, a, "b1 a1 b2 a2", &call);
	ack(f->a, &call);
}

/* More sessions than are remembered: those that have nothing left are forgotten. */
static void test_sessions_come_and_go(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_ordered(f->a, QUEUE_FAIR);
	put_now(f->a, q, "first second");
	for (int i = 0; i < 500; i++) {
		struct engine_peer *peer = engine_peer_new(f->engine, f->second_user);
		uint32_t theirs = open_ordered(peer, QUEUE_FAIR);
		put_now(peer, theirs, "x");
		get(f->a, q, 1, 0, &call);
		ack(f->a, &call);
		gone(f, &peer);
	}
	expect(f->a, q, "x x", &call);
	ack(f->a, &call);
}

static void test_nothing_is_handed_out_ahead(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_ordered(f->a, QUEUE_PRIORITY);
	put_now(f->a, q, "1 2 3 4 5 6 7 8");
	get_ahead(f->a, q, 4, &call);
	assert_items(&call, "1");
	ack(f->a, &call);
}

static void test_depth_does_not_disturb_the_order(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	enum { COUNT = 2000 };
	uint32_t q = open_ordered(f->a, QUEUE_SHORTEST);
	uint32_t random = 1, last = 0;
	for (int i = 0; i < COUNT; i++) {
		char word[16];
		random = random * 1664525u + 1013904223u;
		snprintf(word, sizeof word, "%u", random >> 8);
		put_costing(f->a, q, word, random >> 8);
	}
	for (int i = 0; i < COUNT; i++) {
		get(f->a, q, 1, 0, &call);
		uint32_t cost = (uint32_t)strtoul(call.items, NULL, 10);
		assert_true(cost >= last);
		last = cost;
		ack(f->a, &call);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_the_highest_priority_comes_first),
		fixture_test(test_the_lowest_cost_comes_first),
		fixture_test(test_what_comes_back_has_its_rank),
		fixture_test(test_a_flood_does_not_starve_others),
		fixture_test(test_a_session_that_was_idle_gets_no_credit),
		fixture_test(test_a_session_may_go_while_its_items_wait),
		fixture_test(test_sessions_come_and_go),
		fixture_test(test_nothing_is_handed_out_ahead),
		fixture_test(test_depth_does_not_disturb_the_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
