/* Queues as a whole: done with, shut down, emptied, listed and looked at. */
#include "support/queues.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

/* ---- join ----------------------------------------------------------------- */

static relevo_queue *open_joinable(struct scene *scene)
{
	relevo_queue *queue = NULL;
	const struct relevo_queue_options options = { .joinable = true };
	assert_ok(relevo_queue_open(scene->session, "q", &options, &queue));
	return queue;
}

static void join_waits_for_what_is_not_done(void **state)
{
	struct scene *scene = *state;
	relevo_queue *tasks = open_joinable(scene);
	assert_ok(relevo_queue_join(tasks, 0));
	put_text(tasks, "1");
	put_text(tasks, "2");
	assert_status(relevo_queue_join(tasks, 0), RELEVO_TIMED_OUT);
	expect_text(tasks, "1");
	expect_text(tasks, "2");
	int64_t before = test_now();
	assert_status(relevo_queue_join(tasks, 100), RELEVO_TIMED_OUT);
	assert_between(test_now() - before, 99, 1100);
	assert_int_equal(counts_of(tasks).leased, 2);
	assert_ok(relevo_queue_task_done(tasks));
	assert_int_equal(counts_of(tasks).leased, 1);
	assert_ok(relevo_queue_task_done(tasks));
	assert_ok(relevo_queue_join(tasks, 0));
	assert_fails(relevo_queue_task_done(tasks), RELEVO_BAD_STATE, "no item of \"q\"");
	assert_fails(relevo_queue_task_done(scene->queue), RELEVO_BAD_STATE, "not joinable");
	relevo_queue_close(tasks);
}

static void *put_and_finish(void *argument)
{
	struct scene *scene = argument;
	relevo_queue *tasks = open_joinable(scene);
	expect_text(tasks, "1");
	relevo_queue_task_done(tasks);
	relevo_queue_close(tasks);
	return NULL;
}

static void join_returns_with_the_last_one(void **state)
{
	struct scene *scene = *state;
	pthread_t thread;
	put_text(scene->queue, "1");
	assert_int_equal(pthread_create(&thread, NULL, put_and_finish, scene), 0);
	assert_ok(relevo_queue_join(scene->queue, TEST_PATIENCE));
	assert_int_equal(counts_of(scene->queue).acknowledged, 1);
	pthread_join(thread, NULL);
}

/* Where Python's join would wait for ever. */
static void the_task_of_a_dead_worker_is_done_by_another(void **state)
{
	struct scene *scene = *state;
	put_text(scene->queue, "1");
	assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
	pid_t worker = fork();
	if (worker == 0) {
		relevo_queue *tasks = NULL;
		const struct relevo_queue_options options = { .joinable = true };
		relevo_item item;
		int status = relevo_queue_open(scene->session, "q", &options, &tasks);
		if (status == RELEVO_OK)
			status = relevo_queue_get(tasks, TEST_PATIENCE, &item);
		_exit(status);
	}
	assert_int_equal(test_wait(worker), RELEVO_OK);
	relevo_queue *tasks = open_joinable(scene);
	expect_text(tasks, "1");
	assert_status(relevo_queue_join(tasks, 0), RELEVO_TIMED_OUT);
	assert_ok(relevo_queue_task_done(tasks));
	assert_ok(relevo_queue_join(tasks, TEST_PATIENCE));
	relevo_queue_close(tasks);
}

static void tasks_of_a_parent_are_not_the_childs(void **state)
{
	struct scene *scene = *state;
	relevo_queue *tasks = open_joinable(scene);
	put_text(tasks, "1");
	expect_text(tasks, "1");
	pid_t child = fork();
	if (child == 0)
		_exit(relevo_queue_task_done(tasks));
	assert_int_equal(test_wait(child), RELEVO_BAD_STATE);
	assert_ok(relevo_queue_task_done(tasks));
	assert_ok(relevo_queue_join(tasks, 0));
	relevo_queue_close(tasks);
}

/* ---- shutting down -------------------------------------------------------- */

struct getting {
	relevo_queue *queue;
	int status;
};

static void *get_one(void *argument)
{
	struct getting *getting = argument;
	relevo_item item;
	getting->status = relevo_queue_get(getting->queue, RELEVO_FOREVER, &item);
	return NULL;
}

