/* A put and the acknowledgement of what it answers, in one step. */
#include "fixture.h"

struct task {
	uint32_t tasks, results;
	struct call task;
};

/* One task is held, and results can be put into a queue of that capacity. */
static struct task begin(struct fixture *f, uint64_t capacity)
{
	struct task work = {
		.tasks = open_leased(f->a, "tasks", 10),
		.results = open_bounded(f->a, "results", capacity),
	};
	put_now(f->a, work.tasks, "task other");
	get(f->a, work.tasks, 1, 0, &work.task);
	return work;
}

static void put_result(struct fixture *f, struct task *work, const char *words, nsec_t deadline,
		       struct call *call)
{
	struct put_request request = {
		.handle = work->results,
		.acks = work->task.leases,
		.ack_count = 1,
		.deadline = deadline,
	};
	put_request(f->a, &request, words, call);
}

static void test_both_happen(void **state)
{
	struct fixture *f = *state;
	struct task work = begin(f, 5);
	struct call call = { 0 };
	put_result(f, &work, "r1 r2", 0, &call);
	assert_answer(&call, RELEVO_OK);
	assert_int_equal(call.accepted, 2);
	assert_int_equal(counts_of(f->a, work.tasks).acknowledged, 1);
	assert_int_equal(counts_of(f->a, work.results).ready, 2);
}

static void test_both_are_one_batch(void **state)
{
	struct fixture *f = *state;
	struct task work = begin(f, 5);
	struct call call = { 0 };
	uint64_t commits = f->recorder.commits;
	put_result(f, &work, "r1", 0, &call);
	assert_int_equal(f->recorder.commits, commits + 1);
	assert_int_equal(f->recorder.removed, 1);
}

static void drop_or_put(struct fixture *f, const struct task *work, const char *name,
			struct call *call)
{
	struct put_request request = {
		.name = name,
		.acks = work->task.leases,
		.ack_count = 1,
		.or_drop = true,
	};
	put_request(f->a, &request, "r1", call);
}

static void test_without_a_queue_the_task_is_done(void **state)
{
	struct fixture *f = *state;
	struct task work = begin(f, 5);
	struct call call = { 0 };
	drop_or_put(f, &work, "nowhere", &call);
	assert_answer(&call, RELEVO_OK);
	assert_int_equal(counts_of(f->a, work.tasks).acknowledged, 1);
	assert_int_equal(counts_of(f->a, work.tasks).leased, 0);
	/* The lease has ended: the result is nobody's. */
	drop_or_put(f, &work, "results", &call);
	assert_answer(&call, RELEVO_OK);
	assert_int_equal(counts_of(f->a, work.results).ready, 0);
	assert_int_equal(counts_of(f->a, work.tasks).acknowledged, 1);
}

static void test_without_the_lease_nothing_happens(void **state)
{
	struct fixture *f = *state;
	struct task work = begin(f, 5);
	struct call call = { 0 };
	struct call other = { 0 };
	get(f->a, work.tasks, 1, 0, &other);
	work.task.leases[1] = other.leases[0] + 12345;
	struct put_request request = {
		.handle = work.results,
		.acks = work.task.leases,
		.ack_count = 2,
	};
	put_request(f->a, &request, "r1", &call);
	assert_answer(&call, RELEVO_NOT_OWNER);
	assert_int_equal(counts_of(f->a, work.tasks).acknowledged, 0);
	assert_int_equal(counts_of(f->a, work.results).ready, 0);
	/* The good one can still be acknowledged. */
	put_result(f, &work, "r1", 0, &call);
	assert_answer(&call, RELEVO_OK);
}

static void test_a_lease_named_twice_is_refused(void **state)
{
	struct fixture *f = *state;
	struct task work = begin(f, 5);
	struct call call = { 0 };
	work.task.leases[1] = work.task.leases[0];
	struct put_request request = {
		.handle = work.results,
		.acks = work.task.leases,
		.ack_count = 2,
	};
	put_request(f->a, &request, "r1", &call);
	assert_answer(&call, RELEVO_NOT_OWNER);
	assert_text(call.text, "named twice");
	put_result(f, &work, "r1", 0, &call);
	assert_answer(&call, RELEVO_OK);
}

