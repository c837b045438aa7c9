/* A client carries on with durable queues when its connection is lost. */
#include "support/carry.h"

#include <poll.h>

static const struct relevo_queue_options plain;

enum { MANY = 5000 };

/* ---- calls ------------------------------------------------------------------ */

struct waiting {
	relevo_queue *queue;
	int64_t timeout;
	int status;
	uint32_t number;
	int64_t took;
	char detail[512];
	pthread_t thread;
};

static void *wait_for_one(void *argument)
{
	struct waiting *waiting = argument;
	relevo_item item = { 0 };
	int64_t begin = test_now();
	waiting->status = relevo_queue_get(waiting->queue, waiting->timeout, &item);
	waiting->took = test_now() - begin;
	if (waiting->status == RELEVO_OK)
		memcpy(&waiting->number, item.data, sizeof waiting->number);
	else
		snprintf(waiting->detail, sizeof waiting->detail, "%s", relevo_error_detail());
	relevo_item_free(&item);
	return NULL;
}

static void waiting_start(struct waiting *waiting, relevo_queue *queue, int64_t timeout)
{
	*waiting = (struct waiting){ .queue = queue, .timeout = timeout };
	assert_int_equal(pthread_create(&waiting->thread, NULL, wait_for_one, waiting), 0);
}

static void a_get_rides_out_the_gap(void **state)
{
	struct line *line = *state;
	struct waiting waiting;
	line_open(line, plain);
	waiting_start(&waiting, line->queue, RELEVO_FOREVER);
	wait_for_getters(line->other, 1);
	go_away(line);
	put_number(line->other, 7);
	poll(NULL, 0, 300);
	come_back(line);
	thread_join(waiting.thread, "the get");
	assert_status(waiting.status, RELEVO_OK);
	assert_int_equal(waiting.number, 7);
}

static void its_deadline_ends_it(void **state)
{
	struct line *line = *state;
	struct waiting waiting;
	line_open(line, plain);
	waiting_start(&waiting, line->queue, 700);
	wait_for_getters(line->other, 1);
	go_away(line);
	thread_join(waiting.thread, "the get");
	assert_status(waiting.status, RELEVO_TIMED_OUT);
	assert_between(waiting.took, 700, 1000);
	assert_non_null(strstr(waiting.detail, "DISCONNECTED"));
	int64_t begin = test_now();
	assert_fails(relevo_queue_put(line->queue, "x", 1, 200), RELEVO_TIMED_OUT, "DISCONNECTED");
	assert_between(test_now() - begin, 200, 500);
	assert_fails(relevo_session_flush(line->session, 0), RELEVO_DISCONNECTED, "");
	come_back(line);
	/* What was not put is not there. */
	assert_ok(relevo_session_flush(line->session, TEST_PATIENCE));
	expect_empty(line->queue);
}

static void *put_one(void *argument)
{
	struct waiting *waiting = argument;
	uint32_t number = 77;
	waiting->status =
		relevo_queue_put(waiting->queue, &number, sizeof number, waiting->timeout);
	return NULL;
}

static void a_put_that_waits_for_room_rides_too(void **state)
{
	struct line *line = *state;
	struct waiting waiting = { .timeout = RELEVO_FOREVER };
	line_open(line, (struct relevo_queue_options){ .capacity = 1 });
	put_number(line->other, 1);
	waiting.queue = line->queue;
	assert_int_equal(pthread_create(&waiting.thread, NULL, put_one, &waiting), 0);
	wait_for_putters(line->other, 1);
	go_away(line);
	wait_for_putters(line->other, 0);
	come_back(line);
	wait_for_putters(line->other, 1);
	assert_int_equal(get_number(line->other), 1);
	assert_int_equal(get_number(line->other), 77);
	thread_join(waiting.thread, "the put");
	assert_status(waiting.status, RELEVO_OK);
}

static void a_put_of_which_nothing_was_heard_is_in_doubt(void **state)
{
	struct line *line = *state;
	struct waiting waiting = { .timeout = 500 };
	line_open(line, (struct relevo_queue_options){ .capacity = 1 });
	put_number(line->other, 1);
	waiting.queue = line->queue;
	assert_int_equal(pthread_create(&waiting.thread, NULL, put_one, &waiting), 0);
	wait_for_putters(line->other, 1);
	go_away(line);
	thread_join(waiting.thread, "the put");
	assert_status(waiting.status, RELEVO_UNANSWERED);
	come_back(line);
}