static void those_who_wait_are_told(void **state)
{
	struct scene *scene = *state;
	pthread_t threads[3];
	struct getting getting[3];
	for (int i = 0; i < 3; i++) {
		getting[i] = (struct getting){ .queue = scene->queue };
		assert_int_equal(pthread_create(&threads[i], NULL, get_one, &getting[i]), 0);
	}
	wait_for_getters(scene->queue, 3);
	assert_ok(relevo_queue_shutdown(scene->queue, RELEVO_SHUTDOWN_DRAIN));
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(getting[i].status, RELEVO_SHUT_DOWN);
	}
	assert_true(counts_of(scene->queue).shut_down);
}

static void draining_hands_out_what_is_left(void **state)
{
	struct scene *scene = *state;
	relevo_item item;
	put_text(scene->queue, "1");
	put_text(scene->queue, "2");
	assert_ok(relevo_queue_shutdown(scene->queue, RELEVO_SHUTDOWN_DRAIN));
	expect_text(scene->queue, "1");
	expect_text(scene->queue, "2");
	assert_fails(relevo_queue_get(scene->queue, RELEVO_FOREVER, &item), RELEVO_SHUT_DOWN,
		     "\"q\" has been shut down");
}

static relevo_queue *failed_queue;
static int failed_status;

static void on_error(relevo_queue *queue, int status, const struct relevo_bytes *item, void *user)
{
	(void)item;
	(void)user;
	failed_queue = queue;
	failed_status = status;
}

static void puts_are_refused(void **state)
{
	struct scene *scene = *state;
	relevo_queue *watched = NULL, *bounded = NULL;
	const struct relevo_queue_options options = { .on_error = on_error };
	assert_ok(relevo_queue_open(scene->session, "q", &options, &watched));
	bounded = queue_open_bounded(scene->session, "bounded", 5);
	assert_ok(relevo_queue_shutdown(scene->queue, RELEVO_SHUTDOWN_AT_ONCE));
	assert_ok(relevo_queue_shutdown(bounded, RELEVO_SHUTDOWN_DRAIN));
	assert_ok(relevo_queue_put(watched, "1", 1, RELEVO_FOREVER));
	assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
	assert_ptr_equal(failed_queue, watched);
	assert_int_equal(failed_status, RELEVO_SHUT_DOWN);
	assert_status(relevo_queue_put(bounded, "1", 1, RELEVO_FOREVER), RELEVO_SHUT_DOWN);
	relevo_queue_close(watched);
	relevo_queue_close(bounded);
}

static void at_once_drops_what_is_left(void **state)
{
	struct scene *scene = *state;
	relevo_item item;
	put_text(scene->queue, "1");
	assert_ok(relevo_queue_shutdown(scene->queue, RELEVO_SHUTDOWN_AT_ONCE));
	assert_status(relevo_queue_get(scene->queue, 0, &item), RELEVO_SHUT_DOWN);
	assert_int_equal(counts_of(scene->queue).ready, 0);
	assert_status(relevo_queue_shutdown(scene->queue, 2), RELEVO_BAD_ARGUMENT);
}

/* ---- purge, move, list, peek ---------------------------------------------- */

static void purge_drops_what_is_ready(void **state)
{
	struct scene *scene = *state;
	uint64_t count;
	for (int i = 0; i < 100; i++)
		put_text(scene->queue, "x");
	/* Some of the others come ahead with it. */
	expect_text(scene->queue, "x");
	assert_ok(relevo_queue_purge(scene->queue, &count));
	assert_int_equal(count, 99);
	assert_int_equal(counts_of(scene->queue).ready, 0);
	expect_empty(scene->queue);
	assert_ok(relevo_queue_purge(scene->queue, NULL));
}

static void dead_letters_move_back(void **state)
{
	struct scene *scene = *state;
	relevo_queue *dead = queue_open(scene->session, "dead");
	uint64_t count;
	put_text(dead, "1");
	put_text(dead, "2");
	put_text(dead, "3");
	assert_ok(relevo_queue_move(scene->session, "dead", "q", 2, &count));
	assert_int_equal(count, 2);
	expect_text(scene->queue, "1");
	expect_text(scene->queue, "2");
	expect_text(dead, "3");
	assert_fails(relevo_queue_move(scene->session, "dead", "none", 0, &count), RELEVO_NOT_FOUND,
		     "\"none\"");
	assert_fails(relevo_queue_move(scene->session, "", "q", 0, &count), RELEVO_BAD_NAME, "");
	relevo_queue_close(dead);
}

