/* Puts are answered when the recorder has committed; it may fail, or not be there. */
#include "fixture.h"

static void complete(struct fixture *f, int status)
{
	assert_true(recorder_fake_complete(&f->recorder, status));
}

static uint32_t open_held(struct fixture *f, uint64_t capacity)
{
	uint32_t q = open_bounded(f->a, "q", capacity);
	f->recorder.hold = true;
	return q;
}

static void test_a_put_is_answered_after_its_commit(void **state)
{
	struct fixture *f = *state;
	struct call first = { 0 };
	struct call second = { 0 };
	uint32_t q = open_held(f, 10);
	put(f->a, q, "1 2", 0, &first);
	put(f->a, q, "3", 0, &second);
	assert_waits(&first);
	complete(f, RELEVO_OK);
	assert_answer(&first, RELEVO_OK);
	assert_int_equal(first.accepted, 2);
	assert_waits(&second);
	complete(f, RELEVO_OK);
	assert_answer(&second, RELEVO_OK);
}

static void test_a_get_does_not_wait_for_commits(void **state)
{
	struct fixture *f = *state;
	struct call getter = { 0 };
	struct call putter = { 0 };
	uint32_t q = open_held(f, 10);
	get(f->a, q, 1, NSEC_NEVER, &getter);
	put(f->a, q, "1", 0, &putter);
	assert_items(&getter, "1");
	assert_waits(&putter);
	/* The calls that still wait end before this function does. */
	gone(f, &f->a);
}

static void test_a_failed_commit_is_the_answer(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_held(f, 10);
	put(f->a, q, "1", 0, &call);
	complete(f, RELEVO_SYSTEM);
	assert_answer(&call, RELEVO_SYSTEM);
}

