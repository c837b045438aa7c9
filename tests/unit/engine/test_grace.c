/* What is durable and ends with its session waits for the client, if that was cut off. */
#include "cells.h"

#include "cells/cell.h"
#include "engine/restore.h"
#include "stock/queue_life.h"

#include <stdio.h>

static const uint8_t first_id[CLIENT_ID_SIZE] = "the first client";
static const uint8_t second_id[CLIENT_ID_SIZE] = "another client.";

static const struct queue_options owned = { .lifetime = QUEUE_SESSION, .durable = true };
static const struct queue_options used = { .lifetime = QUEUE_HANDLES, .durable = true };

static struct cell_options durable_cell(enum queue_lifetime lifetime)
{
	struct cell_options options = numbers(1);
	options.durable = true;
	options.lifetime = lifetime;
	return options;
}

static bool there(struct fixture *f, const char *name)
{
	return queue_find(f->engine, name) != NULL;
}

static bool cell_there(struct fixture *f, const char *name)
{
	return cell_find(f->engine, name) != NULL;
}

/* Another session of the client. */
static struct engine_peer *again(struct fixture *f, const uint8_t *id)
{
	struct engine_peer *peer = engine_peer_new(f->engine, f->first_user);
	assert_non_null(peer);
	engine_peer_identify(peer, id);
	return peer;
}

static void open_all(struct engine_peer *peer)
{
	struct cell_options cell = durable_cell(QUEUE_SESSION);
	open_queue(peer, "owned", &owned);
	open_queue(peer, "used", &used);
	open_cell(peer, "owned", &cell);
	cell = durable_cell(QUEUE_HANDLES);
	open_cell(peer, "used", &cell);
}

static void expect_all(struct fixture *f, bool is)
{
	assert_int_equal(there(f, "owned"), is);
	assert_int_equal(there(f, "used"), is);
	assert_int_equal(cell_there(f, "owned"), is);
	assert_int_equal(cell_there(f, "used"), is);
}

static void begin(struct fixture *f)
{
	tick_to(f, 10);
	engine_peer_identify(f->a, first_id);
	open_all(f->a);
}

static void test_it_waits_as_long_as_that(void **state)
{
	struct fixture *f = *state;
	begin(f);
	gone(f, &f->a);
	tick_to(f, 39);
	expect_all(f, true);
	tick_to(f, 40);
	expect_all(f, false);
	assert_int_equal(f->recorder.created, 4);
	assert_int_equal(f->recorder.deleted, 4);
	assert_int_equal(f->first_user->queues, 0);
}

static void test_who_comes_back_owns_it_again(void **state)
{
	struct fixture *f = *state;
	begin(f);
	gone(f, &f->a);
	tick_to(f, 39);
	f->a = again(f, first_id);
	/* Even if it opens nothing. */
	tick_to(f, 100);
	expect_all(f, true);
	gone(f, &f->a);
	tick_to(f, 129);
	expect_all(f, true);
	tick_to(f, 130);
	expect_all(f, false);
}

static void test_and_takes_it_along_in_the_end(void **state)
{
	struct fixture *f = *state;
	begin(f);
	gone(f, &f->a);
	f->a = again(f, first_id);
	engine_peer_leave(f->a);
	gone(f, &f->a);
	expect_all(f, false);
}

static void test_what_ends_in_order_ends_at_once(void **state)
{
	struct fixture *f = *state;
	begin(f);
	engine_peer_leave(f->a);
	gone(f, &f->a);
	expect_all(f, false);
}

static void open_in_memory(struct engine_peer *peer, const char *name, enum queue_lifetime lifetime)
{
	const struct queue_options options = { .lifetime = lifetime };
	struct queue_opened opened;
	struct error error;
	assert_int_equal(queue_open(peer, name, QUEUE_CREATE_NEW, &options, &opened, &error),
			 RELEVO_OK);
}

static void test_what_is_in_memory_ends_at_once(void **state)
{
	struct fixture *f = *state;
	struct cell_options cell = numbers(1);
	begin(f);
	open_in_memory(f->a, "plain", QUEUE_SESSION);
	open_in_memory(f->a, "plain used", QUEUE_HANDLES);
	cell.lifetime = QUEUE_SESSION;
	open_cell(f->a, "plain", &cell);
	gone(f, &f->a);
	assert_false(there(f, "plain"));
	assert_false(there(f, "plain used"));
	assert_false(cell_there(f, "plain"));
	expect_all(f, true);
}

