/* Waiting: time-outs, bounded queues, rendezvous. */
#include "support/queues.h"

#include <pthread.h>
#include <signal.h>

/* Not before its time, and not more than a second after it. */
#define assert_on_time(before, timeout)                                                            \
	assert_between(test_now() - (before), (timeout)-1, (timeout) + 1000)

static void get_times_out_on_time(void **state)
{
	struct scene *scene = *state;
	static const int timeouts[] = { 1, 10, 150, 400 };
	for (int i = 0; i < 4; i++) {
		relevo_item item;
		int64_t before = test_now();
		assert_status(relevo_queue_get(scene->queue, timeouts[i], &item), RELEVO_TIMED_OUT);
		assert_on_time(before, timeouts[i]);
	}
	assert_int_equal(counts_of(scene->queue).getters, 0);
}

static void try_does_not_wait(void **state)
{
	struct scene *scene = *state;
	relevo_queue *bounded = queue_open_bounded(scene->session, "bounded", 1);
	relevo_item items[2];
	size_t got;
	assert_status(relevo_queue_get(scene->queue, 0, &items[0]), RELEVO_TIMED_OUT);
	assert_status(relevo_queue_get_many(scene->queue, 0, items, 2, &got), RELEVO_TIMED_OUT);
	assert_status(relevo_queue_lease(scene->queue, 0, items, 2, &got), RELEVO_TIMED_OUT);
	assert_ok(relevo_queue_put(bounded, "1", 1, 0));
	assert_fails(relevo_queue_put(bounded, "2", 1, 0), RELEVO_TIMED_OUT, "bounded");
	expect_text(bounded, "1");
	expect_empty(bounded);
	relevo_queue_close(bounded);
}

static void put_times_out_on_time(void **state)
{
	struct scene *scene = *state;
	relevo_queue *bounded = queue_open_bounded(scene->session, "bounded", 1);
	put_text(bounded, "first");
	int64_t before = test_now();
	assert_status(relevo_queue_put(bounded, "x", 1, 150), RELEVO_TIMED_OUT);
	assert_on_time(before, 150);
	assert_int_equal(counts_of(bounded).putters, 0);
	expect_text(bounded, "first");
	expect_empty(bounded);
	relevo_queue_close(bounded);
}

struct putter {
	relevo_queue *queue;
	char text[16];
	int status;
	size_t accepted;
};

static void *put_in_thread(void *argument)
{
	struct putter *putter = argument;
	putter->status =
		relevo_queue_put(putter->queue, putter->text, strlen(putter->text), TEST_PATIENCE);
	return NULL;
}

static void putters_are_served_in_turn(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 8 };
	relevo_queue *bounded = queue_open_bounded(scene->session, "bounded", 1);
	struct putter putters[COUNT];
	pthread_t threads[COUNT];
	put_text(bounded, "first");
	for (int i = 0; i < COUNT; i++) {
		putters[i] = (struct putter){ .queue = bounded };
		snprintf(putters[i].text, sizeof putters[i].text, "putter %d", i);
		pthread_create(&threads[i], NULL, put_in_thread, &putters[i]);
		wait_for_putters(bounded, (uint64_t)i + 1);
	}
	expect_text(bounded, "first");
	for (int i = 0; i < COUNT; i++)
		expect_text(bounded, putters[i].text);
	for (int i = 0; i < COUNT; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(putters[i].status, RELEVO_OK);
	}
	relevo_queue_close(bounded);
}

/* One who comes with try while others wait does not get in before them. */
static void nobody_jumps_the_queue_of_putters(void **state)
{
	struct scene *scene = *state;
	relevo_queue *bounded = queue_open_bounded(scene->session, "bounded", 1);
	struct putter putter = { .queue = bounded, .text = "waited" };
	pthread_t thread;
	put_text(bounded, "first");
	pthread_create(&thread, NULL, put_in_thread, &putter);
	wait_for_putters(bounded, 1);
	expect_text(bounded, "first");
	assert_status(relevo_queue_put(bounded, "jumper", 6, 0), RELEVO_TIMED_OUT);
	expect_text(bounded, "waited");
	pthread_join(thread, NULL);
	assert_int_equal(putter.status, RELEVO_OK);
	relevo_queue_close(bounded);
}

