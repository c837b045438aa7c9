/* What functions start and leave behind, when their worker, their pool or its owner ends. */
#include "support/pools.h"

#include <signal.h>
#include <sys/wait.h>

/* What functions share with the test: they run in other processes. */
static struct shared {
	int left; /* the process that was left behind last */
} * shared;

/* A process whose parent has ended, in a session of its own, as daemons are. */
static int leave(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	pid_t child = fork();
	if (child == 0) {
		setsid();
		pid_t orphan = fork();
		if (orphan > 0) {
			shared->left = orphan;
			_exit(EXIT_SUCCESS);
		}
		for (;;)
			pause();
	}
	child_check(child > 0 && waitpid(child, NULL, 0) == child);
	return relevo_reply_set(reply, argument->data, argument->size);
}

static int orphans_setup(void **state)
{
	shared = pool_setup_with_memory(state, sizeof *shared);
	if (shared == NULL)
		return -1;
	relevo_function_register("leave", leave, NULL);
	return 0;
}

#define orphans_unit_test(function)                                                                \
	cmocka_unit_test_setup_teardown(function, orphans_setup, pool_teardown_with_memory)

static pid_t leave_one(relevo_pool *pool)
{
	struct relevo_result result;
	assert_ok(relevo_pool_apply(pool, "leave", "", 0, TEST_PATIENCE, &result));
	assert_int_equal(result.status, RELEVO_OK);
	relevo_results_free(&result, 1);
	assert_true(process_runs(shared->left));
	return shared->left;
}

static void they_end_with_the_pool(void **state)
{
	struct pool_scene *scene = *state;
	pool_open(scene, 1);
	pid_t first = leave_one(scene->pool), second = leave_one(scene->pool);
	assert_true(process_runs(first));
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	assert_true(process_ends(first, TEST_PATIENCE));
	assert_true(process_ends(second, TEST_PATIENCE));
}

static void they_end_with_their_worker(void **state)
{
	struct pool_scene *scene = *state;
	int worker;
	pool_open(scene, 1);
	pid_t left = leave_one(scene->pool);
	assert_int_equal(relevo_pool_workers(scene->pool, &worker, 1), 1);
	assert_int_equal(kill(worker, SIGKILL), 0);
	assert_true(process_ends(left, TEST_PATIENCE));
	/* The next worker has its own. */
	left = leave_one(scene->pool);
	assert_true(process_runs(left));
}

static void own_a_pool(void *argument)
{
	const struct pool_scene *scene = argument;
	relevo_session *session = session_open(scene->broker.url);
	struct relevo_pool_options options = { .processes = 1 };
	struct relevo_result result;
	relevo_pool *pool;
	child_check(relevo_pool_open(session, &options, &pool) == RELEVO_OK);
	child_check(relevo_pool_apply(pool, "leave", "", 0, TEST_PATIENCE, &result) == RELEVO_OK);
	gate_open(&pool_begun);
	for (;;)
		pause();
}

static void they_end_with_a_killed_owner(void **state)
{
	pid_t owner = child_start(own_a_pool, *state);
	gate_pass(&pool_begun);
	assert_true(process_runs(shared->left));
	child_kill(owner);
	assert_true(process_ends(shared->left, TEST_PATIENCE));
}

static void they_may_be_left(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_pool_options options = { .processes = 1, .leave_children = true };
	int worker;
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
	pid_t left = leave_one(scene->pool);
	assert_int_equal(relevo_pool_workers(scene->pool, &worker, 1), 1);
	assert_int_equal(kill(worker, SIGKILL), 0);
	assert_true(process_ends(worker, TEST_PATIENCE));
	pid_t next = leave_one(scene->pool);
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	assert_true(process_runs(left));
	assert_true(process_runs(next));
	kill(left, SIGKILL);
	kill(next, SIGKILL);
}

static int end_children(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	int status = leave(argument, reply, user);
	child_check(relevo_worker_end_children() == RELEVO_OK);
	child_check(!process_runs(shared->left));
	return status;
}

static void a_function_may_end_them(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result result;
	relevo_function_register("end children", end_children, NULL);
	assert_status(relevo_worker_end_children(), RELEVO_BAD_STATE);
	pool_open(scene, 1);
	assert_ok(relevo_pool_apply(scene->pool, "end children", "", 0, TEST_PATIENCE, &result));
	assert_status(result.status, RELEVO_OK);
	relevo_results_free(&result, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		orphans_unit_test(they_end_with_the_pool),
		orphans_unit_test(they_end_with_their_worker),
		orphans_unit_test(they_end_with_a_killed_owner),
		orphans_unit_test(they_may_be_left),
		orphans_unit_test(a_function_may_end_them),
	};
	return cmocka_run_group_tests_name("pool_orphans", tests, NULL, NULL);
}
