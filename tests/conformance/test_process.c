/* A process, from its making to its end. */
#include "conformance/cast.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>

static bool is_alive(relevo_process *process)
{
	bool alive;
	assert_ok(relevo_process_is_alive(process, &alive));
	return alive;
}

static bool is_listed(const relevo_process *process)
{
	relevo_process *children[64];
	size_t count = relevo_process_children(children, 64);
	for (size_t i = 0; i < count; i++) {
		if (children[i] == process)
			return true;
	}
	return false;
}

static int until_cue(relevo_tuple *arguments)
{
	(void)arguments;
	await_cue();
	return 0;
}

static int until_killed(relevo_tuple *arguments)
{
	(void)arguments;
	while (pause() < 0)
		continue;
	return EXIT_FAILURE;
}

/* Start a child by the method of this process, in which it runs, and wait for it. */
static void child_in_child(relevo_target *target, enum relevo_daemon daemon)
{
	const struct relevo_process_options options = {
		.method = relevo_process_method(relevo_process_current()),
		.daemon = daemon,
	};
	relevo_process *process;
	int code;
	child_check(relevo_process_new(target, &options, &process) == RELEVO_OK);
	child_check(relevo_process_start(process) == RELEVO_OK);
	child_check(relevo_process_join(process, TEST_PATIENCE) == RELEVO_OK);
	child_check(relevo_process_exit_code(process, &code) == RELEVO_OK && code == 0);
	relevo_process_free(process);
}

/* ---- process_lifecycle ------------------------------------------------------ */

static void process_lifecycle(void **state)
{
	const struct stage *stage = *state;
	int code;
	relevo_process *process = cast_new(stage, until_cue, NULL, NULL);
	assert_false(is_alive(process));
	assert_false(is_listed(process));
	assert_int_equal(relevo_process_pid(process), 0);
	assert_fails(relevo_process_exit_code(process, &code), RELEVO_BAD_STATE,
		     "not been started");
	assert_fails(relevo_process_join(process, 0), RELEVO_BAD_STATE, "not been started");
	assert_ok(relevo_process_start(process));
	assert_true(is_alive(process));
	assert_true(is_listed(process));
	assert_true(relevo_process_pid(process) > 0);
	assert_fails(relevo_process_exit_code(process, &code), RELEVO_BAD_STATE, "not ended");
	assert_fails(relevo_process_start(process), RELEVO_BAD_STATE, "started before");
	assert_fails(relevo_process_set_daemon(process, true), RELEVO_BAD_STATE, "started");
	give_cue();
	assert_ok(relevo_process_join(process, TEST_PATIENCE));
	assert_false(is_alive(process));
	assert_false(is_listed(process));
	assert_ok(relevo_process_exit_code(process, &code));
	assert_int_equal(code, 0);
	assert_fails(relevo_process_start(process), RELEVO_BAD_STATE, "started before");
	relevo_process_free(process);
}

static int tell_name(relevo_tuple *arguments)
{
	(void)arguments;
	report("%s %d", relevo_process_name(relevo_process_current()),
	       relevo_process_is_daemon(relevo_process_current()));
	return 0;
}

static int have_children(relevo_tuple *arguments)
{
	(void)arguments;
	child_in_child(tell_name, RELEVO_DAEMON_AS_CREATOR);
	child_in_child(tell_name, RELEVO_DAEMON_YES);
	return 0;
}

static int daemon_has_no_children(relevo_tuple *arguments)
{
	relevo_process *process;
	(void)arguments;
	child_check(relevo_process_new(tell_name, NULL, &process) == RELEVO_OK);
	child_check(relevo_process_is_daemon(process));
	child_check(relevo_process_start(process) == RELEVO_BAD_STATE);
	child_check(strstr(relevo_error_detail(), "daemon") != NULL);
	relevo_process_free(process);
	return 0;
}

/* Names count on, so this looks at the number of the first. */
static void process_names(void **state)
{
	const struct stage *stage = *state;
	int number;
	relevo_process *process = cast_new(stage, have_children, NULL, NULL);
	assert_int_equal(sscanf(relevo_process_name(process), "Process-%d", &number), 1);
	assert_false(relevo_process_is_daemon(process));
	assert_ok(relevo_process_start(process));
	expect_report(stage, "Process-%d:1 0", number);
	expect_report(stage, "Process-%d:2 1", number);
	assert_int_equal(cast_end(process), 0);
	process = cast_new(stage, daemon_has_no_children, NULL, NULL);
	char name[32];
	snprintf(name, sizeof name, "Process-%d", number + 1);
	assert_string_equal(relevo_process_name(process), name);
	assert_ok(relevo_process_set_daemon(process, true));
	assert_fails(relevo_process_set_name(process, ""), RELEVO_BAD_NAME, "name");
	assert_ok(relevo_process_set_name(process, "Quiet one"));
	assert_string_equal(relevo_process_name(process), "Quiet one");
	assert_ok(relevo_process_start(process));
	assert_int_equal(cast_end(process), 0);
}