static void put_many_tells_how_many_went_in(void **state)
{
	struct scene *scene = *state;
	relevo_queue *bounded = queue_open_bounded(scene->session, "bounded", 3);
	struct relevo_bytes items[5] = {
		{ "0", 1 }, { "1", 1 }, { "2", 1 }, { "3", 1 }, { "4", 1 },
	};
	size_t accepted = 99;
	assert_status(relevo_queue_put_many(bounded, items, 5, 0, &accepted), RELEVO_TIMED_OUT);
	assert_int_equal(accepted, 3);
	assert_int_equal(counts_of(bounded).ready, 3);
	expect_text(bounded, "0");
	int64_t before = test_now();
	assert_status(relevo_queue_put_many(bounded, items + 3, 2, 100, &accepted),
		      RELEVO_TIMED_OUT);
	assert_on_time(before, 100);
	assert_int_equal(accepted, 1);
	expect_text(bounded, "1");
	expect_text(bounded, "2");
	expect_text(bounded, "3");
	expect_empty(bounded);
	relevo_queue_close(bounded);
}

enum { MANY = 2000 };

static void *put_many_in_thread(void *argument)
{
	struct putter *putter = argument;
	struct relevo_bytes *items = calloc(MANY, sizeof *items);
	uint32_t *numbers = calloc(MANY, sizeof *numbers);
	child_check(items != NULL && numbers != NULL);
	for (uint32_t i = 0; i < MANY; i++) {
		numbers[i] = i;
		items[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	}
	putter->status =
		relevo_queue_put_many(putter->queue, items, MANY, TEST_PATIENCE, &putter->accepted);
	free(items);
	free(numbers);
	return NULL;
}

static void put_many_goes_in_as_room_is_made(void **state)
{
	struct scene *scene = *state;
	relevo_queue *bounded = queue_open_bounded(scene->session, "bounded", 10);
	struct putter putter = { .queue = bounded };
	pthread_t thread;
	pthread_create(&thread, NULL, put_many_in_thread, &putter);
	for (uint32_t i = 0; i < MANY; i++) {
		relevo_item item;
		uint32_t number;
		assert_ok(relevo_queue_get(bounded, TEST_PATIENCE, &item));
		memcpy(&number, item.data, sizeof number);
		relevo_item_free(&item);
		assert_int_equal(number, i);
	}
	pthread_join(thread, NULL);
	assert_int_equal(putter.status, RELEVO_OK);
	assert_int_equal(putter.accepted, MANY);
	relevo_queue_close(bounded);
}

/* ---- rendezvous -------------------------------------------------------- */

static void rendezvous_needs_somebody_who_waits(void **state)
{
	struct scene *scene = *state;
	relevo_queue *meeting =
		queue_open_bounded(scene->session, "meeting", RELEVO_CAPACITY_RENDEZVOUS);
	struct putter putter = { .queue = meeting, .text = "handed over" };
	pthread_t thread;
	assert_status(relevo_queue_put(meeting, "x", 1, 0), RELEVO_TIMED_OUT);
	assert_status(relevo_queue_put(meeting, "x", 1, 50), RELEVO_TIMED_OUT);
	expect_empty(meeting);
	pthread_create(&thread, NULL, put_in_thread, &putter);
	wait_for_putters(meeting, 1);
	expect_text(meeting, "handed over");
	pthread_join(thread, NULL);
	assert_int_equal(putter.status, RELEVO_OK);
	expect_empty(meeting);
	relevo_queue_close(meeting);
}

static void *get_in_thread(void *argument)
{
	struct putter *getter = argument;
	relevo_item item;
	getter->status = relevo_queue_get(getter->queue, TEST_PATIENCE, &item);
	if (getter->status == RELEVO_OK)
		snprintf(getter->text, sizeof getter->text, "%s", (const char *)item.data);
	relevo_item_free(&item);
	return NULL;
}

static void rendezvous_serves_who_waits(void **state)
{
	struct scene *scene = *state;
	relevo_queue *meeting =
		queue_open_bounded(scene->session, "meeting", RELEVO_CAPACITY_RENDEZVOUS);
	struct putter getters[2] = { { .queue = meeting }, { .queue = meeting } };
	pthread_t threads[2];
	for (int i = 0; i < 2; i++) {
		pthread_create(&threads[i], NULL, get_in_thread, &getters[i]);
		wait_for_getters(meeting, (uint64_t)i + 1);
	}
	assert_ok(relevo_queue_put(meeting, "a", 1, 0));
	assert_ok(relevo_queue_put(meeting, "b", 1, 0));
	assert_status(relevo_queue_put(meeting, "c", 1, 0), RELEVO_TIMED_OUT);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(getters[i].status, RELEVO_OK);
	}
	assert_string_equal(getters[0].text, "a");
	assert_string_equal(getters[1].text, "b");
	relevo_queue_close(meeting);
}

