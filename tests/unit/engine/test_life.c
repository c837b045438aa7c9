/* How queues come and go. */
#include "fixture.h"

#include <stdio.h>

static int open_mode(struct engine_peer *peer, const char *name, enum queue_open_mode mode,
		     struct queue_options options, struct queue_opened *opened)
{
	struct error error = { 0 };
	int status = queue_open(peer, name, mode, &options, opened, &error);
	assert_true(status == RELEVO_OK || error.text[0] != '\0');
	return status;
}

static void test_modes_say_what_must_exist(void **state)
{
	struct fixture *f = *state;
	struct queue_opened opened;
	struct queue_options options = { .bounded = true, .capacity = 5, .lease = SECONDS(3) };
	assert_int_equal(open_mode(f->a, "q", QUEUE_OPEN_EXISTING, options, &opened),
			 RELEVO_NOT_FOUND);
	assert_int_equal(open_mode(f->a, "q", QUEUE_CREATE_NEW, options, &opened), RELEVO_OK);
	assert_true(opened.created);
	assert_string_equal(opened.name, "q");
	assert_int_equal(open_mode(f->c, "q", QUEUE_CREATE_NEW, options, &opened), RELEVO_EXISTS);
	assert_int_equal(open_mode(f->c, "q", QUEUE_OPEN_OR_CREATE, options, &opened), RELEVO_OK);
	assert_false(opened.created);
	/* An existing queue is opened as it is. */
	assert_int_equal(
		open_mode(f->c, "q", QUEUE_OPEN_EXISTING, (struct queue_options){ 0 }, &opened),
		RELEVO_OK);
	assert_int_equal(opened.options.capacity, 5);
	assert_int_equal(opened.options.lease, SECONDS(3));
	assert_int_equal(counts_of(f->c, opened.handle).handles, 3);
}

static void test_other_options_are_named(void **state)
{
	struct fixture *f = *state;
	struct queue_opened opened;
	struct error error;
	const struct queue_options has = {
		.bounded = true, .capacity = 5, .lease = SECONDS(3), .durable = true
	};
	struct queue_options asked = has;
	open_queue(f->a, "q", &has);
	asked.capacity = 6;
	assert_int_equal(queue_open(f->a, "q", QUEUE_OPEN_OR_CREATE, &asked, &opened, &error),
			 RELEVO_OPTION_MISMATCH);
	assert_text(error.text, "capacity 5, not 6");
	asked.bounded = false;
	queue_open(f->a, "q", QUEUE_OPEN_OR_CREATE, &asked, &opened, &error);
	assert_text(error.text, "capacity 5, not unlimited");
	asked = has;
	asked.lease = 0;
	queue_open(f->a, "q", QUEUE_OPEN_OR_CREATE, &asked, &opened, &error);
	assert_text(error.text, "lease 3000 ms, not of its session");
	asked = has;
	asked.lifetime = QUEUE_SESSION;
	assert_int_equal(queue_open(f->a, "q", QUEUE_OPEN_OR_CREATE, &asked, &opened, &error),
			 RELEVO_OPTION_MISMATCH);
	assert_text(error.text, "lifetime kept, not session");
}

static void test_bad_names_are_refused(void **state)
{
	struct fixture *f = *state;
	struct queue_opened opened;
	struct error error;
	assert_int_equal(
		open_mode(f->a, "a\tb", QUEUE_OPEN_OR_CREATE, (struct queue_options){ 0 }, &opened),
		RELEVO_BAD_NAME);
	assert_int_equal(
		open_mode(f->a, "", QUEUE_OPEN_EXISTING, (struct queue_options){ 0 }, &opened),
		RELEVO_BAD_NAME);
	assert_int_equal(queue_delete(f->engine, "\xff", QUEUE_ANY, &error), RELEVO_BAD_NAME);
	assert_int_equal(queue_delete(f->engine, "q", QUEUE_ANY, &error), RELEVO_NOT_FOUND);
	assert_text(error.text, "\"q\"");
}

static void test_made_up_names_differ(void **state)
{
	struct fixture *f = *state;
	struct queue_opened opened;
	char first[32];
	assert_int_equal(
		open_mode(f->a, "", QUEUE_CREATE_NEW, (struct queue_options){ 0 }, &opened),
		RELEVO_OK);
	assert_true(opened.created);
	assert_int_equal(opened.name[0], '~');
	snprintf(first, sizeof first, "%s", opened.name);
	assert_int_equal(
		open_mode(f->a, "", QUEUE_OPEN_OR_CREATE, (struct queue_options){ 0 }, &opened),
		RELEVO_OK);
	assert_string_not_equal(opened.name, first);
	assert_int_equal(
		open_mode(f->c, first, QUEUE_OPEN_EXISTING, (struct queue_options){ 0 }, &opened),
		RELEVO_OK);
}

