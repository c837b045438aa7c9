/* Long work in pieces: what a turn does at most, and what can be seen meanwhile. */
#include "core/work.h"
#include "fixture.h"
#include "queues/manage.h"

#include <stdio.h>
#include <string.h>

enum { TURN = SHORT_TURN };

/* So many items in one call: their numbers, from 0 on. */
static void put_many(struct engine_peer *peer, struct put_request *request, size_t count,
		     struct call *call)
{
	static char bodies[2000][4];
	static uint32_t sizes[2000];
	assert_true(count <= 2000);
	for (size_t i = 0; i < count; i++) {
		char text[16];
		sizes[i] = (uint32_t)snprintf(text, sizeof text, "%04zu", i);
		memcpy(bodies[i], text, sizes[i]);
	}
	request->bodies = (const uint8_t *)bodies;
	request->sizes = sizes;
	request->count = count;
	/* None: sets the call up. */
	put(peer, request->handle, "", NSEC_NEVER, call);
	call->answers = 0;
	queue_put(peer, request, 0, &call->waiter);
}

static void test_a_long_put_goes_on_in_later_turns(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 }, theirs = { 0 };
	uint32_t q = open_plain(f->a, "q"), other = open_plain(f->b, "other");
	uint64_t before = engine_work_done(f->engine);
	put_many(f->a, &(struct put_request){ .handle = q }, 1000, &call);
	assert_in_range(engine_work_done(f->engine) - before, 1, TURN);
	assert_waits(&call);
	assert_true(engine_peer_busy(f->a));
	assert_int_equal(engine_next_deadline(f->engine), 0);
	/* Others are served in between, at once. */
	put_now(f->b, other, "x");
	assert_false(engine_peer_busy(f->b));
	expect(f->b, other, "x", &theirs);
	assert_waits(&call);
	assert_in_range(take_turns(f), 1000 / (2 * TURN), 1000);
	assert_answer(&call, RELEVO_OK);
	assert_int_equal(call.accepted, 1000);
	assert_false(engine_peer_busy(f->a));
	assert_int_equal(counts_of(f->a, q).ready, 1000);
}

/* A call that comes when many want a turn does its share, the rest comes later. */
static void test_a_call_does_its_share(void **state)
{
	struct fixture *f = *state;
	enum { SHARE = 4 };
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	engine_share(f->engine, SHARE);
	uint64_t before = engine_work_done(f->engine);
	put_many(f->a, &(struct put_request){ .handle = q }, 200, &call);
	assert_in_range(engine_work_done(f->engine) - before, 1, 2 * SHARE + 1);
	assert_waits(&call);
	take_turns(f);
	assert_answer(&call, RELEVO_OK);
	assert_int_equal(call.accepted, 200);
	engine_share(f->engine, UINT64_MAX);
	before = engine_work_done(f->engine);
	put_many(f->a, &(struct put_request){ .handle = q }, 200, &call);
	assert_in_range(engine_work_done(f->engine) - before, TURN / 2, TURN);
	take_turns(f);
}

/* Free slots, too, are looked at when handles are inherited. */
static void test_what_is_inherited_is_known_before(void **state)
{
	struct fixture *f = *state;
	struct error error;
	char name[16];
	for (uint32_t i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "q%03u", i);
		open_plain(f->a, name);
	}
	uint64_t weight = engine_peer_weight(f->a), before = engine_work_done(f->engine);
	assert_in_range(weight, 100, 200);
	assert_int_equal(engine_peer_inherit(f->c, f->a, &error), RELEVO_OK);
	assert_int_equal(engine_work_done(f->engine) - before, weight);
}

static void test_a_bounded_put_is_not_full_before_its_end(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_bounded(f->a, "q", 500);
	put_many(f->a, &(struct put_request){ .handle = q }, 600, &call);
	assert_waits(&call);
	take_turns(f);
	assert_answer(&call, RELEVO_TIMED_OUT);
	assert_int_equal(call.accepted, 500);
}

/* Where many wait, who does not wait is refused when they have had theirs. */
static void test_who_does_not_wait_is_refused_in_its_turn(void **state)
{
	struct fixture *f = *state;
	enum { WAITING = 200 };
	static struct call waiting[WAITING];
	struct call call = { 0 }, first = { 0 }, last = { 0 };
	uint32_t q = open_plain(f->a, "q"), theirs = open_plain(f->b, "q");
	for (unsigned i = 0; i < WAITING; i++)
		get(f->a, q, 1, NSEC_NEVER, &waiting[i]);
	put_many(f->c, &(struct put_request){ .handle = open_plain(f->c, "q") }, WAITING + 1,
		 &call);
	get(f->b, theirs, 1, 0, &first);
	get(f->b, theirs, 1, 0, &last);
	assert_waits(&first);
	assert_true(engine_peer_busy(f->b));
	take_turns(f);
	for (unsigned i = 0; i < WAITING; i++)
		assert_answer(&waiting[i], RELEVO_OK);
	assert_items(&waiting[WAITING - 1], "0199");
	assert_answer(&first, RELEVO_OK);
	assert_items(&first, "0200");
	assert_answer(&last, RELEVO_TIMED_OUT);
	assert_false(engine_peer_busy(f->b));
}

