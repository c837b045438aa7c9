/* Clients and brokers that stand still. */
#include "support/queues.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* A test that failed may have left the broker stopped. */
static int stopped_teardown(void **state)
{
	struct scene *scene = *state;
	kill(scene->broker.pid, SIGCONT);
	return scene_teardown(state);
}

#define stopped_unit_test(function)                                                                \
	cmocka_unit_test_setup_teardown(function, scene_setup, stopped_teardown)

/* ---- a client ---------------------------------------------------------- */

struct client {
	struct scene *scene;
	struct gate ready;
};

static void get_one(void *argument)
{
	struct client *client = argument;
	relevo_item item;
	gate_open(&client->ready);
	child_check(relevo_queue_get(client->scene->queue, TEST_PATIENCE, &item) == RELEVO_OK);
	child_check(strcmp(item.data, "for the stopped one") == 0);
	relevo_item_free(&item);
	child_check(relevo_session_close(client->scene->session) == RELEVO_OK);
}

static void a_stopped_client_costs_nobody_else_anything(void **state)
{
	struct scene *scene = *state;
	struct client client = { .scene = scene };
	relevo_queue *other = queue_open(scene->session, "other");
	gate_make(&client.ready);
	pid_t child = child_start(get_one, &client);
	gate_pass(&client.ready);
	wait_for_getters(scene->queue, 1);
	process_stop(child);
	put_text(scene->queue, "for the stopped one");
	for (int i = 0; i < 1000; i++) {
		put_text(other, "x");
		expect_text(other, "x");
		put_text(scene->queue, "for others");
	}
	expect_text(scene->queue, "for others");
	process_go_on(child);
	child_join(child);
	gate_close(&client.ready);
	relevo_queue_close(other);
}

static void get_much(void *argument)
{
	struct client *client = argument;
	gate_open(&client->ready);
	for (;;) {
		relevo_item items[100];
		size_t got;
		child_check(relevo_queue_get_many(client->scene->queue, TEST_PATIENCE, items, 100,
						  &got) == RELEVO_OK);
		for (size_t i = 0; i < got; i++)
			relevo_item_free(&items[i]);
	}
}

/* Killed while stopped with much on its way to it: all of that goes back. */
static void what_was_on_its_way_goes_back(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 200, SIZE = 100000 };
	struct client client = { .scene = scene };
	uint8_t *bytes = calloc(1, SIZE);
	assert_non_null(bytes);
	gate_make(&client.ready);
	pid_t child = child_start(get_much, &client);
	gate_pass(&client.ready);
	wait_for_getters(scene->queue, 1);
	process_stop(child);
	for (uint32_t i = 0; i < COUNT; i++) {
		memcpy(bytes, &i, sizeof i);
		assert_ok(relevo_queue_put(scene->queue, bytes, SIZE, RELEVO_FOREVER));
	}
	assert_int_equal(counts_of(scene->queue).leased, 1);
	child_kill(child);
	wait_for_leased(scene->queue, 0);
	for (uint32_t i = 0; i < COUNT; i++) {
		relevo_item item;
		uint32_t number;
		assert_ok(relevo_queue_get(scene->queue, TEST_PATIENCE, &item));
		memcpy(&number, item.data, sizeof number);
		assert_int_equal(number, i);
		assert_int_equal(item.deliveries, i == 0 ? 2 : 1);
		relevo_item_free(&item);
	}
	gate_close(&client.ready);
	free(bytes);
}

/* ---- the broker -------------------------------------------------------- */

static void timed_calls_end_in_time(void **state)
{
	struct scene *scene = *state;
	relevo_queue *bounded = queue_open_bounded(scene->session, "bounded", 1);
	relevo_item item;
	process_stop(scene->broker.pid);
	int64_t before = test_now();
	assert_status(relevo_queue_get(scene->queue, 200, &item), RELEVO_TIMED_OUT);
	assert_between(test_now() - before, 199, 1200);
	before = test_now();
	assert_status(relevo_queue_put(bounded, "late", 4, 200), RELEVO_UNANSWERED);
	assert_between(test_now() - before, 199, 1200);
	before = test_now();
	assert_status(relevo_session_flush(scene->session, 200), RELEVO_TIMED_OUT);
	assert_between(test_now() - before, 199, 1200);
	before = test_now();
	int status = relevo_queue_get(scene->queue, 0, &item);
	assert_true(status == RELEVO_TIMED_OUT || status == RELEVO_TIMED_OUT);
	assert_between(test_now() - before, 0, 1000);
	process_go_on(scene->broker.pid);
	put_text(scene->queue, "x");
	expect_text(scene->queue, "x");
	relevo_queue_close(bounded);
}

