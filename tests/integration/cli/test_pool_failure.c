/* relevo pool map: what fails, and what is wrong. */
#include "integration/cli/pool_server.h"

#include <fcntl.h>
#include <relevo/worker.h>
#include <signal.h>

/* ---- tasks -------------------------------------------------------------------------- */

static void expect_complaint(const struct outcome *outcome, const char *text)
{
	if (strstr(outcome->error, text) == NULL)
		fail_msg("\"%s\" does not hold \"%s\"", outcome->error, text);
}

static void failing_tasks_are_named(void **state)
{
	char here[65] = "", host[100];
	gethostname(here, sizeof here - 1);
	snprintf(host, sizeof host, " on %s, attempt 1 (REMOTE)\n", here);
	pid_t server = server_begin(*state, 2, "-j", "2", "--", "sh", "-c",
				    "echo $1; case $1 in exit*) echo first >&2; echo second >&2; "
				    "exit 41;; kill) kill -USR1 $$;; esac",
				    "x");
	struct outcome outcome =
		client("", "pool", "map", "w", "-k", "a", "exit \"1\"", "b", "kill", "c");
	assert_int_equal(outcome.status, 1);
	/* What they wrote before is not lost. */
	assert_string_equal(outcome.out, "a\nexit \"1\"\nb\nkill\nc\n");
	expect_complaint(&outcome,
			 "relevo: pool map: \"exit \\\"1\\\"\": exit code 41: first\nsecond, "
			 "process ");
	expect_complaint(&outcome, "relevo: pool map: \"kill\": signal 10 (");
	expect_complaint(&outcome, host);
	outcome_free(&outcome);
	server_stop(server);
}

static void the_end_of_a_long_complaint_is_told(void **state)
{
	pid_t server = server_begin(*state, 1, "-j", "1", "--", "sh", "-c",
				    "seq 100000 >&2; exit $1", "x");
	struct outcome outcome = client("", "pool", "map", "w", "1");
	assert_int_equal(outcome.status, 1);
	expect_complaint(&outcome, "exit code 1: 99");
	expect_complaint(&outcome, "\n99999\n100000, process ");
	assert_true(strlen(outcome.error) < 1200);
	outcome_free(&outcome);
	server_stop(server);
}

static void commands_that_cannot_run_fail(void **state)
{
	pid_t server = server_begin(*state, 1, "-j", "1", "--", "{}");
	struct outcome outcome = client("", "pool", "map", "w", "/nowhere/command", "/dev/null");
	assert_int_equal(outcome.status, 1);
	expect_complaint(&outcome, "the program \"/nowhere/command\" cannot be executed: No such");
	expect_complaint(&outcome, "(NOT_FOUND)");
	expect_complaint(&outcome, "the program \"/dev/null\" cannot be executed: Permission");
	expect_complaint(&outcome, "(DENIED)");
	outcome_free(&outcome);
	server_stop(server);
}

static void arguments_that_are_too_long_are_told(void **state)
{
	enum { SIZE = 300000 };
	char *line = malloc(SIZE);
	assert_non_null(line);
	memset(line, 'a', SIZE);
	pid_t server = server_begin(*state, 1, "-j", "1", "--", "true");
	struct outcome outcome =
		client_run(line, SIZE, (const char *const[]){ "pool", "map", "w", NULL });
	free(line);
	assert_int_equal(outcome.status, 1);
	expect_complaint(&outcome, "cannot be executed: Argument list too long, process ");
	expect_complaint(&outcome, "(TOO_LARGE)\n");
	outcome_free(&outcome);
	server_stop(server);
}

