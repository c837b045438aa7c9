/* What can be seen of a session: what it waits for, and what it holds. */
#include "cells.h"
#include "engine/peer_look.h"
#include "engine/pipe.h"
#include "queues/manage.h"

#include <stdio.h>
#include <string.h>

static struct peer_look look_with(struct engine_peer *peer, uint32_t *effort)
{
	struct peer_look look;
	peer_look(peer, effort, &look);
	return look;
}

static struct peer_look look_at(struct engine_peer *peer)
{
	uint32_t effort = 1000;
	return look_with(peer, &effort);
}

static void assert_wait(const struct peer_wait *wait, enum peer_call call, const char *kind,
			const char *object)
{
	assert_int_equal(wait->call, call);
	assert_string_equal(wait->kind, kind);
	assert_string_equal(wait->object, object);
}

static void assert_hold(const struct peer_hold *hold, const char *kind, const char *object,
			uint64_t count)
{
	assert_string_equal(hold->kind, kind);
	assert_string_equal(hold->object, object);
	assert_int_equal(hold->count, count);
}

static void test_a_session_that_does_nothing(void **state)
{
	struct fixture *f = *state;
	struct peer_look look = look_at(f->a);
	assert_int_equal(look.handles, 0);
	assert_int_equal(look.waits, 0);
	assert_int_equal(look.leases, 0);
	assert_int_equal(look.bytes, 0);
	open_plain(f->a, "q");
	open_plain(f->a, "q");
	open_numbers(f->a, "n", 1);
	look = look_at(f->a);
	assert_int_equal(look.handles, 3);
	assert_true(look.bytes > 0);
	assert_int_equal(look.waiting_count, 0);
	assert_int_equal(look.held_count, 0);
}

static void test_each_call_that_waits_is_told(void **state)
{
	struct fixture *f = *state;
	const struct queue_options lock = {
		.kind = QUEUE_LOCK, .bounded = true, .capacity = 1, .tokens = 1
	};
	const struct queue_options condition = { .kind = QUEUE_CONDITION, .bounded = true };
	struct call held = { 0 }, calls[5] = { 0 };
	struct cell_call cell = { 0 };
	uint32_t q = open_plain(f->a, "q"), full = open_bounded(f->a, "full", 1);
	put_now(f->a, full, "1");
	get(f->b, open_queue(f->b, "door", &lock), 1, 0, &held);
	tick_to(f, 3);
	get(f->a, q, 1, NSEC_NEVER, &calls[0]);
	tick_to(f, 5);
	put(f->a, full, "2", NSEC_NEVER, &calls[1]);
	get(f->a, open_queue(f->a, "door", &lock), 1, NSEC_NEVER, &calls[2]);
	get(f->a, open_queue(f->a, "news", &condition), 1, NSEC_NEVER, &calls[3]);
	await_first(f->a, open_numbers(f->a, "n", 1), ELEMENT_EQUAL, 1, &cell);
	struct peer_look look = look_at(f->a);
	assert_int_equal(look.waits, 5);
	assert_int_equal(look.waiting_count, 5);
	assert_wait(&look.waiting[0], PEER_GET, "queue", "q");
	assert_int_equal(look.waiting[0].since, SECONDS(3));
	assert_wait(&look.waiting[1], PEER_PUT, "queue", "full");
	assert_int_equal(look.waiting[1].since, SECONDS(5));
	assert_wait(&look.waiting[2], PEER_ACQUIRE, "lock", "door");
	assert_wait(&look.waiting[3], PEER_WAIT, "condition", "news");
	assert_wait(&look.waiting[4], PEER_WAIT, "test", "n");
	look = look_at(f->b);
	assert_int_equal(look.waits, 0);
	assert_int_equal(look.held_count, 1);
	assert_hold(&look.held[0], "lock", "door", 1);
	/* Answered, it waits no more. */
	put_now(f->a, q, "x");
	assert_int_equal(look_at(f->a).waits, 4);
	gone(f, &f->a);
}

static void ignore(struct waiter *waiter, const struct answer *answer)
{
	(void)waiter;
	(void)answer;
}