static void test_nobody_waits_for_one_without_a_name(void **state)
{
	struct fixture *f = *state;
	open_all(f->a);
	gone(f, &f->a);
	expect_all(f, false);
}

static void test_another_client_does_not_own_it(void **state)
{
	struct fixture *f = *state;
	begin(f);
	engine_peer_identify(f->b, second_id);
	gone(f, &f->a);
	struct engine_peer *other = again(f, second_id);
	tick_to(f, 40);
	expect_all(f, false);
	gone(f, &other);
}

static void test_whoever_opens_what_is_used_keeps_it(void **state)
{
	struct fixture *f = *state;
	struct error error;
	struct cell_options cell = durable_cell(QUEUE_HANDLES);
	begin(f);
	gone(f, &f->a);
	/* One that is not even known. */
	uint32_t q = open_queue(f->b, "used", &used);
	uint32_t c = open_cell(f->b, "used", &cell);
	tick_to(f, 60);
	assert_true(there(f, "used"));
	assert_true(cell_there(f, "used"));
	assert_false(there(f, "owned"));
	assert_false(cell_there(f, "owned"));
	assert_int_equal(queue_close(f->b, q, &error), RELEVO_OK);
	assert_int_equal(cell_close(f->b, c, &error), RELEVO_OK);
	expect_all(f, false);
}

static void test_handles_opened_again_count(void **state)
{
	struct fixture *f = *state;
	struct error error;
	begin(f);
	gone(f, &f->a);
	f->a = again(f, first_id);
	uint32_t q = open_queue(f->a, "used", &used);
	assert_int_equal(queue_close(f->a, q, &error), RELEVO_OK);
	assert_false(there(f, "used"));
	assert_true(cell_there(f, "used"));
}

static void test_the_old_session_may_end_after_the_new_one_came(void **state)
{
	struct fixture *f = *state;
	begin(f);
	struct engine_peer *new = again(f, first_id);
	gone(f, &f->a);
	tick_to(f, 100);
	expect_all(f, true);
	engine_peer_leave(new);
	gone(f, &new);
	expect_all(f, false);
}

static void test_it_may_be_deleted_meanwhile(void **state)
{
	struct fixture *f = *state;
	struct error error;
	begin(f);
	gone(f, &f->a);
	assert_int_equal(queue_delete(f->engine, "owned", QUEUE_ITEMS, &error), RELEVO_OK);
	assert_int_equal(queue_delete(f->engine, "used", QUEUE_ITEMS, &error), RELEVO_OK);
	assert_int_equal(cell_delete(f->engine, "owned", "test", &error), RELEVO_OK);
	assert_int_equal(cell_delete(f->engine, "used", "test", &error), RELEVO_OK);
	tick_to(f, 100);
	assert_int_equal(f->engine->clients.count, 0);
	assert_int_equal(f->recorder.deleted, 4);
}

/* Longer than what ends with it. */
static void test_its_puts_are_remembered_as_before(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	begin(f);
	uint32_t q = open_queue(f->a, "kept", &(struct queue_options){ .durable = true });
	put_request(f->a, &(struct put_request){ .handle = q, .sequence = 1 }, "x", &call);
	gone(f, &f->a);
	tick_to(f, 3000);
	expect_all(f, false);
	f->a = again(f, first_id);
	q = open_queue(f->a, "kept", &(struct queue_options){ .durable = true });
	put_request(f->a, &(struct put_request){ .handle = q, .sequence = 1 }, "x", &call);
	expect(f->a, q, "x", &call);
	ack(f->a, &call);
	gone(f, &f->a);
	tick_to(f, 3000 + 3599);
	assert_int_equal(f->engine->clients.count, 1);
	tick_to(f, 3000 + 3600);
	assert_int_equal(f->engine->clients.count, 0);
}

