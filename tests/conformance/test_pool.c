/* Pools: maps, their errors, and the workers. */
#include "conformance/crew.h"

#include <stdlib.h>

/* ---- pool_map_order ------------------------------------------------------- */

static void map_in_order(relevo_pool *pool, size_t count, size_t chunk)
{
	const struct relevo_map_options options = { .chunk = chunk };
	const struct relevo_async_options async = { .map = options };
	struct relevo_result results[100];
	const struct relevo_result *later;
	relevo_job *job;
	size_t got;
	assert_ok(relevo_pool_map(pool, "square", numbers(), count, &options, results));
	expect_squares(results, count);
	assert_ok(relevo_pool_map_async(pool, "square", numbers(), count, &async, &job));
	assert_ok(relevo_job_get(job, TEST_PATIENCE, &later, &got));
	assert_int_equal(got, count);
	check_squares(later, count);
	relevo_job_free(job);
}

static void pool_map_order(void **state)
{
	static const size_t counts[] = { 0, 10, 100 }, chunks[] = { 0, 1, 20, 1000 };
	struct relevo_result result;
	const struct relevo_result *later;
	relevo_job *job;
	struct crew crew;
	crew_open(*state, &crew, 3);
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < 4; k++)
			map_in_order(crew.pool, counts[i], chunks[k]);
	}
	assert_ok(relevo_pool_apply(crew.pool, "square", numbers()[7].data, 4, TEST_PATIENCE,
				    &result));
	assert_int_equal(number_of(&result), 49);
	relevo_results_free(&result, 1);
	assert_ok(relevo_pool_apply_async(crew.pool, "square", &numbers()[8], NULL, &job));
	assert_ok(relevo_job_get(job, TEST_PATIENCE, &later, NULL));
	assert_int_equal(number_of(later), 64);
	relevo_job_free(job);
	crew_free(&crew);
}

/* ---- pool_runs_in_parallel -------------------------------------------------- */

static void pool_runs_in_parallel(void **state)
{
	enum { TASKS = 16, WORKERS = 4, NAP = 250 };
	int64_t nap = NAP;
	struct relevo_bytes arguments[TASKS];
	struct relevo_result results[TASKS];
	const struct relevo_map_options options = { .chunk = 1 };
	struct crew crew;
	for (int i = 0; i < TASKS; i++)
		arguments[i] = (struct relevo_bytes){ &nap, sizeof nap };
	crew_open(*state, &crew, WORKERS);
	/* All of them are there. */
	assert_ok(relevo_pool_map(crew.pool, "nap", arguments, WORKERS, &options, results));
	relevo_results_free(results, WORKERS);
	int64_t start = test_now();
	assert_ok(relevo_pool_map(crew.pool, "nap", arguments, TASKS, &options, results));
	assert_took(start, NAP * TASKS / WORKERS);
	assert_int_equal(count_workers(results, TASKS), WORKERS);
	relevo_results_free(results, TASKS);
	crew_free(&crew);
}

/* ---- pool_sizes_initializer ---------------------------------------------------- */

/* What the workers see of each other. */
struct seen {
	int initialized; /* workers */
	int wrong;       /* tasks before their worker was ready; wrong arguments */
	int here;        /* tasks that have begun */
};

static struct seen *seen;
static bool ready; /* of the worker */

static int initialize(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)reply;
	(void)user;
	if (ready || argument->size != 5 || memcmp(argument->data, "hello", 5) != 0)
		__atomic_fetch_add(&seen->wrong, 1, __ATOMIC_SEQ_CST);
	ready = true;
	__atomic_fetch_add(&seen->initialized, 1, __ATOMIC_SEQ_CST);
	return RELEVO_OK;
}

static bool all_here(void *argument)
{
	return __atomic_load_n(&seen->here, __ATOMIC_SEQ_CST) >= *(int *)argument;
}

/* Every worker has one at the same time. */
static int meet(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	int workers;
	(void)user;
	memcpy(&workers, argument->data, sizeof workers);
	if (!ready)
		__atomic_fetch_add(&seen->wrong, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&seen->here, 1, __ATOMIC_SEQ_CST);
	return eventually(all_here, &workers) ? RELEVO_OK
					      : relevo_reply_fail(reply, "alone for ever");
}

