/* Clients that are killed. */
#include "support/queues.h"

#include <signal.h>

struct client {
	struct scene *scene;
	struct gate ready;
};

static void hold_three(void *argument)
{
	struct client *client = argument;
	relevo_item items[3];
	size_t got;
	child_check(relevo_queue_lease(client->scene->queue, TEST_PATIENCE, items, 3, &got) ==
		    RELEVO_OK);
	child_check(got == 3);
	child_check(relevo_queue_ack(client->scene->queue, &items[1], 1) == RELEVO_OK);
	gate_open(&client->ready);
	pause();
}

static void what_it_held_comes_back_in_order(void **state)
{
	struct scene *scene = *state;
	struct client client = { .scene = scene };
	static const char *const texts[] = { "a", "b", "c", "d" };
	static const char *const left[] = { "a", "c", "d" };
	gate_make(&client.ready);
	for (int i = 0; i < 4; i++)
		put_text(scene->queue, texts[i]);
	assert_ok(relevo_session_flush(scene->session, 5000));
	pid_t child = child_start(hold_three, &client);
	gate_pass(&client.ready);
	assert_int_equal(counts_of(scene->queue).leased, 2);
	child_kill(child);
	wait_for_leased(scene->queue, 0);
	for (int i = 0; i < 3; i++) {
		relevo_item item;
		size_t got;
		assert_ok(relevo_queue_lease(scene->queue, 5000, &item, 1, &got));
		assert_string_equal(item.data, left[i]);
		assert_int_equal(item.deliveries, i < 2 ? 2 : 1);
		assert_ok(relevo_queue_ack(scene->queue, &item, 1));
		relevo_item_free(&item);
	}
	assert_int_equal(counts_of(scene->queue).redelivered, 2);
	gate_close(&client.ready);
}

static void wait_for_item(void *argument)
{
	struct client *client = argument;
	relevo_item item;
	gate_open(&client->ready);
	relevo_queue_get(client->scene->queue, RELEVO_FOREVER, &item);
	pause();
}

static void killed_while_it_waits_loses_nothing(void **state)
{
	struct scene *scene = *state;
	struct client client = { .scene = scene };
	gate_make(&client.ready);
	for (int i = 0; i < 20; i++) {
		pid_t child = child_start(wait_for_item, &client);
		gate_pass(&client.ready);
		wait_for_getters(scene->queue, 1);
		child_kill(child);
		/* The broker may not know yet: then it comes back from the dead. */
		put_text(scene->queue, "x");
		expect_text(scene->queue, "x");
		expect_empty(scene->queue);
	}
	assert_int_equal(counts_of(scene->queue).getters, 0);
	gate_close(&client.ready);
}

/* Others came with it, which it has no time to read or give back. */
static void take_one_of_many(void *argument)
{
	struct client *client = argument;
	relevo_item item;
	child_check(relevo_queue_get(client->scene->queue, TEST_PATIENCE, &item) == RELEVO_OK);
	gate_open(&client->ready);
	raise(SIGSTOP);
}

static void killed_with_unread_items_loses_nothing(void **state)
{
	struct scene *scene = *state;
	struct client client = { .scene = scene };
	enum { MANY = 10, TIMES = 20 };
	gate_make(&client.ready);
	for (int time = 0; time < TIMES; time++) {
		for (int i = 0; i < MANY; i++)
			assert_ok(relevo_queue_put(scene->queue, &i, sizeof i, RELEVO_FOREVER));
		assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
		pid_t child = child_start(take_one_of_many, &client);
		gate_pass(&client.ready);
		child_kill(child);
		wait_for_leased(scene->queue, 0);
		/* It may not have come to acknowledge the first. */
		for (int number = -1; number < MANY - 1;) {
			relevo_item item;
			int next;
			assert_ok(relevo_queue_get(scene->queue, TEST_PATIENCE, &item));
			memcpy(&next, item.data, sizeof next);
			relevo_item_free(&item);
			assert_in_range(next, number + 1, number < 0 ? 1 : number + 1);
			number = next;
		}
		expect_empty(scene->queue);
	}
	assert_ok(relevo_queue_join(scene->queue, TEST_PATIENCE));
	assert_int_equal(counts_of(scene->queue).acknowledged, TIMES * MANY);
	gate_close(&client.ready);
}

