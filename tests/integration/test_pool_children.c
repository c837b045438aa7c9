/* What functions start themselves: processes, and pools, that are not their worker. */
#include "support/pools.h"

#include <signal.h>
#include <sys/wait.h>

/* How often: a signal may come before the child has run, or while it waits. */
enum { ROUNDS = 10 };

static int ended_by(int number)
{
	int state;
	pid_t child = fork();
	if (child == 0) {
		for (;;)
			pause();
	}
	child_check(child > 0 && kill(child, number) == 0);
	child_check(waitpid(child, &state, 0) == child && WIFSIGNALED(state));
	return WTERMSIG(state);
}

/* Ends children by the signal that is its argument. */
static int end_children(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	uint32_t number;
	memcpy(&number, argument->data, sizeof number);
	for (int i = 0; i < ROUNDS; i++)
		child_check(ended_by((int)number) == (int)number);
	return relevo_reply_set(reply, argument->data, argument->size);
}

static pid_t end_children_by(struct pool_scene *scene, int signal_number)
{
	uint32_t number = (uint32_t)signal_number;
	struct relevo_result result;
	assert_ok(relevo_pool_apply(scene->pool, "end children", &number, sizeof number,
				    TEST_PATIENCE, &result));
	assert_int_equal(result.status, RELEVO_OK);
	assert_int_equal(result.attempts, 1);
	relevo_results_free(&result, 1);
	return (pid_t)result.worker_pid;
}

static void their_signals_are_not_the_workers(void **state)
{
	struct pool_scene *scene = *state;
	assert_ok(relevo_function_register("end children", end_children, NULL));
	pool_open(scene, 1);
	pid_t worker = end_children_by(scene, SIGTERM);
	assert_int_equal(end_children_by(scene, SIGINT), worker);
	assert_int_equal(end_children_by(scene, SIGTERM), worker);
}

static int map_within(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	const struct pool_scene *scene = user;
	const struct relevo_pool_options options = { .processes = 2, .method = RELEVO_START_FORK };
	relevo_session *session = session_open(scene->broker.url);
	relevo_pool *pool;
	if (relevo_pool_open(session, &options, &pool) != RELEVO_OK)
		return relevo_reply_fail(reply, "%s", relevo_error_detail());
	expect_squares(pool, 10, NULL);
	relevo_pool_close(pool);
	child_check(relevo_session_close(session) == RELEVO_OK);
	return relevo_reply_set(reply, argument->data, argument->size);
}

static void functions_have_pools(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result results[4];
	const struct relevo_map_options options = { .chunk = 2, .timeout = TEST_PATIENCE };
	assert_ok(relevo_function_register("map within", map_within, scene));
	pool_open(scene, 2);
	assert_ok(map_numbers(scene->pool, "map within", 4, &options, results));
	for (int i = 0; i < 4; i++)
		assert_int_equal(results[i].status, RELEVO_OK);
	relevo_results_free(results, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pool_unit_test(their_signals_are_not_the_workers),
		pool_unit_test(functions_have_pools),
	};
	return cmocka_run_group_tests_name("pool_children", tests, NULL, NULL);
}
