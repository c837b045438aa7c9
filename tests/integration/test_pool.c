/* Pools: maps, results, errors. */
#include "support/pools.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* ---- maps -------------------------------------------------------------- */

static void maps_of_all_sizes(void **state)
{
	struct pool_scene *scene = *state;
	static const size_t counts[] = { 0, 1, 10, 1000 }, chunks[] = { 0, 1, 7, 1000, SIZE_MAX };
	pool_open(scene, 2);
	for (int i = 0; i < 4; i++) {
		for (int k = 0; k < 5; k++) {
			struct relevo_map_options options = { .chunk = chunks[k] };
			expect_squares(scene->pool, counts[i], &options);
		}
	}
	expect_squares(scene->pool, 10, NULL);
}

static void a_map_of_very_many(void **state)
{
	struct pool_scene *scene = *state;
	pool_open(scene, 2);
	expect_squares(scene->pool, 100000, NULL);
	expect_squares(scene->pool, 20000, &(struct relevo_map_options){ .chunk = 1 });
}

static void apply_runs_once(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result result;
	char host[65] = "";
	int pids[4];
	pool_open(scene, 1);
	gethostname(host, 64);
	assert_ok(relevo_pool_apply(scene->pool, "echo", "hello", 5, RELEVO_FOREVER, &result));
	assert_int_equal(result.status, RELEVO_OK);
	assert_string_equal(result.data, "hello");
	assert_int_equal(result.size, 5);
	assert_int_equal(result.attempts, 1);
	assert_int_equal(strncmp(result.worker_host, host, 63), 0);
	assert_int_equal(relevo_pool_workers(scene->pool, pids, 4), 1);
	assert_int_equal(result.worker_pid, pids[0]);
	relevo_results_free(&result, 1);
	/* That one try cannot bring anything. */
	assert_fails(relevo_pool_apply(scene->pool, "echo", "hello", 5, 0, &result),
		     RELEVO_TIMED_OUT, "\"echo\"");
	assert_ok(relevo_pool_apply(scene->pool, "echo", NULL, 0, 5000, &result));
	assert_int_equal(result.size, 0);
	assert_string_equal(result.data, "");
	relevo_results_free(&result, 1);
}

struct seen {
	size_t count;
	unsigned char times[100];
	uint64_t sum;
	pthread_t thread;
};

static void on_result(size_t index, const struct relevo_result *result, void *user)
{
	struct seen *seen = user;
	uint64_t value;
	memcpy(&value, result->data, sizeof value);
	seen->count++;
	seen->times[index]++;
	seen->sum += value;
	assert_true(pthread_equal(seen->thread, pthread_self()));
}

static void on_result_is_called_for_each(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result results[100];
	struct seen seen = { .thread = pthread_self() };
	struct relevo_map_options options = { .chunk = 3, .on_result = on_result, .user = &seen };
	pool_open(scene, 2);
	assert_ok(map_numbers(scene->pool, "square", 100, &options, results));
	assert_int_equal(seen.count, 100);
	assert_int_equal(seen.sum, 328350);
	for (int i = 0; i < 100; i++)
		assert_int_equal(seen.times[i], 1);
	relevo_results_free(results, 100);
}

static void *map_in_thread(void *argument)
{
	for (int i = 0; i < 10; i++)
		expect_squares(argument, 200, &(struct relevo_map_options){ .chunk = 3 });
	return NULL;
}

static void threads_map_at_once(void **state)
{
	struct pool_scene *scene = *state;
	pthread_t threads[3];
	pool_open(scene, 2);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, map_in_thread, scene->pool);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

/* ---- errors ------------------------------------------------------------ */

static void a_failure_travels_with_its_text(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_bytes arguments[] = { { "one", 3 }, { "two", 3 } };
	struct relevo_result results[2];
	pool_open(scene, 1);
	assert_ok(relevo_pool_map(scene->pool, "refuse", arguments, 2, NULL, results));
	assert_int_equal(results[0].status, RELEVO_REMOTE);
	assert_string_equal(results[0].data, "refused: one");
	assert_int_equal(results[1].status, RELEVO_REMOTE);
	assert_string_equal(results[1].data, "refused: two");
	relevo_results_free(results, 2);
}

static int own_status(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)argument;
	/* A result that was set before does not count. */
	relevo_reply_set(reply, "half done", 9);
	return *(int *)user;
}

static void a_functions_status_is_kept(void **state)
{
	struct pool_scene *scene = *state;
	static int status = RELEVO_NOT_FOUND;
	struct relevo_result result;
	assert_ok(relevo_function_register("own status", own_status, &status));
	pool_open(scene, 1);
	assert_ok(relevo_pool_apply(scene->pool, "own status", NULL, 0, 5000, &result));
	assert_int_equal(result.status, RELEVO_NOT_FOUND);
	assert_string_not_equal(result.data, "half done");
	relevo_results_free(&result, 1);
}

