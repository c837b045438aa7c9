/* relevo pool serve: what it has inherited, and what its commands start and leave behind. */
#include "integration/cli/pool_server.h"

#include <signal.h>
#include <sys/resource.h>

/* ---- what is inherited --------------------------------------------------------------- */

static void ends_of_commands_are_seen_by_who_inherits_that_they_are_ignored(void **state)
{
	signal(SIGCHLD, SIG_IGN);
	pid_t server =
		server_begin(*state, 2, "-j", "2", "--", "sh", "-c", "echo $1; exit $1", "x");
	signal(SIGCHLD, SIG_DFL);
	expect_output(client("", "pool", "map", "w", "0", "0", "0"), "0\n0\n0\n");
	struct outcome outcome = client("", "pool", "map", "w", "7");
	assert_int_equal(outcome.status, 1);
	assert_non_null(strstr(outcome.error, "exit code 7"));
	outcome_free(&outcome);
	server_stop(server);
}

static void a_blocked_sigterm_is_obeyed(void **state)
{
	sigset_t term, before;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	pid_t server = server_begin(*state, 1, "-j", "1", "--", "echo");
	sigprocmask(SIG_SETMASK, &before, NULL);
	server_stop(server);
}

/* More descriptors to look at than there may be. */
static void workers_may_be_many_and_descriptors_few(void **state)
{
	struct rlimit before, few;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	pid_t server = server_begin(*state, 40, "-j", "40", "--", "echo");
	struct outcome outcome = client("", "pool", "serve", "w", "-j", "100", "--", "echo");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	expect_output(client("", "pool", "map", "w", "a"), "a\n");
	server_stop(server);
	assert_int_not_equal(outcome.status, 0);
	assert_non_null(strstr(outcome.error, "Too many open files"));
	outcome_free(&outcome);
}

/* ---- what is left behind ------------------------------------------------------------- */

/* Commands that start something in a session of its own, which notes its process in the
 * file, and wait for it, or do not. */
#define ESCAPES(rest)                                                                              \
	"--", "sh", "-c", "setsid sh -c 'echo $$ >>$0; exec sleep 1000' $2 " rest, "x", "{}"

static pid_t escaping_server(struct scene *scene)
{
	return server_begin(scene, 1, "-j", "1", ESCAPES("& wait"), scratch(scene, "pids"));
}

static void expect_end(struct scene *scene)
{
	pid_t escaped = (pid_t)scratch_number(scene, "pids", 1);
	assert_true(process_ends(escaped, TEST_PATIENCE));
}

static void what_escapes_ends_when_time_is_over(void **state)
{
	pid_t server = escaping_server(*state);
	struct outcome outcome = client("", "pool", "map", "w", "-t", "500", "a");
	assert_int_equal(outcome.status, 1);
	assert_non_null(strstr(outcome.error, "TIMED_OUT"));
	outcome_free(&outcome);
	expect_end(*state);
	server_stop(server);
}

static void what_escapes_ends_with_its_caller(void **state)
{
	pid_t server = escaping_server(*state);
	pid_t caller = caller_begin("a");
	scratch_number(*state, "pids", 1);
	child_kill(caller);
	expect_end(*state);
	server_stop(server);
}

static void what_escapes_ends_with_a_killed_server(void **state)
{
	pid_t server = escaping_server(*state);
	pid_t caller = caller_begin("a");
	scratch_number(*state, "pids", 1);
	child_kill(server);
	expect_end(*state);
	child_kill(caller);
}

static void what_escapes_ends_with_a_killed_worker(void **state)
{
	pid_t server = escaping_server(*state), worker;
	pid_t caller = caller_begin("a");
	scratch_number(*state, "pids", 1);
	assert_int_equal(process_workers(server, &worker, 1), 1);
	assert_int_equal(kill(worker, SIGKILL), 0);
	expect_end(*state);
	child_kill(caller);
	server_stop(server);
}

/* What does not hold up its command goes on, until its worker ends. */
static void what_is_left_behind_ends_with_the_server(void **state)
{
	struct scene *scene = *state;
	pid_t server = server_begin(scene, 1, "-j", "1", ESCAPES(">/dev/null 2>&1 &"),
				    scratch(scene, "pids"));
	expect_output(client("", "pool", "map", "w", "a"), "");
	pid_t left = (pid_t)scratch_number(scene, "pids", 1);
	assert_true(process_runs(left));
	server_stop(server);
	assert_true(process_ends(left, TEST_PATIENCE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(ends_of_commands_are_seen_by_who_inherits_that_they_are_ignored),
		client_unit_test(a_blocked_sigterm_is_obeyed),
		client_unit_test(workers_may_be_many_and_descriptors_few),
		client_unit_test(what_escapes_ends_when_time_is_over),
		client_unit_test(what_escapes_ends_with_its_caller),
		client_unit_test(what_escapes_ends_with_a_killed_server),
		client_unit_test(what_escapes_ends_with_a_killed_worker),
		client_unit_test(what_is_left_behind_ends_with_the_server),
	};
	return cmocka_run_group_tests_name("cli/pool_processes", tests, NULL, NULL);
}
