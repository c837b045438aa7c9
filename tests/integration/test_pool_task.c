/* Pools: how single tasks are treated. */
#include "support/pools.h"

#include <pthread.h>
#include <signal.h>

/* What functions share with the test: they run in other processes. */
static struct shared {
	int runs[64]; /* of each number */
	int64_t when[64];
	int order[64]; /* the numbers, as they were run */
	int count;
} * shared;

static uint32_t number_of(const struct relevo_bytes *argument)
{
	uint32_t number;
	memcpy(&number, argument->data, sizeof number);
	return number;
}

static int count_run(uint32_t number)
{
	int run = __atomic_add_fetch(&shared->runs[number], 1, __ATOMIC_SEQ_CST);
	int place = __atomic_fetch_add(&shared->count, 1, __ATOMIC_SEQ_CST);
	if (place < 64) {
		shared->order[place] = (int)number;
		shared->when[place] = test_now();
	}
	return run;
}

static int echo_counted(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	count_run(number_of(argument));
	return relevo_reply_set(reply, argument->data, argument->size);
}

/* Hangs at number 3. */
static int hang_at_3(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	count_run(number_of(argument));
	while (number_of(argument) == 3)
		pause();
	return relevo_reply_set(reply, argument->data, argument->size);
}

static int stop_at_3(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	count_run(number_of(argument));
	if (number_of(argument) == 3)
		kill(getpid(), SIGSTOP);
	return relevo_reply_set(reply, argument->data, argument->size);
}

static int succeed_at_last(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number = number_of(argument);
	(void)user;
	if (count_run(number) <= (int)number)
		return relevo_reply_fail(reply, "not yet");
	return relevo_reply_set(reply, argument->data, argument->size);
}

static int wait_at_gate(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	count_run(number_of(argument));
	gate_open(&pool_begun);
	gate_pass(&pool_go_on);
	return relevo_reply_set(reply, argument->data, argument->size);
}

static int say_much(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	for (uint32_t i = 0; i < 5; i++) {
		if (relevo_reply_progress(reply, &i, sizeof i) != RELEVO_OK)
			return relevo_reply_fail(reply, "%s", relevo_error_detail());
	}
	return relevo_reply_set(reply, argument->data, argument->size);
}

static int die_by_signal(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)argument;
	(void)reply;
	(void)user;
	raise(SIGKILL);
	return RELEVO_OK;
}

static int die_by_exit(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)argument;
	(void)reply;
	(void)user;
	_exit(7);
}

/* Other threads of the worker's are left. */
static int die_by_thread(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)argument;
	(void)reply;
	(void)user;
	pthread_exit(NULL);
}

static int task_setup(void **state)
{
	shared = pool_setup_with_memory(state, sizeof *shared);
	if (shared == NULL)
		return -1;
	relevo_function_register("echo counted", echo_counted, NULL);
	relevo_function_register("hang at 3", hang_at_3, NULL);
	relevo_function_register("stop at 3", stop_at_3, NULL);
	relevo_function_register("succeed at last", succeed_at_last, NULL);
	relevo_function_register("wait at gate", wait_at_gate, NULL);
	relevo_function_register("say much", say_much, NULL);
	relevo_function_register("die by signal", die_by_signal, NULL);
	relevo_function_register("die by exit", die_by_exit, NULL);
	relevo_function_register("die by thread", die_by_thread, NULL);
	return 0;
}

#define task_unit_test(function)                                                                   \
	cmocka_unit_test_setup_teardown(function, task_setup, pool_teardown_with_memory)

/* All results are their arguments, but for that one. */
static void expect_echoed(const struct relevo_result *results, size_t count, size_t but)
{
	for (size_t i = 0; i < count; i++) {
		if (i == but)
			continue;
		assert_int_equal(results[i].status, RELEVO_OK);
		assert_int_equal(results[i].size, sizeof(uint32_t));
		assert_int_equal(*(uint32_t *)results[i].data, i);
	}
}

/* ---- time-outs ------------------------------------------------------------------ */