static void test_made_up_names_avoid_those_that_exist(void **state)
{
	struct fixture *f = *state;
	struct queue_opened opened;
	char name[32];
	open_mode(f->a, "", QUEUE_CREATE_NEW, (struct queue_options){ 0 }, &opened);
	snprintf(name, sizeof name, "%s", opened.name);

	/* Another engine with the same seed makes up the same name, unless it is
	 * taken. */
	struct fixture *g;
	fixture_setup((void **)&g);
	open_plain(g->a, name);
	assert_int_equal(
		open_mode(g->a, "", QUEUE_CREATE_NEW, (struct queue_options){ 0 }, &opened),
		RELEVO_OK);
	assert_string_not_equal(opened.name, name);
	fixture_close(g);
}

static void test_a_kept_queue_outlives_its_sessions(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	put_now(f->a, open_plain(f->a, "q"), "x");
	gone(f, &f->a);
	gone(f, &f->b);
	expect(f->c, open_plain(f->c, "q"), "x", &call);
}

static void test_a_queue_goes_with_its_last_handle(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct queue_opened opened;
	struct error error;
	const struct queue_options options = { .lifetime = QUEUE_HANDLES };
	uint32_t of_a = open_queue(f->a, "q", &options);
	uint32_t again = open_queue(f->a, "q", &options);
	open_queue(f->c, "q", &options);
	put_now(f->a, of_a, "x y");
	get(f->a, of_a, 1, 0, &call);
	assert_int_equal(queue_close(f->a, of_a, &error), RELEVO_OK);
	assert_int_equal(queue_close(f->a, again, &error), RELEVO_OK);
	assert_int_equal(open_mode(f->b, "q", QUEUE_OPEN_EXISTING, options, &opened), RELEVO_OK);
	queue_close(f->b, opened.handle, &error);
	assert_int_equal(f->recorder.deleted, 0);
	gone(f, &f->c);
	assert_int_equal(f->recorder.deleted, 1);
	assert_int_equal(open_mode(f->b, "q", QUEUE_OPEN_EXISTING, options, &opened),
			 RELEVO_NOT_FOUND);
	assert_int_equal(lease_ack(f->a, call.leases, 1, f->now, &error), RELEVO_NOT_OWNER);
}

static void test_a_queue_goes_with_the_session_that_made_it(void **state)
{
	struct fixture *f = *state;
	struct call waiting = { 0 };
	struct call call = { 0 };
	const struct queue_options options = { .lifetime = QUEUE_SESSION };
	uint32_t of_a = open_queue(f->a, "q", &options);
	uint32_t of_c = open_queue(f->c, "q", &options);
	struct error error;
	assert_int_equal(queue_close(f->a, of_a, &error), RELEVO_OK);
	get(f->c, of_c, 1, NSEC_NEVER, &waiting);
	gone(f, &f->b);
	assert_waits(&waiting);
	gone(f, &f->a);
	assert_answer(&waiting, RELEVO_GONE);
	assert_text(waiting.text, "\"q\"");
	get(f->c, of_c, 1, 0, &call);
	assert_answer(&call, RELEVO_GONE);
}

static void test_delete_tells_everybody_who_waits(void **state)
{
	struct fixture *f = *state;
	struct call getter = { 0 };
	struct call other = { 0 };
	struct call putter = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	uint32_t full = open_bounded(f->a, "full", 1);
	get(f->a, q, 1, NSEC_NEVER, &getter);
	get(f->c, open_plain(f->c, "q"), 1, SECONDS(10), &other);
	put(f->a, full, "1 2", NSEC_NEVER, &putter);
	assert_int_equal(queue_delete(f->engine, "q", QUEUE_ANY, &error), RELEVO_OK);
	assert_answer(&getter, RELEVO_GONE);
	assert_answer(&other, RELEVO_GONE);
	assert_waits(&putter);
	assert_int_equal(queue_delete(f->engine, "full", QUEUE_ANY, &error), RELEVO_OK);
	assert_answer(&putter, RELEVO_GONE);
	assert_text(putter.text, "\"full\"");
	assert_true(engine_next_deadline(f->engine) == NSEC_NEVER);
}

