/* Waiting for cells, and wills. */
#include "cells.h"

#include <string.h>

static struct cell_wait for_ever(uint32_t handle, uint8_t operation)
{
	return (struct cell_wait){
		.handle = handle,
		.operation = operation,
		.deadline = NSEC_NEVER,
	};
}

/* ---- waiting ---------------------------------------------------------- */

static void test_what_holds_already_is_answered_at_once(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	uint32_t x = open_numbers(f->a, "x", 1);
	set(f->a, x, 0, 4);
	await_first(f->a, x, ELEMENT_EQUAL, 4, &call);
	assert_cell_answer(&call, RELEVO_OK);
	assert_int_equal(call.values[0], 4);
	assert_int_equal(call.version, 1);
	/* Also when it may not wait. */
	struct cell_wait request = for_ever(x, ELEMENT_GREATER);
	request.deadline = 0;
	await(f->a, &request, 3, &call);
	assert_cell_answer(&call, RELEVO_OK);
}

static void test_a_change_wakes_all_it_is_for_and_nobody_else(void **state)
{
	struct fixture *f = *state;
	struct cell_call calls[4] = { 0 };
	uint32_t x = open_numbers(f->a, "x", 2);
	uint32_t of_c = open_numbers(f->c, "x", 2);
	await_first(f->a, x, ELEMENT_NOT_EQUAL, 0, &calls[0]);
	await_first(f->c, of_c, ELEMENT_GREATER_EQUAL, 2, &calls[1]);
	await_first(f->b, open_numbers(f->b, "x", 2), ELEMENT_NOT_EQUAL, 0, &calls[2]);
	struct cell_wait second = for_ever(x, ELEMENT_NOT_EQUAL);
	second.first = 1;
	await(f->a, &second, 0, &calls[3]);
	for (int i = 0; i < 4; i++)
		assert_cell_waits(&calls[i]);
	set(f->c, of_c, 0, 1);
	assert_cell_answer(&calls[0], RELEVO_OK);
	assert_cell_answer(&calls[2], RELEVO_OK);
	assert_cell_waits(&calls[1]);
	assert_cell_waits(&calls[3]);
	add(f->c, of_c, 0, 1);
	assert_cell_answer(&calls[1], RELEVO_OK);
	assert_int_equal(calls[1].values[0], 2);
	assert_int_equal(calls[1].waiters, 1);
	set(f->a, x, 1, -1);
	assert_cell_answer(&calls[3], RELEVO_OK);
	assert_int_equal(calls[3].values[0], -1);
}

/* Set and cleared in two steps that nothing comes between. */
static void clear_inside(struct cell_call *call)
{
	struct fixture *f = call->user;
	set(f->a, 1, 0, 0);
}

static void test_no_change_goes_by_unseen(void **state)
{
	struct fixture *f = *state;
	struct cell_call first = { .then = clear_inside, .user = f };
	struct cell_call second = { 0 };
	uint32_t x = open_numbers(f->a, "x", 1);
	assert_int_equal(x, 1);
	await_first(f->a, x, ELEMENT_EQUAL, 1, &first);
	await_first(f->a, x, ELEMENT_EQUAL, 1, &second);
	set(f->a, x, 0, 1);
	/* The first answer cleared it, and yet the second one saw it set. */
	assert_cell_answer(&first, RELEVO_OK);
	assert_cell_answer(&second, RELEVO_OK);
	assert_int_equal(second.values[0], 1);
	assert_int_equal(value_of(f->a, x, 0), 0);
}

static void test_any_change_can_be_waited_for(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	const struct cell_options options = {
		.type = ELEMENT_BYTES,
		.width = 8,
		.count = 3,
		.purpose = "",
	};
	uint32_t x = open_cell(f->a, "x", &options);
	struct cell_wait request = for_ever(x, CELL_CHANGED);
	await(f->a, &request, 0, &call);
	assert_cell_waits(&call);
	set(f->a, x, 2, 0);
	assert_cell_answer(&call, RELEVO_OK);
	assert_int_equal(call.version, 1);
	assert_int_equal(call.count, 0);
	await(f->a, &request, 0, &call);
	assert_cell_answer(&call, RELEVO_OK);
	request.version = 1;
	await(f->a, &request, 0, &call);
	assert_cell_waits(&call);
	waiter_cancel(&call.waiter);
}