static void test_who_waits_at_no_queue_is_told(void **state)
{
	struct fixture *f = *state;
	const struct pipe_request request = { .name = "p", .deadline = NSEC_NEVER };
	struct waiter join = { .answer = ignore }, meet = { .answer = ignore };
	uint32_t q = open_plain(f->b, "q");
	put_now(f->b, q, "x");
	pipe_meet(f->a, &request, f->now, &meet);
	queue_join(f->b, &(struct join_request){ .handle = q, .deadline = NSEC_NEVER }, f->now,
		   &join);
	struct peer_look look = look_at(f->a);
	assert_int_equal(look.waits, 1);
	assert_wait(&look.waiting[0], PEER_MEET, "pipe", "p");
	look = look_at(f->b);
	assert_int_equal(look.waits, 1);
	assert_wait(&look.waiting[0], PEER_JOIN, "queue", "q");
	gone(f, &f->a);
	gone(f, &f->b);
}

static void test_a_get_from_several_is_one_call(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 }, one = { 0 };
	const uint32_t q[] = { open_plain(f->a, "x"), open_plain(f->a, "y") };
	const struct get_request request = {
		.handle = q[0], .also = q + 1, .also_count = 1, .deadline = NSEC_NEVER
	};
	/* The fixture's answer. */
	get(f->b, open_plain(f->b, "other"), 1, NSEC_NEVER, &one);
	call.waiter.answer = one.waiter.answer;
	queue_get(f->a, &request, f->now, &call.waiter);
	struct peer_look look = look_at(f->a);
	assert_int_equal(look.waits, 1);
	assert_wait(&look.waiting[0], PEER_GET_ANY, "queue", "x");
	waiter_cancel(&call.waiter);
	assert_int_equal(look_at(f->a).waits, 0);
	gone(f, &f->b);
}

static void test_more_calls_than_are_told_are_counted(void **state)
{
	struct fixture *f = *state;
	struct call calls[LOOK_MOST + 3] = { 0 };
	uint32_t q = open_plain(f->a, "q");
	for (int i = 0; i < LOOK_MOST + 3; i++)
		get(f->a, q, 1, NSEC_NEVER, &calls[i]);
	struct peer_look look = look_at(f->a);
	assert_int_equal(look.waits, LOOK_MOST + 3);
	assert_int_equal(look.waiting_count, LOOK_MOST);
	gone(f, &f->a);
}

/* However many wait, and in however many queues at once. */
static void test_looking_at_many_calls_costs_little(void **state)
{
	enum { CALLS = 200 };
	struct fixture *f = *state;
	static struct call calls[CALLS];
	const uint32_t q[] = { open_plain(f->a, "x"), open_plain(f->a, "y"),
			       open_plain(f->a, "z") };
	const struct get_request request = {
		.handle = q[0], .also = q + 1, .also_count = 2, .deadline = NSEC_NEVER
	};
	for (int i = 0; i < CALLS; i++) {
		/* The fixture's answer. */
		get(f->a, q[0], 1, 0, &calls[i]);
		calls[i] = (struct call){ .waiter.answer = calls[i].waiter.answer };
		queue_get(f->a, &request, f->now, &calls[i].waiter);
	}
	uint64_t before = engine_work_done(f->engine);
	struct peer_look look = look_at(f->a);
	assert_int_equal(engine_work_done(f->engine) - before, 1);
	assert_int_equal(look.waits, CALLS);
	assert_int_equal(look.waiting_count, LOOK_MOST);
	assert_wait(&look.waiting[LOOK_MOST - 1], PEER_GET_ANY, "queue", "x");
	gone(f, &f->a);
}

static void test_what_is_held_is_counted_by_queue(void **state)
{
	struct fixture *f = *state;
	struct call first = { 0 }, second = { 0 };
	uint32_t q = open_plain(f->a, "q"), p = open_plain(f->a, "p");
	put_now(f->a, q, "1 2 3");
	put_now(f->a, p, "1");
	get(f->a, q, 2, 0, &first);
	get(f->a, p, 1, 0, &second);
	get(f->a, q, 1, 0, &second);
	struct peer_look look = look_at(f->a);
	assert_int_equal(look.leases, 4);
	assert_int_equal(look.held_count, 2);
	assert_hold(&look.held[0], "queue", "q", 3);
	assert_hold(&look.held[1], "queue", "p", 1);
	ack(f->a, &first);
	look = look_at(f->a);
	assert_int_equal(look.leases, 2);
}