static void expect_timed_out(struct pool_scene *scene, size_t chunk)
{
	struct relevo_result results[8];
	struct relevo_map_options options = { .chunk = chunk, .task.timeout = 150 };
	int64_t start = test_now();
	assert_ok(map_numbers(scene->pool, "hang at 3", 8, &options, results));
	assert_true(test_now() - start >= 149);
	expect_echoed(results, 8, 3);
	assert_int_equal(results[3].status, RELEVO_TIMED_OUT);
	assert_non_null(strstr(results[3].data, "\"hang at 3\" took more than 150 ms"));
	/* Its worker ended with it. */
	assert_true(process_ends((pid_t)results[3].worker_pid, 2000));
	relevo_results_free(results, 8);
}

static bool both_work(void *pool)
{
	return relevo_pool_workers(pool, NULL, 0) == 2;
}

static void a_task_that_takes_too_long_is_ended(void **state)
{
	struct pool_scene *scene = *state;
	pool_open(scene, 2);
	expect_timed_out(scene, 1);
	expect_timed_out(scene, 8);
	assert_int_equal(shared->runs[3], 2);
	/* What the others did in the same chunk is done once. */
	for (int i = 0; i < 8; i++)
		assert_int_equal(shared->runs[i], 2);
	/* The one that ended is replaced. */
	assert_true(eventually(both_work, scene->pool));
	expect_squares(scene->pool, 100, NULL);
}

/* It is not run again, and the others of its chunk do not share its fate. */
static void expect_stopped(struct pool_scene *scene, size_t chunk)
{
	struct relevo_result results[8];
	struct relevo_map_options options = { .chunk = chunk, .task.timeout = 100 };
	memset(shared, 0, sizeof *shared);
	assert_ok(map_numbers(scene->pool, "stop at 3", 8, &options, results));
	expect_echoed(results, 8, 3);
	assert_status(results[3].status, RELEVO_TIMED_OUT);
	assert_non_null(strstr(results[3].data, "\"stop at 3\" took more than 100 ms"));
	assert_int_equal(results[3].attempts, 1);
	assert_int_equal(shared->runs[3], 1);
	relevo_results_free(results, 8);
}

static void a_worker_that_is_stopped_is_killed_when_time_is_up(void **state)
{
	struct pool_scene *scene = *state;
	pool_open(scene, 2);
	expect_stopped(scene, 1);
	expect_stopped(scene, 8);
}

