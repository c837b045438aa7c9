/* relevo pool map: arguments there, results back. */
#include "integration/cli/pool_server.h"

#include <fcntl.h>
#include <signal.h>

/* Says what it was called with, one word in brackets after the other. */
#define SAY_WORDS "--", "sh", "-c", "for word; do printf '<%s>' \"$word\"; done; echo", "x"

/* ---- arguments ---------------------------------------------------------------------- */

static void words_reach_the_command_untouched(void **state)
{
	pid_t server = server_begin(*state, 2, "-j", "2", SAY_WORDS);
	expect_output(client("", "pool", "map", "w", "-k", "two words", "'single' \"double\"",
			     "$(date) `date` $HOME \\", "line\nand line", "", "*", "{}", "\303\244",
			     " lead", "-"),
		      "<two words>\n<'single' \"double\">\n<$(date) `date` $HOME \\>\n"
		      "<line\nand line>\n<>\n<*>\n<{}>\n<\303\244>\n< lead>\n<->\n");
	server_stop(server);
}

static void lines_are_arguments(void **state)
{
	pid_t server = server_begin(*state, 1, "-j", "1", SAY_WORDS);
	expect_output(client("a b\n\n'c\"\nlast", "pool", "map", "w", "-k"),
		      "<a b>\n<>\n<'c\">\n<last>\n");
	expect_output(client("one\n", "pool", "map", "w", "-"), "<one>\n");
	expect_output(client("", "pool", "map", "w"), "");
	server_stop(server);
}

static void arguments_may_end_with_zeros(void **state)
{
	static const char input[] = "two\nlines\0  blanks \0\0--help";
	pid_t server = server_begin(*state, 1, "-j", "1", SAY_WORDS);
	expect_output(client_run(input, sizeof input - 1,
				 (const char *const[]){ "pool", "map", "w", "-0", "-k", NULL }),
		      "<two\nlines>\n<  blanks >\n<>\n<--help>\n");
	/* No command can have a word with a zero in it. */
	struct outcome outcome =
		client_run("a\0b\nc\n", 6, (const char *const[]){ "pool", "map", "w", NULL });
	assert_int_equal(outcome.status, 1);
	assert_string_equal(outcome.out, "<c>\n");
	assert_non_null(strstr(outcome.error, "\"a\\x00b\": the argument holds a byte 0"));
	outcome_free(&outcome);
	server_stop(server);
}

static void braces_are_places(void **state)
{
	pid_t server = server_begin(*state, 1, "-j", "1", SAY_WORDS, "a{}b{}", "{}", "x");
	expect_output(client("", "pool", "map", "w", "1 2"), "<a1 2b1 2><1 2><x>\n");
	server_stop(server);
	server = server_begin(*state, 1, "-j", "1", "--", "{}", "word");
	expect_output(client("", "pool", "map", "w", "echo"), "word\n");
	server_stop(server);
}

/* ---- results ------------------------------------------------------------------------- */

/* Each writes 200,000 bytes in many steps, as all others do at the same time. */
static void results_are_whole_and_in_order(void **state)
{
	enum { TASKS = 12, LINES = 2000, LINE = 100 };
	pid_t server =
		server_begin(*state, 4, "-j", "4", "--", "sh", "-c",
			     "test $(($1 % 2)) = 0 || sleep 0.05; yes \"$(printf '%099d' $1)\" | "
			     "head -2000",
			     "x");
	for (int keep = 0; keep < 2; keep++) {
		int seen[TASKS] = { 0 };
		struct outcome outcome = client("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n", "pool",
						"map", "w", keep ? "--keep-order" : "-");
		assert_string_equal(outcome.error, "");
		assert_int_equal(outcome.status, 0);
		assert_int_equal(outcome.size, TASKS * LINES * LINE);
		for (int i = 0; i < TASKS; i++) {
			const char *from = outcome.out + (size_t)i * LINES * LINE;
			int number = atoi(from);
			assert_in_range(number, 0, TASKS - 1);
			assert_int_equal(seen[number]++, 0);
			if (keep)
				assert_int_equal(number, i);
			for (int k = 1; k < LINES; k++)
				assert_memory_equal(from, from + (size_t)k * LINE, LINE);
		}
		outcome_free(&outcome);
	}
	server_stop(server);
}