static void note_order(struct cell_call *call)
{
	int *served = call->user;
	call->version = (uint64_t)++ * served;
}

/* Elements are wider than what a call that waits has room for. */
static void test_changes_of_wide_elements(void **state)
{
	enum { WAITERS = 20, WIDTH = 64 * 1024 };
	static uint8_t bytes[WIDTH];
	struct fixture *f = *state;
	struct cell_call calls[WAITERS] = { 0 }, change = { 0 };
	int served = 0;
	const struct cell_options options = {
		.type = ELEMENT_BYTES,
		.width = WIDTH,
		.count = 1,
		.purpose = "",
	};
	uint32_t x = open_cell(f->a, "x", &options);
	const struct cell_wait request = for_ever(x, CELL_CHANGED);
	for (int i = 0; i < WAITERS; i++) {
		calls[i].then = note_order;
		calls[i].user = &served;
		await(f->a, &request, 0, &calls[i]);
		assert_cell_waits(&calls[i]);
	}
	const struct cell_term term = { 0, CELL_SET, bytes, WIDTH };
	const struct cell_update whole = { .handle = x, .terms = &term, .count = 1 };
	change.waiter.answer = calls[0].waiter.answer;
	cell_update(f->a, &whole, f->now, &change.waiter);
	for (int i = 0; i < WAITERS; i++) {
		assert_cell_answer(&calls[i], RELEVO_OK);
		/* In the order of their calls. */
		assert_int_equal(calls[i].version, i + 1);
	}
}

static void test_waits_end_in_time(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	uint32_t x = open_numbers(f->a, "x", 1);
	struct cell_wait request = for_ever(x, ELEMENT_EQUAL);
	request.deadline = 0;
	await(f->a, &request, 1, &call);
	assert_cell_answer(&call, RELEVO_TIMED_OUT);
	assert_text(call.text, "the test \"x\" was not in time");
	request.deadline = SECONDS(5);
	await(f->a, &request, 1, &call);
	tick_to(f, 4);
	assert_cell_waits(&call);
	assert_int_equal(engine_next_deadline(f->engine), SECONDS(5));
	tick_to(f, 5);
	assert_cell_answer(&call, RELEVO_TIMED_OUT);
	await(f->a, &request, 1, &call);
	waiter_cancel(&call.waiter);
	assert_cell_answer(&call, RELEVO_CANCELLED);
	await_first(f->a, x, ELEMENT_EQUAL, 1, &call);
	struct error error;
	assert_int_equal(cell_close(f->a, x, &error), RELEVO_OK);
	assert_cell_waits(&call);
	assert_int_equal(cell_delete(f->engine, "x", "", &error), RELEVO_OK);
	assert_cell_answer(&call, RELEVO_GONE);
	assert_text(call.text, "the test \"x\" was deleted");
}

static void test_a_session_that_ends_waits_no_more(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	struct cell_call reader = { 0 };
	uint32_t x = open_numbers(f->a, "x", 1);
	await_first(f->c, open_numbers(f->c, "x", 1), ELEMENT_EQUAL, 1, &call);
	update(f->a, &(struct number_update){ .handle = x }, &reader);
	assert_int_equal(reader.waiters, 1);
	gone(f, &f->c);
	update(f->a, &(struct number_update){ .handle = x }, &reader);
	assert_int_equal(reader.waiters, 0);
	set(f->a, x, 0, 1);
	assert_int_equal(call.answers, 0);
}