/* Bytes of all kinds, and of a command that is killed too. */
static void what_was_written_before_a_failure_is_kept(void **state)
{
	struct scene *scene = *state;
	pid_t server =
		server_begin(scene, 1, "-j", "1", "--", "sh", "-c",
			     "printf 'a\\000b\\n'; test $1 = 2 || exec sleep 1000; exit $1", "x");
	for (int i = 1; i <= 2; i++) {
		const char *argument = i == 1 ? "1" : "2";
		struct outcome outcome = client("", "pool", "map", "w", "-t", "2000", argument);
		assert_int_equal(outcome.status, 1);
		assert_int_equal(outcome.size, 4);
		assert_memory_equal(outcome.out, "a\0b\n", 4);
		expect_complaint(&outcome, i == 1 ? "took more than 2000 ms" : "exit code 2, ");
		outcome_free(&outcome);
	}
	server_stop(server);
}

static void complaints_do_not_act_on_a_terminal(void **state)
{
	pid_t server = server_begin(
		*state, 1, "-j", "1", "--", "sh", "-c",
		"printf '\\033[2Jone\\ntwo\\302\\233 \\342\\200\\256x' >&2; exit 1", "x");
	struct outcome outcome = client("", "pool", "map", "w", "a\033b");
	expect_complaint(&outcome, "\"a\\x1bb\": exit code 1: \\x1b[2Jone\ntwo\\u009b \\u202ex, ");
	assert_null(strchr(outcome.error, 033));
	outcome_free(&outcome);
	/* JSON is exact. */
	outcome = client("", "pool", "map", "w", "--json", "1");
	assert_non_null(strstr(outcome.out, "exit code 1: \\u001B[2Jone\\ntwo"));
	outcome_free(&outcome);
	server_stop(server);
}

/* By whoever starts the server, too. */
static void a_missing_command_is_told_at_once(void **state)
{
	(void)state;
	static const char *const words[][2] = {
		{ "/nowhere/command", "relevo: pool serve: /nowhere/command: No such file" },
		{ "/dev/null", "relevo: pool serve: /dev/null: Permission denied" },
		{ "no-such-command", "relevo: pool serve: no-such-command: No such file" },
	};
	for (int i = 0; i < 3; i++) {
		int ends[2];
		char line[512];
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		fflush(NULL);
		pid_t server = fork();
		if (server == 0) {
			dup2(ends[1], STDERR_FILENO);
			execl(RELEVO_EXE, "relevo", "pool", "serve", "w", "-j", "1", "--",
			      words[i][0], NULL);
			_exit(EXIT_FAILURE);
		}
		close(ends[1]);
		FILE *errors = fdopen(ends[0], "r");
		assert_non_null(fgets(line, sizeof line, errors));
		assert_memory_equal(line, words[i][1], strlen(words[i][1]));
		assert_int_equal(kill(server, SIGTERM), 0);
		fclose(errors);
		child_wait(server);
	}
}

/* The command and what it has started are gone, and another task can run. */
static void expect_killed(struct scene *scene, pid_t server, const char *const *words)
{
	struct outcome outcome = client_run("", 0, words);
	assert_int_equal(outcome.status, 1);
	expect_complaint(&outcome, "\"100000\": took more than 300 ms, and was killed, process");
	expect_complaint(&outcome, "(TIMED_OUT)\n");
	outcome_free(&outcome);
	assert_true(process_ends((pid_t)scratch_number(scene, "pids", 1), TEST_PATIENCE));
	assert_true(process_ends((pid_t)scratch_number(scene, "pids", 2), TEST_PATIENCE));
	expect_output(client("", "pool", "map", "w", "0"), "");
	server_stop(server);
	unlink(scratch(scene, "pids"));
}

#define SLEEPS "sleep $1 & echo $! >>$2; echo $$ >>$2; wait", "x", "{}"

static void a_timeout_kills_all_of_the_command(void **state)
{
	struct scene *scene = *state;
	const char *pids = scratch(scene, "pids");
	const char *const limited[] = { "pool", "map", "w", "-t", "300", "100000", NULL };
	const char *const plain[] = { "pool", "map", "w", "100000", NULL };
	pid_t server = server_begin(scene, 1, "-j", "1", "--", "sh", "-c", SLEEPS, pids);
	expect_killed(scene, server, limited);
	server = server_begin(scene, 1, "-j", "1", "-t", "300", "--", "sh", "-c", SLEEPS, pids);
	expect_killed(scene, server, plain);
}

