/* Pools: who gives up takes back. Nothing of a call that ended early goes on. */
#include "support/pools.h"

#include <relevo/pool_async.h>
#include <relevo/pool_imap.h>
#include <relevo/pool_tuple.h>
#include <signal.h>

enum { TASKS = 20, WORKERS = 2 };

/* What functions share with the test: they run in other processes. */
static struct shared {
	int runs[TASKS]; /* of each number */
} * shared;

static int hang(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number = TASKS;
	(void)reply, (void)user;
	if (argument->size == sizeof number)
		memcpy(&number, argument->data, sizeof number);
	if (number < TASKS)
		__atomic_add_fetch(&shared->runs[number], 1, __ATOMIC_SEQ_CST);
	gate_open(&pool_begun);
	while (pause() < 0)
		continue;
	return RELEVO_OK;
}

/* Number 0 answers, the others hang. */
static int hang_but_first(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number;
	memcpy(&number, argument->data, sizeof number);
	if (number > 0)
		return hang(argument, reply, user);
	return relevo_reply_set(reply, argument->data, argument->size);
}

static int give_up_setup(void **state)
{
	shared = pool_setup_with_memory(state, sizeof *shared);
	if (shared == NULL)
		return -1;
	relevo_function_register("hang", hang, NULL);
	relevo_function_register("hang but first", hang_but_first, NULL);
	return 0;
}

#define give_up_unit_test(function)                                                                \
	cmocka_unit_test_setup_teardown(function, give_up_setup, pool_teardown_with_memory)

/* Both workers hang; later than that, whatever it is that has been called gives up. */
static void wait_until_all_hang(void)
{
	for (int i = 0; i < WORKERS; i++)
		gate_pass(&pool_begun);
}

static int begun_tasks(void)
{
	int begun = 0;
	for (int i = 0; i < TASKS; i++)
		begun += __atomic_load_n(&shared->runs[i], __ATOMIC_SEQ_CST) > 0;
	return begun;
}

/* The pool is free for the next call, which would wait behind the others for ever. */
static void expect_free(relevo_pool *pool, size_t count)
{
	const struct relevo_map_options soon = { .timeout = TEST_PATIENCE };
	expect_squares(pool, count, &soon);
}

/* So it is; they have not begun; and the pool ends at once. */
static void expect_all_taken_back(struct pool_scene *scene, const int *pids)
{
	expect_free(scene->pool, TASKS);
	for (int i = 0; i < WORKERS; i++)
		assert_true(process_ends(pids[i], TEST_PATIENCE));
	assert_int_equal(begun_tasks(), WORKERS);
	int64_t start = test_now();
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	/* Workers that do not end are killed after 5 s. */
	assert_in_range(test_now() - start, 0, 4000);
}

static void open_with_workers(struct pool_scene *scene, int *pids)
{
	pool_open(scene, WORKERS);
	assert_int_equal(relevo_pool_workers(scene->pool, pids, WORKERS), WORKERS);
}

/* ---- time is over ----------------------------------------------------------- */

static void a_map_that_timed_out_is_taken_back(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_map_options options = { .chunk = 1, .timeout = 1000 };
	struct relevo_result results[TASKS];
	int pids[WORKERS];
	open_with_workers(scene, pids);
	assert_status(map_numbers(scene->pool, "hang", TASKS, &options, results), RELEVO_TIMED_OUT);
	wait_until_all_hang();
	expect_all_taken_back(scene, pids);
}

static void an_apply_that_timed_out_is_taken_back(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result result;
	int pid;
	pool_open(scene, 1);
	assert_int_equal(relevo_pool_workers(scene->pool, &pid, 1), 1);
	assert_status(relevo_pool_apply(scene->pool, "hang", "", 0, 1000, &result),
		      RELEVO_TIMED_OUT);
	gate_pass(&pool_begun);
	assert_true(process_ends(pid, TEST_PATIENCE));
	expect_free(scene->pool, 10);
}

static void tuples_that_timed_out_are_taken_back(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_map_options options = { .chunk = 1, .timeout = 1000 };
	struct relevo_result results[WORKERS];
	relevo_tuple *tuple;
	int pids[WORKERS];
	open_with_workers(scene, pids);
	assert_ok(relevo_tuple_new(&tuple));
	const relevo_tuple *tuples[] = { tuple, tuple };
	assert_status(relevo_pool_starmap(scene->pool, "hang", tuples, WORKERS, &options, results),
		      RELEVO_TIMED_OUT);
	relevo_tuple_free(tuple);
	wait_until_all_hang();
	for (int i = 0; i < WORKERS; i++)
		assert_true(process_ends(pids[i], TEST_PATIENCE));
	expect_free(scene->pool, 10);
}

