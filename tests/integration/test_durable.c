/* The option durable of all that can have it, with a data folder and without. */
#include "support/queues.h"

#include <stdio.h>

static char folder[64];

static int setup_with_data(void **state)
{
	char data[80];
	test_folder_make(folder);
	snprintf(data, sizeof data, "%s/data", folder);
	return scene_setup_with(state, (const char *const[]){ "--data", data, NULL });
}

static int teardown_with_data(void **state)
{
	int failed = scene_teardown(state);
	test_folder_remove(folder);
	return failed;
}

static const struct relevo_queue_options durable_queue = { .durable = true };
static const struct relevo_value_options durable_value = { .type = RELEVO_TYPE_INT32,
							   .durable = true };
static const struct relevo_array_options durable_array = { .type = RELEVO_TYPE_INT32,
							   .count = 2,
							   .durable = true };
static const struct relevo_event_options durable_event = { .durable = true };

static void a_broker_without_folder_refuses(void **state)
{
	struct scene *scene = *state;
	relevo_session *session = scene->session;
	const struct relevo_pool_options pools[] = {
		{ .name = "p", .durable = true, .processes = RELEVO_POOL_NO_WORKERS },
		{ .name = "s", .durable = true, .shared = true },
	};
	relevo_queue *queue;
	relevo_value *value;
	relevo_array *array;
	relevo_event *event;
	relevo_pool *pool;
	assert_fails(relevo_queue_open(session, "d", &durable_queue, &queue), RELEVO_NOT_DURABLE,
		     "the queue \"d\" cannot be durable");
	assert_fails(relevo_value_open(session, "v", &durable_value, &value), RELEVO_NOT_DURABLE,
		     "the value \"v\"");
	assert_fails(relevo_array_open(session, "a", &durable_array, &array), RELEVO_NOT_DURABLE,
		     "the array \"a\"");
	assert_fails(relevo_event_open(session, "e", &durable_event, &event), RELEVO_NOT_DURABLE,
		     "relevod --data DIR");
	for (size_t i = 0; i < 2; i++)
		assert_fails(relevo_pool_open(session, &pools[i], &pool), RELEVO_NOT_DURABLE,
			     "relevod --data DIR");
}

static void queues_and_cells_are_durable(void **state)
{
	struct scene *scene = *state;
	relevo_session *session = scene->session;
	struct relevo_queue_state counts;
	relevo_queue *queue, *other;
	relevo_value *value, *other_value;
	relevo_array *array;
	relevo_event *event;
	assert_ok(relevo_queue_open(session, "d", &durable_queue, &queue));
	assert_ok(relevo_queue_inspect(queue, &counts));
	assert_true(counts.durable);
	assert_fails(relevo_queue_open(session, "d", NULL, &other), RELEVO_OPTION_MISMATCH,
		     "the option durable yes, not no");
	assert_false(counts_of(scene->queue).durable);
	put_text(queue, "item");
	expect_text(queue, "item");
	assert_ok(relevo_value_open(session, "v", &durable_value, &value));
	assert_fails(relevo_value_open(session, "v",
				       &(struct relevo_value_options){ .type = RELEVO_TYPE_INT32 },
				       &other_value),
		     RELEVO_OPTION_MISMATCH, "the value \"v\" has the option durable yes, not no");
	assert_ok(relevo_array_open(session, "a", &durable_array, &array));
	assert_ok(relevo_event_open(session, "e", &durable_event, &event));
	relevo_event_close(event);
	relevo_array_close(array);
	relevo_value_close(value);
	relevo_queue_close(queue);
}

static bool queue_is_durable(relevo_session *session, const char *name)
{
	relevo_queue *queue = queue_open_existing(session, name);
	bool durable = counts_of(queue).durable;
	relevo_queue_close(queue);
	return durable;
}

static void the_queues_of_a_pool_are_durable(void **state)
{
	struct scene *scene = *state;
	const struct relevo_pool_options own = { .name = "p",
						 .durable = true,
						 .processes = RELEVO_POOL_NO_WORKERS };
	const struct relevo_pool_options shared = { .name = "s", .durable = true, .shared = true };
	const struct relevo_pool_options differs = { .name = "s", .shared = true };
	relevo_pool *pool;
	assert_ok(relevo_pool_open(scene->session, &own, &pool));
	assert_true(queue_is_durable(scene->session, "pool/p"));
	assert_true(queue_is_durable(scene->session, "pool-plan/p"));
	relevo_pool_close(pool);
	assert_ok(relevo_pool_open(scene->session, &shared, &pool));
	assert_true(queue_is_durable(scene->session, "pool/s"));
	relevo_pool *other;
	assert_fails(relevo_pool_open(scene->session, &differs, &other), RELEVO_OPTION_MISMATCH,
		     "the pool \"s\" is not shared in this way");
	relevo_pool_close(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(a_broker_without_folder_refuses),
		cmocka_unit_test_setup_teardown(queues_and_cells_are_durable, setup_with_data,
						teardown_with_data),
		cmocka_unit_test_setup_teardown(the_queues_of_a_pool_are_durable, setup_with_data,
						teardown_with_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