static int fail_then_succeed(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)argument;
	(void)user;
	relevo_reply_fail(reply, "not this");
	relevo_reply_set(reply, "first", 5);
	return relevo_reply_set(reply, "last", 4);
}

static void the_last_result_counts(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result result;
	assert_ok(relevo_function_register("fail then succeed", fail_then_succeed, NULL));
	pool_open(scene, 1);
	assert_ok(relevo_pool_apply(scene->pool, "fail then succeed", NULL, 0, 5000, &result));
	assert_int_equal(result.status, RELEVO_OK);
	assert_string_equal(result.data, "last");
	relevo_results_free(&result, 1);
}

static void an_unknown_function_is_named(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result result;
	pool_open(scene, 1);
	assert_ok(relevo_pool_apply(scene->pool, "nothing", "x", 1, 5000, &result));
	assert_int_equal(result.status, RELEVO_UNKNOWN_FUNCTION);
	assert_non_null(strstr(result.data, "\"nothing\""));
	relevo_results_free(&result, 1);
	assert_status(relevo_pool_apply(scene->pool, "", "x", 1, 5000, &result), RELEVO_BAD_NAME);
	assert_status(relevo_pool_apply(scene->pool, "a\nb", "x", 1, 5000, &result),
		      RELEVO_BAD_NAME);
}

static int large_result(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t megabytes;
	(void)user;
	memcpy(&megabytes, argument->data, sizeof megabytes);
	size_t size = (size_t)megabytes * 1024 * 1024;
	char *bytes = calloc(1, size + 1);
	if (bytes == NULL)
		return RELEVO_NO_MEMORY;
	memset(bytes, 'r', size);
	int status = relevo_reply_set(reply, bytes, size);
	free(bytes);
	return status;
}

static void a_result_that_is_too_large_is_told(void **state)
{
	struct pool_scene *scene = *state;
	uint32_t sizes[] = { 1, 33, 2 };
	struct relevo_bytes arguments[3];
	struct relevo_result results[3];
	for (int i = 0; i < 3; i++)
		arguments[i] = (struct relevo_bytes){ &sizes[i], sizeof sizes[i] };
	assert_ok(relevo_function_register("large", large_result, NULL));
	pool_open(scene, 1);
	struct relevo_map_options options = { .chunk = 3 };
	assert_ok(relevo_pool_map(scene->pool, "large", arguments, 3, &options, results));
	assert_int_equal(results[0].status, RELEVO_OK);
	assert_int_equal(results[0].size, 1024 * 1024);
	assert_int_equal(results[1].status, RELEVO_TOO_LARGE);
	assert_non_null(strstr(results[1].data, "34603008"));
	assert_int_equal(results[2].status, RELEVO_OK);
	assert_int_equal(results[2].size, 2 * 1024 * 1024);
	relevo_results_free(results, 3);
}

static void many_large_results_of_one_chunk(void **state)
{
	struct pool_scene *scene = *state;
	enum { COUNT = 100 };
	uint32_t one = 1;
	struct relevo_bytes arguments[COUNT];
	struct relevo_result results[COUNT];
	for (int i = 0; i < COUNT; i++)
		arguments[i] = (struct relevo_bytes){ &one, sizeof one };
	assert_ok(relevo_function_register("large", large_result, NULL));
	pool_open(scene, 1);
	struct relevo_map_options options = { .chunk = COUNT };
	assert_ok(relevo_pool_map(scene->pool, "large", arguments, COUNT, &options, results));
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(results[i].status, RELEVO_OK);
		assert_int_equal(results[i].size, 1024 * 1024);
		assert_int_equal(((char *)results[i].data)[1024 * 1024 - 1], 'r');
	}
	relevo_results_free(results, COUNT);
}

static void an_argument_that_is_too_large_is_named(void **state)
{
	struct pool_scene *scene = *state;
	size_t most = relevo_session_max_item(scene->session);
	char *bytes = calloc(1, most + 1);
	struct relevo_result results[3];
	assert_non_null(bytes);
	struct relevo_bytes arguments[] = { { "a", 1 }, { "b", 1 }, { bytes, most + 1 } };
	pool_open(scene, 1);
	assert_fails(relevo_pool_map(scene->pool, "echo", arguments, 3, NULL, results),
		     RELEVO_TOO_LARGE, "argument 2");
	/* The largest that fits with its header. */
	arguments[2].size = most - 1024;
	assert_ok(relevo_pool_map(scene->pool, "echo", arguments, 3, NULL, results));
	assert_int_equal(results[2].status, RELEVO_OK);
	assert_int_equal(results[2].size, most - 1024);
	relevo_results_free(results, 3);
	free(bytes);
}

static int answer_user(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)argument;
	return relevo_reply_set(reply, user, strlen(user));
}