static void expect_size(const struct stage *stage, int workers)
{
	const struct relevo_pool_options options = {
		.processes = workers,
		.initializer = "initialize",
		.initializer_argument = { "hello", 5 },
	};
	const struct relevo_map_options one = { .chunk = 1 };
	struct relevo_bytes arguments[5];
	struct relevo_result results[5];
	struct crew crew;
	for (int i = 0; i < workers; i++)
		arguments[i] = (struct relevo_bytes){ &workers, sizeof workers };
	*seen = (struct seen){ 0 };
	crew_open_with(stage, &crew, &options);
	assert_ok(relevo_pool_map(crew.pool, "meet", arguments, (size_t)workers, &one, results));
	for (int i = 0; i < workers; i++)
		assert_int_equal(results[i].status, RELEVO_OK);
	assert_int_equal(count_workers(results, (size_t)workers), workers);
	relevo_results_free(results, (size_t)workers);
	expect_works(crew.pool);
	assert_int_equal(seen->initialized, workers);
	assert_int_equal(seen->wrong, 0);
	if (!stage->over_tcp)
		assert_int_equal(relevo_pool_workers(crew.pool, NULL, 0), workers);
	crew_free(&crew);
}

static void pool_sizes_initializer(void **state)
{
	const struct stage *stage = *state;
	relevo_pool *pool;
	for (int workers = 1; workers <= 5; workers += 2)
		expect_size(stage, workers);
	/* 0 stands for as many as there are processors, -1 for workers elsewhere. */
	assert_fails(relevo_pool_open(stage->session,
				      &(struct relevo_pool_options){ .processes = -2 }, &pool),
		     RELEVO_BAD_ARGUMENT, "-2");
	assert_status(relevo_pool_open(stage->session,
				       &(struct relevo_pool_options){ .initializer = "" }, &pool),
		      RELEVO_BAD_NAME);
}

/* ---- pool_error_record -------------------------------------------------------------- */

enum { LARGE = 1024 * 1024 };

static int fail_large(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)argument;
	(void)user;
	char *text = malloc(LARGE);
	if (text == NULL)
		return RELEVO_NO_MEMORY;
	memset(text, 'e', LARGE);
	int status = relevo_reply_fail_with(reply, RELEVO_NOT_EQUAL, text, LARGE);
	free(text);
	return status;
}

static void expect_large_failure(const struct relevo_result *result)
{
	assert_int_equal(result->status, RELEVO_NOT_EQUAL);
	assert_int_equal(result->size, LARGE);
	for (int i = 0; i < LARGE; i++)
		assert_int_equal(((char *)result->data)[i], 'e');
}

static void pool_error_record(void **state)
{
	const struct relevo_map_options one = { .chunk = 1 };
	const struct relevo_bytes words[] = { { "one", 3 }, { "two", 3 } };
	struct relevo_result results[2];
	char host[65] = "";
	struct crew crew;
	gethostname(host, 64);
	crew_open(*state, &crew, 2);
	assert_ok(relevo_pool_map(crew.pool, "refuse", words, 2, &one, results));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(results[i].status, RELEVO_REMOTE);
		assert_string_equal(results[i].data, i == 0 ? "refused: one" : "refused: two");
		assert_true(results[i].worker_pid > 1);
		assert_int_equal(strncmp(results[i].worker_host, host, 63), 0);
		assert_int_equal(results[i].attempts, 1);
	}
	relevo_results_free(results, 2);
	assert_ok(relevo_pool_map(crew.pool, "fail large", words, 2, &one, results));
	expect_large_failure(&results[0]);
	expect_large_failure(&results[1]);
	relevo_results_free(results, 2);
	assert_ok(relevo_pool_shutdown(crew.pool));
	assert_ok(relevo_pool_join(crew.pool, TEST_PATIENCE));
	crew_free(&crew);
}

/* ---- pool_unencodable ------------------------------------------------------------------ */

static int too_large(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	size_t size;
	(void)user;
	memcpy(&size, argument->data, sizeof size);
	void *data = calloc(1, size);
	int status = data != NULL ? relevo_reply_set(reply, data, size) : RELEVO_NO_MEMORY;
	free(data);
	return status;
}

