/* Pools whose workers are not copies of the program: started by fork server and spawn. */
#include "support/queues.h"

#include <relevo/pool.h>
#include <signal.h>

static int add_one(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number;
	(void)user;
	memcpy(&number, argument->data, sizeof number);
	number++;
	return relevo_reply_set(reply, &number, sizeof number);
}

static struct test_broker broker;

static int method_setup(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	if (leaks_setup(state) != 0)
		return -1;
	test_broker_start(&broker, arguments);
	return 0;
}

static int method_teardown(void **state)
{
	test_broker_stop(&broker);
	return leaks_teardown(state);
}

#define method_unit_test(function)                                                                 \
	cmocka_unit_test_setup_teardown(function, method_setup, method_teardown)

static relevo_pool *open_pool(relevo_session *session, enum relevo_start_method method)
{
	const struct relevo_pool_options options = { .processes = 2, .method = method };
	relevo_pool *pool = NULL;
	assert_ok(relevo_pool_open(session, &options, &pool));
	return pool;
}

static void expect_sums(relevo_pool *pool)
{
	enum { COUNT = 20 };
	uint32_t numbers[COUNT], sum;
	struct relevo_bytes arguments[COUNT];
	struct relevo_result results[COUNT];
	for (uint32_t i = 0; i < COUNT; i++) {
		numbers[i] = i;
		arguments[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	}
	assert_ok(relevo_pool_map(pool, "add one", arguments, COUNT, NULL, results));
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_int_equal(results[i].status, RELEVO_OK);
		memcpy(&sum, results[i].data, sizeof sum);
		assert_int_equal(sum, i + 1);
	}
	relevo_results_free(results, COUNT);
}

static void a_session_over_tcp_can_have_local_workers(void **state)
{
	const enum relevo_start_method methods[] = { RELEVO_START_FORKSERVER, RELEVO_START_SPAWN };
	const struct relevo_pool_options by_fork = { .processes = 2, .method = RELEVO_START_FORK };
	relevo_pool *pool = NULL;
	(void)state;
	relevo_session *session = session_open(broker.more);
	for (int i = 0; i < 2; i++) {
		pool = open_pool(session, methods[i]);
		expect_sums(pool);
		relevo_pool_close(pool);
	}
	assert_fails(relevo_pool_open(session, &by_fork, &pool), RELEVO_FORKED, "start method");
	assert_ok(relevo_session_close(session));
}

/* One that dies is replaced, and a keeper that dies is started again. */
static void workers_are_replaced(void **state)
{
	int pids[2];
	(void)state;
	relevo_session *session = session_open(broker.url);
	relevo_pool *pool = open_pool(session, RELEVO_START_FORKSERVER);
	expect_sums(pool);
	assert_int_equal(relevo_pool_workers(pool, pids, 2), 2);
	assert_int_equal(kill(pids[0], SIGKILL), 0);
	assert_int_equal(kill(pids[1], SIGKILL), 0);
	expect_sums(pool);
	relevo_pool_close(pool);
	assert_ok(relevo_session_close(session));
}

/* What is registered behind the entrance is in no program that is run anew. */
static void late_functions_are_unknown_there(void **state)
{
	struct relevo_result result;
	(void)state;
	assert_ok(relevo_function_register("late", add_one, NULL));
	relevo_session *session = session_open(broker.url);
	relevo_pool *pool = open_pool(session, RELEVO_START_SPAWN);
	assert_ok(relevo_pool_apply(pool, "late", "1234", 4, TEST_PATIENCE, &result));
	assert_int_equal(result.status, RELEVO_UNKNOWN_FUNCTION);
	relevo_results_free(&result, 1);
	relevo_pool_close(pool);
	pool = open_pool(session, RELEVO_START_DEFAULT);
	assert_ok(relevo_pool_apply(pool, "late", "1234", 4, TEST_PATIENCE, &result));
	assert_int_equal(result.status, RELEVO_OK);
	relevo_results_free(&result, 1);
	relevo_pool_close(pool);
	assert_ok(relevo_session_close(session));
}

static void methods_have_to_exist(void **state)
{
	const struct relevo_pool_options options = { .method = (enum relevo_start_method)8 };
	relevo_pool *pool = NULL;
	(void)state;
	relevo_session *session = session_open(broker.url);
	assert_fails(relevo_pool_open(session, &options, &pool), RELEVO_BAD_ARGUMENT, "8");
	assert_ok(relevo_session_close(session));
}

/* What is made once, and for good: the fork server, and nng's own. */
static int start_server(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	(void)state;
	test_broker_start(&broker, arguments);
	assert_ok(relevo_session_close(session_open(broker.more)));
	relevo_session *session = session_open(broker.url);
	relevo_pool_close(open_pool(session, RELEVO_START_FORKSERVER));
	assert_ok(relevo_session_close(session));
	test_broker_stop(&broker);
	return 0;
}

int main(int argc, char **argv)
{
	child_check(relevo_function_register("add one", add_one, NULL) == RELEVO_OK);
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		method_unit_test(a_session_over_tcp_can_have_local_workers),
		method_unit_test(workers_are_replaced),
		method_unit_test(late_functions_are_unknown_there),
		method_unit_test(methods_have_to_exist),
	};
	return cmocka_run_group_tests_name("pool_method", tests, start_server, NULL);
}
