/* First in, first out, between several consumers of one queue. */
#include "support/queues.h"

#include <stdio.h>
#include <stdlib.h>

/* A queue of numbers, and two sessions that take them. */
struct consumers {
	relevo_session *sessions[2];
	relevo_queue *queues[2];
};

static void consumers_open(struct consumers *consumers, const struct scene *scene,
			   const struct relevo_queue_options *options)
{
	for (int i = 0; i < 2; i++) {
		consumers->sessions[i] = session_open(scene->broker.url);
		assert_ok(relevo_queue_open(consumers->sessions[i], "q", options,
					    &consumers->queues[i]));
	}
}

static void consumers_close(struct consumers *consumers)
{
	for (int i = 0; i < 2; i++) {
		relevo_queue_close(consumers->queues[i]);
		assert_ok(relevo_session_close(consumers->sessions[i]));
	}
}

static void put_numbers(const struct scene *scene, int count)
{
	char text[16];
	for (int i = 0; i < count; i++) {
		snprintf(text, sizeof text, "%d", i);
		put_text(scene->queue, text);
	}
	assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
}

static int get_number(relevo_queue *queue)
{
	relevo_item item;
	assert_ok(relevo_queue_get(queue, TEST_PATIENCE, &item));
	int number = atoi(item.data);
	relevo_item_free(&item);
	return number;
}

static void test_by_turns_from_the_start(void **state)
{
	const struct scene *scene = *state;
	struct consumers consumers;
	consumers_open(&consumers, scene, NULL);
	put_numbers(scene, 1000);
	assert_int_equal(get_number(consumers.queues[0]), 0);
	assert_int_equal(get_number(consumers.queues[1]), 1);
	assert_int_equal(get_number(consumers.queues[0]), 2);
	consumers_close(&consumers);
}

/* One that has been fast has much ahead of it; when it pauses, that is for the others. */
static void test_a_pause_gives_back_what_came_ahead(void **state)
{
	enum { ITEMS = 100 * 1000, FAST = 5000 };
	const struct scene *scene = *state;
	struct consumers consumers;
	consumers_open(&consumers, scene, NULL);
	put_numbers(scene, ITEMS);
	for (int i = 0; i < FAST; i++)
		assert_int_equal(get_number(consumers.queues[0]), i);
	bool came_back = false;
	for (int taken = FAST; taken < ITEMS && !came_back; taken++)
		came_back = get_number(consumers.queues[1]) == FAST;
	assert_true(came_back);
	consumers_close(&consumers);
}

/* However fast the other one has been. */
static void test_strict_order(void **state)
{
	enum { ITEMS = 20 * 1000, FAST = 5000 };
	const struct scene *scene = *state;
	const struct relevo_queue_options strict = { .strict_order = true };
	struct consumers consumers;
	consumers_open(&consumers, scene, NULL);
	put_numbers(scene, ITEMS);
	for (int i = 0; i < FAST; i++)
		assert_int_equal(get_number(consumers.queues[0]), i);
	relevo_queue *queue;
	assert_ok(relevo_queue_open(scene->session, "q", &strict, &queue));
	for (int i = FAST; i < 2 * FAST; i += 2) {
		assert_int_equal(get_number(queue), i);
		assert_int_equal(get_number(consumers.queues[1]), i + 1);
	}
	relevo_queue_close(queue);
	consumers_close(&consumers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(test_by_turns_from_the_start),
		scene_unit_test(test_strict_order),
		scene_unit_test(test_a_pause_gives_back_what_came_ahead),
	};
	return cmocka_run_group_tests_name("queue_order", tests, NULL, NULL);
}