static void an_item_for_a_call_that_gave_up_is_not_lost(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *theirs = queue_open(other, "q");
	for (int i = 0; i < 5; i++) {
		relevo_item item;
		process_stop(scene->broker.pid);
		/* The broker will see the get before the put. */
		assert_status(relevo_queue_get(scene->queue, 50, &item), RELEVO_TIMED_OUT);
		put_text(theirs, "late");
		process_go_on(scene->broker.pid);
		expect_text(theirs, "late");
		expect_empty(scene->queue);
	}
	relevo_queue_close(theirs);
	assert_ok(relevo_session_close(other));
}

static void puts_without_capacity_end_in_time(void **state)
{
	struct scene *scene = *state;
	enum { SIZE = 1024 * 1024 };
	uint8_t *bytes = calloc(1, SIZE);
	int status = RELEVO_OK, accepted = 0;
	assert_non_null(bytes);
	process_stop(scene->broker.pid);
	/* Some go into the window; then the broker's pace is awaited. */
	while (status == RELEVO_OK && accepted < 1000) {
		int64_t before = test_now();
		status = relevo_queue_put(scene->queue, bytes, SIZE, 100);
		accepted += status == RELEVO_OK;
		assert_between(test_now() - before, 0, 1100);
	}
	assert_status(status, RELEVO_TIMED_OUT);
	process_go_on(scene->broker.pid);
	assert_int_equal(counts_of(scene->queue).ready, accepted);
	free(bytes);
}

static void use_in_time(void *argument)
{
	struct scene *scene = argument;
	relevo_item item;
	int64_t before = test_now();
	child_check(relevo_queue_get(scene->queue, 200, &item) == RELEVO_TIMED_OUT);
	int64_t took = test_now() - before;
	child_check(took >= 199 && took <= 1700);
}

static void a_child_that_cannot_connect_is_told_in_time(void **state)
{
	struct scene *scene = *state;
	process_stop(scene->broker.pid);
	child_join(child_start(use_in_time, scene));
	process_go_on(scene->broker.pid);
}

static void closing_does_not_wait_for_ever(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *theirs = queue_open(other, "q");
	put_text(theirs, "x");
	process_stop(scene->broker.pid);
	int64_t before = test_now();
	relevo_queue_close(theirs);
	assert_between(test_now() - before, 0, 1000);
	assert_status(relevo_session_close(other), RELEVO_UNANSWERED);
	assert_between(test_now() - before, 4999, 6000);
	process_go_on(scene->broker.pid);
	expect_text(scene->queue, "x");
}

/* Sessions that end while their thread takes up the reading of what nobody waits for, each at
 * another moment of its round, which is a millisecond long. */
enum { CLOSERS = 8, STEP = 150000 };

struct closer {
	relevo_session *session;
	relevo_queue *queue;
	long wait; /* ns */
};

static int64_t exact_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct closers {
	struct scene *scene;
	struct gate ready, stopped;
};

static void *give_up_and_close(void *argument)
{
	struct closer *closer = argument;
	relevo_item item;
	child_check(relevo_queue_get(closer->queue, 20, &item) == RELEVO_TIMED_OUT);
	relevo_queue_close(closer->queue);
	int64_t moment = exact_now() + closer->wait;
	while (exact_now() < moment) {
	}
	child_check(relevo_session_close(closer->session) == RELEVO_UNANSWERED);
	return NULL;
}

