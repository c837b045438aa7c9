/* Who is served by which change, whatever the numbers, and however many wait. */
#include "cells.h"
#include "core/peer.h"

#include <math.h>
#include <string.h>

enum { MANY = 600 };

/* ---- numbers that are not whole ------------------------------------------ */

static uint32_t open_doubles(struct engine_peer *peer)
{
	struct cell_options options = numbers(3);
	options.type = ELEMENT_DOUBLE;
	return open_cell(peer, "d", &options);
}

struct double_call {
	struct waiter waiter;
	int answers, status;
	double found;
};

static void on_answer(struct waiter *waiter, const struct answer *answer)
{
	struct double_call *call = (struct double_call *)waiter;
	call->answers++;
	call->status = answer->status;
	if (answer->status == RELEVO_OK)
		element_copy(ELEMENT_DOUBLE, &call->found, answer->reading->bytes, 8);
}

static void await_double(struct engine_peer *peer, uint32_t handle, uint8_t operation,
			 double operand, struct double_call *call)
{
	uint8_t bytes[8];
	element_copy(ELEMENT_DOUBLE, bytes, &operand, 8);
	const struct cell_wait request = {
		.handle = handle,
		.operation = operation,
		.first = 1,
		.operand = bytes,
		.size = 8,
		.deadline = NSEC_NEVER,
	};
	*call = (struct double_call){ .waiter.answer = on_answer };
	cell_wait(peer, &request, peer->engine->now, &call->waiter);
}

static void set_double(struct engine_peer *peer, uint32_t handle, double value)
{
	uint8_t bytes[8];
	element_copy(ELEMENT_DOUBLE, bytes, &value, 8);
	const struct cell_term term = { 1, CELL_SET, bytes, 8 };
	struct double_call call = { .waiter.answer = on_answer };
	const struct cell_update request = {
		.handle = handle, .terms = &term, .count = 1, .read_first = 1, .read_count = 1
	};
	cell_update(peer, &request, peer->engine->now, &call.waiter);
	assert_int_equal(call.status, RELEVO_OK);
}

static void test_what_is_no_number_equals_nothing(void **state)
{
	struct fixture *f = *state;
	struct double_call calls[ELEMENT_COMPARISONS], other, fine;
	uint32_t d = open_doubles(f->a);
	set_double(f->a, d, 1);
	for (uint8_t i = 0; i < ELEMENT_COMPARISONS; i++)
		await_double(f->a, d, i, NAN, &calls[i]);
	/* It is different from the first. */
	assert_int_equal(calls[ELEMENT_NOT_EQUAL].answers, 1);
	await_double(f->a, d, ELEMENT_NOT_EQUAL, 1, &other);
	await_double(f->a, d, ELEMENT_GREATER, 1, &fine);
	set_double(f->a, d, NAN);
	assert_int_equal(other.answers, 1);
	assert_true(isnan(other.found));
	assert_int_equal(fine.answers, 0);
	set_double(f->a, d, 2);
	assert_int_equal(fine.answers, 1);
	for (uint8_t i = 0; i < ELEMENT_COMPARISONS; i++)
		assert_int_equal(calls[i].answers, i == ELEMENT_NOT_EQUAL);
	gone(f, &f->a);
}

static void test_both_zeros_are_one(void **state)
{
	struct fixture *f = *state;
	struct double_call equal, different;
	uint32_t d = open_doubles(f->a);
	await_double(f->a, d, ELEMENT_NOT_EQUAL, -0.0, &different);
	set_double(f->a, d, -0.0);
	assert_int_equal(different.answers, 0);
	set_double(f->a, d, 3);
	assert_int_equal(different.answers, 1);
	await_double(f->a, d, ELEMENT_EQUAL, 0.0, &equal);
	set_double(f->a, d, -0.0);
	assert_int_equal(equal.answers, 1);
	assert_true(signbit(equal.found));
}

/* ---- many ------------------------------------------------------------------ */

static struct cell_call calls[MANY];

/* How many of them have been answered. */
static int answered(void)
{
	int count = 0;
	for (int i = 0; i < MANY; i++)
		count += calls[i].answers;
	return count;
}

/* Each waits for another number: 0, 1, ... */
static uint32_t await_many(struct engine_peer *peer, uint8_t operation, int64_t start)
{
	uint32_t n = open_numbers(peer, "n", 2);
	memset(calls, 0, sizeof calls);
	set(peer, n, 0, start);
	for (int i = 0; i < MANY; i++)
		await_first(peer, n, operation, i * 7 % MANY, &calls[i]);
	return n;
}