/* ---- process_exit_codes --------------------------------------------------------- */

static int return_3(relevo_tuple *arguments)
{
	(void)arguments;
	return 3;
}

static int exit_8(relevo_tuple *arguments)
{
	(void)arguments;
	exit(8);
}

static int exit_255(relevo_tuple *arguments)
{
	(void)arguments;
	exit(255);
}

static int exit_256(relevo_tuple *arguments)
{
	(void)arguments;
	exit(256);
}

static int abort_(relevo_tuple *arguments)
{
	(void)arguments;
	signal(SIGABRT, SIG_DFL);
	abort();
}

static int replace(relevo_tuple *arguments)
{
	(void)arguments;
	report("%d", (int)getpid());
	relevo_session *session;
	child_check(relevo_process_session(&session) == RELEVO_OK);
	child_check(relevo_session_flush(session, TEST_PATIENCE) == RELEVO_OK);
	execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
	return 1;
}

/* What a failing function says last is whole, though it is in no complete line. */
static int fail_loudly(relevo_tuple *arguments)
{
	static char buffer[8192];
	int fd;
	child_check(relevo_tuple_take_descriptor(arguments, 0, &fd) == RELEVO_OK);
	child_check(dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	setvbuf(stderr, buffer, _IOFBF, sizeof buffer);
	for (int i = 0; i < 500; i++)
		fprintf(stderr, "%d,", i);
	return EXIT_FAILURE;
}

static void check_loud_failure(const struct stage *stage)
{
	int ends[2], number = 0, found;
	relevo_tuple *tuple = NULL;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(relevo_tuple_add_descriptor(tuple, NULL, ends[1]));
	relevo_process *process = cast_start(stage, fail_loudly, NULL, tuple);
	relevo_tuple_free(tuple);
	close(ends[1]);
	assert_int_equal(cast_end(process), EXIT_FAILURE);
	FILE *said = fdopen(ends[0], "r");
	assert_non_null(said);
	while (fscanf(said, "%d,", &found) == 1)
		assert_int_equal(found, number++);
	assert_int_equal(number, 500);
	fclose(said);
}

static void process_exit_codes(void **state)
{
	const struct stage *stage = *state;
	const struct {
		relevo_target *target;
		int code;
	} cases[] = {
		{ return_3, 3 }, { exit_8, 8 },        { exit_255, 255 },
		{ exit_256, 0 }, { abort_, -SIGABRT },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(cast_end(cast_start(stage, cases[i].target, NULL, NULL)),
				 cases[i].code);
	relevo_process *process = cast_start(stage, replace, NULL, NULL);
	expect_report(stage, "%d", (int)relevo_process_pid(process));
	assert_int_equal(cast_end(process), 7);
	check_loud_failure(stage);
}

/* ---- process_terminate_kill ---------------------------------------------------------- */

static void process_terminate_kill(void **state)
{
	const struct stage *stage = *state;
	int (*const ways[])(relevo_process *) = { relevo_process_terminate, relevo_process_kill };
	const int signals[] = { SIGTERM, SIGKILL };
	for (int i = 0; i < 2; i++) {
		relevo_process *process = cast_start(stage, until_killed, NULL, NULL);
		int64_t start = test_now();
		assert_status(relevo_process_join(process, 0), RELEVO_TIMED_OUT);
		assert_took(start, 0);
		assert_fails(relevo_process_join(process, -2), RELEVO_BAD_ARGUMENT, "-2");
		start = test_now();
		assert_status(relevo_process_join(process, 300), RELEVO_TIMED_OUT);
		assert_took(start, 300);
		assert_true(is_alive(process));
		start = test_now();
		assert_ok(ways[i](process));
		assert_int_equal(cast_end(process), -signals[i]);
		assert_took(start, 0);
	}
}

static void process_suspended_and_resumed(void **state)
{
	const struct stage *stage = *state;
	relevo_process *process = cast_start(stage, until_cue, NULL, NULL);
	int nice;
	assert_ok(relevo_process_set_nice(process, 7));
	assert_ok(relevo_process_nice(process, &nice));
	assert_int_equal(nice, 7);
	assert_fails(relevo_process_set_nice(process, 20), RELEVO_BAD_ARGUMENT, "20");
	assert_ok(relevo_process_suspend(process));
	give_cue();
	assert_status(relevo_process_join(process, 200), RELEVO_TIMED_OUT);
	assert_ok(relevo_process_resume(process));
	assert_ok(relevo_process_join(process, TEST_PATIENCE));
	assert_fails(relevo_process_nice(process, &nice), RELEVO_BAD_STATE, "ended");
	/* It has ended: its number may be anybody's. */
	assert_ok(relevo_process_kill(process));
	assert_int_equal(cast_end(process), 0);
}

/* ---- process_parent_view ----------------------------------------------------------------- */

static int watch_parent(relevo_tuple *arguments)
{
	relevo_process *parent = relevo_process_parent();
	bool alive;
	(void)arguments;
	child_check(relevo_process_is_alive(parent, &alive) == RELEVO_OK && alive);
	child_check(relevo_process_join(parent, 0) == RELEVO_TIMED_OUT);
	report("%s %d", relevo_process_name(parent), (int)relevo_process_pid(parent));
	child_check(relevo_process_join(parent, TEST_PATIENCE) == RELEVO_OK);
	child_check(relevo_process_is_alive(parent, &alive) == RELEVO_OK && !alive);
	report("%d", (int)getpid());
	await_cue();
	return 0;
}

static int have_watching_child(relevo_tuple *arguments)
{
	const struct relevo_process_options options = {
		.method = relevo_process_method(relevo_process_current()),
	};
	relevo_process *process;
	(void)arguments;
	report("%s %d", relevo_process_name(relevo_process_parent()),
	       (int)relevo_process_pid(relevo_process_parent()));
	child_check(relevo_process_new(watch_parent, &options, &process) == RELEVO_OK);
	child_check(relevo_process_start(process) == RELEVO_OK);
	return until_killed(NULL);
}

static void process_parent_view(void **state)
{
	const struct stage *stage = *state;
	assert_null(relevo_process_parent());
	assert_string_equal(relevo_process_name(relevo_process_current()), "MainProcess");
	assert_int_equal(relevo_process_pid(relevo_process_current()), getpid());
	assert_true(is_alive(relevo_process_current()));
	assert_fails(relevo_process_join(relevo_process_current(), 0), RELEVO_BAD_STATE, "asks");
	relevo_process *process = cast_start(stage, have_watching_child, "Middle", NULL);
	expect_report(stage, "MainProcess %d", (int)getpid());
	expect_report(stage, "Middle %d", (int)relevo_process_pid(process));
	int64_t start = test_now();
	assert_ok(relevo_process_kill(process));
	assert_int_equal(cast_end(process), -SIGKILL);
	int grandchild = next_report_number();
	assert_true(test_now() - start < 2000);
	give_cue();
	assert_true(process_ends(grandchild, TEST_PATIENCE));
}

/* ---- process_sentinel, process_dispose ----------------------------------------------------- */

static bool is_readable(int fd, int msec)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN };
	return poll(&entry, 1, msec) == 1;
}