static void a_stopped_worker_holds_up_its_task_only(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result results[1];
	int pids[2];
	pool_open(scene, 2);
	assert_int_equal(relevo_pool_workers(scene->pool, pids, 2), 2);
	assert_int_equal(kill(pids[0], SIGSTOP), 0);
	struct relevo_map_options options = { .chunk = 1, .timeout = 10000 };
	/* It may have one of these, if it waited for it before it was stopped; never more. */
	struct relevo_async_options async = { .map = options };
	struct relevo_bytes arguments[50];
	uint32_t numbers[50];
	for (uint32_t i = 0; i < 50; i++) {
		numbers[i] = i;
		arguments[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	}
	relevo_job *jobs[50];
	for (int i = 0; i < 50; i++)
		assert_ok(relevo_pool_apply_async(scene->pool, "echo counted", &arguments[i],
						  &async, &jobs[i]));
	int late = 0;
	for (int i = 0; i < 50; i++)
		late += relevo_job_wait(jobs[i], late > 0 ? 200 : 3000) != RELEVO_OK;
	assert_in_range(late, 0, 1);
	assert_int_equal(kill(pids[0], SIGCONT), 0);
	for (int i = 0; i < 50; i++) {
		const struct relevo_result *result;
		assert_ok(relevo_job_get(jobs[i], TEST_PATIENCE, &result, NULL));
		assert_int_equal(result->status, RELEVO_OK);
		assert_int_equal(*(uint32_t *)result->data, i);
		relevo_job_free(jobs[i]);
	}
	assert_ok(map_numbers(scene->pool, "echo", 1, &options, results));
	relevo_results_free(results, 1);
}

/* ---- retries --------------------------------------------------------------------- */

static void a_task_that_fails_is_run_again(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result results[4];
	struct relevo_map_options options = {
		.chunk = 4,
		.task = { .retries = 2, .retry_delay = 50 },
	};
	pool_open(scene, 1);
	int64_t start = test_now();
	assert_ok(map_numbers(scene->pool, "succeed at last", 4, &options, results));
	/* 50 ms, and then 100. */
	assert_between(test_now() - start, 149, 5000);
	expect_echoed(results, 4, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(results[i].attempts, i + 1);
	assert_int_equal(results[3].status, RELEVO_REMOTE);
	assert_string_equal(results[3].data, "not yet");
	assert_int_equal(results[3].attempts, 3);
	relevo_results_free(results, 4);
	/* One by one they are run: 4 times, 3, 2 ... */
	static const int runs[] = { 1, 2, 3, 3 };
	for (int i = 0; i < 4; i++)
		assert_int_equal(shared->runs[i], runs[i]);
	options.task.retry_delay = -1;
	assert_fails(map_numbers(scene->pool, "echo", 1, &options, results), RELEVO_BAD_ARGUMENT,
		     "retry_delay");
	options.task = (struct relevo_task_options){ .timeout = -1 };
	assert_fails(map_numbers(scene->pool, "echo", 1, &options, results), RELEVO_BAD_ARGUMENT,
		     "timeout");
}

static relevo_job *submit(struct pool_scene *scene, const char *function, uint32_t count)
{
	static uint32_t numbers[64];
	struct relevo_bytes arguments[64];
	struct relevo_async_options options = { .map.chunk = 1 };
	relevo_job *job;
	for (uint32_t i = 0; i < count; i++) {
		numbers[i] = i;
		arguments[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	}
	assert_ok(relevo_pool_map_async(scene->pool, function, arguments, count, &options, &job));
	return job;
}

/* ---- deaths ------------------------------------------------------------------------ */

static void the_last_death_is_told(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result result;
	char process[64];
	pool_open(scene, 2);
	assert_ok(relevo_pool_apply(scene->pool, "die by signal", "", 0, RELEVO_FOREVER, &result));
	assert_int_equal(result.status, RELEVO_WORKER_DIED);
	snprintf(process, sizeof process, "process %llu", (unsigned long long)result.worker_pid);
	assert_non_null(strstr(result.data, "3 times"));
	assert_non_null(strstr(result.data, "killed by signal 9"));
	assert_non_null(strstr(result.data, process));
	relevo_results_free(&result, 1);
	assert_ok(relevo_pool_apply(scene->pool, "die by exit", "", 0, RELEVO_FOREVER, &result));
	assert_int_equal(result.status, RELEVO_WORKER_DIED);
	assert_non_null(strstr(result.data, "exited with code 7"));
	relevo_results_free(&result, 1);
	assert_ok(relevo_pool_apply(scene->pool, "die by thread", "", 0, TEST_PATIENCE, &result));
	assert_int_equal(result.status, RELEVO_WORKER_DIED);
	assert_non_null(strstr(result.data, "exited with code 1"));
	relevo_results_free(&result, 1);
}

/* The time of the task that a worker died of is nothing to the worker after it. */
static void a_dead_workers_time_is_over(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_map_options limited = { .task.timeout = 200 };
	const struct relevo_bytes argument = { "", 0 };
	struct relevo_result died;
	const struct relevo_result *result;
	int pid;
	pool_open(scene, 1);
	assert_ok(relevo_pool_map(scene->pool, "die by signal", &argument, 1, &limited, &died));
	assert_int_equal(died.status, RELEVO_WORKER_DIED);
	relevo_results_free(&died, 1);
	relevo_job *job = submit(scene, "wait at gate", 1);
	gate_pass(&pool_begun);
	assert_int_equal(relevo_pool_workers(scene->pool, &pid, 1), 1);
	/* A second is what it is given beyond its time. */
	assert_false(process_ends(pid, 1500));
	gate_open(&pool_go_on);
	assert_ok(relevo_job_get(job, TEST_PATIENCE, &result, NULL));
	assert_int_equal(result->status, RELEVO_OK);
	assert_int_equal(result->attempts, 1);
	relevo_job_free(job);
}

/* ---- cancelling -------------------------------------------------------------------- */

static void queued_and_running_tasks_are_cancelled(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_result *results;
	size_t count;
	int pid;
	pool_open(scene, 1);
	assert_int_equal(relevo_pool_workers(scene->pool, &pid, 1), 1);
	relevo_job *job = submit(scene, "wait at gate", 10);
	gate_pass(&pool_begun);
	assert_ok(relevo_job_cancel(job));
	assert_ok(relevo_job_get(job, 0, &results, &count));
	assert_int_equal(count, 10);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(results[i].status, RELEVO_CANCELLED);
	assert_fails(relevo_job_cancel(job), RELEVO_BAD_STATE, "ended already");
	relevo_job_free(job);
	/* Its worker is gone, and the tasks behind it are not run by the next. */
	assert_true(process_ends(pid, 5000));
	expect_squares(scene->pool, 100, NULL);
	for (int i = 1; i < 10; i++)
		assert_int_equal(shared->runs[i], 0);
	/* Cancelled before anything was run, by workers that come later. */
	job = submit(scene, "echo counted", 0);
	assert_ok(relevo_job_wait(job, TEST_PATIENCE));
	assert_status(relevo_job_cancel(job), RELEVO_BAD_STATE);
	relevo_job_free(job);
}

static void a_job_has_a_time(void **state)
{
	struct pool_scene *scene = *state;
	uint32_t number = 1;
	const struct relevo_bytes argument = { &number, sizeof number };
	struct relevo_async_options options = { .map.timeout = 200 };
	const struct relevo_result *results;
	relevo_job *job;
	pool_open(scene, 1);
	/* The collector is up, and has no time to look at. */
	job = submit(scene, "wait at gate", 1);
	gate_pass(&pool_begun);
	gate_open(&pool_go_on);
	assert_ok(relevo_job_wait(job, TEST_PATIENCE));
	relevo_job_free(job);
	int64_t start = test_now();
	assert_ok(relevo_pool_apply_async(scene->pool, "wait at gate", &argument, &options, &job));
	gate_pass(&pool_begun);
	assert_ok(relevo_job_get(job, TEST_PATIENCE, &results, NULL));
	assert_between(test_now() - start, 199, 700);
	assert_int_equal(results[0].status, RELEVO_TIMED_OUT);
	relevo_job_free(job);
	expect_squares(scene->pool, 100, NULL);
}

static void a_handle_outlives_its_pool(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_result *results;
	pool_open(scene, 1);
	relevo_job *job = submit(scene, "wait at gate", 3), *unwanted = submit(scene, "echo", 3);
	gate_pass(&pool_begun);
	gate_open(&pool_go_on);
	relevo_job_free(unwanted);
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	assert_ok(relevo_job_get(job, 0, &results, NULL));
	assert_int_equal(results[2].status, RELEVO_GONE);
	assert_status(relevo_job_cancel(job), RELEVO_BAD_STATE);
	relevo_job_free(job);
}

/* ---- progress ----------------------------------------------------------------------- */

struct heard {
	uint32_t next[4];
	pthread_t thread;
	bool same_thread;
};

static void on_progress(size_t index, const struct relevo_bytes *said, void *user)
{
	struct heard *heard = user;
	uint32_t number;
	child_check(index < 4 && said->size == sizeof number);
	memcpy(&number, said->data, sizeof number);
	child_check(heard->next[index]++ == number);
	heard->same_thread = pthread_equal(heard->thread, pthread_self());
}

static void tasks_say_how_far_they_are(void **state)
{
	struct pool_scene *scene = *state;
	struct heard heard = { .thread = pthread_self() };
	struct relevo_map_options options = {
		.chunk = 2,
		.task.on_progress = on_progress,
		.user = &heard,
	};
	struct relevo_result results[4];
	pool_open(scene, 2);
	assert_ok(map_numbers(scene->pool, "say much", 4, &options, results));
	expect_echoed(results, 4, SIZE_MAX);
	relevo_results_free(results, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(heard.next[i], 5);
	assert_true(heard.same_thread);
	/* Nobody has to listen. */
	assert_ok(map_numbers(scene->pool, "say much", 4, NULL, results));
	relevo_results_free(results, 4);
	/* With a handle they come from another thread. */
	heard = (struct heard){ .thread = pthread_self() };
	struct relevo_async_options async = { .map = options };
	uint32_t number = 0;
	struct relevo_bytes argument = { &number, sizeof number };
	relevo_job *job;
	assert_ok(relevo_pool_apply_async(scene->pool, "say much", &argument, &async, &job));
	assert_ok(relevo_job_wait(job, TEST_PATIENCE));
	assert_int_equal(heard.next[0], 5);
	assert_false(heard.same_thread);
	relevo_job_free(job);
}

/* ---- order --------------------------------------------------------------------------- */

/* While one task occupies the only worker, submit the others; the order in which they are
 * run. */
static void expect_order(struct pool_scene *scene, enum relevo_order order,
			 const struct relevo_task_options *options, const uint32_t *expected)
{
	struct relevo_pool_options pool_options = { .processes = 1, .order = order };
	relevo_job *jobs[3];
	assert_ok(relevo_pool_open(scene->session, &pool_options, &scene->pool));
	relevo_job *first = submit(scene, "wait at gate", 1);
	gate_pass(&pool_begun);
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t number = i + 1;
		struct relevo_bytes argument = { &number, sizeof number };
		struct relevo_async_options async = { .map.task = options[i] };
		assert_ok(relevo_pool_apply_async(scene->pool, "echo counted", &argument, &async,
						  &jobs[i]));
	}
	assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
	gate_open(&pool_go_on);
	for (int i = 0; i < 3; i++) {
		assert_ok(relevo_job_wait(jobs[i], TEST_PATIENCE));
		relevo_job_free(jobs[i]);
	}
	relevo_job_free(first);
	for (int i = 0; i < 3; i++)
		assert_int_equal(shared->order[i + 1], expected[i]);
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	memset(shared, 0, sizeof *shared);
}

static void tasks_are_run_in_the_pools_order(void **state)
{
	struct pool_scene *scene = *state;
	static const struct relevo_task_options options[] = {
		{ .priority = -1, .cost = 50 },
		{ .priority = 7, .cost = 100 },
		{ .priority = 1, .cost = 3 },
	};
	expect_order(scene, RELEVO_ORDER_FIFO, options, (const uint32_t[]){ 1, 2, 3 });
	expect_order(scene, RELEVO_ORDER_PRIORITY, options, (const uint32_t[]){ 2, 3, 1 });
	expect_order(scene, RELEVO_ORDER_SHORTEST, options, (const uint32_t[]){ 3, 1, 2 });
	relevo_pool *pool;
	assert_status(relevo_pool_open(scene->session, &(struct relevo_pool_options){ .order = 4 },
				       &pool),
		      RELEVO_BAD_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		task_unit_test(a_task_that_takes_too_long_is_ended),
		task_unit_test(a_worker_that_is_stopped_is_killed_when_time_is_up),
		task_unit_test(a_stopped_worker_holds_up_its_task_only),
		task_unit_test(a_task_that_fails_is_run_again),
		task_unit_test(the_last_death_is_told),
		task_unit_test(a_dead_workers_time_is_over),
		task_unit_test(queued_and_running_tasks_are_cancelled),
		task_unit_test(a_job_has_a_time),
		task_unit_test(a_handle_outlives_its_pool),
		task_unit_test(tasks_say_how_far_they_are),
		task_unit_test(tasks_are_run_in_the_pools_order),
	};
	return cmocka_run_group_tests_name("pool_task", tests, NULL, NULL);
}
