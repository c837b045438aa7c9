/* What becomes of a put for which there is no room. */
#include "fixture.h"

static void test_a_put_is_rejected_at_once(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	const struct queue_options options = {
		.bounded = true,
		.capacity = 2,
		.full = QUEUE_REJECT,
	};
	uint32_t q = open_queue(f->a, "q", &options);
	put(f->a, q, "1 2 3", NSEC_NEVER, &call);
	assert_answer(&call, RELEVO_FULL);
	assert_int_equal(call.accepted, 2);
	assert_text(call.text, "\"q\" is full");
	expect(f->a, q, "1 2", &call);
	ack(f->a, &call);
}

static void test_the_first_in_turn_makes_room(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	const struct queue_options options = {
		.bounded = true,
		.capacity = 3,
		.full = QUEUE_DROP_OLDEST,
	};
	uint32_t q = open_queue(f->a, "q", &options);
	put_now(f->a, q, "1 2 3 4 5");
	assert_int_equal(counts_of(f->a, q).dropped, 2);
	assert_int_equal(counts_of(f->a, q).ready, 3);
	expect(f->a, q, "3 4 5", &call);
	/* What somebody holds is not in the way. */
	put_now(f->a, q, "6 7 8");
	assert_int_equal(counts_of(f->a, q).dropped, 2);
	nack(f->a, &call);
	assert_int_equal(counts_of(f->a, q).ready, 6);
	put_now(f->a, q, "9");
	assert_int_equal(counts_of(f->a, q).dropped, 6);
	expect(f->a, q, "7 8 9", &call);
	ack(f->a, &call);
}

static void test_dropped_items_are_dead_letters(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	const struct queue_options options = {
		.bounded = true,
		.capacity = 1,
		.full = QUEUE_DROP_OLDEST,
		.dead_letter = "dead",
	};
	uint32_t q = open_queue(f->a, "q", &options);
	put_now(f->a, q, "1 2 3");
	expect(f->a, open_plain(f->a, "dead"), "1 2", &call);
	ack(f->a, &call);
	expect(f->a, q, "3", &call);
	ack(f->a, &call);
}

static void test_bytes_have_a_limit(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 }, putter = { 0 };
	const struct queue_options options = { .capacity_bytes = 10 };
	uint32_t q = open_queue(f->a, "q", &options);
	put_now(f->a, q, "four five");
	put(f->a, q, "six", 0, &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
	put_now(f->a, q, "2x");
	put(f->a, q, "seven", NSEC_NEVER, &putter);
	assert_waits(&putter);
	get(f->a, q, 1, 0, &call);
	assert_items(&call, "four");
	assert_waits(&putter);
	ack(f->a, &call);
	get(f->a, q, 1, 0, &call);
	assert_items(&call, "five");
	assert_answer(&putter, RELEVO_OK);
	ack(f->a, &call);
	expect(f->a, q, "2x seven", &call);
	ack(f->a, &call);
}

static void test_an_item_larger_than_all_room_is_refused(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	const struct queue_options options = { .capacity_bytes = 10 };
	uint32_t q = open_queue(f->a, "q", &options);
	put(f->a, q, "small thelargest11", NSEC_NEVER, &call);
	assert_answer(&call, RELEVO_TOO_LARGE);
	assert_text(call.text, "item 1 has 12 bytes: the queue \"q\" has room for 10");
	expect(f->a, q, "", &call);
}

static void test_nothing_can_be_dropped_where_nothing_rests(void **state)
{
	struct fixture *f = *state;
	struct queue_opened opened;
	struct error error;
	const struct queue_options options = { .bounded = true, .full = QUEUE_DROP_OLDEST };
	assert_int_equal(queue_open(f->a, "q", QUEUE_OPEN_OR_CREATE, &options, &opened, &error),
			 RELEVO_BAD_ARGUMENT);
	assert_text(error.text, "\"q\" has no room");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_a_put_is_rejected_at_once),
		fixture_test(test_the_first_in_turn_makes_room),
		fixture_test(test_dropped_items_are_dead_letters),
		fixture_test(test_bytes_have_a_limit),
		fixture_test(test_an_item_larger_than_all_room_is_refused),
		fixture_test(test_nothing_can_be_dropped_where_nothing_rests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