static void test_delete_ends_leases(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct call kept = { 0 };
	struct error error;
	uint32_t q = open_leased(f->a, "q", 10);
	uint32_t other = open_plain(f->a, "other");
	put_now(f->a, q, "x y z");
	put_now(f->a, other, "o");
	get(f->a, q, 2, 0, &call);
	get(f->a, other, 1, 0, &kept);
	assert_int_equal(queue_delete(f->engine, "q", QUEUE_ANY, &error), RELEVO_OK);
	assert_true(engine_next_deadline(f->engine) == NSEC_NEVER);
	assert_int_equal(f->engine->items.alive, 1);
	assert_int_equal(lease_ack(f->a, call.leases, 2, f->now, &error), RELEVO_NOT_OWNER);
	ack(f->a, &kept);
}

static void test_a_handle_of_a_deleted_queue_stays_gone(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct queue_counts counts;
	struct error error;
	uint32_t old = open_plain(f->a, "q");
	assert_int_equal(queue_delete(f->engine, "q", QUEUE_ANY, &error), RELEVO_OK);
	uint32_t new = open_plain(f->a, "q");
	assert_int_not_equal(old, new);
	put_now(f->a, new, "x");
	put(f->a, old, "y", 0, &call);
	assert_answer(&call, RELEVO_GONE);
	get(f->a, old, 1, 0, &call);
	assert_answer(&call, RELEVO_GONE);
	assert_text(call.text, "\"q\"");
	assert_int_equal(queue_count(f->a, old, &counts, &error), RELEVO_GONE);
	assert_int_equal(queue_close(f->a, old, &error), RELEVO_OK);
	get(f->a, old, 1, 0, &call);
	assert_answer(&call, RELEVO_BAD_ARGUMENT);
	expect(f->a, new, "x", &call);
}

static void test_closed_numbers_are_used_again(void **state)
{
	struct fixture *f = *state;
	struct error error;
	uint32_t handles[20];
	for (int i = 0; i < 20; i++) {
		char name[8];
		snprintf(name, sizeof name, "q%d", i);
		handles[i] = open_plain(f->a, name);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(handles[k], handles[i]);
	}
	assert_int_equal(queue_close(f->a, handles[5], &error), RELEVO_OK);
	assert_int_equal(queue_close(f->a, handles[5], &error), RELEVO_BAD_ARGUMENT);
	assert_int_equal(open_plain(f->a, "again"), handles[5]);
}

static void test_a_session_opens_no_more_than_its_limit(void **state)
{
	(void)state;
	const struct engine_config config = { .seed = 1, .peer_handles = 2 };
	struct fixture *f = fixture_open(&config);
	struct queue_opened opened;
	struct error error;
	const struct queue_options options = { 0 };
	uint32_t first = open_plain(f->a, "1");
	open_plain(f->a, "1");
	assert_int_equal(queue_open(f->a, "2", QUEUE_CREATE_NEW, &options, &opened, &error),
			 RELEVO_LIMIT);
	assert_text(error.text, "2 queues open");
	assert_int_equal(f->recorder.created, 1);
	assert_int_equal(queue_close(f->a, first, &error), RELEVO_OK);
	open_plain(f->a, "2");
	fixture_close(f);
}

static void test_waiting_calls_and_leases_outlive_their_handle(void **state)
{
	struct fixture *f = *state;
	struct call holder = { 0 };
	struct call waiting = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "x");
	get(f->a, q, 1, 0, &holder);
	get(f->a, q, 1, NSEC_NEVER, &waiting);
	assert_int_equal(queue_close(f->a, q, &error), RELEVO_OK);
	assert_waits(&waiting);
	nack(f->a, &holder);
	assert_items(&waiting, "x");
	ack(f->a, &waiting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_modes_say_what_must_exist),
		fixture_test(test_other_options_are_named),
		fixture_test(test_bad_names_are_refused),
		fixture_test(test_made_up_names_differ),
		fixture_test(test_made_up_names_avoid_those_that_exist),
		fixture_test(test_a_kept_queue_outlives_its_sessions),
		fixture_test(test_a_queue_goes_with_its_last_handle),
		fixture_test(test_a_queue_goes_with_the_session_that_made_it),
		fixture_test(test_delete_tells_everybody_who_waits),
		fixture_test(test_delete_ends_leases),
		fixture_test(test_a_handle_of_a_deleted_queue_stays_gone),
		fixture_test(test_closed_numbers_are_used_again),
		cmocka_unit_test(test_a_session_opens_no_more_than_its_limit),
		fixture_test(test_waiting_calls_and_leases_outlive_their_handle),
	};
	return cmocka_run_group_tests_name("engine/life", tests, NULL, NULL);
}
