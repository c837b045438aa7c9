/* Pools: servers that stand still. The limit of a task is kept by others, who do not. */
#include "support/pools.h"
#include "support/queues.h"

#include <relevo/pool_async.h>
#include <relevo/worker.h>
#include <signal.h>

enum { COUNT = 4, LIMIT = 300 };

/* What functions share with the test: they run in other processes. */
static struct shared {
	int runs[COUNT]; /* of each number */
	pid_t worker;    /* that runs number 1 */
} * shared;

/* Number 1 says that it has begun, and waits. */
static int wait_at_1(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number;
	(void)user;
	memcpy(&number, argument->data, sizeof number);
	__atomic_add_fetch(&shared->runs[number], 1, __ATOMIC_SEQ_CST);
	if (number == 1) {
		__atomic_store_n(&shared->worker, getpid(), __ATOMIC_SEQ_CST);
		gate_open(&pool_begun);
		gate_pass(&pool_go_on);
	}
	return relevo_reply_set(reply, argument->data, argument->size);
}

static int late_setup(void **state)
{
	shared = pool_setup_with_memory(state, sizeof *shared);
	if (shared == NULL)
		return -1;
	relevo_function_register("wait at 1", wait_at_1, NULL);
	return 0;
}

#define late_unit_test(function)                                                                   \
	cmocka_unit_test_setup_teardown(function, late_setup, pool_teardown_with_memory)

/* ---- servers ----------------------------------------------------------------- */

static void serve(void *argument)
{
	const struct pool_scene *scene = argument;
	const struct relevo_worker_options options = { .processes = 1 };
	child_check(relevo_worker_serve(scene->broker.url, "p", &options) == RELEVO_OK);
}

static void open_pool(struct pool_scene *scene, uint32_t max_attempts)
{
	const struct relevo_pool_options options = {
		.name = "p",
		.processes = RELEVO_POOL_NO_WORKERS,
		.max_attempts = max_attempts,
	};
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
}

/* It goes on, and comes to its end with the pool. */
static void wake_and_end(struct pool_scene *scene, pid_t server)
{
	process_signal_server(server, SIGCONT);
	expect_squares(scene->pool, 10, NULL);
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	child_join(server);
}

