/* The end of a large session, turn by turn. */
#include "cells.h"
#include "core/peer.h"
#include "fixture.h"

#include <stdio.h>
#include <string.h>

enum { TURN = SHORT_TURN, MANY = 300 };

static bool is_left(const struct fixture *f)
{
	return engine_next_deadline(f->engine) <= f->now;
}

struct end {
	int told;
	struct peer_remains remains;
};

static void on_end(void *context, const struct peer_remains *remains)
{
	struct end *end = context;
	end->told++;
	end->remains = *remains;
}

/* It ends, and has done no more for it than a call may. */
static void begin_end(struct fixture *f, struct engine_peer **peer, struct end *end)
{
	*end = (struct end){ 0 };
	engine_peer_on_end(*peer, on_end, end);
	uint64_t before = engine_work_done(f->engine);
	gone(f, peer);
	assert_in_range(engine_work_done(f->engine) - before, 0, 2 * TURN);
}

/* Items of numbers, all of them leased by the session. */
static uint32_t lease_many(struct fixture *f, struct engine_peer *peer, const char *name)
{
	struct call call = { 0 };
	char text[16];
	uint32_t q = open_plain(peer, name);
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof text, "%d", i);
		put_now(peer, q, text);
		get(peer, q, 1, 0, &call);
		assert_items(&call, text);
		take_turns(f);
	}
	return q;
}

static void test_leases_return_in_turns_and_in_order(void **state)
{
	struct fixture *f = *state;
	struct end end;
	struct call call = { 0 };
	uint32_t q = open_plain(f->b, "q"), other = open_plain(f->b, "other");
	lease_many(f, f->a, "q");
	size_t used = f->first_user->used;
	begin_end(f, &f->a, &end);
	assert_int_equal(end.told, 0);
	assert_in_range(counts_of(f->b, q).ready, 1, TURN);
	/* It is paid for until it is gone, and others are served meanwhile. */
	assert_true(f->first_user->used > used / 2);
	put_now(f->b, other, "x");
	expect(f->b, other, "x", &call);
	ack(f->b, &call);
	assert_in_range(take_turns(f), MANY / (2 * TURN), MANY);
	assert_int_equal(end.told, 1);
	assert_int_equal(end.remains.leases, MANY);
	assert_int_equal(counts_of(f->b, q).ready, MANY);
	for (int i = 0; i < MANY; i++) {
		char text[16];
		snprintf(text, sizeof text, "%d", i);
		get(f->b, q, 1, 0, &call);
		assert_items(&call, text);
		assert_int_equal(call.deliveries[0], 2);
		ack(f->b, &call);
		take_turns(f);
	}
}

/* What its puts that wait would have brought. */
static void test_items_that_wait_go_in_turns(void **state)
{
	enum { PUTS = 16, ALL = PUTS * CALL_ITEMS };
	struct fixture *f = *state;
	struct end end;
	static struct call calls[PUTS];
	char words[2 * CALL_ITEMS] = "";
	uint32_t q = open_bounded(f->b, "q", 0), other = open_plain(f->b, "other");
	/* What stays with the session is there. */
	put_now(f->b, other, "x");
	expect(f->b, other, "x", &calls[0]);
	ack(f->b, &calls[0]);
	size_t used = f->first_user->used;
	for (size_t i = 0; i < CALL_ITEMS; i++)
		memcpy(words + 2 * i, i + 1 < CALL_ITEMS ? "x " : "x", 2);
	memset(calls, 0, sizeof calls);
	for (int i = 0; i < PUTS; i++)
		put(f->a, open_bounded(f->a, "q", 0), words, NSEC_NEVER, &calls[i]);
	assert_int_equal(counts_of(f->b, q).putters, PUTS);
	begin_end(f, &f->a, &end);
	assert_int_equal(counts_of(f->b, q).putters, 0);
	/* They are paid for until they are gone, and others are served meanwhile. */
	assert_true(f->first_user->used > used + ALL / 2 * sizeof(struct item));
	put_now(f->b, other, "x");
	expect(f->b, other, "x", &calls[0]);
	ack(f->b, &calls[0]);
	assert_in_range(take_turns(f), ALL / (2 * TURN), ALL);
	assert_int_equal(end.told, 1);
	assert_int_equal(f->first_user->used, used);
}