static void output_is_bytes(void **state)
{
	pid_t server =
		server_begin(*state, 1, "-j", "1", "--", "sh", "-c", "printf 'a\\000\\377\\nb'");
	struct outcome outcome = client("", "pool", "map", "w", "1", "2");
	assert_int_equal(outcome.status, 0);
	assert_int_equal(outcome.size, 10);
	assert_memory_equal(outcome.out, "a\0\377\nba\0\377\nb", 10);
	outcome_free(&outcome);
	json_t *value = expect_json(client("", "pool", "map", "w", "--json", "\377"));
	const char *output, *argument;
	assert_int_equal(json_unpack(value, "{ssss}", "output_base64", &output, "argument_base64",
				     &argument),
			 0);
	assert_string_equal(output, "YQD/CmI=");
	assert_string_equal(argument, "/w==");
	json_decref(value);
	server_stop(server);
}

/* A line that is not followed by another for long gets its result all the same. */
static void results_do_not_wait_for_input(void **state)
{
	int input[2], output[2];
	char line[8] = "";
	pid_t server = server_begin(*state, 1, "-j", "1", "--", "echo");
	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	pid_t caller = client_begin(input[0], output[1], "pool", "map", "w");
	close(input[0]);
	close(output[1]);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(write(input[1], "wor", 3), 3);
		assert_int_equal(write(input[1], "d\nne", 4), 4);
		assert_int_equal(read(output[0], line, 5 + 2 * (i > 0)), 5 + 2 * (i > 0));
		assert_string_equal(line, i > 0 ? "neword\n" : "word\n");
	}
	close(input[1]);
	assert_int_equal(read(output[0], line, sizeof line), 3);
	child_join(caller);
	close(output[0]);
	server_stop(server);
}

struct conversation {
	int input[2], output[2];
};

static void write_for_ever(void *argument)
{
	const struct conversation *conversation = argument;
	close(conversation->output[0]);
	signal(SIGPIPE, SIG_DFL);
	while (write(conversation->input[1], "y\n", 2) > 0)
		;
}

static void endless_input_ends_with_its_reader(void **state)
{
	struct conversation pipes;
	int *input = pipes.input, *output = pipes.output;
	char line[4] = "";
	pid_t server = server_begin(*state, 2, "-j", "2", "--", "echo");
	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	pid_t caller = client_begin(input[0], output[1], "pool", "map", "w", "-k");
	close(input[0]);
	close(output[1]);
	pid_t writer = child_start(write_for_ever, &pipes);
	close(input[1]);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(read(output[0], line, 2), 2);
		assert_string_equal(line, "y\n");
	}
	close(output[0]);
	assert_int_equal(child_wait(caller), 128 + SIGPIPE);
	assert_int_equal(child_wait(writer), 128 + SIGPIPE);
	/* The broker had no more than the window, and the rest is not run. */
	server_wait_running(*state, 0);
	server_stop(server);
}

static void progress_is_told(void **state)
{
	pid_t server = server_begin(*state, 1, "-j", "1", "--", "sh", "-c", "exit $1", "x");
	struct outcome outcome = client("", "pool", "map", "w", "--progress", "0", "0", "0", "1");
	assert_int_equal(outcome.status, 1);
	assert_string_equal(outcome.out, "");
	/* The last line, whatever came before. */
	const char last[] = "\n3 done, 1 failed, 0 under way\n";
	size_t length = strlen(outcome.error);
	assert_true(length > strlen(last));
	assert_string_equal(outcome.error + length - strlen(last), last);
	outcome_free(&outcome);
	server_stop(server);
}

/* ---- JSON ------------------------------------------------------------------------------ */