static void test_no_more_calls_wait_than_may(void **state)
{
	(void)state;
	const struct engine_config config = { .seed = 1, .peer_handles = 9, .peer_waiters = 1 };
	struct fixture *f = fixture_open(&config);
	struct cell_call calls[2] = { 0 };
	uint32_t x = open_numbers(f->a, "x", 1);
	await_first(f->a, x, ELEMENT_EQUAL, 1, &calls[0]);
	await_first(f->a, x, ELEMENT_EQUAL, 1, &calls[1]);
	assert_cell_waits(&calls[0]);
	assert_cell_answer(&calls[1], RELEVO_LIMIT);
	await_first(f->a, x, ELEMENT_EQUAL, 0, &calls[1]);
	assert_cell_answer(&calls[1], RELEVO_OK);
	/* Wills have the same limit. */
	leave_will(f->a, x, 0, 1);
	const struct number_update request = {
		.handle = x,
		.terms = { { 0, CELL_SET, 5 } },
		.count = 1,
		.will = { { 0, CELL_SET, 2 } },
		.will_count = 1,
	};
	update(f->a, &request, &calls[1]);
	assert_cell_answer(&calls[1], RELEVO_LIMIT);
	assert_text(calls[1].text, "1 wills");
	assert_int_equal(value_of(f->a, x, 0), 0);
	fixture_close(f);
}

/* Of a large array so many elements are waited for that an update is soon done. */
static void test_no_more_wait_for_a_large_array_than_may(void **state)
{
	enum { MOST = 8192 };
	(void)state;
	const struct engine_config config = { .seed = 1, .peer_handles = 9, .peer_waiters = 9999 };
	struct fixture *f = fixture_open(&config);
	f->accounts.memory_limit *= 100;
	static struct cell_call calls[MOST];
	struct cell_call more = { 0 };
	uint32_t large = open_numbers(f->a, "large", MOST),
		 small = open_numbers(f->a, "small", 1365);
	struct cell_wait request = for_ever(large, ELEMENT_EQUAL);
	memset(calls, 0, sizeof calls);
	for (; request.first < MOST; request.first++)
		await(f->a, &request, 7, &calls[request.first]);
	assert_cell_waits(&calls[MOST - 1]);
	request.first = 3;
	await(f->a, &request, 7, &more);
	assert_cell_answer(&more, RELEVO_LIMIT);
	assert_text(more.text, "8192 calls wait");
	/* Any change can be waited for, and others. */
	struct cell_call changed = { 0 }, other = { 0 };
	await(f->a, &(struct cell_wait){ large, CELL_CHANGED, .deadline = NSEC_NEVER }, 0,
	      &changed);
	await_first(f->a, small, ELEMENT_EQUAL, 7, &other);
	assert_cell_waits(&changed);
	assert_cell_waits(&other);
	set(f->a, large, 5, 7);
	assert_cell_answer(&calls[5], RELEVO_OK);
	assert_cell_answer(&changed, RELEVO_OK);
	await(f->a, &request, 7, &more);
	assert_cell_waits(&more);
	fixture_close(f);
}

/* However often an update changes them, and in whatever order. */
static void test_no_element_is_looked_at_twice(void **state)
{
	struct fixture *f = *state;
	static struct cell_call calls[4];
	struct cell_call change = { 0 };
	uint32_t x = open_numbers(f->a, "x", 8);
	memset(calls, 0, sizeof calls);
	struct cell_wait request = for_ever(x, ELEMENT_EQUAL);
	for (; request.first < 4; request.first++)
		await(f->a, &request, request.first == 2 ? CELL_MAX_TERMS - 2 : -1,
		      &calls[request.first]);
	struct number_update many = { .handle = x, .count = CELL_MAX_TERMS };
	for (uint32_t i = 0; i < CELL_MAX_TERMS; i++)
		many.terms[i] = (struct number_term){ i * 5 % 4, CELL_SET, i };
	uint64_t before = engine_work_done(f->engine);
	update(f->a, &many, &change);
	assert_in_range(engine_work_done(f->engine) - before, 1, 3 * 4);
	assert_cell_answer(&calls[2], RELEVO_OK);
	assert_cell_waits(&calls[1]);
	assert_cell_waits(&calls[3]);
}

static void test_what_cannot_be_waited_for_is_refused(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	const struct cell_options bytes = {
		.type = ELEMENT_BYTES,
		.width = 8,
		.count = 1,
		.purpose = "",
	};
	const struct cell_options narrow = { .type = ELEMENT_INT8, .count = 8, .purpose = "" };
	uint32_t x = open_numbers(f->a, "x", 1);
	struct cell_wait request = for_ever(x, CELL_SET);
	await(f->a, &request, 1, &call);
	assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
	assert_text(call.text, "operation 6");
	request = for_ever(x, ELEMENT_EQUAL);
	request.first = 1;
	await(f->a, &request, 1, &call);
	assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
	await_first(f->a, open_cell(f->a, "bytes", &bytes), ELEMENT_EQUAL, 1, &call);
	assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
	await_first(f->a, open_cell(f->a, "narrow", &narrow), ELEMENT_EQUAL, 1, &call);
	assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
	await_first(f->a, 99, ELEMENT_EQUAL, 1, &call);
	assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
}

