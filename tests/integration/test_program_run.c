/* Programs that are run and waited for. */
#include "support/programs.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

static void test_output_and_errors(void **state)
{
	(void)state;
	struct relevo_program_output output = run_well(SHELL("echo out; echo err >&2"), NULL);
	assert_string_equal(output.output, "out\n");
	assert_int_equal(output.output_size, 4);
	assert_string_equal(output.errors, "err\n");
	assert_int_equal(output.errors_size, 4);
	assert_int_equal(output.exit_code, 0);
	relevo_program_output_free(&output);
	relevo_program_output_free(&output);
	expect_no_children();
}

static void test_errors_into_output(void **state)
{
	(void)state;
	struct relevo_program_options options = { .errors.kind = RELEVO_STREAM_TO_OUTPUT };
	struct relevo_program_output output =
		run_well(SHELL("echo one; echo two >&2; echo three"), &options);
	assert_string_equal(output.output, "one\ntwo\nthree\n");
	assert_null(output.errors);
	relevo_program_output_free(&output);
}

static void test_input(void **state)
{
	(void)state;
	struct relevo_run_options options = {
		.program.output.kind = RELEVO_STREAM_PIPE,
		.input = { "2\n10\n1\n", 7 },
		.check = true,
	};
	struct relevo_program_output output;
	assert_ok(relevo_program_run(COMMAND("sort", "-n"), &options, &output));
	assert_string_equal(output.output, "1\n2\n10\n");
	relevo_program_output_free(&output);
	options.input = (struct relevo_bytes){ "", 0 };
	assert_ok(relevo_program_run(COMMAND("cat"), &options, &output));
	assert_int_equal(output.output_size, 0);
	assert_string_equal(output.output, "");
	relevo_program_output_free(&output);
}

static void test_check_names_the_exit_code(void **state)
{
	(void)state;
	struct relevo_run_options options = {
		.program = { .output.kind = RELEVO_STREAM_PIPE, .errors.kind = RELEVO_STREAM_PIPE },
		.check = true,
	};
	struct relevo_program_output output;
	int status =
		relevo_program_run(SHELL("echo before; echo why >&2; exit 3"), &options, &output);
	assert_fails(status, RELEVO_REMOTE, "\"sh\" ended with exit code 3");
	assert_string_equal(output.output, "before\n");
	assert_string_equal(output.errors, "why\n");
	assert_int_equal(output.exit_code, 3);
	relevo_program_output_free(&output);
	status = relevo_program_run(SHELL("kill -TERM $$"), &options, &output);
	assert_fails(status, RELEVO_REMOTE, "killed by signal 15 (Terminated)");
	assert_int_equal(output.exit_code, -SIGTERM);
	relevo_program_output_free(&output);
}

static void test_unchecked_failure_is_a_number(void **state)
{
	(void)state;
	struct relevo_program_output output;
	assert_ok(relevo_program_run(COMMAND("false"), NULL, &output));
	assert_int_equal(output.exit_code, 1);
	assert_null(output.output);
	assert_null(output.errors);
	assert_ok(relevo_program_run(COMMAND("true"), NULL, NULL));
}

static void test_time_limit(void **state)
{
	(void)state;
	struct relevo_run_options options = { .program.output.kind = RELEVO_STREAM_PIPE,
					      .timeout = 200 };
	struct relevo_program_output output;
	int64_t begun = test_now();
	int status = relevo_program_run(SHELL("echo begun; exec sleep 1000"), &options, &output);
	assert_fails(status, RELEVO_TIMED_OUT, "\"sh\"");
	assert_true(test_now() - begun >= 200);
	assert_string_equal(output.output, "begun\n");
	assert_int_equal(output.exit_code, -SIGKILL);
	relevo_program_output_free(&output);
	expect_no_children();
}

/* One that never stops writing has no more time than others. */
static void test_time_limit_while_it_writes(void **state)
{
	(void)state;
	struct relevo_run_options options = { .program.output.kind = RELEVO_STREAM_PIPE,
					      .timeout = 50 };
	struct relevo_program_output output;
	assert_status(relevo_program_run(COMMAND("yes"), &options, &output), RELEVO_TIMED_OUT);
	assert_memory_equal(output.output, "y\ny\n", 4);
	relevo_program_output_free(&output);
}