static void a_job_that_timed_out_is_taken_back(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_async_options options = { .map = { .chunk = 1, .timeout = 1000 } };
	const struct relevo_result *results;
	uint32_t numbers[TASKS];
	struct relevo_bytes arguments[TASKS];
	relevo_job *job;
	int pids[WORKERS];
	for (uint32_t i = 0; i < TASKS; i++) {
		numbers[i] = i;
		arguments[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	}
	open_with_workers(scene, pids);
	assert_ok(relevo_pool_map_async(scene->pool, "hang", arguments, TASKS, &options, &job));
	wait_until_all_hang();
	assert_ok(relevo_job_get(job, TEST_PATIENCE, &results, NULL));
	assert_int_equal(results[TASKS - 1].status, RELEVO_TIMED_OUT);
	relevo_job_free(job);
	expect_all_taken_back(scene, pids);
}

/* user[0] is the next, and user[1] what is handed out. */
static int next_number(struct relevo_bytes *argument, void *user)
{
	uint32_t *numbers = user;
	if (numbers[0] == TASKS)
		return RELEVO_END_OF_STREAM;
	numbers[1] = numbers[0]++;
	*argument = (struct relevo_bytes){ &numbers[1], sizeof numbers[1] };
	return RELEVO_OK;
}

static void an_iteration_is_taken_back_with_its_handle(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_imap_options options = { .chunk = 1 };
	uint32_t numbers[2] = { 0 };
	const struct relevo_input input = { next_number, numbers };
	struct relevo_result result;
	relevo_imap *imap;
	int pids[WORKERS];
	open_with_workers(scene, pids);
	assert_ok(relevo_pool_imap(scene->pool, "hang", &input, &options, &imap));
	assert_status(relevo_imap_next(imap, 500, &result), RELEVO_TIMED_OUT);
	wait_until_all_hang();
	relevo_imap_free(imap);
	expect_all_taken_back(scene, pids);
}

/* ---- interrupted ------------------------------------------------------------- */

static bool none_has_come(void *user)
{
	return *(int *)user == 0;
}

static void count(size_t index, const struct relevo_result *result, void *user)
{
	(void)index, (void)result;
	++*(int *)user;
}

static void a_map_that_was_interrupted_is_taken_back(void **state)
{
	struct pool_scene *scene = *state;
	int come = 0;
	const struct relevo_session_options session = { .go_on = none_has_come, .user = &come };
	const struct relevo_map_options options = { .chunk = 1, .on_result = count, .user = &come };
	struct relevo_result results[TASKS];
	relevo_session *own = scene->session;
	assert_ok(relevo_session_open(scene->broker.url, &session, &scene->session));
	pool_open(scene, 1);
	assert_status(map_numbers(scene->pool, "hang but first", TASKS, &options, results),
		      RELEVO_INTERRUPTED);
	come = 0;
	expect_free(scene->pool, TASKS);
	assert_in_range(begun_tasks(), 0, 1);
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	assert_ok(relevo_session_close(scene->session));
	scene->session = own;
}

/* ---- callers that go ----------------------------------------------------------- */

static void hang_there(void *argument)
{
	const struct pool_scene *scene = argument;
	relevo_session *session;
	relevo_pool *pool;
	struct relevo_result results[TASKS];
	const struct relevo_map_options options = { .chunk = 1 };
	child_check(relevo_session_open(scene->broker.url, NULL, &session) == RELEVO_OK);
	child_check(relevo_pool_attach(session, "p", &pool) == RELEVO_OK);
	map_numbers(pool, "hang", TASKS, &options, results);
}

static void the_tasks_of_a_killed_caller_end(void **state)
{
	struct pool_scene *scene = *state;
	int pids[WORKERS];
	open_with_workers(scene, pids);
	pid_t caller = child_start(hang_there, scene);
	wait_until_all_hang();
	child_kill(caller);
	expect_all_taken_back(scene, pids);
}

static relevo_job *hang_by(relevo_pool *pool)
{
	static const struct relevo_bytes arguments[WORKERS] = { { "", 0 }, { "", 0 } };
	const struct relevo_async_options options = { .map.chunk = 1 };
	relevo_job *job;
	assert_ok(relevo_pool_map_async(pool, "hang", arguments, WORKERS, &options, &job));
	wait_until_all_hang();
	return job;
}

static void what_a_handle_submitted_ends_with_it(void **state)
{
	struct pool_scene *scene = *state;
	relevo_pool *attached;
	pool_open(scene, WORKERS);
	for (int terminated = 0; terminated < 2; terminated++) {
		assert_ok(relevo_pool_attach(scene->session, "p", &attached));
		relevo_job *job = hang_by(attached);
		if (terminated)
			assert_ok(relevo_pool_terminate(attached));
		else
			relevo_pool_close(attached);
		expect_free(scene->pool, TASKS);
		relevo_job_free(job);
		if (terminated)
			relevo_pool_close(attached);
	}
}

/* A server's worker serves one caller after the other; what each has left behind when he
 * goes is not run. */
static void callers_come_and_go(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result result;
	relevo_pool *attached;
	pool_open(scene, 1);
	for (int i = 0; i < 20; i++) {
		assert_ok(relevo_pool_attach(scene->session, "p", &attached));
		assert_ok(relevo_pool_apply(attached, "echo", "x", 1, TEST_PATIENCE, &result));
		assert_int_equal(result.status, RELEVO_OK);
		assert_int_equal(result.attempts, 1);
		relevo_results_free(&result, 1);
		relevo_pool_close(attached);
		expect_free(scene->pool, 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		give_up_unit_test(a_map_that_timed_out_is_taken_back),
		give_up_unit_test(an_apply_that_timed_out_is_taken_back),
		give_up_unit_test(tuples_that_timed_out_are_taken_back),
		give_up_unit_test(a_job_that_timed_out_is_taken_back),
		give_up_unit_test(an_iteration_is_taken_back_with_its_handle),
		give_up_unit_test(a_map_that_was_interrupted_is_taken_back),
		give_up_unit_test(the_tasks_of_a_killed_caller_end),
		give_up_unit_test(what_a_handle_submitted_ends_with_it),
		give_up_unit_test(callers_come_and_go),
	};
	return cmocka_run_group_tests_name("pool_give_up", tests, NULL, NULL);
}
