/* What is put into durable queues arrives once and in order, though the connection is lost. */
#include "support/carry.h"

static const struct relevo_queue_options plain;

/* ---- puts ------------------------------------------------------------------- */

enum { MANY = 20000, AT_ONCE = 500 };

static void what_is_put_is_there_once_and_in_order(void **state)
{
	struct line *line = *state;
	line_open(line, plain);
	atomic_store(&line->cutter.apart, 20000);
	for (uint32_t i = 0; i < MANY; i += AT_ONCE) {
		put_numbers(line->queue, i, AT_ONCE);
		if (i % (4 * AT_ONCE) == 0)
			assert_ok(relevo_session_flush(line->session, TEST_PATIENCE));
	}
	assert_ok(relevo_session_flush(line->session, TEST_PATIENCE));
	assert_true(atomic_load(&line->cutter.cuts) >= 3);
	expect_numbers(line->other, MANY);
}

static void *take_all(void *argument)
{
	relevo_queue *queue = argument;
	uint32_t number;
	for (uint32_t i = 0; i < MANY / 10; i++) {
		relevo_item item;
		child_check(relevo_queue_get(queue, TEST_PATIENCE, &item) == RELEVO_OK);
		memcpy(&number, item.data, sizeof number);
		relevo_item_free(&item);
		child_check(number == i);
	}
	return NULL;
}

/* Puts that wait for room: each is answered, some after they have come again in part. */
static void also_where_there_is_little_room(void **state)
{
	struct line *line = *state;
	pthread_t taker;
	line_open(line, (struct relevo_queue_options){ .capacity = 10 });
	atomic_store(&line->cutter.apart, 4000);
	assert_int_equal(pthread_create(&taker, NULL, take_all, line->other), 0);
	put_numbers(line->queue, 0, MANY / 10);
	thread_join(taker, "the one that takes all");
	assert_true(atomic_load(&line->cutter.cuts) >= 3);
	expect_empty(line->other);
}

struct producer {
	struct line *line;
	uint32_t which;
};

/* So many at a time are on their way that one connection brings them there and back: those that
 * come again on each connection would else be cut off before the first is confirmed. */
enum { PRODUCERS = 4, EACH = 2000, TOGETHER = 25 };

static void *produce(void *argument)
{
	const struct producer *producer = argument;
	for (uint32_t i = 0; i < EACH; i++) {
		uint32_t number = producer->which << 24 | i;
		child_check(relevo_queue_put(producer->line->queue, &number, sizeof number,
					     RELEVO_FOREVER) == RELEVO_OK);
		if (i % TOGETHER == 0)
			child_check(relevo_session_flush(producer->line->session, TEST_PATIENCE) ==
				    RELEVO_OK);
	}
	return NULL;
}

/* Of several threads that share a session, each has its own in order. */
static void several_threads_put(struct line *line)
{
	pthread_t threads[PRODUCERS];
	struct producer producers[PRODUCERS];
	uint32_t next[PRODUCERS] = { 0 };
	for (uint32_t i = 0; i < PRODUCERS; i++) {
		producers[i] = (struct producer){ line, i };
		assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
	}
	for (uint32_t i = 0; i < PRODUCERS * EACH; i++) {
		uint32_t number = get_number(line->other);
		assert_true(number >> 24 < PRODUCERS);
		assert_int_equal(number & 0xffffff, next[number >> 24]++);
	}
	for (uint32_t i = 0; i < PRODUCERS; i++)
		thread_join(threads[i], "one that puts");
	assert_true(atomic_load(&line->cutter.cuts) >= 3);
	expect_empty(line->other);
}

static void threads_put_in_their_order(void **state)
{
	struct line *line = *state;
	line_open(line, plain);
	atomic_store(&line->cutter.apart, 15000);
	several_threads_put(line);
}

static void threads_put_in_their_order_in_little_room(void **state)
{
	struct line *line = *state;
	line_open(line, (struct relevo_queue_options){ .capacity = 3 });
	atomic_store(&line->cutter.apart, 10000);
	several_threads_put(line);
}

static void what_has_options_comes_with_them(void **state)
{
	struct line *line = *state;
	const struct relevo_put_options with = { .reply_to = "somewhere" };
	relevo_item item;
	line_open(line, plain);
	atomic_store(&line->cutter.swallows, true);
	assert_ok(relevo_queue_put_with(line->queue, "x", 1, &with, 0));
	assert_status(relevo_session_flush(line->session, 100), RELEVO_TIMED_OUT);
	lose_what_was_said(line);
	assert_ok(relevo_queue_get(line->other, TEST_PATIENCE, &item));
	assert_string_equal(relevo_item_reply_to(&item), "somewhere");
	relevo_item_free(&item);
	assert_ok(relevo_session_flush(line->session, TEST_PATIENCE));
	expect_empty(line->other);
}

/* Nobody calls anything. */
static void unconfirmed_puts_come_by_themselves(void **state)
{
	struct line *line = *state;
	line_open(line, plain);
	atomic_store(&line->cutter.swallows, true);
	put_numbers(line->queue, 0, 100);
	/* They may be on their way to the cutter. */
	assert_status(relevo_session_flush(line->session, 100), RELEVO_TIMED_OUT);
	lose_what_was_said(line);
	expect_numbers(line->other, 100);
}