static void test_what_came_ahead_is_not_held(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1 2 3 4 5 6 7 8 9");
	get_ahead(f->a, q, 4, &call);
	assert_int_equal(call.count, 5);
	struct peer_look look = look_at(f->a);
	assert_int_equal(look.leases, 5);
	assert_int_equal(look.held_count, 1);
	assert_hold(&look.held[0], "queue", "q", 1);
}

/* They are found wherever they are in the table, and not twice. */
static void test_what_is_left_of_many_is_held(void **state)
{
	enum { ROUNDS = 7 };
	struct fixture *f = *state;
	struct call calls[ROUNDS] = { 0 };
	uint32_t q = open_plain(f->a, "q"), effort = 1000;
	for (int i = 0; i < ROUNDS; i++) {
		for (int j = 0; j < CALL_ITEMS; j++)
			put_now(f->a, q, "x");
		get(f->a, q, CALL_ITEMS, 0, &calls[i]);
	}
	for (int i = 0; i < ROUNDS; i++) {
		/* Of the second, the third and the last one is left. */
		calls[i].count -= i == 1 || i == 2 || i == ROUNDS - 1;
		ack(f->a, &calls[i]);
	}
	uint64_t before = engine_work_done(f->engine);
	struct peer_look look = look_with(f->a, &effort);
	assert_int_equal(engine_work_done(f->engine) - before, 1);
	assert_int_equal(look.leases, 3);
	assert_hold(&look.held[0], "queue", "q", 3);
	assert_int_equal(effort, 1000 - 3);
}

static void test_the_effort_is_bounded(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t effort = 3;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1 2 3 4 5");
	get(f->a, q, 5, 0, &call);
	struct peer_look look = look_with(f->a, &effort);
	assert_int_equal(effort, 0);
	assert_int_equal(look.leases, 5);
	assert_hold(&look.held[0], "queue", "q", 3);
	effort = 7;
	look_with(f->a, &effort);
	assert_int_equal(effort, 2);
}

static void test_more_objects_than_are_told(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	char name[8];
	for (int i = 0; i < LOOK_MOST + 2; i++) {
		snprintf(name, sizeof name, "q%d", i);
		uint32_t q = open_plain(f->a, name);
		put_now(f->a, q, "x");
		get(f->a, q, 1, 0, &call);
	}
	struct peer_look look = look_at(f->a);
	assert_int_equal(look.held_count, LOOK_MOST);
	assert_int_equal(look.leases, LOOK_MOST + 2);
}

static void keep_remains(void *context, const struct peer_remains *remains)
{
	*(struct peer_remains *)context = *remains;
}

static void test_what_a_session_leaves_behind_is_told(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	const struct queue_options own = { .lifetime = QUEUE_SESSION };
	const struct queue_options unused = { .lifetime = QUEUE_HANDLES };
	struct cell_options own_cell = numbers(1);
	own_cell.lifetime = QUEUE_SESSION;
	open_queue(f->a, "own", &own);
	open_cell(f->a, "n", &own_cell);
	open_queue(f->a, "last", &unused);
	/* This one has it open, too. */
	open_queue(f->a, "shared", &unused);
	open_queue(f->b, "shared", &unused);
	uint32_t kept = open_plain(f->a, "kept");
	put_now(f->a, kept, "1 2");
	get(f->a, kept, 2, 0, &call);
	struct peer_remains remains = { 0 };
	engine_peer_on_end(f->a, keep_remains, &remains);
	gone(f, &f->a);
	assert_int_equal(remains.objects, 3);
	assert_int_equal(remains.leases, 2);
	expect(f->b, open_plain(f->b, "kept"), "1 2", &call);
	ack(f->b, &call);
	put_now(f->b, open_queue(f->b, "shared", &unused), "still there");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_a_session_that_does_nothing),
		fixture_test(test_each_call_that_waits_is_told),
		fixture_test(test_who_waits_at_no_queue_is_told),
		fixture_test(test_a_get_from_several_is_one_call),
		fixture_test(test_more_calls_than_are_told_are_counted),
		fixture_test(test_looking_at_many_calls_costs_little),
		fixture_test(test_what_is_held_is_counted_by_queue),
		fixture_test(test_what_came_ahead_is_not_held),
		fixture_test(test_what_is_left_of_many_is_held),
		fixture_test(test_the_effort_is_bounded),
		fixture_test(test_more_objects_than_are_told),
		fixture_test(test_what_a_session_leaves_behind_is_told),
	};
	return cmocka_run_group_tests_name("engine/look", tests, NULL, NULL);
}