static void test_many_take_many_turns(void **state)
{
	enum { MANY = 200 };
	struct fixture *f = *state;
	char name[8];
	engine_peer_identify(f->a, first_id);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "q%d", i);
		open_queue(f->a, name, i % 2 == 0 ? &owned : &used);
	}
	gone(f, &f->a);
	take_turns(f);
	assert_int_equal(f->engine->queues.count, MANY);
	f->now = SECONDS(40);
	assert_true(take_turns(f) > 2);
	assert_int_equal(f->engine->queues.count, 0);
}

/* ---- after a restart ----------------------------------------------------------- */

static void restore(struct fixture *f, const char *name, enum queue_lifetime lifetime,
		    const uint8_t *owner, uint64_t key)
{
	struct error error;
	struct queue *queue;
	static const uint8_t bytes[8];
	const struct restored_queue restored = {
		.key = key,
		.name = name,
		.options = { .lifetime = lifetime, .durable = true },
		.account = f->first_user,
		.owner = owner,
	};
	const struct restored_cell cell = {
		.key = key,
		.name = name,
		.options = durable_cell(lifetime),
		.account = f->first_user,
		.owner = owner,
		.bytes = bytes,
	};
	assert_int_equal(restore_queue(f->engine, &restored, &queue, &error), RELEVO_OK);
	assert_int_equal(restore_cell(f->engine, &cell, &error), RELEVO_OK);
}

static void restore_all(struct fixture *f, const uint8_t *owner)
{
	tick_to(f, 10);
	restore(f, "kept", QUEUE_KEPT, owner, 1);
	restore(f, "used", QUEUE_HANDLES, owner, 2);
	restore(f, "owned", QUEUE_SESSION, owner, 3);
}

static void test_after_a_restart_it_waits_for_the_owner(void **state)
{
	struct fixture *f = *state;
	restore_all(f, first_id);
	tick_to(f, 39);
	engine_peer_identify(f->a, first_id);
	tick_to(f, 100);
	expect_all(f, true);
	engine_peer_leave(f->a);
	gone(f, &f->a);
	expect_all(f, false);
	assert_true(there(f, "kept"));
	assert_true(cell_there(f, "kept"));
}

static void test_after_a_restart_too_it_ends_then(void **state)
{
	struct fixture *f = *state;
	restore_all(f, first_id);
	tick_to(f, 39);
	expect_all(f, true);
	tick_to(f, 40);
	expect_all(f, false);
	assert_true(there(f, "kept"));
	assert_int_equal(f->recorder.deleted, 4);
	assert_int_equal(f->engine->clients.count, 0);
}

static void test_what_nobody_owns_can_be_opened(void **state)
{
	struct fixture *f = *state;
	restore_all(f, NULL);
	open_queue(f->b, "used", &used);
	tick_to(f, 40);
	assert_true(there(f, "used"));
	assert_false(cell_there(f, "used"));
	assert_false(there(f, "owned"));
}

static void test_an_engine_may_end_meanwhile(void **state)
{
	struct fixture *f = *state;
	restore_all(f, first_id);
	assert_int_equal(f->engine->clients.count, 1);
	/* The rest is seen at the end of the fixture. */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_it_waits_as_long_as_that),
		fixture_test(test_who_comes_back_owns_it_again),
		fixture_test(test_and_takes_it_along_in_the_end),
		fixture_test(test_what_ends_in_order_ends_at_once),
		fixture_test(test_what_is_in_memory_ends_at_once),
		fixture_test(test_nobody_waits_for_one_without_a_name),
		fixture_test(test_another_client_does_not_own_it),
		fixture_test(test_whoever_opens_what_is_used_keeps_it),
		fixture_test(test_handles_opened_again_count),
		fixture_test(test_the_old_session_may_end_after_the_new_one_came),
		fixture_test(test_it_may_be_deleted_meanwhile),
		fixture_test(test_its_puts_are_remembered_as_before),
		fixture_turn_test(test_many_take_many_turns),
		fixture_test(test_after_a_restart_it_waits_for_the_owner),
		fixture_test(test_after_a_restart_too_it_ends_then),
		fixture_test(test_what_nobody_owns_can_be_opened),
		fixture_test(test_an_engine_may_end_meanwhile),
	};
	return cmocka_run_group_tests_name("grace", tests, NULL, NULL);
}