static void registering_again_replaces(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result result;
	char name[] = "named";
	assert_ok(relevo_function_register(name, answer_user, (void *)"old"));
	assert_ok(relevo_function_register(name, answer_user, (void *)"new"));
	name[0] = 'X'; /* it was copied */
	assert_status(relevo_function_register("", answer_user, NULL), RELEVO_BAD_NAME);
	assert_status(relevo_function_register("x", NULL, NULL), RELEVO_BAD_ARGUMENT);
	pool_open(scene, 1);
	assert_ok(relevo_pool_apply(scene->pool, "named", NULL, 0, 5000, &result));
	assert_string_equal(result.data, "new");
	relevo_results_free(&result, 1);
}

static int wait_for_ever(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	struct gate *gate = user;
	(void)argument;
	(void)reply;
	gate_pass(gate);
	return RELEVO_OK;
}

static void a_map_times_out_and_the_pool_goes_on(void **state)
{
	struct pool_scene *scene = *state;
	struct gate gate;
	struct relevo_result results[4];
	gate_make(&gate);
	assert_ok(relevo_function_register("wait", wait_for_ever, &gate));
	pool_open(scene, 2);
	struct relevo_map_options options = { .chunk = 1, .timeout = 150 };
	int64_t before = test_now();
	assert_fails(map_numbers(scene->pool, "wait", 4, &options, results), RELEVO_TIMED_OUT,
		     "0 of 4");
	assert_between(test_now() - before, 149, 1150);
	for (int i = 0; i < 4; i++)
		gate_open(&gate);
	expect_squares(scene->pool, 100, NULL);
	assert_status(map_numbers(scene->pool, "wait", 1,
				  &(struct relevo_map_options){ .timeout = -2 }, results),
		      RELEVO_BAD_ARGUMENT);
	gate_close(&gate);
}

static int take_long(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	int64_t until = test_now() + 1200;
	(void)user;
	while (test_now() < until)
		sched_yield();
	return relevo_reply_set(reply, argument->data, argument->size);
}

/* And no other, though that takes its time. */
static void a_full_broker_fails_the_map_that_filled_it(void **state)
{
	struct test_broker broker;
	static const char *const arguments[] = { "--max-memory", "64M", NULL };
	enum { COUNT = 90, SIZE = 1000 * 1000 };
	struct relevo_pool_options options = { .processes = 1 };
	struct relevo_map_options map_options = { .chunk = 1, .timeout = 10000 };
	struct relevo_bytes large[COUNT];
	struct relevo_result results[COUNT];
	struct gate gate;
	relevo_pool *pool;
	(void)state;
	test_broker_start(&broker, arguments);
	relevo_session *session = session_open(broker.url);
	gate_make(&gate);
	assert_ok(relevo_function_register("wait", wait_for_ever, &gate));
	assert_ok(relevo_function_register("take long", take_long, NULL));
	assert_ok(relevo_pool_open(session, &options, &pool));
	char *bytes = calloc(1, SIZE);
	assert_non_null(bytes);
	for (int i = 0; i < COUNT; i++)
		large[i] = (struct relevo_bytes){ bytes, SIZE };
	assert_status(relevo_pool_map(pool, "wait", large, COUNT, &map_options, results),
		      RELEVO_QUOTA);
	free(bytes);
	for (int i = 0; i < COUNT; i++)
		gate_open(&gate);
	assert_ok(map_numbers(pool, "take long", 1, NULL, results));
	assert_int_equal(results[0].status, RELEVO_OK);
	relevo_results_free(results, 1);
	relevo_pool_close(pool);
	gate_close(&gate);
	assert_ok(relevo_session_close(session));
	test_broker_stop(&broker);
}

/* ---- opening and closing ----------------------------------------------- */

static void a_name_is_taken_once(void **state)
{
	struct pool_scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_pool *second;
	struct relevo_pool_options options = { .name = "p", .processes = 1 };
	pool_open(scene, 1);
	assert_fails(relevo_pool_open(other, &options, &second), RELEVO_EXISTS, "p");
	assert_string_equal(relevo_pool_name(scene->pool), "p");
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	assert_ok(relevo_pool_open(other, &options, &second));
	expect_squares(second, 10, NULL);
	relevo_pool_close(second);
	assert_ok(relevo_session_close(other));
}

static void pools_without_a_name(void **state)
{
	struct pool_scene *scene = *state;
	relevo_pool *pools[2];
	for (int i = 0; i < 2; i++) {
		struct relevo_pool_options options = { .processes = 1 };
		assert_ok(relevo_pool_open(scene->session, &options, &pools[i]));
	}
	assert_string_not_equal(relevo_pool_name(pools[0]), relevo_pool_name(pools[1]));
	for (int i = 0; i < 2; i++) {
		expect_squares(pools[i], 10, NULL);
		relevo_pool_close(pools[i]);
	}
}

