/* Waiting for a queue's end, and ending it. */
#include "fixture.h"
#include "queues/manage.h"

static void answer_join(struct waiter *waiter, const struct answer *answer)
{
	struct call *call = container_of(waiter, struct call, waiter);
	call->answers++;
	call->status = answer->status;
}

static void join(struct fixture *f, uint32_t q, nsec_t deadline, struct call *call)
{
	*call = (struct call){ .waiter.answer = answer_join };
	queue_join(f->a, &(struct join_request){ .handle = q, .deadline = deadline }, f->now,
		   &call->waiter);
}

static void shut_down(struct fixture *f, uint32_t q, enum queue_shutdown how)
{
	struct error error;
	assert_int_equal(queue_shut_down(f->a, q, how, f->now, &error), RELEVO_OK);
}

static void test_an_empty_queue_is_done(void **state)
{
	struct fixture *f = *state;
	struct call joiner;
	join(f, open_plain(f->a, "q"), 0, &joiner);
	assert_answer(&joiner, RELEVO_OK);
}

static void test_join_waits_for_the_last_acknowledgement(void **state)
{
	struct fixture *f = *state;
	struct call joiner, first = { 0 }, second = { 0 };
	uint32_t q = open_plain(f->a, "q"), theirs = open_plain(f->b, "q");
	put_now(f->a, q, "1 2");
	join(f, q, 0, &joiner);
	assert_answer(&joiner, RELEVO_TIMED_OUT);
	join(f, q, NSEC_NEVER, &joiner);
	assert_int_equal(counts_of(f->a, q).joiners, 1);
	get(f->a, q, 1, 0, &first);
	get(f->b, theirs, 1, 0, &second);
	ack(f->a, &first);
	assert_waits(&joiner);
	/* The death of a worker is not the end of its work. */
	gone(f, &f->b);
	assert_waits(&joiner);
	expect(f->a, q, "2", &second);
	ack(f->a, &second);
	assert_answer(&joiner, RELEVO_OK);
	assert_int_equal(counts_of(f->a, q).joiners, 0);
}

static void test_join_waits_for_what_is_delayed(void **state)
{
	struct fixture *f = *state;
	struct call joiner, call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	struct put_request request = { .handle = q,
				       .not_before = SECONDS(5),
				       .expires = SECONDS(9) };
	put_request(f->a, &request, "1", &call);
	join(f, q, NSEC_NEVER, &joiner);
	tick_to(f, 8);
	assert_waits(&joiner);
	tick_to(f, 9);
	assert_answer(&joiner, RELEVO_OK);
}

static void test_join_times_out(void **state)
{
	struct fixture *f = *state;
	struct call joiner, call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1");
	join(f, q, SECONDS(5), &joiner);
	tick_to(f, 5);
	assert_answer(&joiner, RELEVO_TIMED_OUT);
	expect(f->a, q, "1", &call);
	ack(f->a, &call);
}

static void test_join_ends_with_the_queue(void **state)
{
	struct fixture *f = *state;
	struct call joiner;
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1");
	join(f, q, NSEC_NEVER, &joiner);
	assert_int_equal(queue_delete(f->engine, "q", QUEUE_ANY, &error), RELEVO_OK);
	assert_answer(&joiner, RELEVO_GONE);
	join(f, q, NSEC_NEVER, &joiner);
	assert_answer(&joiner, RELEVO_GONE);
}

/* Whatever is in it, and whoever has come to bear its name. */
static void test_the_end_of_a_queue_is_waited_for(void **state)
{
	struct fixture *f = *state;
	struct call follower = { .waiter.answer = answer_join }, call = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	const struct join_request request = { q, .until_end = true, .deadline = NSEC_NEVER };
	queue_join(f->a, &request, f->now, &follower.waiter);
	put_now(f->a, q, "1");
	expect(f->a, q, "1", &call);
	ack(f->a, &call);
	assert_waits(&follower);
	assert_int_equal(counts_of(f->a, q).joiners, 0);
	assert_int_equal(queue_delete_handle(f->a, q, &error), RELEVO_OK);
	assert_answer(&follower, RELEVO_GONE);
	uint32_t second = open_plain(f->a, "q");
	assert_int_equal(queue_delete_handle(f->a, q, &error), RELEVO_GONE);
	assert_int_equal(queue_delete_handle(f->a, 12345, &error), RELEVO_BAD_ARGUMENT);
	put_now(f->a, second, "2");
}

static void test_draining_hands_out_what_is_left(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1 2");
	shut_down(f, q, QUEUE_DRAINING);
	assert_true(counts_of(f->a, q).shut_down);
	put(f->a, q, "3", NSEC_NEVER, &call);
	assert_answer(&call, RELEVO_SHUT_DOWN);
	assert_text(call.text, "\"q\" has been shut down");
	expect(f->a, q, "1 2", &call);
	ack(f->a, &call);
	get(f->a, q, 1, NSEC_NEVER, &call);
	assert_answer(&call, RELEVO_SHUT_DOWN);
	get(f->a, q, 1, 0, &call);
	assert_answer(&call, RELEVO_SHUT_DOWN);
}

