/* Getting from the first ready of several queues. */
#include "fixture.h"

#include <string.h>

/* What became of a get from several. */
struct outcome {
	struct call call;
	uint32_t handle;
};

static void on_answer(struct waiter *waiter, const struct answer *answer)
{
	struct call *call = container_of(waiter, struct call, waiter);
	struct outcome *outcome = container_of(call, struct outcome, call);
	call->answers++;
	call->status = answer->status;
	outcome->handle = answer->handle;
	strncpy(call->text, answer->text, sizeof call->text - 1);
	call->count = answer->delivery_count;
	for (uint32_t i = 0; i < answer->delivery_count; i++) {
		const struct item *item = answer->deliveries[i].item;
		call->leases[i] = answer->deliveries[i].lease;
		if (i > 0)
			strcat(call->items, " ");
		strncat(call->items, (const char *)item->body, item->size);
	}
}

static void get_any(struct fixture *f, const uint32_t *handles, size_t count, nsec_t deadline,
		    struct outcome *outcome)
{
	const struct get_request request = {
		.handle = handles[0],
		.max_items = 4,
		.deadline = deadline,
		.also = handles + 1,
		.also_count = count - 1,
	};
	*outcome = (struct outcome){ .call.waiter.answer = on_answer };
	queue_get(f->a, &request, f->now, &outcome->call.waiter);
}

static void test_the_first_named_that_has_an_item_serves(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome;
	const uint32_t q[] = { open_plain(f->a, "x"), open_plain(f->a, "y"),
			       open_plain(f->a, "z") };
	put_now(f->a, q[2], "3");
	put_now(f->a, q[1], "1 2");
	get_any(f, q, 3, 0, &outcome);
	assert_answer(&outcome.call, RELEVO_OK);
	assert_string_equal(outcome.call.items, "1 2");
	assert_int_equal(outcome.handle, q[1]);
	ack(f->a, &outcome.call);
	get_any(f, q, 3, 0, &outcome);
	assert_string_equal(outcome.call.items, "3");
	assert_int_equal(outcome.handle, q[2]);
	ack(f->a, &outcome.call);
	get_any(f, q, 3, 0, &outcome);
	assert_answer(&outcome.call, RELEVO_TIMED_OUT);
}

static void test_it_waits_for_all_of_them(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome;
	struct call call = { 0 };
	const uint32_t q[] = { open_plain(f->a, "x"), open_plain(f->a, "y") };
	for (int i = 0; i < 2; i++) {
		get_any(f, q, 2, NSEC_NEVER, &outcome);
		assert_waits(&outcome.call);
		assert_int_equal(counts_of(f->a, q[0]).getters, 1);
		assert_int_equal(counts_of(f->a, q[1]).getters, 1);
		put_now(f->a, q[i], "1");
		assert_answer(&outcome.call, RELEVO_OK);
		assert_int_equal(outcome.handle, q[i]);
		/* It stands in no line any more. */
		assert_int_equal(counts_of(f->a, q[1 - i]).getters, 0);
		put_now(f->a, q[1 - i], "2");
		assert_int_equal(outcome.call.answers, 1);
		ack(f->a, &outcome.call);
		expect(f->a, q[1 - i], "2", &call);
		ack(f->a, &call);
	}
}

static void test_it_times_out_once(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome;
	const uint32_t q[] = { open_plain(f->a, "x"), open_plain(f->a, "y") };
	get_any(f, q, 2, SECONDS(5), &outcome);
	tick_to(f, 9);
	assert_answer(&outcome.call, RELEVO_TIMED_OUT);
	assert_int_equal(engine_next_deadline(f->engine), NSEC_NEVER);
}

