/* Pools: results that are waited for later. */
#include "conformance/crew.h"

#include <pthread.h>

/* What callbacks were told. */
struct told {
	relevo_pool *pool;
	int successes, failures;
	size_t count;
	uint32_t last;       /* the square that came last in the results */
	int status;          /* of the failure */
	char text[100];      /* of the failure */
	struct gate *gate;   /* to wait at; NULL: none */
	relevo_job *another; /* that a callback submitted */
};

static void on_success(const struct relevo_result *results, size_t count, void *user)
{
	struct told *told = user;
	told->successes++;
	told->count = count;
	if (count > 0)
		memcpy(&told->last, results[count - 1].data, sizeof told->last);
}

static void on_error(const struct relevo_result *failure, void *user)
{
	struct told *told = user;
	told->failures++;
	told->status = failure->status;
	snprintf(told->text, sizeof told->text, "%s", (const char *)failure->data);
}

static struct relevo_async_options options_for(struct told *told)
{
	return (struct relevo_async_options){
		.map = { .chunk = 1, .user = told },
		.on_success = on_success,
		.on_error = on_error,
	};
}

static void expect_success(relevo_pool *pool, size_t count)
{
	struct told told = { 0 };
	struct relevo_async_options options = options_for(&told);
	relevo_job *job;
	bool successful;
	assert_ok(relevo_pool_map_async(pool, "square", numbers(), count, &options, &job));
	assert_ok(relevo_job_wait(job, TEST_PATIENCE));
	assert_int_equal(told.successes, 1);
	assert_int_equal(told.failures, 0);
	assert_int_equal(told.count, count);
	if (count > 0)
		assert_int_equal(told.last, (count - 1) * (count - 1));
	assert_true(relevo_job_ready(job));
	assert_ok(relevo_job_successful(job, &successful));
	assert_true(successful);
	relevo_job_free(job);
}

static void expect_failure(relevo_pool *pool)
{
	struct told told = { 0 };
	struct relevo_async_options options = options_for(&told);
	const struct relevo_bytes words[] = { { "one", 3 }, { "two", 3 } };
	const struct relevo_result *results;
	relevo_job *job;
	bool successful;
	assert_ok(relevo_pool_map_async(pool, "refuse", words, 2, &options, &job));
	assert_ok(relevo_job_get(job, TEST_PATIENCE, &results, NULL));
	assert_int_equal(told.successes, 0);
	assert_int_equal(told.failures, 1);
	assert_int_equal(told.status, results[0].status);
	assert_string_equal(told.text, results[0].data);
	assert_string_equal(told.text, "refused: one");
	assert_ok(relevo_job_successful(job, &successful));
	assert_false(successful);
	relevo_job_free(job);
}

static void expect_no_answer_yet(relevo_pool *pool)
{
	int64_t nap = 500;
	const struct relevo_bytes argument = { &nap, sizeof nap };
	relevo_job *job;
	bool successful = true;
	assert_ok(relevo_pool_apply_async(pool, "nap", &argument, NULL, &job));
	assert_false(relevo_job_ready(job));
	assert_fails(relevo_job_successful(job, &successful), RELEVO_BAD_STATE, "\"nap\"");
	assert_true(successful);
	assert_ok(relevo_job_wait(job, TEST_PATIENCE));
	assert_ok(relevo_job_successful(job, &successful));
	relevo_job_free(job);
}

static void pool_callbacks(void **state)
{
	struct crew crew;
	crew_open(*state, &crew, 2);
	expect_success(crew.pool, 10);
	expect_success(crew.pool, 1);
	expect_success(crew.pool, 0);
	expect_failure(crew.pool);
	expect_no_answer_yet(crew.pool);
	crew_free(&crew);
}

/* ---- what callbacks may do ------------------------------------------------------ */

static void submit_and_wait(const struct relevo_result *results, size_t count, void *user)
{
	struct told *told = user;
	struct relevo_result result;
	struct relevo_async_options options = options_for(told);
	(void)results;
	(void)count;
	/* Its own callback can come only after this one: what is waited for is the
	 * outcome. */
	child_check(relevo_pool_apply_async(told->pool, "square", &numbers()[9], &options,
					    &told->another) == RELEVO_OK);
	child_check(relevo_job_wait(told->another, TEST_PATIENCE) == RELEVO_OK);
	child_check(told->successes == 0);
	child_check(relevo_pool_apply(told->pool, "square", numbers()[3].data, 4, TEST_PATIENCE,
				      &result) == RELEVO_OK);
	relevo_results_free(&result, 1);
}

static void block(const struct relevo_result *results, size_t count, void *user)
{
	struct told *told = user;
	(void)results;
	(void)count;
	gate_pass(told->gate);
}