/* ---- wills ------------------------------------------------------------ */

static void test_a_will_is_carried_out_when_its_session_ends(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	uint32_t x = open_numbers(f->a, "x", 1);
	leave_will(f->c, open_numbers(f->c, "x", 1), 0, 7);
	await_first(f->a, x, ELEMENT_EQUAL, 7, &call);
	assert_cell_waits(&call);
	gone(f, &f->c);
	assert_cell_answer(&call, RELEVO_OK);
	assert_int_equal(value_of(f->a, x, 0), 7);
}

static void test_a_will_whose_check_fails_does_nothing(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	uint32_t x = open_numbers(f->a, "x", 2);
	const struct number_update request = {
		.handle = open_numbers(f->c, "x", 2),
		.will = { { 1, ELEMENT_EQUAL, 0 }, { 0, CELL_SET, 7 } },
		.will_count = 2,
	};
	update(f->c, &request, &call);
	set(f->a, x, 1, 1);
	gone(f, &f->c);
	assert_int_equal(value_of(f->a, x, 0), 0);
}

static void test_a_will_that_is_withdrawn_is_void(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	uint32_t x = open_numbers(f->a, "x", 1);
	uint32_t of_c = open_numbers(f->c, "x", 1);
	size_t before = f->second_user->used;
	uint64_t will = leave_will(f->c, of_c, 0, 7);
	assert_true(f->second_user->used > before);
	/* In the same step as a change that is not made. */
	const struct number_update request = {
		.handle = of_c,
		.terms = { { 0, ELEMENT_EQUAL, 99 } },
		.count = 1,
		.withdraw = will,
	};
	update(f->c, &request, &call);
	assert_cell_answer(&call, RELEVO_OK);
	assert_int_equal(f->second_user->used, before);
	update(f->c, &request, &call);
	assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
	assert_text(call.text, "no will of the number");
	gone(f, &f->c);
	assert_int_equal(value_of(f->a, x, 0), 0);
}

/* A wait of c for element 0 to become 1, with a will that sets element 1 to 7. */
static void await_with_will(struct fixture *f, nsec_t deadline, struct cell_call *call)
{
	uint32_t of_c = open_numbers(f->c, "x", 2);
	const struct cell_wait request = {
		.handle = of_c,
		.operation = ELEMENT_EQUAL,
		.will = leave_will(f->c, of_c, 1, 7),
		.deadline = deadline,
	};
	await(f->c, &request, 1, call);
}

static void test_a_wait_that_succeeds_withdraws_its_will(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	uint32_t x = open_numbers(f->a, "x", 2);
	await_with_will(f, SECONDS(9), &call);
	set(f->a, x, 0, 1);
	assert_cell_answer(&call, RELEVO_OK);
	await_with_will(f, 0, &call);
	assert_cell_answer(&call, RELEVO_OK);
	gone(f, &f->c);
	assert_int_equal(value_of(f->a, x, 1), 0);
}

static void test_a_wait_that_fails_carries_its_will_out(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	uint32_t x = open_numbers(f->a, "x", 2);
	await_with_will(f, 0, &call);
	assert_cell_answer(&call, RELEVO_TIMED_OUT);
	assert_int_equal(value_of(f->a, x, 1), 7);
	set(f->a, x, 1, 0);
	await_with_will(f, SECONDS(3), &call);
	tick_to(f, 3);
	assert_cell_answer(&call, RELEVO_TIMED_OUT);
	assert_int_equal(value_of(f->a, x, 1), 7);
	set(f->a, x, 1, 0);
	await_with_will(f, NSEC_NEVER, &call);
	waiter_cancel(&call.waiter);
	assert_cell_answer(&call, RELEVO_CANCELLED);
	assert_int_equal(value_of(f->a, x, 1), 7);
	set(f->a, x, 1, 0);
	await_with_will(f, NSEC_NEVER, &call);
	gone(f, &f->c);
	assert_int_equal(value_of(f->a, x, 1), 7);
}