static void what_was_put_through_a_closed_handle_comes_too(void **state)
{
	struct line *line = *state;
	line_open(line, plain);
	atomic_store(&line->cutter.swallows, true);
	put_numbers(line->queue, 0, 100);
	relevo_queue_close(line->queue);
	line->queue = NULL;
	assert_status(relevo_session_flush(line->session, 100), RELEVO_TIMED_OUT);
	lose_what_was_said(line);
	expect_numbers(line->other, 100);
	assert_ok(relevo_session_flush(line->session, TEST_PATIENCE));
}

static int failed_status, failures;

static void on_failed(relevo_queue *queue, int status, const struct relevo_bytes *item, void *user)
{
	(void)queue;
	(void)item;
	(void)user;
	failed_status = status;
	failures++;
}

static void what_was_for_a_queue_that_is_gone_fails(void **state)
{
	struct line *line = *state;
	failures = 0;
	line_open(line, (struct relevo_queue_options){ .on_error = on_failed });
	atomic_store(&line->cutter.swallows, true);
	put_numbers(line->queue, 0, 10);
	assert_status(relevo_session_flush(line->session, 100), RELEVO_TIMED_OUT);
	assert_ok(relevo_queue_delete(line->direct, "line"));
	relevo_queue_close(line->other);
	line->other = open_durable(line->direct, "line", plain);
	lose_what_was_said(line);
	assert_ok(relevo_session_flush(line->session, TEST_PATIENCE));
	assert_int_equal(failures, 10);
	assert_int_equal(failed_status, RELEVO_GONE);
	uint32_t number = 1;
	assert_fails(relevo_queue_put(line->queue, &number, sizeof number, 1000), RELEVO_GONE,
		     "deleted");
	expect_empty(line->other);
}

static void a_close_in_the_gap_takes_its_time(void **state)
{
	struct line *line = *state;
	line_open(line, plain);
	atomic_store(&line->cutter.swallows, true);
	put_numbers(line->queue, 0, 10);
	assert_status(relevo_session_flush(line->session, 100), RELEVO_TIMED_OUT);
	go_away(line);
	relevo_queue_close(line->queue);
	line->queue = NULL;
	int64_t begin = test_now();
	assert_fails(relevo_session_close(line->session), RELEVO_DISCONNECTED, "did not confirm");
	assert_between(test_now() - begin, 4500, 6000);
	line->session = NULL;
	expect_empty(line->other);
	come_back(line);
}

static void a_close_brings_back_what_it_can(void **state)
{
	struct line *line = *state;
	line_open(line, plain);
	atomic_store(&line->cutter.swallows, true);
	put_numbers(line->queue, 0, 10);
	assert_status(relevo_session_flush(line->session, 100), RELEVO_TIMED_OUT);
	lose_what_was_said(line);
	relevo_queue_close(line->queue);
	line->queue = NULL;
	assert_ok(relevo_session_close(line->session));
	line->session = NULL;
	expect_numbers(line->other, 10);
}

static struct gate *told;

static void on_end(relevo_queue *queue, int status, const struct relevo_bytes *item, void *user)
{
	(void)queue;
	(void)item;
	(void)user;
	if (status == RELEVO_UNANSWERED)
		gate_open(told);
}

static void end_with_puts(struct line *line)
{
	relevo_session *session = NULL;
	relevo_queue *queue = NULL;
	const struct relevo_queue_options options = { .durable = true, .on_error = on_end };
	child_check(relevo_session_open(line->cutter.url, NULL, &session) == RELEVO_OK);
	child_check(relevo_queue_open(session, "line", &options, &queue) == RELEVO_OK);
	gate_open(told);
	/* Swallowed from here on. */
	char byte;
	child_check(read(STDIN_FILENO, &byte, 1) == 0);
	for (int i = 0; i < 3; i++)
		child_check(relevo_queue_put(queue, "x", 1, 0) == RELEVO_OK);
	exit(EXIT_SUCCESS);
}

/* What cannot be confirmed any more is told. */
static void an_exit_in_the_gap_tells(void **state)
{
	struct line *line = *state;
	struct gate gate;
	int ends[2];
	line_open(line, plain);
	gate_make(&gate);
	told = &gate;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		close(ends[1]);
		end_with_puts(line);
	}
	close(ends[0]);
	gate_pass(&gate);
	atomic_store(&line->cutter.swallows, true);
	close(ends[1]);
	for (int i = 0; i < 3; i++)
		gate_pass(&gate);
	assert_int_equal(child_wait(child), EXIT_SUCCESS);
	atomic_store(&line->cutter.swallows, false);
	gate_close(&gate);
	expect_empty(line->other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		line_test(what_is_put_is_there_once_and_in_order),
		line_test(also_where_there_is_little_room),
		line_test(threads_put_in_their_order),
		line_test(threads_put_in_their_order_in_little_room),
		line_test(what_has_options_comes_with_them),
		line_test(unconfirmed_puts_come_by_themselves),
		line_test(what_was_put_through_a_closed_handle_comes_too),
		line_test(what_was_for_a_queue_that_is_gone_fails),
		line_test(a_close_in_the_gap_takes_its_time),
		line_test(a_close_brings_back_what_it_can),
		line_test(an_exit_in_the_gap_tells),
	};
	return cmocka_run_group_tests_name("carry_puts", tests, NULL, NULL);
}