static void bad_options_are_refused(void **state)
{
	struct pool_scene *scene = *state;
	relevo_pool *pool;
	struct relevo_pool_options options = { .name = "p", .processes = -2 };
	assert_fails(relevo_pool_open(scene->session, &options, &pool), RELEVO_BAD_ARGUMENT, "-2");
	options.processes = INT32_MAX;
	assert_status(relevo_pool_open(scene->session, &options, &pool), RELEVO_BAD_ARGUMENT);
	options = (struct relevo_pool_options){ .name = "", .processes = 1 };
	assert_status(relevo_pool_open(scene->session, &options, &pool), RELEVO_BAD_NAME);
	options.name = "a\tb";
	assert_status(relevo_pool_open(scene->session, &options, &pool), RELEVO_BAD_NAME);
	char name[257];
	memset(name, 'n', 256);
	name[256] = '\0';
	options.name = name;
	assert_status(relevo_pool_open(scene->session, &options, &pool), RELEVO_BAD_NAME);
}

static void default_workers_are_one_a_processor(void **state)
{
	struct pool_scene *scene = *state;
	assert_ok(relevo_pool_open(scene->session, NULL, &scene->pool));
	int pids[256];
	size_t count = relevo_pool_workers(scene->pool, pids, 256);
	assert_in_range(count, 1, (uintmax_t)sysconf(_SC_NPROCESSORS_ONLN));
	/* Fewer may be stored than there are. */
	assert_int_equal(relevo_pool_workers(scene->pool, NULL, 0), count);
	for (size_t i = 0; i < count; i++)
		assert_true(process_runs(pids[i]));
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	for (size_t i = 0; i < count; i++)
		assert_false(process_runs(pids[i]));
}

static void closing_waits_for_the_task_in_hand(void **state)
{
	struct pool_scene *scene = *state;
	struct gate gates[2];
	struct relevo_result result;
	gate_make(&gates[0]);
	gate_make(&gates[1]);
	assert_ok(relevo_function_register("wait", wait_for_ever, &gates[0]));
	pool_open(scene, 1);
	assert_status(relevo_pool_apply(scene->pool, "wait", NULL, 0, 50, &result),
		      RELEVO_TIMED_OUT);
	gate_open(&gates[0]);
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	gate_close(&gates[0]);
	gate_close(&gates[1]);
}

static void the_pool_of_a_deleted_queue_is_gone(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result result;
	pool_open(scene, RELEVO_POOL_NO_WORKERS);
	assert_ok(relevo_queue_delete(scene->session, "pool/p"));
	assert_status(relevo_pool_apply(scene->pool, "echo", "x", 1, 5000, &result), RELEVO_GONE);
}

/* ---- without a broker of its own --------------------------------------- */

static void a_pool_with_a_private_broker(void **state)
{
	relevo_session *session;
	relevo_pool *pool;
	struct relevo_session_options options = { .broker = RELEVOD_EXE };
	struct relevo_pool_options pool_options = { .processes = 2 };
	(void)state;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	assert_ok(relevo_session_open(NULL, &options, &session));
	pid_t broker;
	assert_int_equal(process_children(getpid(), &broker, 1), 1);
	assert_ok(relevo_pool_open(session, &pool_options, &pool));
	expect_squares(pool, 1000, NULL);
	relevo_pool_close(pool);
	assert_ok(relevo_session_close(session));
	assert_true(process_ends(broker, 2000));
	waitpid(broker, NULL, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pool_unit_test(maps_of_all_sizes),
		pool_unit_test(a_map_of_very_many),
		pool_unit_test(apply_runs_once),
		pool_unit_test(on_result_is_called_for_each),
		pool_unit_test(threads_map_at_once),
		pool_unit_test(a_failure_travels_with_its_text),
		pool_unit_test(a_functions_status_is_kept),
		pool_unit_test(the_last_result_counts),
		pool_unit_test(an_unknown_function_is_named),
		pool_unit_test(a_result_that_is_too_large_is_told),
		pool_unit_test(many_large_results_of_one_chunk),
		pool_unit_test(an_argument_that_is_too_large_is_named),
		pool_unit_test(registering_again_replaces),
		pool_unit_test(a_map_times_out_and_the_pool_goes_on),
		pool_unit_test(a_full_broker_fails_the_map_that_filled_it),
		pool_unit_test(a_name_is_taken_once),
		pool_unit_test(pools_without_a_name),
		pool_unit_test(bad_options_are_refused),
		pool_unit_test(default_workers_are_one_a_processor),
		pool_unit_test(closing_waits_for_the_task_in_hand),
		pool_unit_test(the_pool_of_a_deleted_queue_is_gone),
		leaks_unit_test(a_pool_with_a_private_broker),
	};
	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