static void test_a_session_may_give_up_by_itself(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	uint32_t x = open_numbers(f->a, "x", 1);
	await_first(f->a, x, ELEMENT_EQUAL, 7, &call);
	uint64_t will = leave_will(f->c, open_numbers(f->c, "x", 1), 0, 7);
	cell_give_up(f->a, will, f->now);
	assert_cell_waits(&call);
	cell_give_up(f->c, will, f->now);
	assert_cell_answer(&call, RELEVO_OK);
	set(f->a, x, 0, 0);
	cell_give_up(f->c, will, f->now);
	gone(f, &f->c);
	assert_int_equal(value_of(f->a, x, 0), 0);
}

static void test_of_two_that_time_out_together_one_breaks_for_both(void **state)
{
	struct fixture *f = *state;
	struct cell_call first = { 0 };
	struct cell_call second = { 0 };
	uint32_t x = open_numbers(f->a, "x", 2);
	await_with_will(f, SECONDS(3), &first);
	/* What the first one's will does is what this one waits for. */
	const struct cell_wait request = {
		.handle = x,
		.operation = ELEMENT_EQUAL,
		.first = 1,
		.deadline = SECONDS(3),
	};
	await(f->a, &request, 7, &second);
	tick_to(f, 3);
	assert_cell_answer(&first, RELEVO_TIMED_OUT);
	assert_cell_answer(&second, RELEVO_OK);
}

static void test_a_will_for_another_cell_is_refused(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	uint32_t x = open_numbers(f->a, "x", 1);
	struct cell_wait request = for_ever(x, ELEMENT_EQUAL);
	request.will = leave_will(f->a, open_numbers(f->a, "y", 1), 0, 1);
	await(f->a, &request, 1, &call);
	assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
	assert_text(call.text, "for the test \"x\"");
	request.will = 4711;
	await(f->a, &request, 1, &call);
	assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
}

static void test_a_will_outlives_its_cell(void **state)
{
	struct fixture *f = *state;
	struct error error;
	struct cell_call call = { 0 };
	await_with_will(f, NSEC_NEVER, &call);
	leave_will(f->c, open_numbers(f->c, "x", 2), 0, 1);
	assert_int_equal(cell_delete(f->engine, "x", "", &error), RELEVO_OK);
	assert_cell_answer(&call, RELEVO_GONE);
	uint32_t x = open_numbers(f->a, "x", 2);
	gone(f, &f->c);
	assert_int_equal(value_of(f->a, x, 0), 0);
	assert_int_equal(value_of(f->a, x, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_what_holds_already_is_answered_at_once),
		fixture_test(test_a_change_wakes_all_it_is_for_and_nobody_else),
		fixture_test(test_no_change_goes_by_unseen),
		fixture_test(test_any_change_can_be_waited_for),
		fixture_test(test_changes_of_wide_elements),
		fixture_test(test_waits_end_in_time),
		fixture_test(test_a_session_that_ends_waits_no_more),
		cmocka_unit_test(test_no_more_calls_wait_than_may),
		cmocka_unit_test(test_no_more_wait_for_a_large_array_than_may),
		fixture_test(test_no_element_is_looked_at_twice),
		fixture_test(test_what_cannot_be_waited_for_is_refused),
		fixture_test(test_a_will_is_carried_out_when_its_session_ends),
		fixture_test(test_a_will_whose_check_fails_does_nothing),
		fixture_test(test_a_will_that_is_withdrawn_is_void),
		fixture_test(test_a_wait_that_succeeds_withdraws_its_will),
		fixture_test(test_a_wait_that_fails_carries_its_will_out),
		fixture_test(test_a_session_may_give_up_by_itself),
		fixture_test(test_of_two_that_time_out_together_one_breaks_for_both),
		fixture_test(test_a_will_for_another_cell_is_refused),
		fixture_test(test_a_will_outlives_its_cell),
	};
	return cmocka_run_group_tests_name("engine/cell_wait", tests, NULL, NULL);
}
