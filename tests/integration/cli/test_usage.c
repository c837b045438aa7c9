/* What the client says to those who do not know it, and its exit statuses. */
#include "integration/cli/client.h"

#include <fcntl.h>
#include <signal.h>

/* Two words each. */
static const char *const commands[][2] = {
	{ "queue", "create" }, { "queue", "stat" },   { "queue", "put" },
	{ "queue", "get" },    { "queue", "delete" }, { "lock", "run" },
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void help_names_every_command(void **state)
{
	(void)state;
	struct outcome outcome = client("", "--help");
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.error, "");
	for (size_t i = 0; i < COMMANDS; i++) {
		char name[32];
		snprintf(name, sizeof name, "\n  %s %s ", commands[i][0], commands[i][1]);
		assert_non_null(strstr(outcome.out, name));
	}
	assert_non_null(strstr(outcome.out, "Exit status"));
	outcome_free(&outcome);
}

static void every_command_has_help(void **state)
{
	(void)state;
	for (size_t i = 0; i < COMMANDS; i++) {
		char start[64];
		snprintf(start, sizeof start, "usage: relevo %s %s [OPTION]... NAME",
			 commands[i][0], commands[i][1]);
		struct outcome outcome = client("", commands[i][0], commands[i][1], "--help");
		assert_int_equal(outcome.status, 0);
		assert_string_equal(outcome.error, "");
		assert_int_equal(strncmp(outcome.out, start, strlen(start)), 0);
		assert_non_null(strstr(outcome.out, "--url URL"));
		outcome_free(&outcome);
	}
}

static void help_fits_a_terminal(void **state)
{
	(void)state;
	for (size_t i = 0; i < COMMANDS; i++) {
		struct outcome outcome = client("", commands[i][0], commands[i][1], "--help");
		for (const char *line = outcome.out; *line != '\0'; line += strcspn(line, "\n") + 1)
			assert_in_range(strcspn(line, "\n"), 0, 80);
		outcome_free(&outcome);
	}
}

static void tells_its_version(void **state)
{
	(void)state;
	expect_output(client("", "--version"), "relevo " RELEVO_VERSION "\n");
	expect_output(client("", "queue", "get", "--version"), "relevo " RELEVO_VERSION "\n");
}

static void unknown_commands_are_named(void **state)
{
	(void)state;
	expect_failure(client("", "frob"), 2, "\"frob\" is not a command\nTry: relevo --help\n");
	expect_failure(client("", "queue", "gett", "q"), 2, "\"queue gett\" is not a command");
	expect_failure(client("", "queue"), 2, "\"queue\" is only the first word of a command");
	expect_failure(client("", "que", "get"), 2, "\"que\" is not a command");
	expect_failure(client("", "--json"), 2, "a command is missing");
}

static void unknown_options_are_named(void **state)
{
	(void)state;
	expect_failure(client("", "--frob", "queue", "get", "q"), 2, "--frob is not an option");
	expect_failure(client("", "queue", "get", "q", "--frob"), 2,
		       "queue get: --frob is not an option\nTry: relevo queue get --help\n");
	expect_failure(client("", "queue", "get", "-az", "q"), 2, "queue get: -z is not an option");
}

static void bad_values_are_named(void **state)
{
	(void)state;
	expect_failure(client("", "queue", "get", "q", "-n", "x3"), 2,
		       "queue get: --count: \"x3\" is not a whole number");
	expect_failure(client("", "queue", "get", "q", "-n", "-3"), 2,
		       "queue get: --count: \"-3\" is not a whole number");
	expect_failure(client("", "queue", "get", "q", "--count=0"), 2,
		       "queue get: --count: 0 is not between 1 and 9223372036854775807");
	expect_failure(client("", "queue", "get", "q", "-n", "9223372036854775808"), 2,
		       "queue get: --count: 9223372036854775808 is not between");
	expect_failure(client("", "queue", "get", "q", "--timeout"), 2,
		       "queue get: --timeout needs a value: MS");
	expect_failure(client("", "queue", "get", "q", "--all=1"), 2,
		       "queue get: --all takes no value");
}

static void wrong_numbers_of_arguments_are_told(void **state)
{
	(void)state;
	expect_failure(client("", "queue", "get"), 2, "queue get: NAME is missing");
	expect_failure(client("", "queue", "get", "q", "more"), 2,
		       "queue get: \"more\" is one argument too many");
}

static void contradictions_are_told(void **state)
{
	(void)state;
	expect_failure(client("", "queue", "get", "q", "--all", "--follow"), 2,
		       "queue get: --count, --all and --follow exclude each other");
	expect_failure(client("", "queue", "get", "q", "--raw", "--json"), 2,
		       "queue get: --null, --raw and --json exclude each other");
	expect_failure(client("", "queue", "put", "q", "-0", "--whole"), 2,
		       "queue put: --null and --whole exclude each other");
	expect_failure(client("", "queue", "put", "q", "-0", "item"), 2,
		       "queue put: --null and --whole are for items from standard input");
	expect_failure(client("", "queue", "create", "new", "-c", "1", "--rendezvous"), 2,
		       "queue create: --capacity and --rendezvous exclude each other");
}