static void close_many(void *argument)
{
	struct closers *closers = argument;
	struct closer all[CLOSERS];
	pthread_t threads[CLOSERS];
	for (int i = 0; i < CLOSERS; i++) {
		all[i].session = session_open(closers->scene->broker.url);
		all[i].queue = queue_open(all[i].session, "q");
		all[i].wait = i * STEP;
	}
	gate_open(&closers->ready);
	gate_pass(&closers->stopped);
	for (int i = 0; i < CLOSERS; i++)
		child_check(pthread_create(&threads[i], NULL, give_up_and_close, &all[i]) == 0);
	for (int i = 0; i < CLOSERS; i++)
		pthread_join(threads[i], NULL);
}

static void closing_ends_whatever_the_session_reads(void **state)
{
	struct closers closers = { .scene = *state };
	gate_make(&closers.ready);
	gate_make(&closers.stopped);
	pid_t child = child_start(close_many, &closers);
	gate_pass(&closers.ready);
	process_stop(closers.scene->broker.pid);
	gate_open(&closers.stopped);
	child_join(child);
	process_go_on(closers.scene->broker.pid);
	gate_close(&closers.ready);
	gate_close(&closers.stopped);
}

/* The flusher has come to rest: nobody has done anything for a moment. */
static bool rests(void *argument)
{
	long *before = argument;
	long count = process_sleeps(getpid());
	bool same = count == *before;
	*before = count;
	process_ends(getppid(), 50);
	return same && process_sleeps(getpid()) == count;
}

/* Somebody has to read its answer, should it ever come; until then there is nothing to do. */
static void an_answer_that_is_owed_costs_nothing(void **state)
{
	struct scene *scene = *state;
	relevo_item item;
	long sleeps = 0;
#ifdef __SANITIZE_THREAD__
	/* It has a thread of its own, which looks around ten times a second. */
	skip();
#endif
	process_stop(scene->broker.pid);
	assert_int_not_equal(relevo_queue_get(scene->queue, 20, &item), RELEVO_OK);
	assert_true(eventually(rests, &sleeps));
	assert_false(process_ends(getppid(), 500));
	assert_int_equal(process_sleeps(getpid()), sleeps);
	process_go_on(scene->broker.pid);
	put_text(scene->queue, "x");
	expect_text(scene->queue, "x");
}

/* ---- for ever ------------------------------------------------------------ */

static void get_whenever_it_comes(void *argument)
{
	const struct relevo_session_options options = { .timeout = 200 };
	struct client *client = argument;
	relevo_session *session;
	relevo_item item;
	child_check(relevo_session_open(client->scene->broker.url, &options, &session) ==
		    RELEVO_OK);
	relevo_queue *queue = queue_open(session, "late");
	gate_open(&client->ready);
	child_check(relevo_queue_get(queue, RELEVO_FOREVER, &item) == RELEVO_OK);
	relevo_item_free(&item);
	relevo_queue_close(queue);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

/* The session's time-out is for calls that have none of their own. */
static void a_call_without_end_goes_on_when_the_broker_does(void **state)
{
	struct scene *scene = *state;
	struct client client = { .scene = scene };
	relevo_queue *queue = queue_open(scene->session, "late");
	gate_make(&client.ready);
	pid_t child = child_start(get_whenever_it_comes, &client);
	gate_pass(&client.ready);
	wait_for_getters(queue, 1);
	process_stop(scene->broker.pid);
	assert_false(process_ends(child, 1500));
	process_go_on(scene->broker.pid);
	put_text(queue, "x");
	child_join(child);
	gate_close(&client.ready);
	relevo_queue_close(queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		stopped_unit_test(a_stopped_client_costs_nobody_else_anything),
		stopped_unit_test(an_answer_that_is_owed_costs_nothing),
		stopped_unit_test(what_was_on_its_way_goes_back),
		stopped_unit_test(timed_calls_end_in_time),
		stopped_unit_test(an_item_for_a_call_that_gave_up_is_not_lost),
		stopped_unit_test(puts_without_capacity_end_in_time),
		stopped_unit_test(a_child_that_cannot_connect_is_told_in_time),
		stopped_unit_test(closing_does_not_wait_for_ever),
		stopped_unit_test(closing_ends_whatever_the_session_reads),
		stopped_unit_test(a_call_without_end_goes_on_when_the_broker_does),
	};
	return cmocka_run_group_tests_name("stopped", tests, NULL, NULL);
}
