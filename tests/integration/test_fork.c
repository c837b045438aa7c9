/* Forked children go on with what their parent had. */
#include "support/queues.h"

#include <pthread.h>
#include <signal.h>

static void put_own_number(void *argument)
{
	struct scene *scene = argument;
	for (int i = 0; i < 100; i++) {
		int numbers[2] = { (int)getpid(), i };
		child_check(relevo_queue_put(scene->queue, numbers, sizeof numbers,
					     RELEVO_FOREVER) == RELEVO_OK);
	}
	child_check(relevo_session_flush(scene->session, RELEVO_FOREVER) == RELEVO_OK);
}

static void children_use_their_parents_handle(void **state)
{
	struct scene *scene = *state;
	enum { CHILDREN = 4 };
	pid_t children[CHILDREN];
	int next[CHILDREN] = { 0 };
	put_text(scene->queue, "parent");
	assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
	for (int i = 0; i < CHILDREN; i++)
		children[i] = child_start(put_own_number, scene);
	expect_text(scene->queue, "parent");
	for (int i = 0; i < 100 * CHILDREN; i++) {
		relevo_item item;
		int numbers[2], which = 0;
		assert_ok(relevo_queue_get(scene->queue, TEST_PATIENCE, &item));
		memcpy(numbers, item.data, sizeof numbers);
		relevo_item_free(&item);
		while (which < CHILDREN && children[which] != numbers[0])
			which++;
		assert_in_range(which, 0, CHILDREN - 1);
		assert_int_equal(numbers[1], next[which]++);
	}
	for (int i = 0; i < CHILDREN; i++)
		child_join(children[i]);
	expect_empty(scene->queue);
}

/* What the parent had not sent is sent once, by the parent. */
static void pending_puts_stay_with_the_parent(void **state)
{
	struct scene *scene = *state;
	for (int round = 0; round < 20; round++) {
		put_text(scene->queue, "1");
		put_text(scene->queue, "2");
		pid_t child = child_start(put_own_number, scene);
		child_join(child);
		assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
		assert_int_equal(counts_of(scene->queue).ready, 102);
		relevo_item items[102];
		size_t got;
		assert_ok(relevo_queue_get_many(scene->queue, 0, items, 102, &got));
		assert_int_equal(got, 102);
		for (size_t i = 0; i < got; i++)
			relevo_item_free(&items[i]);
	}
}

struct parents_lease {
	struct scene *scene;
	relevo_item item;
};

static void acknowledge_parents(void *argument)
{
	struct parents_lease *lease = argument;
	child_check(relevo_queue_ack(lease->scene->queue, &lease->item, 1) == RELEVO_NOT_OWNER);
	child_check(relevo_error_detail()[0] != '\0');
	relevo_item_free(&lease->item);
}

static void leases_stay_with_the_parent(void **state)
{
	struct scene *scene = *state;
	struct parents_lease lease = { .scene = scene };
	size_t got;
	put_text(scene->queue, "x");
	assert_ok(relevo_queue_lease(scene->queue, TEST_PATIENCE, &lease.item, 1, &got));
	child_join(child_start(acknowledge_parents, &lease));
	assert_int_equal(counts_of(scene->queue).leased, 1);
	assert_ok(relevo_queue_ack(scene->queue, &lease.item, 1));
	relevo_item_free(&lease.item);
	assert_int_equal(counts_of(scene->queue).acknowledged, 1);
}

static void close_everything(void *argument)
{
	struct scene *scene = argument;
	relevo_queue_close(scene->queue);
	child_check(relevo_session_close(scene->session) == RELEVO_OK);
}

static void a_child_that_closes_does_not_disturb_the_parent(void **state)
{
	struct scene *scene = *state;
	put_text(scene->queue, "before");
	child_join(child_start(close_everything, scene));
	expect_text(scene->queue, "before");
	put_text(scene->queue, "after");
	expect_text(scene->queue, "after");
}

static void grandchild(void *argument)
{
	put_own_number(argument);
	child_join(child_start(put_own_number, argument));
}