static void process_sentinel(void **state)
{
	const struct stage *stage = *state;
	relevo_process *process = cast_new(stage, until_cue, NULL, NULL);
	int sentinel;
	assert_fails(relevo_process_sentinel(process, &sentinel), RELEVO_BAD_STATE, "started");
	assert_ok(relevo_process_start(process));
	assert_ok(relevo_process_sentinel(process, &sentinel));
	assert_false(is_readable(sentinel, 0));
	give_cue();
	assert_true(is_readable(sentinel, TEST_PATIENCE));
	assert_false(is_alive(process));
	assert_true(is_readable(sentinel, 0));
	relevo_process_free(process);
}

static void process_dispose(void **state)
{
	const struct stage *stage = *state;
	relevo_process *process = cast_start(stage, until_cue, NULL, NULL);
	int sentinel;
	bool alive;
	assert_fails(relevo_process_dispose(process), RELEVO_BAD_STATE, "runs");
	give_cue();
	assert_ok(relevo_process_join(process, TEST_PATIENCE));
	assert_ok(relevo_process_dispose(process));
	assert_ok(relevo_process_dispose(process));
	assert_fails(relevo_process_is_alive(process, &alive), RELEVO_BAD_STATE, "disposed of");
	assert_fails(relevo_process_join(process, 0), RELEVO_BAD_STATE, "disposed of");
	assert_fails(relevo_process_terminate(process), RELEVO_BAD_STATE, "disposed of");
	assert_fails(relevo_process_sentinel(process, &sentinel), RELEVO_BAD_STATE, "disposed of");
	relevo_process_free(process);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		CAST_CASE(process_lifecycle),
		CAST_CASE(process_names),
		CAST_CASE(process_exit_codes),
		CAST_CASE(process_terminate_kill),
		CAST_CASE(process_suspended_and_resumed),
		CAST_CASE(process_parent_view),
		CAST_CASE(process_sentinel),
		CAST_CASE(process_dispose),
	};
	return cmocka_run_group_tests_name("process", tests, cast_prepare, NULL);
}