static void options_may_stand_anywhere(void **state)
{
	struct scene *scene = *state;
	setenv("RELEVO_URL", "ipc:///nowhere/socket", 1);
	put_text(scene->queue, "one");
	put_text(scene->queue, "two");
	expect_output(client("", "--url", scene->broker.url, "queue", "get", "q"), "one\n");
	expect_output(client("", "queue", "get", "q", "--url", scene->broker.url), "two\n");
	expect_output(client("", "queue", "put", "--url", scene->broker.url, "q", "--", "-x"), "");
	expect_text(scene->queue, "-x");
}

/* ---- the broker ----------------------------------------------------------- */

static void no_broker_is_told_and_none_is_started(void **state)
{
	(void)state;
	unsetenv("RELEVO_URL");
	struct outcome outcome = client("", "queue", "stat", "q");
	assert_non_null(strstr(outcome.error, "/relevo.sock"));
	assert_non_null(strstr(outcome.error, "(NO_BROKER)\nStart one with \"relevod\""));
	expect_failure(outcome, 3, "queue stat: cannot connect to ipc:///");
}

static void a_named_broker_that_does_not_run_is_told(void **state)
{
	(void)state;
	struct outcome outcome = client("", "--url", "ipc:///nowhere/socket", "queue", "stat", "q");
	assert_non_null(strstr(outcome.error, "relevod --listen ipc:///nowhere/socket"));
	expect_failure(outcome, 3, "queue stat: cannot connect to ipc:///nowhere/socket");
}

static void bad_addresses_are_told(void **state)
{
	(void)state;
	expect_failure(client("", "--url", "http://x", "queue", "stat", "q"), 1, "queue stat: ");
}

static void a_missing_key_file_is_no_missing_object(void **state)
{
	(void)state;
	setenv("RELEVO_KEY_FILE", "/nowhere/key", 1);
	struct outcome outcome = client("", "--url", "tcp://127.0.0.1:1", "queue", "stat", "q");
	unsetenv("RELEVO_KEY_FILE");
	expect_failure(outcome, 1, "queue stat: the key file /nowhere/key");
}

static void a_broker_that_goes_is_told(void **state)
{
	struct scene *scene = *state;
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t getter = client_begin(-1, ends[1], "queue", "get", "q");
	wait_for_getters(scene->queue, 1);
	close(ends[1]);
	relevo_queue_close(scene->queue);
	relevo_session_close(scene->session);
	test_broker_stop(&scene->broker);
	assert_int_equal(child_wait(getter), 3);
	close(ends[0]);
	/* For the teardown. */
	test_broker_start(&scene->broker, NULL);
	scene->session = session_open(scene->broker.url);
	scene->queue = queue_open(scene->session, "q");
}

static void a_full_disk_is_told(void **state)
{
	struct scene *scene = *state;
	put_text(scene->queue, "kept");
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(full >= 0);
	assert_int_equal(child_wait(client_begin(-1, full, "queue", "get", "q")), 1);
	assert_int_equal(child_wait(client_begin(-1, full, "queue", "stat", "q")), 1);
	close(full);
	expect_text(scene->queue, "kept");
}

/* Not as a queue without an item. */
static void a_broker_that_stands_still_is_told_as_none(void **state)
{
	struct scene *scene = *state;
	process_stop(scene->broker.pid);
	struct outcome outcome = client("", "queue", "get", "q", "-t", "100");
	process_go_on(scene->broker.pid);
	expect_failure(outcome, 3, "queue get: the broker does not answer (TIMED_OUT)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(help_names_every_command),
		client_unit_test(every_command_has_help),
		client_unit_test(help_fits_a_terminal),
		client_unit_test(tells_its_version),
		client_unit_test(unknown_commands_are_named),
		client_unit_test(unknown_options_are_named),
		client_unit_test(bad_values_are_named),
		client_unit_test(wrong_numbers_of_arguments_are_told),
		client_unit_test(contradictions_are_told),
		client_unit_test(options_may_stand_anywhere),
		client_unit_test(no_broker_is_told_and_none_is_started),
		client_unit_test(a_named_broker_that_does_not_run_is_told),
		client_unit_test(bad_addresses_are_told),
		client_unit_test(a_missing_key_file_is_no_missing_object),
		client_unit_test(a_broker_that_goes_is_told),
		client_unit_test(a_full_disk_is_told),
		client_unit_test(a_broker_that_stands_still_is_told_as_none),
	};
	return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