static void other_calls_ride(void **state)
{
	struct line *line = *state;
	struct relevo_place place = { 0 };
	relevo_item item;
	size_t got;
	line_open(line, plain);
	put_number(line->other, 5);
	cutter_cut(&line->cutter);
	assert_int_equal(counts_of(line->queue).ready, 1);
	cutter_cut(&line->cutter);
	assert_ok(relevo_queue_peek(line->queue, &place, &item, 1, &got));
	assert_int_equal(got, 1);
	relevo_item_free(&item);
	cutter_cut(&line->cutter);
	assert_status(relevo_queue_join(line->queue, 100), RELEVO_TIMED_OUT);
	cutter_cut(&line->cutter);
	assert_int_equal(get_number(line->queue), 5);
	/* With it goes the acknowledgement. */
	assert_ok(relevo_session_flush(line->session, TEST_PATIENCE));
	cutter_cut(&line->cutter);
	assert_ok(relevo_queue_join(line->queue, TEST_PATIENCE));
	cutter_cut(&line->cutter);
	assert_ok(relevo_queue_shutdown(line->queue, RELEVO_SHUTDOWN_DRAIN));
	assert_true(counts_of(line->other).shut_down);
}

static void an_interrupt_ends_the_wait_in_the_gap(void **state)
{
	struct line *line = *state;
	struct waiting waiting;
	line_open(line, plain);
	waiting_start(&waiting, line->queue, RELEVO_FOREVER);
	wait_for_getters(line->other, 1);
	go_away(line);
	/* By then it waits for seconds. */
	poll(NULL, 0, 1500);
	int64_t begin = test_now();
	assert_ok(relevo_session_interrupt(line->session));
	thread_join(waiting.thread, "the get");
	assert_status(waiting.status, RELEVO_INTERRUPTED);
	assert_between(test_now() - begin, 0, 300);
	come_back(line);
}

enum { WAITERS = 4 };

/* Threads that wait, and puts that have to go, all wait for one attempt at a time. */
static void attempts_are_put_off(void **state)
{
	struct line *line = *state;
	struct waiting waiting[WAITERS];
	line_open(line, plain);
	relevo_queue *more = open_durable(line->session, "more", plain);
	for (int i = 0; i < WAITERS; i++)
		waiting_start(&waiting[i], line->queue, RELEVO_FOREVER);
	wait_for_getters(line->other, WAITERS);
	atomic_store(&line->cutter.swallows, true);
	put_numbers(more, 0, 10);
	assert_status(relevo_session_flush(line->session, 100), RELEVO_TIMED_OUT);
	atomic_store(&line->cutter.attempts, 0);
	long sleeps = process_sleeps(getpid());
	go_away(line);
	poll(NULL, 0, 3000);
	/* 10 ms, 20, 40 ... 1 s, of which half may be waited. */
	unsigned attempts = atomic_load(&line->cutter.attempts);
	assert_in_range(attempts, 5, 14);
	assert_in_range(process_sleeps(getpid()) - sleeps, 0, 1000);
	atomic_store(&line->cutter.swallows, false);
	come_back(line);
	for (uint32_t i = 0; i < WAITERS; i++)
		put_number(line->other, i);
	for (int i = 0; i < WAITERS; i++) {
		thread_join(waiting[i].thread, "a get");
		assert_status(waiting[i].status, RELEVO_OK);
	}
	expect_numbers(more, 10);
	relevo_queue_close(more);
}

/* ---- leases ----------------------------------------------------------------- */

static void what_was_leased_is_delivered_again(void **state)
{
	struct line *line = *state;
	relevo_item item;
	size_t got;
	line_open(line, plain);
	put_number(line->other, 1);
	put_number(line->other, 2);
	assert_ok(relevo_queue_lease(line->queue, TEST_PATIENCE, &item, 1, &got));
	assert_int_equal(item.deliveries, 1);
	cutter_cut(&line->cutter);
	assert_status(relevo_queue_ack(line->queue, &item, 1), RELEVO_NOT_OWNER);
	relevo_item_free(&item);
	assert_ok(relevo_queue_lease(line->queue, TEST_PATIENCE, &item, 1, &got));
	assert_int_equal(item.deliveries, 2);
	assert_ok(relevo_queue_ack(line->queue, &item, 1));
	relevo_item_free(&item);
	assert_int_equal(get_number(line->queue), 2);
}