/* The time limit reaches what the program has left behind, which has its pipes. */
static void test_time_limit_of_the_whole_group(void **state)
{
	(void)state;
	struct relevo_run_options options = {
		.program = { .output.kind = RELEVO_STREAM_PIPE,
			     .group = RELEVO_PROGRAM_GROUP_NEW,
			     .whole_group = true },
		.timeout = 300,
	};
	struct relevo_program_output output;
	int status = relevo_program_run(SHELL("sleep 1000 & echo $!"), &options, &output);
	assert_status(status, RELEVO_TIMED_OUT);
	assert_int_equal(output.exit_code, 0);
	pid_t left = atoi(output.output);
	assert_true(left > 1);
	assert_true(process_ends(left, TEST_PATIENCE));
	relevo_program_output_free(&output);
}

static void test_output_limit(void **state)
{
	(void)state;
	struct relevo_run_options options = {
		.program = { .output.kind = RELEVO_STREAM_PIPE, .max_output = 1000 },
	};
	struct relevo_program_output output;
	assert_fails(relevo_program_run(COMMAND("yes"), &options, &output), RELEVO_TOO_LARGE,
		     "\"yes\" writes more than 1000 bytes");
	assert_int_equal(output.output_size, 1000);
	assert_int_equal(output.exit_code, -SIGKILL);
	relevo_program_output_free(&output);
	/* As much as the limit is not more. */
	options.program.max_output = 6;
	assert_ok(relevo_program_run(COMMAND("echo", "hello"), &options, &output));
	assert_string_equal(output.output, "hello\n");
	relevo_program_output_free(&output);
}

static void test_directory_and_environment(void **state)
{
	(void)state;
	const char *const environment[] = { "PATH=/usr/bin:/bin", "WORD=hola", NULL };
	struct relevo_program_options options = { .directory = "/usr", .environment = environment };
	struct relevo_program_output output =
		run_well(SHELL("pwd; echo $WORD; env | grep -c '^HOME=' || true"), &options);
	assert_string_equal(output.output, "/usr\nhola\n0\n");
	relevo_program_output_free(&output);
	/* A program beside the directory where it starts. */
	options.directory = "/usr/bin";
	output = run_well(COMMAND("./echo", "here"), &options);
	assert_string_equal(output.output, "here\n");
	relevo_program_output_free(&output);
	/* The PATH of its environment is searched, from there on. */
	const char *const relative[] = { "PATH=/nowhere:bin", NULL };
	options = (struct relevo_program_options){ .directory = "/usr", .environment = relative };
	output = run_well(COMMAND("echo", "found"), &options);
	assert_string_equal(output.output, "found\n");
	relevo_program_output_free(&output);
}

static void make_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* As every shell, env(1) and xargs(1) have it. */
static void test_script_that_does_not_say_so(void **state)
{
	(void)state;
	char folder[] = "/tmp/relevo-test-XXXXXX", file[64], path[64];
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof file, "%s/script", folder);
	snprintf(path, sizeof path, "PATH=%s", folder);
	make_file(file, "echo \"$#: $1, $2\"; exit 3\n", 0700);
	struct relevo_run_options options = { .program.output.kind = RELEVO_STREAM_PIPE };
	const char *const by_path[] = { file, "one", "two words", NULL };
	const char *const by_name[] = { "script", "one", "two words", NULL };
	for (int i = 0; i < 2; i++) {
		struct relevo_program_output output;
		options.program.environment = i == 0 ? NULL : COMMAND(path);
		assert_ok(relevo_program_run(i == 0 ? by_path : by_name, &options, &output));
		assert_string_equal(output.output, "2: one, two words\n");
		assert_int_equal(output.exit_code, 3);
		relevo_program_output_free(&output);
	}
	unlink(file);
	rmdir(folder);
}