static void getters_are_served_in_turn(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 6 };
	struct putter getters[COUNT];
	pthread_t threads[COUNT];
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *theirs = queue_open(other, "q");
	for (int i = 0; i < COUNT; i++) {
		getters[i] = (struct putter){ .queue = i % 2 ? theirs : scene->queue };
		pthread_create(&threads[i], NULL, get_in_thread, &getters[i]);
		wait_for_getters(scene->queue, (uint64_t)i + 1);
	}
	for (int i = 0; i < COUNT; i++) {
		char text[2] = { (char)('0' + i), '\0' };
		put_text(scene->queue, text);
	}
	for (int i = 0; i < COUNT; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(getters[i].text[0], '0' + i);
	}
	relevo_queue_close(theirs);
	assert_ok(relevo_session_close(other));
}

/* ---- signals ----------------------------------------------------------- */

static void on_signal(int number)
{
	(void)number;
}

struct interrupted {
	pthread_t thread;
	struct gate done;
};

static void *interrupt_often(void *argument)
{
	struct interrupted *interrupted = argument;
	for (int i = 0; i < 100; i++) {
		pthread_kill(interrupted->thread, SIGUSR1);
		sched_yield();
	}
	gate_open(&interrupted->done);
	return NULL;
}

static void signals_do_not_end_a_wait(void **state)
{
	struct scene *scene = *state;
	struct sigaction action = { .sa_handler = on_signal }, before;
	struct interrupted interrupted = { .thread = pthread_self() };
	pthread_t thread;
	relevo_item item;
	sigaction(SIGUSR1, &action, &before);
	gate_make(&interrupted.done);
	pthread_create(&thread, NULL, interrupt_often, &interrupted);
	int64_t started = test_now();
	assert_status(relevo_queue_get(scene->queue, 300, &item), RELEVO_TIMED_OUT);
	assert_on_time(started, 300);
	gate_pass(&interrupted.done);
	pthread_join(thread, NULL);
	gate_close(&interrupted.done);
	sigaction(SIGUSR1, &before, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(get_times_out_on_time),
		scene_unit_test(try_does_not_wait),
		scene_unit_test(put_times_out_on_time),
		scene_unit_test(putters_are_served_in_turn),
		scene_unit_test(nobody_jumps_the_queue_of_putters),
		scene_unit_test(put_many_tells_how_many_went_in),
		scene_unit_test(put_many_goes_in_as_room_is_made),
		scene_unit_test(rendezvous_needs_somebody_who_waits),
		scene_unit_test(rendezvous_serves_who_waits),
		scene_unit_test(getters_are_served_in_turn),
		scene_unit_test(signals_do_not_end_a_wait),
	};
	return cmocka_run_group_tests_name("queue_wait", tests, NULL, NULL);
}
