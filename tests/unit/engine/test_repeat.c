/* Puts that come again over another connection of the same client do not enter twice. */
#include "fixture.h"

#include "core/core.h"
#include "stock/queue_life.h"
#include "stock/repeat.h"

#include <stdio.h>
#include <string.h>

static const uint8_t first_id[CLIENT_ID_SIZE] = "the first client";
static const uint8_t second_id[CLIENT_ID_SIZE] = "another client.";

#define numbered(queue, number, until)                                                             \
	(&(struct put_request){ .handle = (queue), .sequence = (number), .deadline = (until) })

static void put_settled(struct engine_peer *peer, uint32_t queue, uint64_t sequence,
			uint64_t settled, const char *words)
{
	struct call call = { 0 };
	struct put_request request = {
		.handle = queue,
		.sequence = sequence,
		.settled = settled,
	};
	put_request(peer, &request, words, &call);
	assert_answer(&call, RELEVO_OK);
}

static void put_ok(struct engine_peer *peer, uint32_t queue, uint64_t sequence, const char *words,
		   uint32_t accepted)
{
	struct call call = { 0 };
	put_request(peer, numbered(queue, sequence, 0), words, &call);
	assert_answer(&call, RELEVO_OK);
	assert_int_equal(call.accepted, accepted);
}

/* The session of the first client is lost, and it has another. */
static struct engine_peer *lost(struct fixture *f, struct engine_peer **peer)
{
	gone(f, peer);
	*peer = engine_peer_new(f->engine, f->first_user);
	assert_non_null(*peer);
	engine_peer_identify(*peer, first_id);
	return *peer;
}

static uint32_t begin(struct fixture *f)
{
	engine_peer_identify(f->a, first_id);
	return open_plain(f->a, "q");
}

static void test_what_was_done_does_not_enter_again(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = begin(f);
	put_ok(f->a, q, 1, "a b", 2);
	put_ok(f->a, q, 2, "c", 1);
	lost(f, &f->a);
	q = open_plain(f->a, "q");
	put_ok(f->a, q, 1, "a b", 2);
	put_ok(f->a, q, 2, "c", 1);
	put_ok(f->a, q, 3, "d", 1);
	expect(f->a, q, "a b c d", &call);
	assert_int_equal(counts_of(f->a, q).put, 4);
}

static void test_also_not_on_one_connection(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = begin(f);
	put_ok(f->a, q, 7, "a", 1);
	put_ok(f->a, q, 7, "a", 1);
	expect(f->a, q, "a", &call);
}

static void test_the_order_of_coming_does_not_matter(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = begin(f);
	put_ok(f->a, q, 2, "b", 1);
	lost(f, &f->a);
	q = open_plain(f->a, "q");
	/* Another thread's call, which had not been done. */
	put_ok(f->a, q, 1, "a", 1);
	put_ok(f->a, q, 2, "b", 1);
	put_ok(f->a, q, 1, "a", 1);
	expect(f->a, q, "b a", &call);
}

static void test_clients_and_queues_are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = begin(f);
	uint32_t other = open_plain(f->a, "other");
	engine_peer_identify(f->b, second_id);
	uint32_t of_b = open_plain(f->b, "q");
	put_ok(f->a, q, 1, "a", 1);
	put_ok(f->a, other, 1, "x", 1);
	put_ok(f->b, of_b, 1, "b", 1);
	expect(f->a, q, "a b", &call);
	expect(f->a, other, "x", &call);
}

static void test_without_a_name_every_put_is_new(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_ok(f->a, q, 1, "a", 1);
	put_ok(f->a, q, 1, "a", 1);
	expect(f->a, q, "a a", &call);
}

static void test_the_name_of_another_user_is_of_no_use(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = begin(f);
	put_ok(f->a, q, 1, "a", 1);
	engine_peer_identify(f->c, first_id);
	uint32_t of_c = open_plain(f->c, "q");
	put_ok(f->c, of_c, 1, "c", 1);
	expect(f->a, q, "a c", &call);
}

