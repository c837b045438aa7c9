/* A call that gives up at the instant it is served neither loses nor doubles. */
#include "support/queues.h"

#include <pthread.h>
#include <time.h>

enum { ROUNDS = 1500 };

struct putting {
	relevo_queue *queue;
	struct gate start;
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

/* Put each number about a millisecond after its round began: when the get of that
 * round gives up. */
static void *put_about_then(void *argument)
{
	struct putting *putting = argument;
	uint32_t random = 1;
	for (int i = 0; i < ROUNDS && putting->status == RELEVO_OK; i++) {
		gate_pass(&putting->start);
		int64_t until = microseconds() + 700 + next_random(&random) % 600;
		while (microseconds() < until)
			sched_yield();
		putting->status = relevo_queue_put(putting->queue, &i, sizeof i, 5000);
	}
	return NULL;
}

/* It did not come after all. */
static void fail_lost(relevo_queue *queue, int round)
{
	struct relevo_queue_counts counts = counts_of(queue);
	fail_msg("round %d: %d ready, %d leased, %d getters, %d put, %d acknowledged", round,
		 (int)counts.ready, (int)counts.leased, (int)counts.getters, (int)counts.put,
		 (int)counts.acknowledged);
}

/* Take what the round's number is, giving up after a millisecond again and again
 * until it is there. */
static int run_rounds(relevo_queue *queue, struct gate *start)
{
	int gave_up = 0;
	for (int i = 0; i < ROUNDS; i++) {
		int status, number;
		relevo_item item;
		int64_t began = test_now();
		gate_open(start);
		while ((status = relevo_queue_get(queue, &item, 1)) == RELEVO_TIMED_OUT) {
			gave_up++;
			if (test_now() - began > TEST_PATIENCE / 2)
				fail_lost(queue, i);
		}
		assert_ok(status);
		memcpy(&number, item.data, sizeof number);
		relevo_item_free(&item);
		assert_int_equal(number, i);
	}
	return gave_up;
}

static void race(struct scene *scene, relevo_queue *getter, relevo_queue *putter)
{
	struct putting putting = { .queue = putter };
	pthread_t thread;
	gate_make(&putting.start);
	pthread_create(&thread, NULL, put_about_then, &putting);
	int gave_up = run_rounds(getter, &putting.start);
	pthread_join(thread, NULL);
	gate_close(&putting.start);
	assert_int_equal(putting.status, RELEVO_OK);
	/* It did happen. */
	assert_true(gave_up > 100);
	struct relevo_queue_counts counts = counts_of(getter);
	assert_int_equal(counts.ready + counts.leased + counts.delayed + counts.getters, 0);
	assert_int_equal(counts.put, ROUNDS);
	assert_int_equal(counts.acknowledged, ROUNDS);
	assert_ok(relevo_flush(scene->session, 5000));
}

static void a_get_that_gives_up(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *theirs = queue_open(other, "q");
	race(scene, scene->queue, theirs);
	relevo_queue_close(theirs);
	assert_ok(relevo_close(other));
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
		int64_t until = microseconds() + 700 + next_random(&random) % 600;
		while (microseconds() < until)
			sched_yield();
		getting->status = relevo_queue_get(getting->queue, &item, 5000);
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
	struct getting getting = { .queue = queue_open_bounded(other, "bounded", 1) };
	pthread_t thread;
	int gave_up = 0, zero = 0;
	gate_make(&getting.start);
	assert_ok(relevo_queue_try_put(bounded, &zero, sizeof zero));
	pthread_create(&thread, NULL, make_room_about_then, &getting);
	for (int i = 1; i <= ROUNDS; i++) {
		int status;
		gate_open(&getting.start);
		while ((status = relevo_queue_put(bounded, &i, sizeof i, 1)) == RELEVO_TIMED_OUT)
			gave_up++;
		assert_ok(status);
	}
	pthread_join(thread, NULL);
	assert_int_equal(getting.status, RELEVO_OK);
	assert_true(gave_up > 100);
	struct relevo_queue_counts counts = counts_of(bounded);
	assert_int_equal(counts.ready, 1);
	assert_int_equal(counts.put, ROUNDS + 1);
	gate_close(&getting.start);
	relevo_queue_close(bounded);
	relevo_queue_close(getting.queue);
	assert_ok(relevo_close(other));
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
