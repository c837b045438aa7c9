/* Pools: what workers are told, who else may use them, large tasks and short lives. */
#include "support/pools.h"

#include <fcntl.h>
#include <sys/resource.h>

/* What functions share with the test: they run in other processes. */
static struct shared {
	int initialized;
	int order[100];
	int count;
} * shared;

static int initializer_fails(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	__atomic_fetch_add(&shared->initialized, 1, __ATOMIC_SEQ_CST);
	return relevo_reply_fail(reply, "no such licence: %.*s", (int)argument->size,
				 (const char *)argument->data);
}

static int initializer_dies(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)argument;
	(void)reply;
	(void)user;
	__atomic_fetch_add(&shared->initialized, 1, __ATOMIC_SEQ_CST);
	_exit(9);
}

static int initializer_fails_once(const struct relevo_bytes *argument, relevo_reply *reply,
				  void *user)
{
	(void)argument;
	(void)user;
	return __atomic_fetch_add(&shared->initialized, 1, __ATOMIC_SEQ_CST) == 0
		       ? relevo_reply_fail(reply, "not yet")
		       : RELEVO_OK;
}

static int note_order(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	int place = __atomic_fetch_add(&shared->count, 1, __ATOMIC_SEQ_CST);
	(void)user;
	memcpy(&shared->order[place], argument->data, sizeof(int));
	return relevo_reply_set(reply, argument->data, argument->size);
}

static int wait_at_gate(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)argument;
	(void)reply;
	(void)user;
	gate_open(&pool_begun);
	gate_pass(&pool_go_on);
	return RELEVO_OK;
}

static int options_setup(void **state)
{
	shared = pool_setup_with_memory(state, sizeof *shared);
	if (shared == NULL)
		return -1;
	relevo_function_register("initializer fails", initializer_fails, NULL);
	relevo_function_register("initializer dies", initializer_dies, NULL);
	relevo_function_register("initializer fails once", initializer_fails_once, NULL);
	relevo_function_register("note order", note_order, NULL);
	relevo_function_register("wait at gate", wait_at_gate, NULL);
	return 0;
}

#define options_unit_test(function)                                                                \
	cmocka_unit_test_setup_teardown(function, options_setup, pool_teardown_with_memory)

/* ---- initializers ----------------------------------------------------------------- */

static void expect_unusable(struct pool_scene *scene, const char *initializer, int status,
			    const char *text)
{
	const struct relevo_pool_options options = {
		.processes = 2,
		.initializer = initializer,
		.initializer_argument = { "17", 2 },
	};
	struct relevo_result result;
	const struct relevo_result *results;
	relevo_job *job;
	shared->initialized = 0;
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
	assert_fails(relevo_pool_apply(scene->pool, "square", "1234", 4, TEST_PATIENCE, &result),
		     status, text);
	/* After a few tries, and no storm of them. */
	assert_in_range(shared->initialized, status == RELEVO_UNKNOWN_FUNCTION ? 0 : 3, 6);
	assert_ok(relevo_pool_apply_async(scene->pool, "square",
					  &(struct relevo_bytes){ "1234", 4 }, NULL, &job));
	assert_ok(relevo_job_get(job, TEST_PATIENCE, &results, NULL));
	assert_int_equal(results[0].status, status);
	assert_non_null(strstr(results[0].data, text));
	relevo_job_free(job);
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
}

static void an_initializer_that_always_fails_is_reported(void **state)
{
	struct pool_scene *scene = *state;
	expect_unusable(scene, "initializer fails", RELEVO_REMOTE, "no such licence: 17");
	expect_unusable(scene, "initializer dies", RELEVO_WORKER_DIED, "exit code 9");
	expect_unusable(scene, "no initializer", RELEVO_UNKNOWN_FUNCTION, "\"no initializer\"");
}

static void one_that_fails_now_and_then_is_tried_again(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_pool_options options = {
		.processes = 1,
		.initializer = "initializer fails once",
	};
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
	expect_squares(scene->pool, 100, NULL);
	assert_int_equal(shared->initialized, 2);
}

/* ---- other callers ------------------------------------------------------------------ */

static void use_from_child(void *argument)
{
	struct pool_scene *scene = argument;
	struct relevo_result result;
	relevo_pool *attached;
	uint32_t three = 3;
	child_check(relevo_pool_apply(scene->pool, "square", &three, 4, 1000, &result) ==
		    RELEVO_FORKED);
	child_check(strstr(relevo_error_detail(), "attach") != NULL);
	child_check(relevo_pool_attach(scene->session, "p", &attached) == RELEVO_OK);
	expect_squares(attached, 100, NULL);
	relevo_pool_close(attached);
	relevo_pool_close(scene->pool);
	child_check(relevo_session_close(scene->session) == RELEVO_OK);
}

static void others_may_attach(void **state)
{
	struct pool_scene *scene = *state;
	relevo_pool *attached;
	pool_open(scene, 2);
	expect_squares(scene->pool, 100, NULL);
	child_join(child_start(use_from_child, scene));
	expect_squares(scene->pool, 100, NULL);
	assert_ok(relevo_pool_attach(scene->session, "p", &attached));
	assert_ok(relevo_pool_terminate(attached));
	assert_ok(relevo_pool_join(attached, TEST_PATIENCE));
	relevo_pool_close(attached);
	expect_squares(scene->pool, 100, NULL);
	assert_fails(relevo_pool_attach(scene->session, "nowhere", &attached), RELEVO_NOT_FOUND,
		     "\"nowhere\"");
}