static void test_it_is_cancelled(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome;
	struct call call = { 0 };
	const uint32_t q[] = { open_plain(f->a, "x"), open_plain(f->a, "y") };
	get_any(f, q, 2, NSEC_NEVER, &outcome);
	waiter_cancel(&outcome.call.waiter);
	assert_answer(&outcome.call, RELEVO_CANCELLED);
	waiter_cancel(&outcome.call.waiter);
	assert_int_equal(outcome.call.answers, 1);
	put_now(f->a, q[1], "1");
	expect(f->a, q[1], "1", &call);
	ack(f->a, &call);
}

static void test_a_queue_that_goes_is_named(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome;
	struct error error;
	const uint32_t q[] = { open_plain(f->a, "x"), open_plain(f->a, "y") };
	get_any(f, q, 2, NSEC_NEVER, &outcome);
	assert_int_equal(queue_delete(f->engine, "y", QUEUE_ANY, &error), RELEVO_OK);
	assert_answer(&outcome.call, RELEVO_GONE);
	assert_text(outcome.call.text, "\"y\" was deleted");
	assert_int_equal(counts_of(f->a, q[0]).getters, 0);
	get_any(f, q, 2, NSEC_NEVER, &outcome);
	assert_answer(&outcome.call, RELEVO_GONE);
	assert_int_equal(counts_of(f->a, q[0]).getters, 0);
}

static void test_it_goes_with_its_session(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome;
	const uint32_t q[] = { open_plain(f->a, "x"), open_plain(f->a, "y") };
	get_any(f, q, 2, NSEC_NEVER, &outcome);
	uint32_t theirs = open_plain(f->b, "y");
	gone(f, &f->a);
	assert_int_equal(outcome.call.answers, 0);
	assert_int_equal(counts_of(f->b, theirs).getters, 0);
}

static void test_the_same_queue_twice(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome;
	uint32_t x = open_plain(f->a, "x");
	const uint32_t q[] = { x, x, open_plain(f->a, "x") };
	get_any(f, q, 3, NSEC_NEVER, &outcome);
	put_now(f->a, x, "1");
	assert_answer(&outcome.call, RELEVO_OK);
	assert_string_equal(outcome.call.items, "1");
	assert_int_equal(counts_of(f->a, x).getters, 0);
	ack(f->a, &outcome.call);
}

static void test_handles_that_are_not_open(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome;
	const uint32_t q[] = { open_plain(f->a, "x"), 4711 };
	get_any(f, q, 2, NSEC_NEVER, &outcome);
	assert_answer(&outcome.call, RELEVO_BAD_ARGUMENT);
	assert_int_equal(counts_of(f->a, q[0]).getters, 0);
	uint32_t many[GET_MAX_QUEUES + 1];
	for (size_t i = 0; i <= GET_MAX_QUEUES; i++)
		many[i] = q[0];
	get_any(f, many, GET_MAX_QUEUES + 1, NSEC_NEVER, &outcome);
	assert_answer(&outcome.call, RELEVO_LIMIT);
}

/* Served and out of time at the same moment: one answer, and no item is lost. */
static void test_time_runs_out_as_an_item_ripens(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome;
	struct call call = { 0 };
	const uint32_t q[] = { open_plain(f->a, "x"), open_plain(f->a, "y") };
	struct put_request later = { .handle = q[1], .not_before = SECONDS(5) };
	put_request(f->a, &later, "1", &call);
	get_any(f, q, 2, SECONDS(5), &outcome);
	tick_to(f, 5);
	assert_int_equal(outcome.call.answers, 1);
	assert_int_equal(outcome.call.status, RELEVO_OK);
	ack(f->a, &outcome.call);
	assert_int_equal(f->engine->items.alive, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_the_first_named_that_has_an_item_serves),
		fixture_test(test_it_waits_for_all_of_them),
		fixture_test(test_it_times_out_once),
		fixture_test(test_it_is_cancelled),
		fixture_test(test_a_queue_that_goes_is_named),
		fixture_test(test_it_goes_with_its_session),
		fixture_test(test_the_same_queue_twice),
		fixture_test(test_handles_that_are_not_open),
		fixture_test(test_time_runs_out_as_an_item_ripens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