static void failing_tasks_are_tried_again(void **state)
{
	struct scene *scene = *state;
	pid_t server = server_begin(scene, 2, "-j", "2", "--", "sh", "-c",
				    "echo >>$2$1; test $(wc -l <$2$1) = 3 && echo third", "x", "{}",
				    scratch(scene, "tries-"));
	expect_output(client("", "pool", "map", "w", "-r", "2", "--retry-delay", "10", "a", "b"),
		      "third\nthird\n");
	struct outcome outcome = client("", "pool", "map", "w", "--retries", "1", "c");
	assert_int_equal(outcome.status, 1);
	outcome_free(&outcome);
	assert_int_equal(scratch_number(scene, "tries-c", 2), 0);
	server_stop(server);
}

/* ---- the pool ------------------------------------------------------------------------ */

static void nobody_serves(void **state)
{
	struct scene *scene = *state;
	int64_t before = test_now();
	expect_failure(client("", "pool", "map", "w", "--wait", "200", "a"), 4,
		       "pool map: nobody has served the pool \"w\" for 200 ms (TIMED_OUT)\n");
	assert_between(test_now() - before, 200, 5000);
	/* Else it waits until somebody does. */
	pid_t caller = caller_begin("a");
	assert_false(process_ends(caller, 50));
	pid_t server = server_begin(scene, 1, "-j", "1", "--", "true");
	child_join(caller);
	server_stop(server);
}

static int shout(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	char text[32];
	(void)user;
	if (argument->size == 0)
		return relevo_reply_fail(reply, "nothing to shout");
	int size = snprintf(text, sizeof text, "%.*s!\n", (int)argument->size,
			    (const char *)argument->data);
	return relevo_reply_set(reply, text, (size_t)size);
}

/* For eventually(): somebody has submitted a task. */
static bool has_a_task(void *tasks)
{
	struct relevo_queue_state counts;
	assert_ok(relevo_queue_inspect(tasks, &counts));
	return counts.ready > 0;
}

static void functions_of_programs_can_be_called(void **state)
{
	struct scene *scene = *state;
	const struct relevo_pool_options options = { .name = "w", .processes = 1 };
	relevo_pool *pool;
	assert_ok(relevo_function_register("shout", shout, NULL));
	assert_ok(relevo_pool_open(scene->session, &options, &pool));
	expect_output(client("", "pool", "map", "w", "-k", "-f", "shout", "hey", "you"),
		      "hey!\nyou!\n");
	expect_failure(client("", "pool", "map", "w", "-f", "shout", ""), 1,
		       "pool map: \"\": nothing to shout, process ");
	expect_failure(client("", "pool", "map", "w", "a"), 1,
		       "pool map: \"a\": no function \"relevo.command\" is registered");
	/* Its owner ends it in the middle. */
	relevo_session *session = session_open(scene->broker.url);
	relevo_pool *idle;
	const struct relevo_pool_options unserved = {
		.name = "v",
		.processes = RELEVO_POOL_NO_WORKERS,
	};
	assert_ok(relevo_pool_open(session, &unserved, &idle));
	pid_t caller = client_begin(-1, -1, "pool", "map", "v", "-f", "shout", "a");
	relevo_queue *tasks = queue_open_existing(session, "pool/v");
	assert_true(eventually(has_a_task, tasks));
	relevo_queue_close(tasks);
	relevo_pool_close(idle);
	assert_int_equal(child_wait(caller), 6);
	assert_ok(relevo_session_close(session));
	relevo_pool_close(pool);
}