static void test_what_cannot_be_executed(void **state)
{
	(void)state;
	char folder[PATH_MAX], file[PATH_MAX + 16];
	const char *temporary = getenv("TMPDIR");
	snprintf(folder, sizeof folder, "%s/programXXXXXX", temporary != NULL ? temporary : "/tmp");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof file, "%s/plain", folder);
	make_file(file, "no program\n", 0600);

	struct relevo_program_options in_folder = { .environment = COMMAND("PATH=.") };
	struct relevo_run_options options = { .program = in_folder };
	options.program.directory = folder;
	relevo_program *program;
	assert_fails(relevo_program_start(COMMAND(file), NULL, &program), RELEVO_DENIED, file);
	assert_fails(relevo_program_run(COMMAND("plain"), &options, NULL), RELEVO_DENIED,
		     "\"plain\"");
	assert_fails(relevo_program_start(COMMAND("no-such-program"), NULL, &program),
		     RELEVO_NOT_FOUND, "\"no-such-program\"");
	assert_fails(relevo_program_start(COMMAND("/no/such/program"), NULL, &program),
		     RELEVO_NOT_FOUND, "\"/no/such/program\"");
	assert_fails(relevo_program_start(COMMAND(folder), NULL, &program), RELEVO_DENIED, folder);
	/* What has a first line, but no such interpreter. */
	make_file(file, "#!/no/such/shell\n", 0700);
	assert_int_equal(chmod(file, 0700), 0);
	assert_fails(relevo_program_start(COMMAND(file), NULL, &program), RELEVO_NOT_FOUND,
		     "cannot be executed");
	options.program.directory = file;
	assert_fails(relevo_program_run(COMMAND("sh"), &options, NULL), RELEVO_NOT_FOUND, file);
	expect_no_children();
	unlink(file);
	rmdir(folder);
}

static void test_bad_arguments(void **state)
{
	(void)state;
	relevo_program *program;
	struct relevo_program_options whole = { .whole_group = true };
	struct relevo_program_options closed = {
		.output = { RELEVO_STREAM_GIVEN, 1000000 },
	};
	struct relevo_program_options crossed = { .input.kind = RELEVO_STREAM_TO_OUTPUT };
	struct relevo_program_options kept = { .keep = (const int[]){ 1000000 }, .keep_count = 1 };
	struct relevo_run_options late = { .timeout = -2 };
	const char *const none[] = { NULL };
	assert_status(relevo_program_start(none, NULL, &program), RELEVO_BAD_ARGUMENT);
	assert_status(relevo_program_start(NULL, NULL, &program), RELEVO_BAD_ARGUMENT);
	assert_fails(relevo_program_start(COMMAND("true"), &whole, &program), RELEVO_BAD_ARGUMENT,
		     "group");
	assert_fails(relevo_program_start(COMMAND("true"), &closed, &program), RELEVO_BAD_ARGUMENT,
		     "1000000");
	assert_fails(relevo_program_start(COMMAND("true"), &crossed, &program), RELEVO_BAD_ARGUMENT,
		     "input");
	assert_fails(relevo_program_start(COMMAND("true"), &kept, &program), RELEVO_BAD_ARGUMENT,
		     "1000000");
	assert_status(relevo_program_run(COMMAND("true"), &late, NULL), RELEVO_BAD_ARGUMENT);
	expect_no_children();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_output_and_errors),
		leaks_unit_test(test_errors_into_output),
		leaks_unit_test(test_input),
		leaks_unit_test(test_check_names_the_exit_code),
		leaks_unit_test(test_unchecked_failure_is_a_number),
		leaks_unit_test(test_time_limit),
		leaks_unit_test(test_time_limit_while_it_writes),
		leaks_unit_test(test_time_limit_of_the_whole_group),
		leaks_unit_test(test_output_limit),
		leaks_unit_test(test_directory_and_environment),
		leaks_unit_test(test_script_that_does_not_say_so),
		leaks_unit_test(test_what_cannot_be_executed),
		leaks_unit_test(test_bad_arguments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