/* What bytes cannot be is too large. */
static void pool_unencodable(void **state)
{
	const struct stage *stage = *state;
	size_t size = relevo_session_max_item(stage->session) + 1;
	void *data = calloc(1, size);
	const struct relevo_bytes arguments[] = { { "fine", 4 }, { data, size } };
	struct relevo_result results[2];
	pid_t pids[2] = { 0 };
	struct crew crew;
	assert_non_null(data);
	crew_open(stage, &crew, 2);
	assert_fails(relevo_pool_map(crew.pool, "square", arguments, 2, NULL, results),
		     RELEVO_TOO_LARGE, "argument 1");
	for (int i = 0; i < 20; i++) {
		assert_ok(relevo_pool_apply(crew.pool, "too large", &size, sizeof size,
					    TEST_PATIENCE, results));
		assert_int_equal(results[0].status, RELEVO_TOO_LARGE);
		assert_non_null(strstr(results[0].data, "\"too large\""));
		/* None of the two workers has been replaced. */
		if (pids[0] == 0)
			pids[0] = results[0].worker_pid;
		if (results[0].worker_pid != pids[0] && pids[1] == 0)
			pids[1] = results[0].worker_pid;
		assert_true(results[0].worker_pid == pids[0] || results[0].worker_pid == pids[1]);
		relevo_results_free(results, 1);
	}
	expect_works(crew.pool);
	crew_free(&crew);
	free(data);
}

/* ---- pool_worker_lifetime ---------------------------------------------------------------- */

static void expect_replaced(const struct stage *stage)
{
	const struct relevo_pool_options options = { .processes = 3, .max_tasks_per_child = 10 };
	const struct relevo_map_options one = { .chunk = 1 };
	struct relevo_result results[100];
	struct crew crew;
	crew_open_with(stage, &crew, &options);
	assert_ok(relevo_pool_map(crew.pool, "square", numbers(), 100, &one, results));
	for (int i = 0; i < 100; i++) {
		int tasks = 0;
		for (int k = 0; k < 100; k++)
			tasks += results[k].worker_pid == results[i].worker_pid;
		assert_true(results[i].worker_pid > 1);
		assert_in_range(tasks, 1, 10);
	}
	assert_true(count_workers(results, 100) >= 10);
	expect_squares(results, 100);
	crew_free(&crew);
}

static void expect_all_done_after_close(const struct stage *stage)
{
	const struct relevo_pool_options options = { .processes = 3, .max_tasks_per_child = 1 };
	const struct relevo_async_options one = { .map = { .chunk = 1 } };
	int64_t nap = 300;
	struct relevo_bytes arguments[6];
	const struct relevo_result *results;
	relevo_job *job;
	struct crew crew;
	for (int i = 0; i < 6; i++)
		arguments[i] = (struct relevo_bytes){ &nap, sizeof nap };
	crew_open_with(stage, &crew, &options);
	assert_ok(relevo_pool_map_async(crew.pool, "nap", arguments, 6, &one, &job));
	assert_ok(relevo_pool_shutdown(crew.pool));
	assert_ok(relevo_pool_join(crew.pool, TEST_PATIENCE));
	assert_true(relevo_job_ready(job));
	assert_ok(relevo_job_get(job, 0, &results, NULL));
	for (int i = 0; i < 6; i++) {
		assert_int_equal(results[i].status, RELEVO_OK);
		assert_memory_equal(results[i].data, &nap, sizeof nap);
	}
	assert_int_equal(count_workers(results, 6), 6);
	relevo_job_free(job);
	crew_free(&crew);
}

static void pool_worker_lifetime(void **state)
{
	const struct stage *stage = *state;
	relevo_pool *pool;
	expect_replaced(stage);
	expect_all_done_after_close(stage);
	/* 0 stands for never. */
	assert_fails(relevo_pool_open(stage->session,
				      &(struct relevo_pool_options){ .max_tasks_per_child = -1 },
				      &pool),
		     RELEVO_BAD_ARGUMENT, "-1");
}

/* ---- pool_terminate ------------------------------------------------------------------------ */

