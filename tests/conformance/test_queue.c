/* Queues between processes. */
#include "conformance/role.h"

#include <stdlib.h>
#include <string.h>

static relevo_queue *open_queue(const struct stage *stage, int64_t capacity)
{
	relevo_queue *queue = NULL;
	const struct relevo_queue_options options = { .capacity = capacity };
	assert_ok(relevo_queue_open(stage->session, "q", &options, &queue));
	return queue;
}

static uint64_t size_of(relevo_queue *queue)
{
	struct relevo_queue_state counts;
	assert_ok(relevo_queue_inspect(queue, &counts));
	return counts.ready;
}

static int put_number(relevo_queue *queue, int number, int64_t timeout)
{
	return relevo_queue_put(queue, &number, sizeof number, timeout);
}

/* -1: the time was over. */
static int get_number(relevo_queue *queue, int64_t timeout)
{
	relevo_item item;
	int number = -1;
	if (relevo_queue_get(queue, timeout, &item) != RELEVO_OK)
		return -1;
	if (item.size == sizeof number)
		memcpy(&number, item.data, sizeof number);
	relevo_item_free(&item);
	return number;
}

/* What a child works with. */
struct work {
	struct stage *stage;
	relevo_queue *queue;
	int first, count;
};

static const struct props work_props = {
	sizeof(struct work),
	{
		PROP(STAGE, struct work, stage),
		PROP(QUEUE, struct work, queue),
	},
};

static void take_all(void *argument)
{
	const struct work *work = argument;
	relevo_queue *queue = work->queue;
	for (int i = 0; i < work->count; i++)
		child_check(get_number(queue, TEST_PATIENCE) == work->first + i);
	/* The last acknowledgement is still to be sent. */
	stage_leave(work->stage);
}