static void test_draining_waits_for_what_others_hold(void **state)
{
	struct fixture *f = *state;
	struct call held = { 0 }, getter = { 0 }, other = { 0 };
	uint32_t q = open_plain(f->a, "q"), theirs = open_plain(f->b, "q");
	put_now(f->a, q, "1");
	get(f->b, theirs, 1, 0, &held);
	get(f->a, q, 1, NSEC_NEVER, &getter);
	get(f->b, theirs, 1, NSEC_NEVER, &other);
	shut_down(f, q, QUEUE_DRAINING);
	/* Who has it waits for nothing; the other may have to take over. */
	assert_answer(&other, RELEVO_SHUT_DOWN);
	assert_waits(&getter);
	gone(f, &f->b);
	assert_items(&getter, "1");
	ack(f->a, &getter);
	get(f->a, q, 1, NSEC_NEVER, &getter);
	assert_answer(&getter, RELEVO_SHUT_DOWN);
}

static void test_draining_ends_with_the_last_acknowledgement(void **state)
{
	struct fixture *f = *state;
	struct call held = { 0 }, getter = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1");
	get(f->b, open_plain(f->b, "q"), 1, 0, &held);
	shut_down(f, q, QUEUE_DRAINING);
	get(f->a, q, 1, NSEC_NEVER, &getter);
	assert_waits(&getter);
	ack(f->b, &held);
	assert_answer(&getter, RELEVO_SHUT_DOWN);
}

static void test_putters_that_wait_are_told(void **state)
{
	struct fixture *f = *state;
	struct call putter = { 0 }, call = { 0 };
	uint32_t q = open_bounded(f->a, "q", 1);
	put(f->a, q, "1 2", NSEC_NEVER, &putter);
	shut_down(f, q, QUEUE_DRAINING);
	assert_answer(&putter, RELEVO_SHUT_DOWN);
	assert_int_equal(putter.accepted, 1);
	expect(f->a, q, "1", &call);
	ack(f->a, &call);
}

static void test_at_once_drops_what_is_left(void **state)
{
	struct fixture *f = *state;
	struct call held = { 0 }, call = { 0 }, joiner;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1 2 3");
	get(f->a, q, 1, 0, &held);
	join(f, q, NSEC_NEVER, &joiner);
	shut_down(f, q, QUEUE_SHUT);
	assert_int_equal(counts_of(f->a, q).ready, 0);
	get(f->a, q, 1, 0, &call);
	assert_answer(&call, RELEVO_SHUT_DOWN);
	assert_waits(&joiner);
	nack(f->a, &held);
	assert_answer(&joiner, RELEVO_OK);
	assert_int_equal(f->engine->items.alive, 0);
}

static void test_getters_that_wait_are_told(void **state)
{
	struct fixture *f = *state;
	struct call drained = { 0 }, shut = { 0 };
	uint32_t q = open_plain(f->a, "q"), p = open_plain(f->a, "p");
	get(f->a, q, 1, NSEC_NEVER, &drained);
	get(f->a, p, 1, NSEC_NEVER, &shut);
	shut_down(f, q, QUEUE_DRAINING);
	shut_down(f, p, QUEUE_SHUT);
	assert_answer(&drained, RELEVO_SHUT_DOWN);
	assert_answer(&shut, RELEVO_SHUT_DOWN);
}

static void test_a_lock_is_not_shut_down(void **state)
{
	struct fixture *f = *state;
	struct error error;
	uint64_t count;
	const struct queue_options lock = {
		.kind = QUEUE_LOCK, .bounded = true, .capacity = 1, .tokens = 1
	};
	uint32_t q = open_queue(f->a, "lock", &lock);
	assert_int_equal(queue_shut_down(f->a, q, QUEUE_SHUT, f->now, &error), RELEVO_BAD_ARGUMENT);
	assert_text(error.text, "\"lock\" is a lock, not a queue of items: it cannot be shut down");
	assert_int_equal(queue_purge(f->a, q, f->now, &count, &error), RELEVO_BAD_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_an_empty_queue_is_done),
		fixture_test(test_join_waits_for_the_last_acknowledgement),
		fixture_test(test_join_waits_for_what_is_delayed),
		fixture_test(test_join_times_out),
		fixture_test(test_join_ends_with_the_queue),
		fixture_test(test_the_end_of_a_queue_is_waited_for),
		fixture_test(test_draining_hands_out_what_is_left),
		fixture_test(test_draining_waits_for_what_others_hold),
		fixture_test(test_draining_ends_with_the_last_acknowledgement),
		fixture_test(test_putters_that_wait_are_told),
		fixture_test(test_at_once_drops_what_is_left),
		fixture_test(test_getters_that_wait_are_told),
		fixture_test(test_a_lock_is_not_shut_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