static void test_those_below_are_served(void **state)
{
	struct fixture *f = *state;
	uint32_t n = await_many(f->a, ELEMENT_GREATER, -1);
	set(f->a, n, 0, 0);
	assert_int_equal(answered(), 0);
	set(f->a, n, 1, 1000);
	assert_int_equal(answered(), 0);
	set(f->a, n, 0, 100);
	assert_int_equal(answered(), 100);
	set(f->a, n, 0, 50);
	assert_int_equal(answered(), 100);
	set(f->a, n, 0, MANY);
	assert_int_equal(answered(), MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(calls[i].values[0], i * 7 % MANY < 100 ? 100 : MANY);
}

static void test_those_above_are_served(void **state)
{
	struct fixture *f = *state;
	uint32_t n = await_many(f->a, ELEMENT_LESS_EQUAL, MANY);
	set(f->a, n, 0, MANY - 1);
	assert_int_equal(answered(), 1);
	set(f->a, n, 0, 0);
	assert_int_equal(answered(), MANY);
}

static void test_those_that_wait_for_the_same_come_in_order(void **state)
{
	struct fixture *f = *state;
	uint32_t n = open_numbers(f->a, "n", 2);
	struct cell_call late = { 0 };
	/* All wait for it to be different from what it is. */
	memset(calls, 0, sizeof calls);
	for (int i = 0; i < MANY; i++)
		await_first(f->a, n, ELEMENT_NOT_EQUAL, 0, &calls[i]);
	set(f->a, n, 0, 0);
	assert_int_equal(answered(), 0);
	set(f->a, n, 0, 9);
	assert_int_equal(answered(), MANY);
	/* In order of arrival: so many others were left. */
	for (int i = 0; i < MANY; i++)
		assert_int_equal(calls[i].waiters, MANY - 1 - i);
	await_first(f->a, n, ELEMENT_NOT_EQUAL, 9, &late);
	assert_cell_waits(&late);
	gone(f, &f->a);
}

static void test_one_update_serves_those_of_several_elements(void **state)
{
	struct fixture *f = *state;
	uint32_t n = open_numbers(f->a, "wide", 100);
	struct cell_call update_call = { 0 };
	memset(calls, 0, sizeof calls);
	for (uint32_t i = 0; i < 100; i++) {
		const struct cell_wait wait = {
			.handle = n,
			.operation = (uint8_t)(i % 2 == 0 ? ELEMENT_EQUAL : ELEMENT_GREATER),
			.first = i,
			.deadline = NSEC_NEVER,
		};
		await(f->a, &wait, 5, &calls[i]);
	}
	struct number_update change = { .handle = n, .count = 3 };
	change.terms[0] = (struct number_term){ 10, CELL_SET, 5 };
	change.terms[1] = (struct number_term){ 11, CELL_SET, 5 };
	change.terms[2] = (struct number_term){ 13, CELL_ADD, 6 };
	update(f->a, &change, &update_call);
	assert_int_equal(answered(), 2);
	assert_cell_answer(&calls[10], RELEVO_OK);
	assert_cell_answer(&calls[13], RELEVO_OK);
	uint8_t all[80 * 8] = { 0 };
	for (size_t i = 0; i < sizeof all; i += 8)
		all[i] = 5;
	const struct cell_term term = { 15, CELL_SET, all, sizeof all };
	const struct cell_update request = { .handle = n, .terms = &term, .count = 1 };
	cell_update(f->a, &request, f->now, &update_call.waiter);
	/* Of 15 to 94 those that wait for equality. */
	assert_int_equal(answered(), 2 + 40);
	assert_int_equal(calls[14].answers + calls[96].answers, 0);
	gone(f, &f->a);
}

static void test_wills_are_found_among_many(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	uint32_t n = open_numbers(f->a, "n", 2), m = open_numbers(f->b, "n", 2);
	uint64_t wills[MANY];
	for (int i = 0; i < MANY; i++)
		wills[i] = leave_will(f->a, n, 1, i);
	for (int i = 0; i < MANY; i += 2)
		update(f->a, &(struct number_update){ .handle = n, .withdraw = wills[i] }, &call);
	cell_give_up(f->a, wills[17], f->now);
	assert_int_equal(value_of(f->b, m, 1), 17);
	/* One that two waits name is the first's. */
	const struct cell_wait wait = { .handle = n,
					.operation = CELL_CHANGED,
					.will = wills[19],
					.version = 1,
					.deadline = NSEC_NEVER };
	memset(calls, 0, sizeof calls);
	await(f->a, &wait, 0, &calls[0]);
	await(f->a, &wait, 0, &calls[1]);
	waiter_cancel(&calls[0].waiter);
	assert_cell_answer(&calls[0], RELEVO_CANCELLED);
	assert_cell_answer(&calls[1], RELEVO_OK);
	assert_int_equal(value_of(f->b, m, 1), 19);
	gone(f, &f->a);
	assert_int_equal(value_of(f->b, m, 1), MANY - 1);
}

/* ---- in turns --------------------------------------------------------------- */

enum { TURN = SHORT_TURN };

/* All wait for 7, the last of them with a will; the number of that. */
static uint64_t await_seven(struct fixture *f, uint32_t n)
{
	uint64_t will = leave_will(f->a, n, 1, 99);
	memset(calls, 0, sizeof calls);
	for (int i = 0; i < MANY - 1; i++)
		await_first(f->a, n, ELEMENT_EQUAL, 7, &calls[i]);
	const struct cell_wait last = {
		.handle = n, .operation = ELEMENT_EQUAL, .will = will, .deadline = SECONDS(2)
	};
	await(f->a, &last, 7, &calls[MANY - 1]);
	take_turns(f);
	assert_int_equal(answered(), 0);
	return will;
}

static void test_many_are_served_in_turns_with_what_they_found(void **state)
{
	struct fixture *f = *state;
	uint32_t n = open_numbers(f->a, "n", 2), m = open_numbers(f->b, "n", 2);
	await_seven(f, n);
	uint64_t before = engine_work_done(f->engine);
	set(f->b, m, 0, 7);
	assert_in_range(engine_work_done(f->engine) - before, 1, 2 * TURN);
	assert_in_range(answered(), 1, TURN);
	/* Nobody waits any more, and it may change again. */
	struct cell_call look = { 0 };
	update(f->b, &(struct number_update){ .handle = m, .read_count = 1 }, &look);
	assert_int_equal(look.waiters, 0);
	set(f->b, m, 0, 8);
	set(f->b, m, 0, 9);
	await_first(f->b, m, ELEMENT_EQUAL, 7, &look);
	take_turns(f);
	assert_int_equal(answered(), MANY);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(calls[i].values[0], 7);
		assert_int_equal(calls[i].version, 1);
		assert_int_equal(calls[i].waiters, MANY - 1 - i);
	}
	assert_cell_waits(&look);
	gone(f, &f->b);
}