static void test_expiries_take_turns(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 }, theirs = { 0 };
	const struct queue_options options = { .ttl = SECONDS(5) };
	uint32_t q = open_queue(f->a, "q", &options), other = open_plain(f->b, "other");
	put_many(f->a, &(struct put_request){ .handle = q }, 1000, &call);
	take_turns(f);
	f->now = SECONDS(9);
	engine_tick(f->engine, f->now);
	/* Nobody gets one, though not all have been taken out yet. */
	assert_int_not_equal(counts_of(f->a, q).ready, 0);
	get(f->a, q, 1, 0, &call);
	assert_waits(&call);
	put_now(f->b, other, "x");
	expect(f->b, other, "x", &theirs);
	take_turns(f);
	assert_answer(&call, RELEVO_TIMED_OUT);
	assert_int_equal(counts_of(f->a, q).ready, 0);
	assert_int_equal(counts_of(f->a, q).expired, 1000);
}

static void test_what_becomes_due_takes_turns(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct put_request request = { .handle = open_plain(f->a, "q"), .not_before = SECONDS(5) };
	put_many(f->a, &request, 1000, &call);
	take_turns(f);
	assert_int_equal(counts_of(f->a, request.handle).delayed, 1000);
	f->now = SECONDS(9);
	engine_tick(f->engine, f->now);
	assert_int_not_equal(counts_of(f->a, request.handle).delayed, 0);
	take_turns(f);
	assert_int_equal(counts_of(f->a, request.handle).ready, 1000);
}

/* A page of names costs what is on it, however many queues there are. */
static void test_a_list_costs_its_page(void **state)
{
	struct fixture *f = *state;
	struct queue_summary summaries[10];
	char name[16];
	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "q%03u", i);
		open_plain(f->a, name);
	}
	struct list_request request = { .prefix = "q", .after = "q222", .max = 10 };
	uint64_t before = engine_work_done(f->engine);
	assert_int_equal(queue_list(f->engine, &request, summaries), 10);
	assert_in_range(engine_work_done(f->engine) - before, 1, 11);
	assert_string_equal(summaries[0].name, "q223");
	assert_string_equal(summaries[9].name, "q232");
	request = (struct list_request){ .prefix = "q49", .after = "a", .max = 10 };
	assert_int_equal(queue_list(f->engine, &request, summaries), 10);
	assert_string_equal(summaries[0].name, "q490");
	request.after = "r";
	assert_int_equal(queue_list(f->engine, &request, summaries), 0);
}

/* What a queue had goes in pieces, but for those who look it is gone at once. */
static void test_a_purge_is_done_at_once(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint64_t count;
	uint32_t q = open_plain(f->a, "q");
	struct put_request keyed = {
		.handle = q, .key = "k", .key_size = 1, .expires = SECONDS(5)
	};
	put_many(f->a, &(struct put_request){ .handle = q }, 1000, &call);
	take_turns(f);
	put_request(f->a, &keyed, "keyed", &call);
	uint64_t before = engine_work_done(f->engine);
	assert_int_equal(queue_purge(f->a, q, f->now, &count, &error), RELEVO_OK);
	assert_int_equal(count, 1001);
	assert_in_range(engine_work_done(f->engine) - before, 1, TURN);
	assert_int_equal(counts_of(f->a, q).ready, 0);
	assert_int_equal(counts_of(f->a, q).bytes, 0);
	assert_in_range(f->engine->items.alive, 900, 1001);
	/* Its key is free. */
	keyed.expires = 0;
	put_request(f->a, &keyed, "again", &call);
	put_now(f->a, q, "new");
	expect(f->a, q, "again new", &call);
	f->now = SECONDS(9);
	take_turns(f);
	assert_int_equal(f->engine->items.alive, 2);
	assert_int_equal(counts_of(f->a, q).expired, 0);
	nack(f->a, &call);
	expect(f->a, q, "again new", &call);
	ack(f->a, &call);
}