/* get, work, get: the loop knows nothing of it. Nothing is lost. */
static void a_consumer_goes_on(void **state)
{
	struct line *line = *state;
	static bool seen[MANY];
	uint32_t left = MANY;
	line_open(line, plain);
	memset(seen, 0, sizeof seen);
	put_numbers(line->other, 0, left);
	atomic_store(&line->cutter.apart, 20000);
	while (left > 0) {
		uint32_t number = get_number(line->queue);
		assert_true(number < MANY);
		left -= !seen[number];
		seen[number] = true;
	}
	assert_true(atomic_load(&line->cutter.cuts) >= 2);
	atomic_store(&line->cutter.apart, 0);
	assert_ok(relevo_queue_join(line->queue, TEST_PATIENCE));
}

static void a_joinable_consumer_goes_on(void **state)
{
	struct line *line = *state;
	line_open(line, (struct relevo_queue_options){ .joinable = true });
	put_number(line->other, 1);
	put_number(line->other, 2);
	assert_int_equal(get_number(line->queue), 1);
	cutter_cut(&line->cutter);
	/* It is acknowledged with what is sent next: the loss may be found only then. */
	int status = relevo_queue_task_done(line->queue);
	assert_true(status == RELEVO_OK || status == RELEVO_NOT_OWNER);
	assert_int_equal(get_number(line->queue), 1);
	assert_ok(relevo_queue_task_done(line->queue));
	assert_int_equal(get_number(line->queue), 2);
	assert_ok(relevo_queue_task_done(line->queue));
	assert_ok(relevo_queue_join(line->other, TEST_PATIENCE));
}

/* ---- beside it -------------------------------------------------------------- */

static void put_in_child(void *argument)
{
	struct line *line = argument;
	uint32_t number = 1000;
	child_check(relevo_queue_put(line->queue, &number, sizeof number, RELEVO_FOREVER) ==
		    RELEVO_OK);
	child_check(relevo_session_flush(line->session, TEST_PATIENCE) == RELEVO_OK);
}

/* What the parent has put and heard nothing of is the parent's to send again. */
static void a_child_has_its_own(void **state)
{
	struct line *line = *state;
	line_open(line, plain);
	atomic_store(&line->cutter.swallows, true);
	put_numbers(line->queue, 0, 100);
	assert_status(relevo_session_flush(line->session, 100), RELEVO_TIMED_OUT);
	atomic_store(&line->cutter.swallows, false);
	pid_t child = child_start(put_in_child, line);
	cutter_cut(&line->cutter);
	child_join(child);
	assert_ok(relevo_session_flush(line->session, TEST_PATIENCE));
	uint32_t next = 0, of_child = 0;
	for (uint32_t i = 0; i <= 100; i++) {
		uint32_t number = get_number(line->other);
		of_child += number == 1000;
		if (number != 1000)
			assert_int_equal(number, next++);
	}
	assert_int_equal(next, 100);
	assert_int_equal(of_child, 1);
	expect_empty(line->other);
}

static void what_is_in_memory_is_told_as_ever(void **state)
{
	struct line *line = *state;
	line_open(line, plain);
	relevo_queue *memory = queue_open(line->session, "memory");
	struct waiting waiting;
	waiting_start(&waiting, memory, RELEVO_FOREVER);
	relevo_queue *same = queue_open(line->direct, "memory");
	wait_for_getters(same, 1);
	cutter_cut(&line->cutter);
	thread_join(waiting.thread, "the get");
	assert_status(waiting.status, RELEVO_DISCONNECTED);
	put_text(same, "x");
	expect_text(memory, "x");
	relevo_queue_close(memory);
	relevo_queue_close(same);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		line_test(a_get_rides_out_the_gap),
		line_test(its_deadline_ends_it),
		line_test(a_put_that_waits_for_room_rides_too),
		line_test(a_put_of_which_nothing_was_heard_is_in_doubt),
		line_test(other_calls_ride),
		line_test(an_interrupt_ends_the_wait_in_the_gap),
		line_test(attempts_are_put_off),
		line_test(what_was_leased_is_delivered_again),
		line_test(a_consumer_goes_on),
		line_test(a_joinable_consumer_goes_on),
		line_test(a_child_has_its_own),
		line_test(what_is_in_memory_is_told_as_ever),
	};
	return cmocka_run_group_tests_name("carry_on", tests, NULL, NULL);
}