static relevo_job *submit(relevo_pool *pool, const int *numbers, size_t count)
{
	const struct relevo_async_options options = { .map.chunk = 1 };
	struct relevo_bytes arguments[20];
	relevo_job *job;
	for (size_t i = 0; i < count; i++)
		arguments[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	assert_ok(relevo_pool_map_async(pool, "note order", arguments, count, &options, &job));
	return job;
}

static void a_fair_pool_takes_turns(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_pool_options options = {
		.name = "p",
		.processes = 1,
		.order = RELEVO_ORDER_FAIR,
	};
	relevo_session *session = session_open(scene->broker.url);
	relevo_pool *other;
	relevo_job *jobs[3];
	int mine[20], theirs[3] = { 100, 101, 102 };
	for (int i = 0; i < 20; i++)
		mine[i] = i;
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
	assert_ok(relevo_pool_attach(session, "p", &other));
	assert_ok(relevo_pool_apply_async(scene->pool, "wait at gate", &(struct relevo_bytes){ 0 },
					  NULL, &jobs[0]));
	gate_pass(&pool_begun);
	jobs[1] = submit(scene->pool, mine, 20);
	assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
	jobs[2] = submit(other, theirs, 3);
	assert_ok(relevo_session_flush(session, TEST_PATIENCE));
	gate_open(&pool_go_on);
	for (int i = 0; i < 3; i++) {
		assert_ok(relevo_job_wait(jobs[i], TEST_PATIENCE));
		relevo_job_free(jobs[i]);
	}
	/* Theirs came last, and had to wait for one or two of mine each. */
	int last = 0;
	for (int i = 0; i < 23; i++) {
		if (shared->order[i] == 102)
			last = i;
	}
	assert_in_range(last, 2, 7);
	relevo_pool_close(other);
	assert_ok(relevo_session_close(session));
}

/* ---- large tasks, short lives --------------------------------------------------------- */

static void workers_are_replaced_under_load(void **state)
{
	enum { SIZE = 8 * 1024 * 1024, COUNT = 12 };
	struct pool_scene *scene = *state;
	const struct relevo_pool_options options = { .processes = 2, .max_tasks_per_child = 1 };
	const struct relevo_map_options one = { .chunk = 1 };
	struct relevo_bytes arguments[COUNT];
	struct relevo_result results[COUNT];
	uint8_t *bytes = malloc(SIZE);
	assert_non_null(bytes);
	pattern_fill(bytes, SIZE, 1);
	for (int i = 0; i < COUNT; i++)
		arguments[i] = (struct relevo_bytes){ bytes, SIZE };
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
	assert_ok(relevo_pool_map(scene->pool, "echo", arguments, COUNT, &one, results));
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(results[i].status, RELEVO_OK);
		assert_int_equal(results[i].size, SIZE);
		assert_true(pattern_holds(results[i].data, SIZE, 1));
		for (int k = 0; k < i; k++)
			assert_int_not_equal(results[i].worker_pid, results[k].worker_pid);
	}
	relevo_results_free(results, COUNT);
	free(bytes);
	/* And small ones, many of them waiting. */
	expect_squares(scene->pool, 200, &one);
}

/* ---- endless input ---------------------------------------------------------------------- */

static int endless(struct relevo_bytes *argument, void *user)
{
	static uint8_t bytes[64 * 1024];
	uint64_t *taken = user;
	memcpy(bytes, taken, sizeof *taken);
	++*taken;
	*argument = (struct relevo_bytes){ bytes, sizeof bytes };
	return RELEVO_OK;
}

static void endless_input_needs_little_memory(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_imap_options options = { .chunk = 2, .window = 64 };
	uint64_t taken = 0;
	const struct relevo_input input = { endless, &taken };
	struct rusage before, after;
	relevo_imap *imap;
	pool_open(scene, 2);
	assert_ok(relevo_pool_imap(scene->pool, "echo", &input, &options, &imap));
	assert_int_equal(taken, 0);
	for (uint64_t i = 0; i < 3000; i++) {
		struct relevo_result result;
		assert_ok(relevo_imap_next(imap, TEST_PATIENCE, &result));
		assert_int_equal(result.status, RELEVO_OK);
		assert_int_equal(result.index, i);
		assert_memory_equal(result.data, &i, sizeof i);
		assert_true(taken <= i + 65);
		relevo_results_free(&result, 1);
		if (i == 500)
			getrusage(RUSAGE_SELF, &before);
	}
	getrusage(RUSAGE_SELF, &after);
	/* In KiB: what came since would be 160 MiB. */
	assert_true(after.ru_maxrss - before.ru_maxrss < 64 * 1024);
	relevo_imap_free(imap);
	expect_squares(scene->pool, 100, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		options_unit_test(an_initializer_that_always_fails_is_reported),
		options_unit_test(one_that_fails_now_and_then_is_tried_again),
		options_unit_test(others_may_attach),
		options_unit_test(a_fair_pool_takes_turns),
		options_unit_test(workers_are_replaced_under_load),
		options_unit_test(endless_input_needs_little_memory),
	};
	return cmocka_run_group_tests_name("pool_options", tests, NULL, NULL);
}