static void test_a_deleted_queue_is_gone_at_once(void **state)
{
	struct fixture *f = *state;
	enum { WAITING = 100 };
	static struct call waiting[WAITING];
	struct call call = { 0 }, held = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_many(f->a, &(struct put_request){ .handle = q }, 1000, &call);
	take_turns(f);
	for (unsigned i = 0; i < 20; i++)
		get(f->a, q, CALL_ITEMS / 2, 0, i < 19 ? &call : &held);
	const struct queue_options bounded = { .bounded = true, .capacity = 1 };
	for (unsigned i = 0; i < WAITING; i++)
		get(f->b, open_queue(f->b, "other", &bounded), 1, NSEC_NEVER, &waiting[i]);
	take_turns(f);
	uint64_t before = engine_work_done(f->engine);
	assert_int_equal(queue_delete(f->engine, "q", QUEUE_ANY, &error), RELEVO_OK);
	assert_int_equal(queue_delete(f->engine, "other", QUEUE_ANY, &error), RELEVO_OK);
	assert_in_range(engine_work_done(f->engine) - before, 1, 2 * TURN);
	assert_in_range(f->engine->items.alive, 300, 1000);
	/* Its name is free, what was held is nobody's. */
	assert_int_equal(lease_ack(f->a, held.leases, 1, f->now, &error), RELEVO_NOT_OWNER);
	uint32_t new = open_plain(f->a, "q");
	put_now(f->a, new, "new");
	expect(f->a, new, "new", &call);
	take_turns(f);
	assert_int_equal(f->engine->items.alive, 1);
	for (unsigned i = 0; i < WAITING; i++)
		assert_answer(&waiting[i], RELEVO_GONE);
	ack(f->a, &call);
}

/* Of many who wait and many items that are held, an acknowledgement looks at few. */
static void test_acknowledging_at_a_drained_queue_costs_little(void **state)
{
	struct fixture *f = *state;
	enum { HELD = 60, WAITING = 100 };
	static struct call waiting[WAITING];
	struct call ours = { 0 }, call = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q"), theirs = open_plain(f->b, "q");
	put_many(f->a, &(struct put_request){ .handle = q }, HELD + 1, &call);
	take_turns(f);
	get(f->a, q, HELD, 0, &ours);
	get(f->b, theirs, 1, 0, &call);
	take_turns(f);
	for (unsigned i = 0; i < WAITING; i++)
		get(f->c, open_plain(f->c, "q"), 1, NSEC_NEVER, &waiting[i]);
	assert_int_equal(queue_shut_down(f->a, q, QUEUE_DRAINING, f->now, &error), RELEVO_OK);
	take_turns(f);
	uint64_t before = engine_work_done(f->engine);
	for (unsigned i = 0; i + 1 < HELD; i++)
		assert_int_equal(lease_ack(f->a, &ours.leases[i], 1, f->now, &error), RELEVO_OK);
	assert_in_range(engine_work_done(f->engine) - before, HELD - 1, 4 * HELD);
	assert_waits(&waiting[0]);
	assert_int_equal(lease_ack(f->a, &ours.leases[HELD - 1], 1, f->now, &error), RELEVO_OK);
	assert_waits(&waiting[0]);
	ack(f->b, &call);
	take_turns(f);
	for (unsigned i = 0; i < WAITING; i++)
		assert_answer(&waiting[i], RELEVO_SHUT_DOWN);
}

/* In between, each item is in one of the two, and can be taken. */
static void test_a_long_move_takes_turns(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 }, first = { 0 };
	const struct move_request request = { .from = "q", .to = "p" };
	uint32_t q = open_plain(f->a, "q"), p = open_plain(f->a, "p");
	put_many(f->a, &(struct put_request){ .handle = q }, 1000, &call);
	take_turns(f);
	uint64_t before = engine_work_done(f->engine);
	move_items(f->b, &request, f->now, &call);
	assert_in_range(engine_work_done(f->engine) - before, 1, TURN);
	assert_waits(&call);
	assert_true(engine_peer_busy(f->b));
	uint64_t moved = counts_of(f->a, p).ready;
	assert_in_range(moved, 1, TURN);
	assert_int_equal(moved + counts_of(f->a, q).ready, 1000);
	get(f->a, p, 1, 0, &first);
	assert_items(&first, "0000");
	/* What comes in now is not moved. */
	put_now(f->a, q, "late");
	take_turns(f);
	assert_answer(&call, RELEVO_OK);
	assert_int_equal(call.accepted, 1000);
	assert_int_equal(counts_of(f->a, p).ready, 999);
	expect(f->a, q, "late", &call);
	ack(f->a, &call);
	ack(f->a, &first);
}

static void test_a_move_ends_with_its_queue(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	const struct move_request request = { .from = "q", .to = "p" };
	uint32_t q = open_plain(f->a, "q");
	open_plain(f->a, "p");
	put_many(f->a, &(struct put_request){ .handle = q }, 1000, &call);
	take_turns(f);
	move_items(f->b, &request, f->now, &call);
	assert_int_equal(queue_delete(f->engine, "p", QUEUE_ANY, &error), RELEVO_OK);
	take_turns(f);
	assert_answer(&call, RELEVO_GONE);
	assert_text(call.text, "\"p\" was deleted");
	/* Its session may end as well. */
	open_plain(f->a, "p");
	move_items(f->b, &request, f->now, &call);
	gone(f, &f->b);
	take_turns(f);
	assert_int_equal(call.answers, 0);
}