static void queue_put_full(void **state)
{
	struct stage *stage = *state;
	relevo_queue *queue = open_queue(stage, 6);
	relevo_item item;
	const int numbers[] = { 3, 4, 5 };
	struct relevo_bytes many[3];
	size_t accepted;
	for (int i = 0; i < 3; i++)
		many[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	assert_status(relevo_queue_get(queue, 0, &item), RELEVO_TIMED_OUT);
	assert_int_equal(size_of(queue), 0);
	assert_ok(put_number(queue, 0, RELEVO_FOREVER));
	assert_ok(put_number(queue, 1, 0));
	assert_ok(put_number(queue, 2, 1000));
	assert_int_equal(size_of(queue), 3);
	assert_ok(relevo_queue_put_many(queue, many, 3, 0, &accepted));
	assert_int_equal(accepted, 3);
	assert_int_equal(size_of(queue), 6);
	int64_t start = test_now();
	assert_status(put_number(queue, 6, 0), RELEVO_TIMED_OUT);
	assert_took(start, 0);
	start = test_now();
	assert_status(put_number(queue, 6, 200), RELEVO_TIMED_OUT);
	assert_took(start, 200);
	struct work work = { .stage = stage, .queue = queue, .count = 6 };
	role_join(role_start(take_all, &work_props, &work));
	assert_int_equal(size_of(queue), 0);
	assert_ok(put_number(queue, 7, 0));
	relevo_queue_close(queue);
}

static void put_later(void *argument)
{
	const struct work *work = argument;
	relevo_queue *queue = work->queue;
	hold_still(1000);
	child_check(put_number(queue, 42, RELEVO_FOREVER) == RELEVO_OK);
	child_check(relevo_session_flush(stage_session(work->stage), TEST_PATIENCE) == RELEVO_OK);
}

static void queue_get_empty(void **state)
{
	struct stage *stage = *state;
	relevo_queue *queue = open_queue(stage, 0);
	relevo_item item, items[4];
	size_t got;
	for (int i = 0; i < 6; i++)
		assert_ok(put_number(queue, i, RELEVO_FOREVER));
	assert_int_equal(get_number(queue, RELEVO_FOREVER), 0);
	assert_int_equal(get_number(queue, 0), 1);
	assert_int_equal(get_number(queue, 1000), 2);
	assert_ok(relevo_queue_get_many(queue, 0, items, 4, &got));
	for (size_t i = 0; i < got; i++)
		relevo_item_free(&items[i]);
	for (size_t left = 3 - got; left > 0; left--)
		assert_true(get_number(queue, 1000) >= 3);
	int64_t start = test_now();
	assert_status(relevo_queue_get(queue, 0, &item), RELEVO_TIMED_OUT);
	assert_took(start, 0);
	start = test_now();
	assert_status(relevo_queue_get(queue, 200, &item), RELEVO_TIMED_OUT);
	assert_took(start, 200);
	struct work work = { .stage = stage, .queue = queue };
	relevo_process *child = role_start(put_later, &work_props, &work);
	assert_int_equal(get_number(queue, RELEVO_FOREVER), 42);
	role_join(child);
	relevo_queue_close(queue);
}

static void put_some(void *argument)
{
	const struct work *work = argument;
	relevo_queue *queue = work->queue;
	for (int i = 0; i < work->count; i++)
		child_check(put_number(queue, work->first + i, RELEVO_FOREVER) == RELEVO_OK);
	/* It leaves right after the last put: that must not be lost. */
	child_check(relevo_session_flush(stage_session(work->stage), TEST_PATIENCE) == RELEVO_OK);
}

static void queue_order_across_fork(void **state)
{
	struct stage *stage = *state;
	relevo_queue *queue = open_queue(stage, 0);
	relevo_item item;
	for (int i = 0; i < 10; i++)
		assert_ok(put_number(queue, i, RELEVO_FOREVER));
	if (stage->over_tcp)
		assert_ok(relevo_session_flush(stage->session, TEST_PATIENCE));
	struct work work = { .stage = stage, .queue = queue, .first = 10, .count = 10 };
	role_join(role_start(put_some, &work_props, &work));
	for (int i = 0; i < 20; i++)
		assert_int_equal(get_number(queue, TEST_PATIENCE), i);
	assert_status(relevo_queue_get(queue, 0, &item), RELEVO_TIMED_OUT);
	relevo_queue_close(queue);
}

enum { WORKERS = 4, TASKS = 10, TASK_MSEC = 100 };

static void work_until_told(void *argument)
{
	const struct work *work = argument;
	relevo_queue *tasks = NULL;
	const struct relevo_queue_options options = { .joinable = true };
	child_check(relevo_queue_open(stage_session(work->stage), "q", &options, &tasks) ==
		    RELEVO_OK);
	while (get_number(tasks, TEST_PATIENCE) >= 0) {
		hold_still(TASK_MSEC);
		child_check(relevo_queue_task_done(tasks) == RELEVO_OK);
	}
	child_check(relevo_queue_task_done(tasks) == RELEVO_BAD_STATE);
	relevo_queue_close(tasks);
}

static void queue_join_waits(void **state)
{
	struct stage *stage = *state;
	relevo_queue *queue = open_queue(stage, 0);
	relevo_process *workers[WORKERS];
	struct work work = { .stage = stage, .queue = queue };
	struct relevo_queue_state counts;
	for (int i = 0; i < WORKERS; i++)
		workers[i] = role_start(work_until_told, &work_props, &work);
	int64_t start = test_now();
	for (int i = 0; i < TASKS; i++)
		assert_ok(put_number(queue, i, RELEVO_FOREVER));
	assert_ok(relevo_queue_join(queue, TEST_PATIENCE));
	assert_true(test_now() - start >= 3 * TASK_MSEC - 1);
	assert_ok(relevo_queue_inspect(queue, &counts));
	assert_int_equal(counts.acknowledged, TASKS);
	assert_int_equal(counts.ready + counts.leased, 0);
	/* The workers are told that nothing comes any more. */
	assert_ok(relevo_queue_shutdown(queue, RELEVO_SHUTDOWN_DRAIN));
	for (int i = 0; i < WORKERS; i++)
		role_join(workers[i]);
	relevo_queue_close(queue);
}

/* A handle that is closed is no more, in C; what others hold is not touched. */
static void queue_closed(void **state)
{
	struct stage *stage = *state;
	relevo_queue *queue = open_queue(stage, 0), *other = open_queue(stage, 0);
	struct work work = { .stage = stage, .queue = other, .first = 1, .count = 3 };
	relevo_queue_close(queue);
	relevo_queue_close(NULL);
	role_join(role_start(put_some, &work_props, &work));
	for (int i = 1; i <= 3; i++)
		assert_int_equal(get_number(other, TEST_PATIENCE), i);
	relevo_queue_close(other);
}

static void queue_rejects_item(void **state)
{
	struct stage *stage = *state;
	relevo_queue *queue = open_queue(stage, 1);
	size_t size = relevo_session_max_item(stage->session) + 1;
	char *large = calloc(1, size);
	assert_non_null(large);
	assert_fails(relevo_queue_put(queue, large, size, RELEVO_FOREVER), RELEVO_TOO_LARGE,
		     "\"q\"");
	free(large);
	assert_ok(put_number(queue, 1, 0));
	struct work work = { .stage = stage, .queue = queue, .first = 1, .count = 1 };
	role_join(role_start(take_all, &work_props, &work));
	relevo_queue_close(queue);
}

static void simple_queue(void **state)
{
	struct stage *stage = *state;
	relevo_queue *queue = open_queue(stage, 0);
	struct work work = { .stage = stage, .queue = queue, .first = 5, .count = 2 };
	assert_int_equal(size_of(queue), 0);
	role_join(role_start(put_some, &work_props, &work));
	assert_int_equal(size_of(queue), 2);
	assert_int_equal(get_number(queue, RELEVO_FOREVER), 5);
	assert_int_equal(get_number(queue, RELEVO_FOREVER), 6);
	assert_int_equal(size_of(queue), 0);
	relevo_queue_close(queue);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		ROLE_CASE(queue_put_full),
		ROLE_CASE(queue_get_empty),
		ROLE_CASE(queue_order_across_fork),
		ROLE_CASE(queue_join_waits),
		ROLE_CASE(queue_closed),
		ROLE_CASE(queue_rejects_item),
		ROLE_CASE(simple_queue),
	};
	return cmocka_run_group_tests_name("queue", tests, cast_prepare, NULL);
}
