/* What each user costs. */
#include "fixture.h"

#include <stdio.h>

static void test_the_putter_pays_until_the_item_is_gone(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t of_a = open_plain(f->a, "q");
	uint32_t of_c = open_plain(f->c, "q");
	size_t first = f->first_user->used;
	size_t second = f->second_user->used;
	put_now(f->c, of_c, "1234567890");
	assert_int_equal(f->first_user->used, first);
	assert_true(f->second_user->used >= second + sizeof(struct item) + 10);
	expect(f->a, of_a, "1234567890", &call);
	assert_true(f->second_user->used >= second + sizeof(struct item) + 10);
	ack(f->a, &call);
	assert_int_equal(f->second_user->used, second);
}

static void test_an_item_is_paid_for_after_its_putter_has_gone(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t of_a = open_plain(f->a, "q");
	put_now(f->c, open_plain(f->c, "q"), "x");
	gone(f, &f->c);
	assert_true(f->second_user->used >= sizeof(struct item) + 1);
	expect(f->a, of_a, "x", &call);
	ack(f->a, &call);
	assert_int_equal(f->second_user->used, 0);
}

static void test_nothing_is_put_beyond_the_limit(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct call other = { 0 };
	uint32_t of_a = open_plain(f->a, "q");
	uint32_t of_c = open_plain(f->c, "q");
	f->accounts.memory_limit = f->first_user->used + 200;
	put(f->a, of_a, "1 2 3 4 5", NSEC_NEVER, &call);
	assert_answer(&call, RELEVO_QUOTA);
	assert_int_equal(call.accepted, 0);
	assert_text(call.text, "user 1 ");
	assert_text(call.text, "bytes");
	char limit[32];
	snprintf(limit, sizeof limit, "of the %zu allowed", f->accounts.memory_limit);
	assert_text(call.text, limit);
	assert_int_equal(counts_of(f->a, of_a).ready, 0);
	/* It is this user's limit only, and smaller puts still fit. */
	put(f->c, of_c, "1", 0, &other);
	assert_answer(&other, RELEVO_OK);
	put(f->a, of_a, "2", 0, &call);
	assert_answer(&call, RELEVO_OK);
}

static void test_what_a_put_waits_with_is_charged(void **state)
{
	struct fixture *f = *state;
	struct call holder = { 0 };
	struct call putter = { 0 };
	uint32_t q = open_bounded(f->a, "q", 0);
	uint32_t tasks = open_plain(f->a, "tasks");
	put_now(f->a, tasks, "t");
	get(f->a, tasks, 1, 0, &holder);
	size_t before = f->first_user->used;
	struct put_request request = {
		.handle = q,
		.acks = holder.leases,
		.ack_count = 1,
		.deadline = SECONDS(5),
	};
	put_request(f->a, &request, "123 456", &putter);
	assert_waits(&putter);
	assert_true(f->first_user->used >= before + 2 * sizeof(struct item) + 6 + sizeof(uint64_t));
	tick_to(f, 5);
	assert_answer(&putter, RELEVO_TIMED_OUT);
	assert_int_equal(f->first_user->used, before);
}

static void test_queues_are_counted(void **state)
{
	struct fixture *f = *state;
	struct queue_opened opened;
	struct error error;
	const struct queue_options options = { 0 };
	f->accounts.queue_limit = 2;
	open_plain(f->a, "1");
	open_plain(f->b, "2"); /* the same user */
	assert_int_equal(queue_open(f->a, "3", QUEUE_OPEN_OR_CREATE, &options, &opened, &error),
			 RELEVO_QUOTA);
	assert_text(error.text, "user 1 ");
	assert_text(error.text, "the 2 allowed");
	open_plain(f->c, "3");
	open_plain(f->a, "3"); /* exists: costs nothing */
	assert_int_equal(queue_delete(f->engine, "1", QUEUE_ANY, &error), RELEVO_OK);
	open_plain(f->a, "4");
}

static void test_queues_cost_memory(void **state)
{
	struct fixture *f = *state;
	struct queue_opened opened;
	struct error error;
	const struct queue_options options = { 0 };
	open_plain(f->a, "1");
	f->accounts.memory_limit = f->first_user->used + 10;
	assert_int_equal(queue_open(f->a, "2", QUEUE_OPEN_OR_CREATE, &options, &opened, &error),
			 RELEVO_QUOTA);
	assert_text(error.text, "a queue");
	f->accounts.memory_limit = 1024 * 1024;
	open_plain(f->a, "2");
}

static void test_handles_and_leases_cost_memory(void **state)
{
	struct fixture *f = *state;
	struct queue_opened opened;
	struct error error;
	struct call call = { 0 };
	const struct queue_options options = { 0 };
	uint32_t of_a = open_plain(f->a, "q");
	put_now(f->a, of_a, "x");
	f->accounts.memory_limit = f->first_user->used;
	assert_int_equal(queue_open(f->b, "q", QUEUE_OPEN_EXISTING, &options, &opened, &error),
			 RELEVO_QUOTA);
	assert_text(error.text, "handles");
	get(f->a, of_a, 1, 0, &call);
	assert_answer(&call, RELEVO_QUOTA);
	assert_text(call.text, "table of leases");
	assert_int_equal(counts_of(f->a, of_a).ready, 1);
	f->accounts.memory_limit = 1024 * 1024;
	expect(f->a, of_a, "x", &call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_the_putter_pays_until_the_item_is_gone),
		fixture_test(test_an_item_is_paid_for_after_its_putter_has_gone),
		fixture_test(test_nothing_is_put_beyond_the_limit),
		fixture_test(test_what_a_put_waits_with_is_charged),
		fixture_test(test_queues_are_counted),
		fixture_test(test_queues_cost_memory),
		fixture_test(test_handles_and_leases_cost_memory),
	};
	return cmocka_run_group_tests_name("engine/quota", tests, NULL, NULL);
}