static void json_tells_all(void **state)
{
	char here[65] = "";
	gethostname(here, sizeof here - 1);
	pid_t server = server_begin(*state, 1, "-j", "1", "--", "sh", "-c",
				    "echo out; echo why >&2; exit $1", "x");
	pid_t worker;
	assert_int_equal(process_workers(server, &worker, 1), 1);
	struct outcome outcome = client("0\n7\n", "pool", "map", "w", "--json", "-k");
	assert_int_equal(outcome.status, 1);
	char *second = strchr(outcome.out, '\n') + 1;
	json_t *good = json_loads(outcome.out, JSON_DISABLE_EOF_CHECK, NULL);
	json_t *bad = json_loads(second, 0, NULL);
	const char *argument, *status, *text, *host, *written;
	int pid, attempts, code;
	assert_int_equal(json_unpack(good, "{s:s,s:s,s:s,s:s,s:i,s:i!}", "argument", &argument,
				     "status", &status, "output", &text, "host", &host, "pid", &pid,
				     "attempts", &attempts),
			 0);
	assert_string_equal(argument, "0");
	assert_string_equal(status, "OK");
	assert_string_equal(text, "out\n");
	assert_string_equal(host, here);
	assert_int_equal(pid, worker);
	assert_int_equal(attempts, 1);
	assert_int_equal(json_unpack(bad, "{s:s,s:s,s:s,s:s,s:i,s:s,s:i,s:i!}", "argument",
				     &argument, "status", &status, "output", &written, "error",
				     &text, "exit_code", &code, "host", &host, "pid", &pid,
				     "attempts", &attempts),
			 0);
	assert_string_equal(written, "out\n");
	assert_string_equal(argument, "7");
	assert_string_equal(status, "REMOTE");
	assert_string_equal(text, "exit code 7: why");
	assert_int_equal(code, 7);
	json_decref(good);
	json_decref(bad);
	outcome_free(&outcome);
	server_stop(server);
}

/* ---- looking at pools ------------------------------------------------------------------ */

static void pools_are_told(void **state)
{
	char here[65] = "", table[256];
	gethostname(here, sizeof here - 1);
	expect_output(client("", "pool", "list", "--json"), "");
	expect_failure(client("", "pool", "stat", "w"), 6, "pool stat: there is no pool \"w\"");
	pid_t server = server_begin(*state, 2, "-j", "2", "--", "sh", "-c", "read line", "x");
	expect_output(client("", "pool", "map", "w", "-k", "--json", "--wait", "20000"), "");
	snprintf(table, sizeof table,
		 "pool      w\nwaiting   0\nrunning   0\ndone      0\ncallers   0\nworkers   2\n"
		 "          2 on %s\n",
		 here);
	expect_output(client("", "pool", "stat", "w"), table);
	json_t *stat = expect_json(client("", "pool", "stat", "w", "--json"));
	int workers, waiting, running, callers, done, there;
	const char *name;
	assert_int_equal(json_unpack(stat, "{s:s,s:i,s:i,s:i,s:i,s:i,s:{s:i!}!}", "pool", &name,
				     "workers", &workers, "waiting", &waiting, "running", &running,
				     "callers", &callers, "done", &done, "hosts", here, &there),
			 0);
	assert_string_equal(name, "w");
	assert_int_equal(workers, 2);
	assert_int_equal(there, 2);
	json_decref(stat);
	for (int all = 0; all < 2; all++) {
		struct outcome outcome = client("", "pool", all ? "stat" : "list");
		assert_int_equal(outcome.status, 0);
		assert_memory_equal(outcome.out, "NAME ", 5);
		assert_memory_equal(strchr(outcome.out, '\n') + 1, "w ", 2);
		outcome_free(&outcome);
	}
	json_t *row = expect_json(client("", "pool", "list", "--json"));
	assert_string_equal(json_string_value(json_object_get(row, "pool")), "w");
	json_decref(row);
	expect_output(client("", "pool", "list", "--json", "other"), "");
	server_stop(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(words_reach_the_command_untouched),
		client_unit_test(lines_are_arguments),
		client_unit_test(arguments_may_end_with_zeros),
		client_unit_test(braces_are_places),
		client_unit_test(results_are_whole_and_in_order),
		client_unit_test(output_is_bytes),
		client_unit_test(results_do_not_wait_for_input),
		client_unit_test(endless_input_ends_with_its_reader),
		client_unit_test(progress_is_told),
		client_unit_test(json_tells_all),
		client_unit_test(pools_are_told),
	};
	return cmocka_run_group_tests_name("cli/pool_map", tests, NULL, NULL);
}