static void test_what_is_refused_is_tried_again(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	engine_peer_identify(f->a, first_id);
	uint32_t q = open_bounded(f->a, "q", 1);
	put_ok(f->a, q, 1, "a", 1);
	put_request(f->a, numbered(q, 2, 0), "b", &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
	expect(f->a, q, "a", &call);
	put_ok(f->a, q, 2, "b", 1);
	put_ok(f->a, q, 2, "b", 1);
	expect(f->a, q, "b", &call);
}

static void test_what_was_accepted_in_part_is_completed(void **state)
{
	struct fixture *f = *state;
	struct call putter = { 0 };
	struct call call = { 0 };
	engine_peer_identify(f->a, first_id);
	uint32_t q = open_bounded(f->a, "q", 2);
	uint32_t of_b = open_bounded(f->b, "q", 2);
	put_request(f->a, numbered(q, 1, NSEC_NEVER), "a bb ccc dddd", &putter);
	assert_waits(&putter);
	lost(f, &f->a);
	q = open_bounded(f->a, "q", 2);
	put_request(f->a, numbered(q, 1, NSEC_NEVER), "a bb ccc dddd", &putter);
	assert_waits(&putter);
	/* What a put that waits holds is handed out, too. */
	expect(f->b, of_b, "a bb ccc dddd", &call);
	assert_answer(&putter, RELEVO_OK);
	assert_int_equal(putter.accepted, 4);
}

static void test_what_was_in_before_counts_though_the_rest_is_refused(void **state)
{
	struct fixture *f = *state;
	struct call putter = { 0 };
	struct call call = { 0 };
	engine_peer_identify(f->a, first_id);
	uint32_t q = open_bounded(f->a, "q", 2);
	put_request(f->a, numbered(q, 1, NSEC_NEVER), "a b c", &putter);
	lost(f, &f->a);
	q = open_bounded(f->a, "q", 2);
	put_request(f->a, numbered(q, 1, 0), "a b c", &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
	assert_int_equal(call.accepted, 2);
	struct error error;
	assert_int_equal(queue_shut_down(f->a, q, QUEUE_DRAINING, f->now, &error), RELEVO_OK);
	put_request(f->a, numbered(q, 1, 0), "a b c", &call);
	assert_answer(&call, RELEVO_SHUT_DOWN);
	assert_int_equal(call.accepted, 2);
	/* Of one that is all in nothing is refused. */
	put_request(f->a, numbered(q, 1, 0), "a b", &call);
	assert_answer(&call, RELEVO_OK);
}

static void put_result(struct fixture *f, uint32_t q, const struct call *task, struct call *call)
{
	struct put_request request = {
		.handle = q,
		.sequence = 5,
		.acks = task->leases,
		.ack_count = 1,
	};
	put_request(f->a, &request, "result", call);
}

static void test_a_put_with_leases_that_was_done_needs_them_no_more(void **state)
{
	struct fixture *f = *state;
	struct call task = { 0 };
	struct call call = { 0 };
	uint32_t q = begin(f);
	uint32_t tasks = open_plain(f->a, "tasks");
	put_now(f->a, tasks, "task");
	get(f->a, tasks, 1, 0, &task);
	put_result(f, q, &task, &call);
	assert_answer(&call, RELEVO_OK);
	lost(f, &f->a);
	q = open_plain(f->a, "q");
	put_result(f, q, &task, &call);
	assert_answer(&call, RELEVO_OK);
	expect(f->a, q, "result", &call);
}

static void test_a_put_with_leases_that_was_not_done_is_refused(void **state)
{
	struct fixture *f = *state;
	struct call task = { 0 };
	struct call call = { 0 };
	uint32_t tasks = open_plain(f->a, "tasks");
	put_now(f->a, tasks, "task");
	get(f->a, tasks, 1, 0, &task);
	lost(f, &f->a);
	uint32_t q = open_plain(f->a, "q");
	put_result(f, q, &task, &call);
	assert_answer(&call, RELEVO_NOT_OWNER);
	expect(f->a, q, "", &call);
	expect(f->a, open_plain(f->a, "tasks"), "task", &call);
	assert_int_equal(call.deliveries[0], 2);
}

static uint32_t marks;

static void count_mark(void *context, const struct repeat_mark *mark)
{
	(void)context;
	(void)mark;
	marks++;
}

static uint32_t marks_of(struct fixture *f, const char *name)
{
	marks = 0;
	repeat_visit(queue_find(f->engine, name), count_mark, NULL);
	return marks;
}

static void test_what_is_settled_is_remembered_no_more(void **state)
{
	struct fixture *f = *state;
	uint32_t q = begin(f);
	for (uint64_t i = 1; i <= 1000; i++)
		put_settled(f->a, q, i, i > 10 ? i - 10 : 0, "x");
	assert_int_equal(marks_of(f, "q"), 11);
	/* It would be new, if it were not known that it never comes. */
	put_ok(f->a, q, 3, "x", 1);
	assert_int_equal(counts_of(f->a, q).put, 1000);
}

static void test_of_what_is_never_settled_the_oldest_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = begin(f);
	enum { MANY = 40000 };
	for (uint64_t i = 1; i <= MANY; i++) {
		put_settled(f->a, q, i, 0, "x");
		get(f->a, q, 1, 0, &call);
		ack(f->a, &call);
	}
	assert_int_equal(marks_of(f, "q"), 16 * 1024);
	put_ok(f->a, q, 1, "x", 1);
	put_ok(f->a, q, MANY, "x", 1);
	assert_int_equal(counts_of(f->a, q).put, MANY);
}

static void test_an_hour_after_it_was_last_seen_a_client_is_forgotten(void **state)
{
	struct fixture *f = *state;
	uint32_t q = begin(f);
	uint32_t of_b = open_plain(f->b, "q");
	put_ok(f->a, q, 1, "a", 1);
	tick_to(f, 9000);
	/* As long as it is there it is remembered. */
	assert_int_equal(marks_of(f, "q"), 1);
	gone(f, &f->a);
	tick_to(f, 9000 + 3599);
	assert_int_equal(marks_of(f, "q"), 1);
	tick_to(f, 9000 + 3601);
	assert_int_equal(marks_of(f, "q"), 0);
	assert_int_equal(counts_of(f->b, of_b).ready, 1);
	lost(f, &f->b);
	put_ok(f->b, open_plain(f->b, "q"), 1, "a", 1);
	assert_int_equal(counts_of(f->b, 1).ready, 2);
}

static void test_it_comes_back_in_time(void **state)
{
	struct fixture *f = *state;
	uint32_t q = begin(f);
	put_ok(f->a, q, 1, "a", 1);
	gone(f, &f->a);
	tick_to(f, 3000);
	engine_peer_identify(f->b, first_id);
	tick_to(f, 9000);
	q = open_plain(f->b, "q");
	put_ok(f->b, q, 1, "a", 1);
	assert_int_equal(counts_of(f->b, q).ready, 1);
}

static void test_an_orderly_end_forgets_at_once(void **state)
{
	struct fixture *f = *state;
	uint32_t q = begin(f);
	put_ok(f->a, q, 1, "a", 1);
	engine_peer_leave(f->a);
	gone(f, &f->a);
	assert_int_equal(marks_of(f, "q"), 0);
}

static void test_it_goes_with_its_queue(void **state)
{
	struct fixture *f = *state;
	struct error error;
	uint32_t q = begin(f);
	put_ok(f->a, q, 1, "a", 1);
	assert_int_equal(queue_delete_handle(f->a, q, &error), RELEVO_OK);
	q = open_plain(f->a, "q");
	put_ok(f->a, q, 1, "a", 1);
	assert_int_equal(counts_of(f->a, q).ready, 1);
}

/* ---- what a record says ----------------------------------------------------- */

static void take_mark(void *context, const struct repeat_mark *mark)
{
	struct fixture *f = context;
	assert_int_equal(repeat_restore(queue_find(f->engine, "copy"), f->first_user, mark),
			 RELEVO_OK);
}

static void test_what_is_visited_can_be_restored(void **state)
{
	struct fixture *f = *state;
	struct call putter = { 0 };
	struct call call = { 0 };
	engine_peer_identify(f->a, first_id);
	uint32_t q = open_bounded(f->a, "q", 3);
	uint32_t copy = open_bounded(f->b, "copy", 3);
	put_settled(f->a, q, 4, 3, "a");
	put_settled(f->a, q, 5, 4, "b");
	put_request(f->a, numbered(q, 6, NSEC_NEVER), "c dd", &putter);
	assert_waits(&putter);
	/* Twice is as good as once. */
	repeat_visit(queue_find(f->engine, "q"), take_mark, f);
	repeat_visit(queue_find(f->engine, "q"), take_mark, f);
	assert_int_equal(marks_of(f, "copy"), 3);
	lost(f, &f->a);
	copy = open_bounded(f->a, "copy", 3);
	put_ok(f->a, copy, 3, "x", 1);
	put_ok(f->a, copy, 4, "a", 1);
	put_ok(f->a, copy, 5, "b", 1);
	put_ok(f->a, copy, 6, "c dd", 2);
	expect(f->a, copy, "dd", &call);
}

static void test_a_restored_client_that_does_not_come_is_forgotten(void **state)
{
	struct fixture *f = *state;
	const struct repeat_mark mark = { first_id, 9, 1, REPEAT_WHOLE };
	open_plain(f->a, "q");
	assert_int_equal(repeat_restore(queue_find(f->engine, "q"), f->first_user, &mark),
			 RELEVO_OK);
	tick_to(f, 3500);
	assert_int_equal(marks_of(f, "q"), 1);
	tick_to(f, 3700);
	assert_int_equal(marks_of(f, "q"), 0);
}

/* ---- what it costs ---------------------------------------------------------- */

static void test_it_is_charged(void **state)
{
	struct fixture *f = *state;
	uint32_t q = begin(f);
	size_t before = f->first_user->used;
	for (uint64_t i = 1; i <= 100; i++)
		put_settled(f->a, q, i, 0, "x");
	struct error error;
	uint64_t count = 0;
	assert_int_equal(queue_purge(f->a, q, f->now, &count, &error), RELEVO_OK);
	size_t kept = f->first_user->used - before;
	assert_true(kept >= 100 * 16);
	assert_true(kept < 8192);
	put_settled(f->a, q, 101, 101, "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_what_was_done_does_not_enter_again),
		fixture_test(test_also_not_on_one_connection),
		fixture_test(test_the_order_of_coming_does_not_matter),
		fixture_test(test_clients_and_queues_are_told_apart),
		fixture_test(test_without_a_name_every_put_is_new),
		fixture_test(test_the_name_of_another_user_is_of_no_use),
		fixture_test(test_what_is_refused_is_tried_again),
		fixture_test(test_what_was_accepted_in_part_is_completed),
		fixture_test(test_what_was_in_before_counts_though_the_rest_is_refused),
		fixture_test(test_a_put_with_leases_that_was_done_needs_them_no_more),
		fixture_test(test_a_put_with_leases_that_was_not_done_is_refused),
		fixture_test(test_what_is_settled_is_remembered_no_more),
		fixture_test(test_of_what_is_never_settled_the_oldest_is_forgotten),
		fixture_test(test_an_hour_after_it_was_last_seen_a_client_is_forgotten),
		fixture_test(test_it_comes_back_in_time),
		fixture_test(test_an_orderly_end_forgets_at_once),
		fixture_test(test_it_goes_with_its_queue),
		fixture_test(test_what_is_visited_can_be_restored),
		fixture_test(test_a_restored_client_that_does_not_come_is_forgotten),
		fixture_test(test_it_is_charged),
	};
	return cmocka_run_group_tests_name("engine/repeat", tests, NULL, NULL);
}