static void test_who_is_served_is_neither_late_nor_cancelled(void **state)
{
	struct fixture *f = *state;
	uint32_t n = open_numbers(f->a, "n", 2), m = open_numbers(f->b, "n", 2);
	uint64_t will = await_seven(f, n);
	set(f->b, m, 0, 7);
	set(f->b, m, 0, 8);
	assert_cell_waits(&calls[MANY - 1]);
	waiter_cancel(&calls[MANY - 2].waiter);
	assert_cell_answer(&calls[MANY - 2], RELEVO_OK);
	assert_int_equal(calls[MANY - 2].values[0], 7);
	/* Its will is void since then. */
	cell_give_up(f->a, will, f->now);
	assert_int_equal(value_of(f->b, m, 1), 0);
	/* It is late before its turn has come. */
	f->now = SECONDS(3);
	engine_tick(f->engine, f->now);
	assert_cell_answer(&calls[MANY - 1], RELEVO_OK);
	take_turns(f);
	assert_int_equal(answered(), MANY);
}

static void test_who_is_served_has_no_will_left_when_it_ends(void **state)
{
	struct fixture *f = *state;
	uint32_t n = open_numbers(f->a, "n", 2), m = open_numbers(f->b, "n", 2);
	await_seven(f, n);
	set(f->b, m, 0, 7);
	assert_cell_waits(&calls[MANY - 1]);
	gone(f, &f->a);
	take_turns(f);
	assert_int_equal(calls[MANY - 1].answers, 0);
	assert_int_equal(value_of(f->b, m, 1), 0);
}

static void test_a_cell_goes_before_all_have_heard(void **state)
{
	struct fixture *f = *state;
	struct error error;
	uint32_t n = open_numbers(f->a, "n", 2);
	await_seven(f, n);
	uint64_t before = engine_work_done(f->engine);
	assert_int_equal(cell_delete(f->engine, "n", "", &error), RELEVO_OK);
	assert_in_range(engine_work_done(f->engine) - before, 1, 2 * TURN);
	open_numbers(f->b, "n", 2);
	take_turns(f);
	for (int i = 0; i < MANY; i++)
		assert_cell_answer(&calls[i], RELEVO_GONE);
}

/* What it costs does not depend on how many wait for something else. */
static void test_a_change_that_serves_nobody_costs_little(void **state)
{
	struct fixture *f = *state;
	uint32_t n = open_numbers(f->a, "n", 2), m = open_numbers(f->b, "n", 2);
	await_seven(f, n);
	uint64_t before = engine_work_done(f->engine);
	for (int i = 0; i < 10; i++)
		set(f->b, m, 0, i % 7);
	assert_in_range(engine_work_done(f->engine) - before, 0, 50);
	gone(f, &f->a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_what_is_no_number_equals_nothing),
		fixture_test(test_both_zeros_are_one),
		fixture_test(test_those_below_are_served),
		fixture_test(test_those_above_are_served),
		fixture_test(test_those_that_wait_for_the_same_come_in_order),
		fixture_test(test_one_update_serves_those_of_several_elements),
		fixture_test(test_wills_are_found_among_many),
		fixture_turn_test(test_many_are_served_in_turns_with_what_they_found),
		fixture_turn_test(test_who_is_served_is_neither_late_nor_cancelled),
		fixture_turn_test(test_who_is_served_has_no_will_left_when_it_ends),
		fixture_turn_test(test_a_cell_goes_before_all_have_heard),
		fixture_turn_test(test_a_change_that_serves_nobody_costs_little),
	};
	return cmocka_run_group_tests_name("engine/cell_watch", tests, NULL, NULL);
}