/* Wherever it begins, it costs what is seen and a stretch of the line. */
static void look_into_the_depth(struct fixture *f, struct put_request *request)
{
	struct call call = { 0 };
	struct error error;
	uint64_t count;
	static struct peek peek;
	const struct peek_request look = {
		.handle = request->handle,
		.max_items = 3,
		.max_bytes = 1000,
		.after = { 0, 2600 },
	};
	for (unsigned i = 0; i < 2; i++) {
		put_many(f->a, request, 1500, &call);
		take_turns(f);
	}
	uint64_t before = engine_work_done(f->engine);
	assert_int_equal(queue_peek(f->a, &look, f->now, &peek, &error), RELEVO_OK);
	assert_in_range(engine_work_done(f->engine) - before, 3, 1100);
	assert_int_equal(peek.count, 3);
	assert_memory_equal(peek.items[0]->body, "1100", 4);
	assert_memory_equal(peek.items[2]->body, "1102", 4);
	assert_int_equal(peek.last.sequence, 2603);
	assert_int_equal(queue_purge(f->a, request->handle, f->now, &count, &error), RELEVO_OK);
	take_turns(f);
}

static void test_a_look_into_the_depth_costs_little(void **state)
{
	struct fixture *f = *state;
	look_into_the_depth(f, &(struct put_request){ .handle = open_plain(f->a, "plain") });
	look_into_the_depth(f, &(struct put_request){ .handle = open_plain(f->a, "timed"),
						      .expires = SECONDS(99) });
}

/* It does a piece of its own, whatever the last call has used up: what has been seen is still
 * there when it is told. */
static void test_a_look_does_not_see_what_is_over(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 }, other = { 0 };
	struct error error;
	static struct peek peek;
	struct put_request mortal = { .handle = open_plain(f->a, "q"),
				      .expires = f->now + SECONDS(1) };
	struct put_request lasting = { .handle = open_plain(f->b, "other") };
	const struct peek_request look = { .handle = mortal.handle,
					   .max_items = 9,
					   .max_bytes = 99 };
	put_many(f->a, &mortal, TURN / 10, &call);
	put_many(f->b, &lasting, 10 * TURN, &other);
	f->now += SECONDS(2);
	assert_int_equal(queue_peek(f->a, &look, f->now, &peek, &error), RELEVO_OK);
	assert_int_equal(peek.count, 0);
	take_turns(f);
}

/* Each is more than a turn to copy, and again to free. */
static void test_large_items_cost_by_their_bytes(void **state)
{
	enum { BYTES = 4096 * TURN, ITEMS = 5 };
	struct fixture *f = *state;
	static uint8_t body[BYTES];
	const uint32_t size = BYTES;
	struct call call = { 0 };
	struct error error;
	uint64_t count;
	struct put_request request = { .handle = open_plain(f->a, "q"), .count = 1 };
	for (int i = 0; i < ITEMS; i++) {
		put(f->a, request.handle, "", NSEC_NEVER, &call);
		call.answers = 0;
		request.bodies = body;
		request.sizes = &size;
		uint64_t before = engine_work_done(f->engine);
		queue_put(f->a, &request, 0, &call.waiter);
		assert_in_range(engine_work_done(f->engine) - before, TURN, 2 * TURN);
	}
	assert_int_equal(queue_purge(f->a, request.handle, f->now, &count, &error), RELEVO_OK);
	assert_int_equal(count, ITEMS);
	assert_in_range(take_turns(f), ITEMS - 2, 2 * ITEMS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_turn_test(test_a_long_put_goes_on_in_later_turns),
		fixture_turn_test(test_a_call_does_its_share),
		fixture_turn_test(test_what_is_inherited_is_known_before),
		fixture_turn_test(test_a_bounded_put_is_not_full_before_its_end),
		fixture_turn_test(test_who_does_not_wait_is_refused_in_its_turn),
		fixture_turn_test(test_expiries_take_turns),
		fixture_turn_test(test_what_becomes_due_takes_turns),
		fixture_turn_test(test_a_list_costs_its_page),
		fixture_turn_test(test_a_long_move_takes_turns),
		fixture_turn_test(test_a_move_ends_with_its_queue),
		fixture_turn_test(test_a_look_into_the_depth_costs_little),
		fixture_turn_test(test_a_look_does_not_see_what_is_over),
		fixture_turn_test(test_large_items_cost_by_their_bytes),
		fixture_turn_test(test_a_purge_is_done_at_once),
		fixture_turn_test(test_a_deleted_queue_is_gone_at_once),
		fixture_turn_test(test_acknowledging_at_a_drained_queue_costs_little),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