struct seen {
	char names[4096];
	int count;
	int stop_at;
	uint64_t ready;
};

static int see(const struct relevo_queue_info *info, void *user)
{
	struct seen *seen = user;
	if (seen->count < 5) {
		strcat(seen->names, info->name);
		strcat(seen->names, " ");
	}
	seen->ready += info->ready;
	return ++seen->count == seen->stop_at ? 4711 : 0;
}

static void queues_are_listed(void **state)
{
	struct scene *scene = *state;
	relevo_queue *b = queue_open(scene->session, "b"), *a = queue_open(scene->session, "a");
	relevo_lock *lock = NULL;
	assert_ok(relevo_lock_open(scene->session, "lock", NULL, &lock));
	put_text(a, "x");
	struct seen seen = { 0 };
	assert_ok(relevo_queue_list(scene->session, NULL, see, &seen));
	assert_string_equal(seen.names, "a b lock q ");
	assert_int_equal(seen.ready, 2);
	seen = (struct seen){ .stop_at = 2 };
	assert_int_equal(relevo_queue_list(scene->session, NULL, see, &seen), 4711);
	assert_string_equal(seen.names, "a b ");
	seen = (struct seen){ 0 };
	assert_ok(relevo_queue_list(scene->session, "l", see, &seen));
	assert_string_equal(seen.names, "lock ");
	relevo_lock_close(lock);
	relevo_queue_close(a);
	relevo_queue_close(b);
}

static void many_queues_are_listed_in_pages(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 1500 };
	static relevo_queue *queues[COUNT];
	for (int i = 0; i < COUNT; i++) {
		char name[256];
		memset(name, 'n', sizeof name);
		snprintf(name, 8, "%06d", i);
		name[6] = '-';
		name[255] = '\0';
		queues[i] = queue_open(scene->session, name);
	}
	struct seen seen = { 0 };
	assert_ok(relevo_queue_list(scene->session, "0", see, &seen));
	assert_int_equal(seen.count, COUNT);
	for (int i = 0; i < COUNT; i++)
		relevo_queue_close(queues[i]);
}

static void peek_takes_nothing(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 600 };
	struct relevo_place place = { 0 };
	relevo_item items[COUNT];
	size_t got, seen = 0;
	int status;
	for (uint32_t i = 0; i < COUNT; i++) {
		const struct relevo_header header = { "number", &i, sizeof i };
		assert_ok(relevo_queue_put_with(
			scene->queue, &i, sizeof i,
			&(struct relevo_put_options){ .headers = &header, .header_count = 1 },
			RELEVO_FOREVER));
	}
	while ((status = relevo_queue_peek(scene->queue, &place, items, COUNT, &got)) ==
		       RELEVO_OK &&
	       got > 0) {
		for (size_t i = 0; i < got; i++, seen++) {
			assert_int_equal(*(uint32_t *)items[i].data, seen);
			assert_int_equal(
				*(const uint32_t *)relevo_item_header(&items[i], "number", NULL),
				seen);
			assert_int_equal(items[i].lease, 0);
			assert_int_equal(items[i].deliveries, 0);
			relevo_item_free(&items[i]);
		}
	}
	assert_ok(status);
	assert_int_equal(seen, COUNT);
	assert_int_equal(counts_of(scene->queue).ready, COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(join_waits_for_what_is_not_done),
		scene_unit_test(join_returns_with_the_last_one),
		scene_unit_test(the_task_of_a_dead_worker_is_done_by_another),
		scene_unit_test(tasks_of_a_parent_are_not_the_childs),
		scene_unit_test(those_who_wait_are_told),
		scene_unit_test(draining_hands_out_what_is_left),
		scene_unit_test(puts_are_refused),
		scene_unit_test(at_once_drops_what_is_left),
		scene_unit_test(purge_drops_what_is_ready),
		scene_unit_test(dead_letters_move_back),
		scene_unit_test(queues_are_listed),
		scene_unit_test(many_queues_are_listed_in_pages),
		scene_unit_test(peek_takes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