static relevo_job *submit(struct pool_scene *scene, size_t chunk)
{
	static uint32_t numbers[COUNT] = { 0, 1, 2, 3 };
	struct relevo_bytes arguments[COUNT];
	const struct relevo_async_options options = {
		.map = { .chunk = chunk, .task.timeout = LIMIT },
	};
	relevo_job *job;
	for (int i = 0; i < COUNT; i++)
		arguments[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	assert_ok(
		relevo_pool_map_async(scene->pool, "wait at 1", arguments, COUNT, &options, &job));
	return job;
}

static const struct relevo_result *results_of(relevo_job *job)
{
	const struct relevo_result *results;
	assert_ok(relevo_job_get(job, TEST_PATIENCE, &results, NULL));
	return results;
}

/* All are their arguments, but for that one. */
static void expect_echoed(const struct relevo_result *results, uint32_t but)
{
	for (uint32_t i = 0; i < COUNT; i++) {
		if (i == but)
			continue;
		assert_status(results[i].status, RELEVO_OK);
		assert_int_equal(*(uint32_t *)results[i].data, i);
	}
}

/* ---- tests -------------------------------------------------------------------- */

static void a_server_that_is_stopped_holds_no_task(void **state)
{
	struct pool_scene *scene = *state;
	open_pool(scene, 0);
	pid_t server = child_start(serve, scene);
	relevo_job *job = submit(scene, 1);
	gate_pass(&pool_begun);
	process_signal_server(server, SIGSTOP);
	pid_t other = child_start(serve, scene);
	const struct relevo_result *results = results_of(job);
	expect_echoed(results, 1);
	assert_status(results[1].status, RELEVO_TIMED_OUT);
	assert_non_null(strstr(results[1].data, "\"wait at 1\" took more than 300 ms"));
	assert_int_equal(results[1].attempts, 1);
	assert_int_equal(shared->runs[1], 1);
	relevo_job_free(job);
	wake_and_end(scene, server);
	child_join(other);
}

/* It waits for a task when it is stopped. */
static void stop_idle(struct pool_scene *scene, pid_t server)
{
	relevo_queue *tasks = queue_open_existing(scene->session, "pool/p");
	wait_for_getters(tasks, 1);
	relevo_queue_close(tasks);
	process_signal_server(server, SIGSTOP);
}

/* It had waited for a task, so it was handed one that it never began. */
static void an_idle_server_that_is_stopped_holds_no_task(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_map_options options = { .task.timeout = LIMIT };
	struct relevo_result result;
	open_pool(scene, 0);
	pid_t server = child_start(serve, scene);
	expect_squares(scene->pool, 10, NULL);
	stop_idle(scene, server);
	assert_ok(map_numbers(scene->pool, "square", 1, &options, &result));
	assert_status(result.status, RELEVO_TIMED_OUT);
	relevo_results_free(&result, 1);
	wake_and_end(scene, server);
}

/* Which of a chunk it was, nobody knows: so each is run by itself, by another. */
static void a_chunk_that_is_late_is_run_by_others(void **state)
{
	struct pool_scene *scene = *state;
	open_pool(scene, 0);
	pid_t server = child_start(serve, scene);
	relevo_job *job = submit(scene, COUNT);
	gate_pass(&pool_begun);
	process_signal_server(server, SIGSTOP);
	/* For the other: who is stopped does not take it. */
	gate_open(&pool_go_on);
	pid_t other = child_start(serve, scene);
	gate_pass(&pool_begun);
	const struct relevo_result *results = results_of(job);
	expect_echoed(results, COUNT);
	assert_int_equal(results[1].attempts, 2);
	relevo_job_free(job);
	/* What the first would have passed. */
	gate_open(&pool_go_on);
	wake_and_end(scene, server);
	child_join(other);
}

static void expect_one_run_each(void)
{
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(shared->runs[i], 1);
}

/* Where nothing is run twice, what had begun has failed, and the rest is run. */
static void what_is_late_is_not_run_twice(void **state)
{
	struct pool_scene *scene = *state;
	open_pool(scene, 1);
	pid_t server = child_start(serve, scene);
	relevo_job *job = submit(scene, COUNT);
	gate_pass(&pool_begun);
	process_signal_server(server, SIGSTOP);
	pid_t other = child_start(serve, scene);
	const struct relevo_result *results = results_of(job);
	expect_echoed(results, 1);
	assert_status(results[1].status, RELEVO_TIMED_OUT);
	relevo_job_free(job);
	/* The worker goes on first, and sees that its time is up, before its keeper does. */
	pid_t worker = shared->worker;
	assert_int_equal(kill(worker, SIGCONT), 0);
	assert_true(process_ends(worker, TEST_PATIENCE));
	wake_and_end(scene, server);
	child_join(other);
	expect_one_run_each();
}

/* What it was handed meanwhile it begins when it goes on, and sees that others had the rest. */
static void what_an_idle_server_was_handed_is_not_run_twice(void **state)
{
	struct pool_scene *scene = *state;
	open_pool(scene, 1);
	pid_t server = child_start(serve, scene);
	expect_squares(scene->pool, 10, NULL);
	stop_idle(scene, server);
	gate_open(&pool_go_on);
	relevo_job *job = submit(scene, COUNT);
	pid_t other = child_start(serve, scene);
	const struct relevo_result *results = results_of(job);
	expect_echoed(results, 0);
	assert_status(results[0].status, RELEVO_TIMED_OUT);
	relevo_job_free(job);
	/* What comes later is left to the one that goes on. */
	assert_int_equal(kill(other, SIGTERM), 0);
	child_join(other);
	/* For that, should it run number 1, too. */
	gate_open(&pool_go_on);
	wake_and_end(scene, server);
	expect_one_run_each();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		late_unit_test(a_server_that_is_stopped_holds_no_task),
		late_unit_test(an_idle_server_that_is_stopped_holds_no_task),
		late_unit_test(a_chunk_that_is_late_is_run_by_others),
		late_unit_test(what_is_late_is_not_run_twice),
		late_unit_test(what_an_idle_server_was_handed_is_not_run_twice),
	};
	return cmocka_run_group_tests_name("pool_late", tests, NULL, NULL);
}