static void wait_to_put(void *argument)
{
	struct client *client = argument;
	relevo_queue *bounded;
	child_check(relevo_queue_open(client->scene->session, "bounded",
				      &(struct relevo_queue_options){ .capacity = 1 },
				      &bounded) == RELEVO_OK);
	relevo_queue_put(bounded, "killed", 6, RELEVO_FOREVER);
	pause();
}

static bool nobody_waits_to_put(void *queue)
{
	return counts_of(queue).putters == 0;
}

static void killed_while_it_waits_to_put_leaves_no_trace(void **state)
{
	struct scene *scene = *state;
	struct client client = { .scene = scene };
	relevo_queue *bounded = queue_open_bounded(scene->session, "bounded", 1);
	put_text(bounded, "first");
	pid_t child = child_start(wait_to_put, &client);
	wait_for_putters(bounded, 1);
	child_kill(child);
	assert_true(eventually(nobody_waits_to_put, bounded));
	expect_text(bounded, "first");
	expect_empty(bounded);
	relevo_queue_close(bounded);
}

/* Consumers are killed at any moment; each item is taken at least once, and none
 * is lost. */
enum { ITEMS = 3000, KILLS = 25 };

static void consume(void *argument)
{
	struct scene *scene = argument;
	relevo_queue *done;
	relevo_item item;
	size_t got;
	child_check(relevo_queue_open(scene->session, "done", NULL, &done) == RELEVO_OK);
	while (relevo_queue_lease(scene->queue, RELEVO_FOREVER, &item, 1, &got) == RELEVO_OK) {
		child_check(relevo_queue_put(done, item.data, item.size, 5000) == RELEVO_OK);
		child_check(relevo_session_flush(scene->session, 5000) == RELEVO_OK);
		child_check(relevo_queue_ack(scene->queue, &item, 1) == RELEVO_OK);
		relevo_item_free(&item);
	}
}

static void consumers_killed_at_any_moment_lose_nothing(void **state)
{
	struct scene *scene = *state;
	static unsigned char seen[ITEMS];
	relevo_queue *done = queue_open(scene->session, "done");
	int left = ITEMS, taken = 0;
	memset(seen, 0, sizeof seen);
	for (int i = 0; i < ITEMS; i++)
		assert_ok(relevo_queue_put(scene->queue, &i, sizeof i, RELEVO_FOREVER));
	pid_t children[2] = { child_start(consume, scene), child_start(consume, scene) };
	while (left > 0) {
		relevo_item item;
		int number;
		assert_ok(relevo_queue_get(done, TEST_PATIENCE, &item));
		memcpy(&number, item.data, sizeof number);
		relevo_item_free(&item);
		left -= seen[number] == 0;
		seen[number] = 1;
		if (++taken % (ITEMS / KILLS) == 0) {
			int which = taken / (ITEMS / KILLS) % 2;
			child_kill(children[which]);
			children[which] = child_start(consume, scene);
		}
	}
	child_kill(children[0]);
	child_kill(children[1]);
	/* Each kill can have doubled one. */
	assert_in_range(taken, ITEMS, ITEMS + KILLS + 2);
	relevo_queue_close(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(what_it_held_comes_back_in_order),
		scene_unit_test(killed_while_it_waits_loses_nothing),
		scene_unit_test(killed_with_unread_items_loses_nothing),
		scene_unit_test(killed_while_it_waits_to_put_leaves_no_trace),
		scene_unit_test(consumers_killed_at_any_moment_lose_nothing),
	};
	return cmocka_run_group_tests_name("killed", tests, NULL, NULL);
}