static void grandchildren_too(void **state)
{
	struct scene *scene = *state;
	child_join(child_start(grandchild, scene));
	assert_int_equal(counts_of(scene->queue).ready, 200);
}

/* ---- forking while threads are busy ------------------------------------ */

struct busy {
	relevo_queue *queue; /* of their own */
	volatile bool stop;
	int status;
};

static void *put_and_get(void *argument)
{
	struct busy *busy = argument;
	while (!busy->stop && busy->status == RELEVO_OK) {
		relevo_item item = { 0 };
		busy->status = relevo_queue_put(busy->queue, "x", 1, RELEVO_FOREVER);
		if (busy->status == RELEVO_OK)
			busy->status = relevo_queue_get(busy->queue, TEST_PATIENCE, &item);
		relevo_item_free(&item);
	}
	return NULL;
}

static void *wait_for_item(void *argument)
{
	struct busy *busy = argument;
	relevo_item item = { 0 };
	busy->status = relevo_queue_get(busy->queue, TEST_PATIENCE, &item);
	relevo_item_free(&item);
	return NULL;
}

static void use_it_all(void *argument)
{
	struct scene *scene = argument;
	relevo_item item;
	put_own_number(scene);
	for (int i = 0; i < 100; i++) {
		child_check(relevo_queue_get(scene->queue, TEST_PATIENCE, &item) == RELEVO_OK);
		relevo_item_free(&item);
	}
	child_check(relevo_session_flush(scene->session, TEST_PATIENCE) == RELEVO_OK);
}

static void forking_while_threads_are_in_calls(void **state)
{
	struct scene *scene = *state;
	struct busy busy[3] = { 0 }, waiting = { 0 };
	pthread_t threads[4];
	for (int i = 0; i < 3; i++) {
		busy[i].queue = queue_open(scene->session, NULL);
		pthread_create(&threads[i], NULL, put_and_get, &busy[i]);
	}
	waiting.queue = queue_open(scene->session, "waited for");
	pthread_create(&threads[3], NULL, wait_for_item, &waiting);
	wait_for_getters(waiting.queue, 1);
	for (int i = 0; i < 30; i++)
		child_join(child_start(use_it_all, scene));
	for (int i = 0; i < 3; i++)
		busy[i].stop = true;
	put_text(waiting.queue, "x");
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(waiting.status, RELEVO_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(busy[i].status, RELEVO_OK);
		relevo_queue_close(busy[i].queue);
	}
	relevo_queue_close(waiting.queue);
	expect_empty(scene->queue);
}

/* ---- threads of the child ---------------------------------------------- */

static void *first_use(void *argument)
{
	struct scene *scene = argument;
	child_check(relevo_queue_put(scene->queue, "x", 1, RELEVO_FOREVER) == RELEVO_OK);
	child_check(relevo_session_flush(scene->session, RELEVO_FOREVER) == RELEVO_OK);
	return NULL;
}

static void use_in_many_threads(void *argument)
{
	struct scene *scene = argument;
	pthread_t threads[8];
	struct relevo_queue_state counts;
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, first_use, scene);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	child_check(relevo_queue_inspect(scene->queue, &counts) == RELEVO_OK);
	child_check(counts.ready == 8);
	/* The parent's handle, and one of this process. */
	child_check(counts.handles == 2);
}

static void threads_of_a_child_share_its_first_use(void **state)
{
	struct scene *scene = *state;
	for (int i = 0; i < 10; i++) {
		child_join(child_start(use_in_many_threads, scene));
		for (int k = 0; k < 8; k++)
			expect_text(scene->queue, "x");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(children_use_their_parents_handle),
		scene_unit_test(pending_puts_stay_with_the_parent),
		scene_unit_test(leases_stay_with_the_parent),
		scene_unit_test(a_child_that_closes_does_not_disturb_the_parent),
		scene_unit_test(grandchildren_too),
		scene_unit_test(forking_while_threads_are_in_calls),
		scene_unit_test(threads_of_a_child_share_its_first_use),
	};
	return cmocka_run_group_tests_name("fork", tests, NULL, NULL);
}
