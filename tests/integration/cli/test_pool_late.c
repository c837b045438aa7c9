/* relevo pool map: what it does about servers that are late, or do not come at all. */
#include "integration/cli/pool_server.h"

#include <signal.h>

/* With all that belongs to it. */
static void a_server_that_is_stopped_holds_no_task(void **state)
{
	struct scene *scene = *state;
	int fifo = barrier_make(scene);
	pid_t server = server_begin(scene, 1, "-j", "1", WAITS, scratch(scene, "pids"),
				    scratch(scene, "fifo"));
	pid_t caller = caller_begin("-t", "500", "a");
	scratch_number(scene, "pids", 1);
	process_signal_server(server, SIGSTOP);
	assert_int_equal(child_wait(caller), 1);
	process_signal_server(server, SIGCONT);
	server_stop(server);
	close(fifo);
}

static void a_map_has_a_deadline(void **state)
{
	struct scene *scene = *state;
	struct outcome outcome = client("", "pool", "map", "w", "--deadline", "300", "a", "b");
	assert_int_not_equal(outcome.status, 0);
	assert_non_null(strstr(outcome.error, "not all has been done within 300 ms"));
	outcome_free(&outcome);
	/* What it had begun is ended with it. */
	int fifo = barrier_make(scene);
	pid_t server = server_begin(scene, 1, "-j", "1", WAITS, scratch(scene, "pids"),
				    scratch(scene, "fifo"));
	pid_t caller = caller_begin("-d", "2000", "a");
	pid_t command = (pid_t)scratch_number(scene, "pids", 1);
	assert_int_not_equal(child_wait(caller), 0);
	assert_true(process_ends(command, TEST_PATIENCE));
	barrier_open(fifo);
	expect_output(client("", "pool", "map", "w", "-d", "20000", "b"), "b\n");
	server_stop(server);
	close(fifo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(a_server_that_is_stopped_holds_no_task),
		client_unit_test(a_map_has_a_deadline),
	};
	return cmocka_run_group_tests_name("cli/pool_late", tests, NULL, NULL);
}
