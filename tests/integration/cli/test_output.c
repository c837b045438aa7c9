/* Standard output that cannot be written: it is told, in one line. */
#include "integration/cli/pool_server.h"
#include "support/programs.h"

/* `how`: what a shell does with "relevo" and the words, and where its output goes. */
static void expect_one_line(const char *how, const char *why, const char *command,
			    const char *arguments)
{
	char script[300], line[200];
	struct relevo_run_options options = {
		.program.errors.kind = RELEVO_STREAM_PIPE,
		.timeout = TEST_PATIENCE,
	};
	struct relevo_program_output output;
	snprintf(script, sizeof script, "run() { exec '%s' %s %s; }; %s", RELEVO_EXE, command,
		 arguments, how);
	snprintf(line, sizeof line, "relevo: %s: writing to standard output: %s (SYSTEM)\n",
		 command, why);
	assert_ok(relevo_program_run(COMMAND("sh", "-c", script), &options, &output));
	assert_string_equal(output.errors, line);
	assert_int_equal(output.exit_code, 1);
	relevo_program_output_free(&output);
}

static void expect_one_line_each(struct scene *scene, const char *how, const char *why)
{
	pid_t server = server_begin(scene, 1, "-j", "1", "--", "printf", "%s lines\n");
	put_text(scene->queue, "an item");
	expect_one_line(how, why, "pool map", "w 1 2 3");
	expect_one_line(how, why, "pool map", "--json w 1");
	expect_one_line(how, why, "queue list", "");
	expect_one_line(how, why, "queue peek", "q");
	server_stop(server);
}

static void a_full_disk(void **state)
{
	expect_one_line_each(*state, "run >/dev/full", "No space left on device");
}

/* As an error like any other, not as SIGXFSZ. */
static void a_limit_of_file_sizes(void **state)
{
	struct scene *scene = *state;
	const char *file = scratch(scene, "limited");
	char how[200];
	snprintf(how, sizeof how, "ulimit -f 0; run >'%s'", file);
	expect_one_line_each(scene, how, "File too large");
	assert_int_equal(unlink(file), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(a_full_disk),
		client_unit_test(a_limit_of_file_sizes),
	};
	return cmocka_run_group_tests_name("cli/output", tests, NULL, NULL);
}