static void test_objects_end_in_turns(void **state)
{
	struct fixture *f = *state;
	struct end end;
	char name[16];
	const struct queue_options unused = { .lifetime = QUEUE_HANDLES };
	const struct queue_options own = { .lifetime = QUEUE_SESSION, .exclusive = true };
	struct cell_options cell = numbers(1);
	cell.lifetime = QUEUE_SESSION;
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "%d", i);
		open_queue(f->a, name, i % 2 == 0 ? &own : &unused);
		open_cell(f->a, name, &cell);
	}
	begin_end(f, &f->a, &end);
	assert_int_equal(end.told, 0);
	assert_in_range(take_turns(f), MANY / (2 * TURN), 4 * MANY);
	assert_int_equal(end.told, 1);
	assert_int_equal(end.remains.objects, 2 * MANY);
	assert_int_equal(f->first_user->queues, 0);
	assert_int_equal(f->first_user->used, 0);
}

/* Whether it has another handle of the queue is looked for, and counts. */
static void test_giving_up_a_queue_counts_as_work(void **state)
{
	struct fixture *f = *state;
	struct error error;
	struct call call = { 0 };
	const struct queue_options own = { .exclusive = true };
	for (int i = 0; i < MANY; i++)
		open_plain(f->a, "q");
	uint32_t q = open_queue(f->a, "own", &own);
	get(f->a, q, 1, 0, &call);
	take_turns(f);
	uint64_t before = engine_work_done(f->engine);
	assert_int_equal(queue_close(f->a, q, &error), RELEVO_OK);
	assert_in_range(engine_work_done(f->engine) - before, MANY / 16, MANY);
	get(f->b, open_queue(f->b, "own", &own), 1, 0, &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
}

static void test_wills_are_carried_out_in_turns(void **state)
{
	struct fixture *f = *state;
	struct end end;
	uint32_t n = open_numbers(f->a, "n", 2), m = open_numbers(f->b, "n", 2);
	static struct cell_call calls[MANY];
	memset(calls, 0, sizeof calls);
	for (int i = 1; i <= MANY; i++) {
		leave_will(f->a, n, 0, i);
		await_first(f->b, m, ELEMENT_EQUAL, i, &calls[i - 1]);
	}
	begin_end(f, &f->a, &end);
	assert_int_equal(end.told, 0);
	take_turns(f);
	assert_int_equal(end.told, 1);
	assert_int_equal(value_of(f->b, m, 0), MANY);
	/* Each was there to be seen, for who waited for it. */
	for (int i = 0; i < MANY; i++) {
		assert_cell_answer(&calls[i], RELEVO_OK);
		assert_int_equal(calls[i].version, i + 1);
	}
}

/* What a will changes counts by its bytes: each of these is more than a turn. */
static void test_wills_about_large_arrays_take_a_turn_each(void **state)
{
	enum { BYTES = 4096 * TURN, WILLS = 5 };
	struct fixture *f = *state;
	struct end end;
	static uint8_t ones[BYTES];
	struct cell_options bytes = { .type = ELEMENT_CHAR, .count = BYTES, .purpose = "test" };
	uint32_t large = open_cell(f->a, "large", &bytes);
	const struct cell_term term = { .operation = CELL_ADD, .operand = ones, .size = BYTES };
	struct cell_call call = { 0 };
	for (int i = 0; i < WILLS; i++) {
		const struct cell_update will = { .handle = large, .will = &term, .will_count = 1 };
		update_with(f->a, &will, &call);
		assert_cell_answer(&call, RELEVO_OK);
	}
	begin_end(f, &f->a, &end);
	assert_int_equal(end.told, 0);
	assert_in_range(take_turns(f), WILLS - 1, 2 * WILLS);
	assert_int_equal(end.told, 1);
}

/* So does what is read. */
static void test_reading_a_large_array_counts_as_work(void **state)
{
	enum { NUMBERS = 4096 * TURN / 8 };
	struct fixture *f = *state;
	struct cell_options options = numbers(NUMBERS);
	const struct cell_update read = {
		.handle = open_cell(f->a, "large", &options),
		.read_count = NUMBERS,
	};
	struct cell_call call = { 0 };
	uint64_t before = engine_work_done(f->engine);
	update_with(f->a, &read, &call);
	assert_in_range(engine_work_done(f->engine) - before, TURN, 2 * TURN);
}

static void test_tokens_are_released_by_who_leaves_in_order(void **state)
{
	struct fixture *f = *state;
	struct end end;
	struct call call = { 0 };
	const struct queue_options permits = { .kind = QUEUE_SEMAPHORE, .tokens = MANY };
	uint32_t s = open_queue(f->a, "s", &permits), t = open_queue(f->b, "s", &permits);
	take_turns(f);
	for (int i = 0; i < MANY; i++) {
		get(f->a, s, 1, 0, &call);
		assert_answer(&call, RELEVO_OK);
		take_turns(f);
	}
	engine_peer_leave(f->a);
	begin_end(f, &f->a, &end);
	assert_int_equal(end.told, 0);
	take_turns(f);
	assert_int_equal(end.told, 1);
	for (int i = 0; i < MANY; i++) {
		get(f->b, t, 1, 0, &call);
		assert_answer(&call, RELEVO_OK);
		/* Nobody has died with it. */
		assert_int_equal(call.deliveries[0], 1);
		take_turns(f);
	}
	gone(f, &f->b);
}

static void test_calls_are_forgotten_at_once(void **state)
{
	struct fixture *f = *state;
	struct end end;
	static struct call calls[100];
	lease_many(f, f->a, "q");
	uint32_t empty = open_plain(f->a, "empty");
	memset(calls, 0, sizeof calls);
	for (int i = 0; i < 100; i++)
		get(f->a, empty, 1, NSEC_NEVER, &calls[i]);
	uint64_t before = engine_work_done(f->engine);
	engine_peer_on_end(f->a, on_end, &end);
	end.told = 0;
	gone(f, &f->a);
	/* It is at least as much work as that, for who counts. */
	assert_in_range(engine_work_done(f->engine) - before, 100, 100 + 2 * TURN);
	assert_int_equal(end.told, 0);
	/* They are their caller's again. */
	for (int i = 0; i < 100; i++) {
		assert_false(waiter_pending(&calls[i].waiter));
		memset(&calls[i], 0xff, sizeof calls[i]);
	}
	uint32_t same = open_plain(f->b, "empty");
	put_now(f->b, same, "x");
	assert_int_equal(counts_of(f->b, same).ready, 1);
	take_turns(f);
	assert_int_equal(end.told, 1);
}

/* The engine ends before it has gone on: nothing is left, fixture_close() sees to it. */
static void test_the_engine_ends_first(void **state)
{
	struct fixture *f = *state;
	static struct end end;
	lease_many(f, f->a, "q");
	begin_end(f, &f->a, &end);
	assert_true(is_left(f));
	assert_int_equal(end.told, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_turn_test(test_leases_return_in_turns_and_in_order),
		fixture_turn_test(test_items_that_wait_go_in_turns),
		fixture_turn_test(test_objects_end_in_turns),
		fixture_turn_test(test_giving_up_a_queue_counts_as_work),
		fixture_turn_test(test_wills_are_carried_out_in_turns),
		fixture_turn_test(test_wills_about_large_arrays_take_a_turn_each),
		fixture_turn_test(test_reading_a_large_array_counts_as_work),
		fixture_turn_test(test_tokens_are_released_by_who_leaves_in_order),
		fixture_turn_test(test_calls_are_forgotten_at_once),
		fixture_turn_test(test_the_engine_ends_first),
	};
	return cmocka_run_group_tests_name("engine/end", tests, NULL, NULL);
}
