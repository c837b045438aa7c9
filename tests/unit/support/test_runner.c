#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/leaks.h"

static const char *runner;
static const char *misbehave;

/* What the runner printed. */
static char output[4096];

static void read_all(int fd)
{
	size_t size = 0;
	ssize_t got;
	do {
		got = read(fd, output + size, sizeof output - 1 - size);
		size += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	output[size] = '\0';
}

/* Run misbehave under the runner; returns the runner's exit status. */
static int run(const char *what)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl(runner, runner, misbehave, what, NULL);
		_exit(126);
	}
	assert_true(pid > 0);
	close(ends[1]);
	read_all(ends[0]);
	close(ends[0]);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void assert_said(const char *text)
{
	if (strstr(output, text) == NULL)
		fail_msg("the runner should have said \"%s\", not: %s", text, output);
}

static void test_good_program(void **state)
{
	(void)state;
	assert_int_equal(run("behave"), 0);
	assert_string_equal(output, "");
}

static void test_hides_the_url(void **state)
{
	(void)state;
	setenv("RELEVO_URL", "ipc:///nowhere", 1);
	int status = run("behave");
	unsetenv("RELEVO_URL");
	assert_int_equal(status, 0);
}

static void test_failure_passes_through(void **state)
{
	(void)state;
	assert_int_equal(run("fail"), 7);
}

static void test_crash(void **state)
{
	(void)state;
	assert_int_equal(run("crash"), 128 + 6);
	assert_said("killed by signal 6");
}

/* A child in another session holds the output open: run() only returns
 * because the runner killed that one too. */
static void test_time_out(void **state)
{
	(void)state;
	setenv("RELEVO_TEST_TIMEOUT", "1", 1);
	int status = run("hang");
	unsetenv("RELEVO_TEST_TIMEOUT");
	assert_int_equal(status, 124);
	assert_said("time-out: killed after 1 s");
}

static void test_child_left(void **state)
{
	(void)state;
	assert_int_equal(run("child"), 1);
	assert_said("left a process running");
	assert_said("misbehave child");
}

static void test_daemon_left(void **state)
{
	(void)state;
	assert_int_equal(run("daemon"), 1);
	assert_said("left a process running");
}

static void test_child_may_end_by_itself(void **state)
{
	(void)state;
	assert_int_equal(run("child-that-ends"), 0);
	assert_string_equal(output, "");
}

static void test_file_left(void **state)
{
	(void)state;
	assert_int_equal(run("file"), 1);
	assert_said("left a file: /tmp/");
	assert_said("left-over");
}

static void test_socket_left(void **state)
{
	(void)state;
	assert_int_equal(run("socket"), 1);
	assert_said("left a socket file: /tmp/");
	assert_said("left.sock");
}

/* The folder is removed with what was left in it. */
static void test_cleans_up(void **state)
{
	(void)state;
	assert_int_equal(run("file"), 1);
	char *path = strchr(output, '/');
	assert_non_null(path);
	path[strcspn(path, "\n")] = '\0';
	assert_int_equal(access(path, F_OK), -1);
	*strrchr(path, '/') = '\0';
	assert_int_equal(access(path, F_OK), -1);
}

static void test_shared_memory_left(void **state)
{
	(void)state;
	char folder[64];
	snprintf(folder, sizeof folder, "%s/shm", getenv("TMPDIR"));
	assert_int_equal(mkdir(folder, 0700), 0);
	setenv("RELEVO_TEST_SHM", folder, 1);
	int status = run("shm");
	unsetenv("RELEVO_TEST_SHM");
	char path[96];
	snprintf(path, sizeof path, "%s/left-over", folder);
	unlink(path);
	rmdir(folder);
	assert_int_equal(status, 1);
	assert_said("left shared memory");
}

static void test_program_missing(void **state)
{
	(void)state;
	const char *good = misbehave;
	misbehave = "/nowhere/program";
	int status = run("behave");
	misbehave = good;
	assert_int_equal(status, 127);
	assert_said("cannot run /nowhere/program");
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	runner = argv[1];
	misbehave = argv[2];
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_good_program),
		leaks_unit_test(test_hides_the_url),
		leaks_unit_test(test_failure_passes_through),
		leaks_unit_test(test_crash),
		leaks_unit_test(test_time_out),
		leaks_unit_test(test_child_left),
		leaks_unit_test(test_daemon_left),
		leaks_unit_test(test_child_may_end_by_itself),
		leaks_unit_test(test_file_left),
		leaks_unit_test(test_socket_left),
		leaks_unit_test(test_cleans_up),
		leaks_unit_test(test_shared_memory_left),
		leaks_unit_test(test_program_missing),
	};
	return cmocka_run_group_tests_name("support/runner", tests, NULL, NULL);
}