static void the_broker_goes(void **state)
{
	struct scene *scene = *state;
	int fd = barrier_make(scene);
	pid_t server = server_begin(scene, 1, "-j", "1", "--give-up", WAITS, scratch(scene, "pids"),
				    scratch(scene, "fifo"));
	pid_t caller = caller_begin("a");
	scratch_number(scene, "pids", 1);
	broker_kill(&scene->broker);
	assert_int_equal(child_wait(caller), 3);
	/* It has a task in hand, and finishes that first. */
	assert_false(process_ends(server, 50));
	barrier_open(fd);
	assert_int_equal(child_wait(server), 3);
	close(fd);
	relevo_queue_close(scene->queue);
	relevo_session_close(scene->session);
	broker_again(&scene->broker);
	scene->session = session_open(scene->broker.url);
	scene->queue = queue_open(scene->session, "q");
}

/* ---- the command line ------------------------------------------------------------------ */

static void wrong_words_are_told(void **state)
{
	(void)state;
	expect_failure(client("", "pool"), 2, "\"pool\" is only the first word of a command");
	expect_failure(client("", "pool", "swim"), 2, "\"pool swim\" is not a command");
	expect_failure(client("", "pool", "serve"), 2, "pool serve: NAME is missing");
	expect_failure(client("", "pool", "serve", "w"), 2, "pool serve: COMMAND is missing");
	expect_failure(client("", "pool", "serve", "w", "-j", "-1", "--", "true"), 2,
		       "pool serve: --workers: ");
	expect_failure(client("", "pool", "serve", "w", "-o", "odd", "--", "true"), 2,
		       "pool serve: --order: \"odd\" is none of fifo, priority");
	expect_failure(client("", "pool", "serve", "w", "-j", "100000", "--", "true"), 1,
		       "pool serve: 100000 worker processes");
	expect_failure(client("", "pool", "serve", "", "--", "true"), 1, "pool serve: ");
	expect_failure(client("", "pool", "map"), 2, "pool map: NAME is missing");
	expect_failure(client("", "pool", "map", "w", "-0", "a"), 2, "pool map: --null is for");
	expect_failure(client("", "pool", "map", "w", "-p", "99999999999", "a"), 2,
		       "pool map: --priority: ");
	expect_failure(client("", "pool", "map", "w", "-r", "99999999999", "a"), 2,
		       "pool map: --retries: ");
	expect_failure(client("", "pool", "map", "w", "-t", "soon", "a"), 2,
		       "pool map: --timeout: ");
	expect_failure(client("", "pool", "map", "", "a"), 1, "pool map: ");
	expect_failure(client("", "pool", "map", "w", "-f", "", "a"), 1, "pool map: ");
	expect_failure(client("", "pool", "stat", "w", "v"), 2,
		       "pool stat: \"v\" is one argument too many");
	expect_failure(client("", "--url", "ipc:///nowhere", "pool", "map", "w", "a"), 3,
		       "pool map: ");
	expect_failure(client("", "--url", "ipc:///nowhere", "pool", "serve", "w", "--", "true"), 3,
		       "pool serve: ");
	struct outcome outcome = client("", "pool", "serve", "--help");
	assert_int_equal(outcome.status, 0);
	assert_non_null(strstr(outcome.out, "usage: relevo pool serve"));
	outcome_free(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(failing_tasks_are_named),
		client_unit_test(the_end_of_a_long_complaint_is_told),
		client_unit_test(commands_that_cannot_run_fail),
		client_unit_test(arguments_that_are_too_long_are_told),
		client_unit_test(what_was_written_before_a_failure_is_kept),
		client_unit_test(complaints_do_not_act_on_a_terminal),
		client_unit_test(a_missing_command_is_told_at_once),
		client_unit_test(a_timeout_kills_all_of_the_command),
		client_unit_test(failing_tasks_are_tried_again),
		client_unit_test(nobody_serves),
		client_unit_test(functions_of_programs_can_be_called),
		client_unit_test(the_broker_goes),
		client_unit_test(wrong_words_are_told),
	};
	return cmocka_run_group_tests_name("cli/pool_failure", tests, NULL, NULL);
}