static void test_a_full_put_waits_for_the_commit_of_what_it_put(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_held(f, 2);
	put(f->a, q, "1 2 3", 0, &call);
	assert_waits(&call);
	complete(f, RELEVO_OK);
	assert_answer(&call, RELEVO_TIMED_OUT);
	assert_int_equal(call.accepted, 2);
	put(f->a, q, "3", 0, &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
	assert_int_equal(call.accepted, 0);
}

static void test_nobody_is_left_to_be_answered(void **state)
{
	struct fixture *f = *state;
	struct call dying = { 0 };
	struct call living = { 0 };
	uint32_t of_c = open_bounded(f->c, "q", 10);
	uint32_t of_a = open_held(f, 10);
	put(f->a, of_a, "1", 0, &dying);
	put(f->c, of_c, "2", 0, &living);
	gone(f, &f->a);
	complete(f, RELEVO_OK);
	assert_int_equal(dying.answers, 0);
	complete(f, RELEVO_OK);
	assert_int_equal(dying.answers, 0);
	assert_answer(&living, RELEVO_OK);
	struct call call = { 0 };
	expect(f->c, of_c, "1 2", &call);
}

static void test_a_put_being_committed_cannot_be_cancelled(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_held(f, 10);
	put(f->a, q, "1", SECONDS(5), &call);
	waiter_cancel(&call.waiter);
	assert_waits(&call);
	tick_to(f, 10);
	assert_waits(&call);
	complete(f, RELEVO_OK);
	assert_answer(&call, RELEVO_OK);
}

static void test_a_queue_may_go_before_the_commit(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_held(f, 10);
	put(f->a, q, "1", 0, &call);
	assert_int_equal(queue_delete(f->engine, "q", QUEUE_ANY, &error), RELEVO_OK);
	assert_int_equal(queue_close(f->a, q, &error), RELEVO_OK);
	complete(f, RELEVO_OK);
	assert_answer(&call, RELEVO_OK);
}

static void test_commits_are_not_calls_that_wait(void **state)
{
	(void)state;
	const struct engine_config config = {
		.seed = 1, .peer_waiters = 1, .peer_handles = 4, .peer_leases = 4
	};
	struct fixture *f = fixture_open(&config);
	struct call first = { 0 };
	struct call second = { 0 };
	struct call getter = { 0 };
	uint32_t other = open_plain(f->a, "other");
	uint32_t q = open_held(f, 10);
	put(f->a, q, "1", NSEC_NEVER, &first);
	put(f->a, q, "2", NSEC_NEVER, &second);
	get(f->a, other, 1, NSEC_NEVER, &getter);
	assert_waits(&getter);
	complete(f, RELEVO_OK);
	complete(f, RELEVO_OK);
	assert_answer(&second, RELEVO_OK);
	fixture_close(f);
}

static void test_an_operation_is_one_commit(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	uint64_t commits = f->recorder.commits;
	put_now(f->a, q, "1 2 3");
	assert_int_equal(f->recorder.commits, ++commits);
	assert_int_equal(f->recorder.added, 3);
	expect(f->a, q, "1 2 3", &call);
	assert_int_equal(f->recorder.commits, ++commits);
	assert_int_equal(f->recorder.handed_out, 3);
	ack(f->a, &call);
	assert_int_equal(f->recorder.commits, ++commits);
	assert_int_equal(f->recorder.removed, 3);
	counts_of(f->a, q);
	expect(f->a, q, "", &call);
	assert_int_equal(f->recorder.commits, commits);
}

static void test_what_the_recorder_refuses_is_not_put(void **state)
{
	struct fixture *f = *state;
	struct call getter = { 0 };
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	get(f->a, q, 1, NSEC_NEVER, &getter);
	f->recorder.added_status = RELEVO_SYSTEM;
	put(f->a, q, "1", 0, &call);
	assert_answer(&call, RELEVO_SYSTEM);
	assert_int_equal(call.accepted, 0);
	assert_waits(&getter);
	f->recorder.added_status = RELEVO_OK;
	put_now(f->a, q, "2");
	assert_items(&getter, "2");
}

static void test_a_queue_that_the_recorder_refuses_is_not_there(void **state)
{
	struct fixture *f = *state;
	struct queue_opened opened;
	struct error error;
	const struct queue_options options = { .lifetime = QUEUE_SESSION, .durable = true };
	f->recorder.created_status = RELEVO_SYSTEM;
	assert_int_equal(queue_open(f->a, "q", QUEUE_CREATE_NEW, &options, &opened, &error),
			 RELEVO_SYSTEM);
	assert_text(error.text, "\"q\"");
	f->recorder.created_status = RELEVO_OK;
	assert_int_equal(queue_open(f->a, "q", QUEUE_CREATE_NEW, &options, &opened, &error),
			 RELEVO_OK);
}

static void test_without_a_recorder_nothing_is_waited_for(void **state)
{
	(void)state;
	const struct engine_config config = {
		.seed = 1, .peer_waiters = 4, .peer_handles = 4, .peer_leases = 4
	};
	struct fixture *f = fixture_open_unrecorded(&config);
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_held(f, 10);
	put(f->a, q, "1 2", 0, &call);
	assert_answer(&call, RELEVO_OK);
	assert_int_equal(call.accepted, 2);
	expect(f->a, q, "1 2", &call);
	ack(f->a, &call);
	assert_int_equal(f->engine->items.alive, 0);
	assert_int_equal(queue_delete(f->engine, "q", QUEUE_ANY, &error), RELEVO_OK);
	assert_int_equal(f->recorder.commits, 0);
	assert_int_equal(f->recorder.created + f->recorder.added + f->recorder.removed, 0);
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_a_put_is_answered_after_its_commit),
		fixture_test(test_a_get_does_not_wait_for_commits),
		fixture_test(test_a_failed_commit_is_the_answer),
		fixture_test(test_a_full_put_waits_for_the_commit_of_what_it_put),
		fixture_test(test_nobody_is_left_to_be_answered),
		fixture_test(test_a_put_being_committed_cannot_be_cancelled),
		fixture_test(test_a_queue_may_go_before_the_commit),
		cmocka_unit_test(test_commits_are_not_calls_that_wait),
		fixture_test(test_an_operation_is_one_commit),
		fixture_test(test_what_the_recorder_refuses_is_not_put),
		fixture_test(test_a_queue_that_the_recorder_refuses_is_not_there),
		cmocka_unit_test(test_without_a_recorder_nothing_is_waited_for),
	};
	return cmocka_run_group_tests_name("engine/commit", tests, NULL, NULL);
}
