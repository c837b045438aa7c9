/* A call that gives up at the instant it is served neither loses nor doubles. */
#include "support/queues.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { ROUNDS = 1500 };

/* When the other side gives up, in microseconds from the beginning of a round: found by
 * trying, since it depends on the machine, and on what else that does. */
struct aim {
	atomic_int delay;
};

enum { FIRST_DELAY = 1000, STEP = 20, JITTER = 300, LONGEST_DELAY = 50000 };

struct putting {
	relevo_queue *queue;
	struct gate start;
	struct aim aim;
	int status;
};

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static int64_t microseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void wait_about_then(struct aim *aim, uint32_t *random)
{
	int jitter = (int)(next_random(random) % (2 * JITTER)) - JITTER;
	int64_t until = microseconds() + atomic_load(&aim->delay) + jitter;
	while (microseconds() < until)
		sched_yield();
}

/* Somewhat earlier next time, or later. */
static void correct(struct aim *aim, bool gave_up)
{
	int delay = atomic_load(&aim->delay) + (gave_up ? -STEP : STEP);
	if (delay >= 0 && delay <= LONGEST_DELAY)
		atomic_store(&aim->delay, delay);
}

/* Put each number when the get of its round is about to give up. */
static void *put_about_then(void *argument)
{
	struct putting *putting = argument;
	uint32_t random = 1;
	for (int i = 0; i < ROUNDS && putting->status == RELEVO_OK; i++) {
		gate_pass(&putting->start);
		wait_about_then(&putting->aim, &random);
		putting->status = relevo_queue_put(putting->queue, &i, sizeof i, 5000);
	}
	return NULL;
}

/* It did not come after all. */
static void fail_lost(relevo_queue *queue, int round)
{
	struct relevo_queue_state counts = counts_of(queue);
	fail_msg("round %d: %d ready, %d leased, %d getters, %d put, %d acknowledged", round,
		 (int)counts.ready, (int)counts.leased, (int)counts.getters, (int)counts.put,
		 (int)counts.acknowledged);
}

/* Take what the round's number is, giving up after a millisecond again and again
 * until it is there. */
static int run_rounds(relevo_queue *queue, struct putting *putting)
{
	int gave_up = 0;
	for (int i = 0; i < ROUNDS; i++) {
		int status, number;
		relevo_item item;
		int64_t began = test_now();
		int before = gave_up;
		gate_open(&putting->start);
		while ((status = relevo_queue_get(queue, 1, &item)) == RELEVO_TIMED_OUT) {
			gave_up++;
			if (test_now() - began > TEST_PATIENCE / 2)
				fail_lost(queue, i);
		}
		assert_ok(status);
		correct(&putting->aim, gave_up > before);
		memcpy(&number, item.data, sizeof number);
		relevo_item_free(&item);
		assert_int_equal(number, i);
	}
	return gave_up;
}

static void race(struct scene *scene, relevo_queue *getter, relevo_queue *putter)
{
	struct putting putting = { .queue = putter, .aim.delay = FIRST_DELAY };
	pthread_t thread;
	gate_make(&putting.start);
	pthread_create(&thread, NULL, put_about_then, &putting);
	int gave_up = run_rounds(getter, &putting);
	pthread_join(thread, NULL);
	gate_close(&putting.start);
	assert_int_equal(putting.status, RELEVO_OK);
	/* It did happen. */
	assert_true(gave_up > 100);
	struct relevo_queue_state counts = counts_of(getter);
	assert_int_equal(counts.ready + counts.leased + counts.delayed + counts.getters, 0);
	assert_int_equal(counts.put, ROUNDS);
	assert_int_equal(counts.acknowledged, ROUNDS);
	assert_ok(relevo_session_flush(scene->session, 5000));
}

static void a_get_that_gives_up(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *theirs = queue_open(other, "q");
	race(scene, scene->queue, theirs);
	relevo_queue_close(theirs);
	assert_ok(relevo_session_close(other));
}

static void a_get_that_gives_up_in_the_putters_session(void **state)
{
	struct scene *scene = *state;
	race(scene, scene->queue, scene->queue);
}

/* The same from the other side: a put gives up when room is made. */
struct getting {
	relevo_queue *queue;
	struct gate start;
	struct aim aim;
	int status;
};

static void *make_room_about_then(void *argument)
{
	struct getting *getting = argument;
	uint32_t random = 1;
	for (int i = 0; i < ROUNDS && getting->status == RELEVO_OK; i++) {
		relevo_item item;
		int number = -1;
		gate_pass(&getting->start);
		wait_about_then(&getting->aim, &random);
		getting->status = relevo_queue_get(getting->queue, 5000, &item);
		if (getting->status == RELEVO_OK)
			memcpy(&number, item.data, sizeof number);
		relevo_item_free(&item);
		child_check(number == i);
	}
	return NULL;
}

static void a_put_that_gives_up(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *bounded = queue_open_bounded(scene->session, "bounded", 1);
	struct getting getting = {
		.queue = queue_open_bounded(other, "bounded", 1),
		.aim.delay = FIRST_DELAY,
	};
	pthread_t thread;
	int gave_up = 0, zero = 0;
	gate_make(&getting.start);
	assert_ok(relevo_queue_put(bounded, &zero, sizeof zero, 0));
	pthread_create(&thread, NULL, make_room_about_then, &getting);
	for (int i = 1; i <= ROUNDS; i++) {
		int status, before = gave_up;
		gate_open(&getting.start);
		while ((status = relevo_queue_put(bounded, &i, sizeof i, 1)) == RELEVO_TIMED_OUT)
			gave_up++;
		assert_ok(status);
		correct(&getting.aim, gave_up > before);
	}
	pthread_join(thread, NULL);
	assert_int_equal(getting.status, RELEVO_OK);
	assert_true(gave_up > 100);
	struct relevo_queue_state counts = counts_of(bounded);
	assert_int_equal(counts.ready, 1);
	assert_int_equal(counts.put, ROUNDS + 1);
	gate_close(&getting.start);
	relevo_queue_close(bounded);
	relevo_queue_close(getting.queue);
	assert_ok(relevo_session_close(other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(a_get_that_gives_up),
		scene_unit_test(a_get_that_gives_up_in_the_putters_session),
		scene_unit_test(a_put_that_gives_up),
	};
	return cmocka_run_group_tests_name("giving_up", tests, NULL, NULL);
}