static void test_a_put_that_waits_acknowledges_at_its_end(void **state)
{
	struct fixture *f = *state;
	struct task work = begin(f, 1);
	struct call putter = { 0 };
	struct call call = { 0 };
	put_result(f, &work, "r1 r2", NSEC_NEVER, &putter);
	assert_waits(&putter);
	assert_int_equal(counts_of(f->a, work.tasks).acknowledged, 0);
	get(f->a, work.results, 1, 0, &call);
	assert_answer(&putter, RELEVO_OK);
	assert_int_equal(counts_of(f->a, work.tasks).acknowledged, 1);
}

static void test_a_put_that_fails_acknowledges_nothing(void **state)
{
	struct fixture *f = *state;
	struct task work = begin(f, 1);
	struct call call = { 0 };
	put_result(f, &work, "r1 r2", 0, &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
	put_result(f, &work, "r3", SECONDS(5), &call);
	tick_to(f, 5);
	assert_answer(&call, RELEVO_TIMED_OUT);
	assert_int_equal(counts_of(f->a, work.tasks).acknowledged, 0);
	ack(f->a, &work.task);
}

static void test_a_lease_that_ends_meanwhile_is_reported(void **state)
{
	struct fixture *f = *state;
	struct task work = begin(f, 1);
	struct call putter = { 0 };
	struct call call = { 0 };
	put_result(f, &work, "r1 r2", NSEC_NEVER, &putter);
	tick_to(f, 11);
	assert_int_equal(counts_of(f->a, work.tasks).leased, 0);
	get(f->a, work.results, 1, 0, &call);
	assert_answer(&putter, RELEVO_NOT_OWNER);
	assert_int_equal(putter.accepted, 2);
	assert_text(putter.text, "ended");
	expect(f->a, work.tasks, "task other", &call);
}

static void test_an_acknowledgement_alone_needs_no_room(void **state)
{
	struct fixture *f = *state;
	struct task work = begin(f, 1);
	struct call putter = { 0 };
	struct call call = { 0 };
	put(f->a, work.results, "r1 r2", NSEC_NEVER, &putter);
	put_result(f, &work, "", 0, &call);
	assert_answer(&call, RELEVO_OK);
	assert_int_equal(call.accepted, 0);
	assert_int_equal(counts_of(f->a, work.tasks).acknowledged, 1);
	assert_waits(&putter);
	/* The calls that still wait end before this function does. */
	gone(f, &f->a);
}

static void test_death_while_the_put_waits_returns_the_task(void **state)
{
	struct fixture *f = *state;
	struct task work = begin(f, 1);
	struct call putter = { 0 };
	struct call call = { 0 };
	put_result(f, &work, "r1 r2", NSEC_NEVER, &putter);
	gone(f, &f->a);
	assert_int_equal(putter.answers, 0);
	expect(f->c, open_leased(f->c, "tasks", 10), "task other", &call);
	assert_int_equal(call.deliveries[0], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_both_happen),
		fixture_test(test_both_are_one_batch),
		fixture_test(test_without_a_queue_the_task_is_done),
		fixture_test(test_without_the_lease_nothing_happens),
		fixture_test(test_a_lease_named_twice_is_refused),
		fixture_test(test_a_put_that_waits_acknowledges_at_its_end),
		fixture_test(test_a_put_that_fails_acknowledges_nothing),
		fixture_test(test_a_lease_that_ends_meanwhile_is_reported),
		fixture_test(test_an_acknowledgement_alone_needs_no_room),
		fixture_test(test_death_while_the_put_waits_returns_the_task),
	};
	return cmocka_run_group_tests_name("engine/put_ack", tests, NULL, NULL);
}