static void expect_refused(relevo_pool *pool)
{
	const struct relevo_input input = { NULL, NULL };
	struct relevo_result result;
	relevo_job *job;
	relevo_imap *imap;
	assert_status(relevo_pool_apply(pool, "square", "1234", 4, 1000, &result),
		      RELEVO_BAD_STATE);
	assert_status(relevo_pool_map(pool, "square", numbers(), 0, NULL, &result),
		      RELEVO_BAD_STATE);
	assert_status(relevo_pool_apply_async(pool, "square", numbers(), NULL, &job),
		      RELEVO_BAD_STATE);
	assert_status(relevo_pool_imap(pool, "square", &input, NULL, &imap), RELEVO_BAD_ARGUMENT);
}

static void expect_ends_at_once(const struct stage *stage)
{
	const struct relevo_async_options one = { .map = { .chunk = 1 } };
	static struct relevo_bytes arguments[MOST_NUMBERS];
	int64_t nap = 100;
	const struct relevo_result *results;
	size_t count, undone = 0;
	relevo_job *job;
	struct crew crew;
	for (int i = 0; i < MOST_NUMBERS; i++)
		arguments[i] = (struct relevo_bytes){ &nap, sizeof nap };
	crew_open(stage, &crew, 2);
	expect_works(crew.pool);
	assert_ok(relevo_pool_map_async(crew.pool, "nap", arguments, MOST_NUMBERS, &one, &job));
	int64_t start = test_now();
	assert_ok(relevo_pool_terminate(crew.pool));
	assert_ok(relevo_pool_join(crew.pool, TEST_PATIENCE));
	assert_between(test_now() - start, 0, 2000);
	assert_int_equal(relevo_pool_workers(crew.pool, NULL, 0), 0);
	expect_refused(crew.pool);
	assert_ok(relevo_job_get(job, 0, &results, &count));
	for (size_t i = 0; i < count; i++)
		undone += results[i].status == RELEVO_GONE;
	assert_true(undone > MOST_NUMBERS / 2);
	relevo_job_free(job);
	assert_ok(relevo_pool_terminate(crew.pool));
	crew_free(&crew);
}

static void expect_closed_in_order(const struct stage *stage)
{
	const struct relevo_result *results;
	size_t count;
	relevo_job *job;
	struct crew crew;
	crew_open(stage, &crew, 2);
	assert_status(relevo_pool_join(crew.pool, 0), RELEVO_BAD_STATE);
	assert_ok(relevo_pool_map_async(crew.pool, "square", numbers(), 1000, NULL, &job));
	assert_ok(relevo_pool_shutdown(crew.pool));
	assert_ok(relevo_pool_shutdown(crew.pool));
	expect_refused(crew.pool);
	assert_ok(relevo_pool_join(crew.pool, TEST_PATIENCE));
	assert_ok(relevo_pool_join(crew.pool, 0));
	assert_ok(relevo_job_get(job, 0, &results, &count));
	assert_int_equal(count, 1000);
	check_squares(results, count);
	relevo_job_free(job);
	assert_int_equal(relevo_pool_workers(crew.pool, NULL, 0), 0);
	crew_free(&crew);
}

static void pool_terminate(void **state)
{
	expect_ends_at_once(*state);
	expect_closed_in_order(*state);
}

static void register_functions(void)
{
	seen = crew_memory(sizeof *seen);
	child_check(relevo_function_register("initialize", initialize, NULL) == RELEVO_OK);
	child_check(relevo_function_register("meet", meet, NULL) == RELEVO_OK);
	child_check(relevo_function_register("fail large", fail_large, NULL) == RELEVO_OK);
	child_check(relevo_function_register("too large", too_large, NULL) == RELEVO_OK);
}

int main(int argc, char **argv)
{
	crew_enter(argc, argv, register_functions);
	const struct CMUnitTest tests[] = {
		CREW_CASE(pool_map_order),         CREW_CASE(pool_runs_in_parallel),
		CREW_CASE(pool_sizes_initializer), CREW_CASE(pool_error_record),
		CREW_CASE(pool_unencodable),       CREW_CASE(pool_worker_lifetime),
		CREW_CASE(pool_terminate),
	};
	return cmocka_run_group_tests_name("pool", tests, cast_prepare, NULL);
}