static void pool_callbacks_submit_and_block(void **state)
{
	struct gate gate;
	struct told told = { .gate = &gate };
	struct relevo_async_options options = { .map.user = &told, .on_success = submit_and_wait };
	relevo_job *job, *blocked, *free_one;
	struct crew crew;
	gate_make(&gate);
	crew_open(*state, &crew, 2);
	told.pool = crew.pool;
	assert_ok(relevo_pool_apply_async(crew.pool, "square", numbers(), &options, &job));
	assert_ok(relevo_job_wait(job, TEST_PATIENCE));
	assert_ok(relevo_job_wait(told.another, TEST_PATIENCE));
	assert_int_equal(told.successes, 1);
	assert_int_equal(told.last, 81);
	relevo_job_free(told.another);
	relevo_job_free(job);
	/* One that blocks holds up neither tasks nor other results. */
	options.on_success = block;
	assert_ok(relevo_pool_apply_async(crew.pool, "square", numbers(), &options, &blocked));
	assert_ok(relevo_pool_map_async(crew.pool, "square", numbers(), 100, NULL, &free_one));
	assert_ok(relevo_job_wait(free_one, TEST_PATIENCE));
	expect_works(crew.pool);
	assert_status(relevo_job_wait(blocked, 50), RELEVO_TIMED_OUT);
	gate_open(&gate);
	assert_ok(relevo_job_wait(blocked, TEST_PATIENCE));
	relevo_job_free(free_one);
	relevo_job_free(blocked);
	crew_free(&crew);
	gate_close(&gate);
}

/* ---- pool_async_timeout ------------------------------------------------------------ */

static void pool_async_timeout(void **state)
{
	int64_t nap = 1000;
	const struct relevo_bytes argument = { &nap, sizeof nap };
	const struct relevo_result *results;
	relevo_job *job;
	struct crew crew;
	crew_open(*state, &crew, 1);
	expect_works(crew.pool);
	assert_ok(relevo_pool_apply_async(crew.pool, "nap", &argument, NULL, &job));
	int64_t start = test_now();
	assert_status(relevo_job_get(job, 200, &results, NULL), RELEVO_TIMED_OUT);
	assert_took(start, 200);
	start = test_now();
	assert_status(relevo_job_get(job, 0, &results, NULL), RELEVO_TIMED_OUT);
	assert_took(start, 0);
	assert_status(relevo_job_wait(job, -2), RELEVO_BAD_ARGUMENT);
	assert_ok(relevo_job_get(job, TEST_PATIENCE, &results, NULL));
	assert_int_equal(results[0].status, RELEVO_OK);
	assert_memory_equal(results[0].data, &nap, sizeof nap);
	relevo_job_free(job);
	crew_free(&crew);
}

/* ---- functions that are ended ------------------------------------------------------ */

/* How often one has begun. */
static _Atomic int *begun;

static int be_busy(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)argument;
	(void)user;
	(*begun)++;
	hold_still(60000);
	return relevo_reply_fail(reply, "was not ended");
}

static void register_more(void)
{
	begun = crew_memory(sizeof *begun);
	child_check(relevo_function_register("be busy", be_busy, NULL) == RELEVO_OK);
}

static bool one_more_has_begun(void *before)
{
	return *begun == *(int *)before + 1;
}

/* The only worker would be busy for a minute: it works again at once, wherever it is. */
static void pool_ends_what_runs(void **state)
{
	const struct relevo_pool_options options = { .processes = 1 };
	const struct relevo_bytes argument = { NULL, 0 };
	const struct relevo_map_options limited = { .task.timeout = 200 };
	const struct relevo_result *results;
	struct relevo_result late;
	relevo_job *running, *waiting;
	struct crew crew;
	crew_open_with(*state, &crew, &options);
	expect_works(crew.pool);
	assert_ok(relevo_pool_map(crew.pool, "be busy", &argument, 1, &limited, &late));
	assert_status(late.status, RELEVO_TIMED_OUT);
	relevo_results_free(&late, 1);
	expect_works(crew.pool);
	int before = *begun;
	assert_ok(relevo_pool_apply_async(crew.pool, "be busy", &argument, NULL, &running));
	assert_ok(relevo_pool_apply_async(crew.pool, "be busy", &argument, NULL, &waiting));
	assert_true(eventually(one_more_has_begun, &before));
	assert_ok(relevo_job_cancel(waiting));
	assert_ok(relevo_job_cancel(running));
	assert_status(relevo_job_cancel(running), RELEVO_BAD_STATE);
	assert_ok(relevo_job_get(running, 0, &results, NULL));
	assert_status(results[0].status, RELEVO_CANCELLED);
	assert_ok(relevo_job_get(waiting, 0, &results, NULL));
	assert_status(results[0].status, RELEVO_CANCELLED);
	expect_works(crew.pool);
	relevo_job_free(running);
	relevo_job_free(waiting);
	crew_free(&crew);
}

int main(int argc, char **argv)
{
	crew_enter(argc, argv, register_more);
	const struct CMUnitTest tests[] = {
		CREW_CASE(pool_callbacks),
		CREW_CASE(pool_callbacks_submit_and_block),
		CREW_CASE(pool_async_timeout),
		CREW_CASE(pool_ends_what_runs),
	};
	return cmocka_run_group_tests_name("pool_async", tests, cast_prepare, NULL);
}
