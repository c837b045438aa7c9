/* Programs that are started, and go on by themselves. */
#include "support/programs.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

static void test_start_and_go_on(void **state)
{
	(void)state;
	relevo_program *program = program_of(COMMAND("cat"), NULL);
	struct pollfd sentinel = { .fd = relevo_program_sentinel(program), .events = POLLIN };
	int code;
	assert_true(relevo_program_is_alive(program));
	assert_true(process_runs(relevo_program_pid(program)));
	assert_fails(relevo_program_wait(program, 0, NULL), RELEVO_TIMED_OUT, "\"cat\"");
	assert_status(relevo_program_exit_code(program, &code), RELEVO_BAD_STATE);
	assert_int_equal(poll(&sentinel, 1, 0), 0);
	assert_int_equal(write(relevo_program_input_fd(program), "x\n", 2), 2);
	char line[10];
	read_line(program, line, sizeof line);
	assert_string_equal(line, "x");
	relevo_program_close_input(program);
	assert_int_equal(relevo_program_input_fd(program), -1);
	assert_int_equal(poll(&sentinel, 1, TEST_PATIENCE), 1);
	assert_false(relevo_program_is_alive(program));
	assert_int_equal(exit_code_of(program), 0);
	assert_int_equal(exit_code_of(program), 0);
	assert_ok(relevo_program_exit_code(program, &code));
	assert_int_equal(code, 0);
	relevo_program_close(program);
	expect_no_children();
}

static void test_signals(void **state)
{
	(void)state;
	relevo_program *program = program_of(COMMAND("sleep", "1000"), NULL);
	assert_status(relevo_program_signal(program, 1000), RELEVO_BAD_ARGUMENT);
	assert_ok(relevo_program_terminate(program));
	assert_int_equal(exit_code_of(program), -SIGTERM);
	assert_fails(relevo_program_kill(program), RELEVO_GONE, "\"sleep\"");
	relevo_program_close(program);

	program = program_of(COMMAND("sleep", "1000"), NULL);
	assert_ok(relevo_program_suspend(program));
	siginfo_t info = { 0 };
	id_t pid = (id_t)relevo_program_pid(program);
	assert_int_equal(waitid(P_PID, pid, &info, WSTOPPED), 0);
	assert_int_equal(info.si_status, SIGSTOP);
	assert_ok(relevo_program_resume(program));
	assert_int_equal(waitid(P_PID, pid, &info, WCONTINUED), 0);
	assert_ok(relevo_program_kill(program));
	assert_int_equal(exit_code_of(program), -SIGKILL);
	relevo_program_close(program);
	expect_no_children();
}

/* Whatever the caller blocks and ignores, it starts with nothing of that. */
static void test_signals_are_reset(void **state)
{
	(void)state;
	sigset_t all, before;
	sigfillset(&all);
	signal(SIGUSR1, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	struct relevo_program_output output =
		run_well(COMMAND("grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"), NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	signal(SIGUSR1, SIG_DFL);
	assert_string_equal(output.output,
			    "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	relevo_program_output_free(&output);
}

static void test_no_descriptor_is_inherited(void **state)
{
	(void)state;
	int open_here = open("/dev/null", O_RDONLY); /* not closed on exec */
	int another = fcntl(open_here, F_DUPFD, 50);
	/* The folder that ls reads is its 3. */
	struct relevo_program_output output = run_well(COMMAND("ls", "/proc/self/fd"), NULL);
	assert_string_equal(output.output, "0\n1\n2\n3\n");
	relevo_program_output_free(&output);
	struct relevo_program_options options = {
		.keep = (const int[]){ another, 1, another },
		.keep_count = 3,
	};
	output = run_well(COMMAND("ls", "/proc/self/fd"), &options);
	char expected[40];
	snprintf(expected, sizeof expected, "0\n1\n2\n3\n%d\n", another);
	assert_string_equal(output.output, expected);
	relevo_program_output_free(&output);
	close(open_here);
	close(another);
}

static void test_given_descriptors(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	/* Crossed: its output goes where our errors go, and the other way round. */
	int saved = fcntl(2, F_DUPFD_CLOEXEC, 10);
	assert_int_equal(dup2(ends[1], 2), 2);
	struct relevo_program_options options = { .output = { RELEVO_STREAM_GIVEN, 2 },
						  .errors = { RELEVO_STREAM_GIVEN, 1 } };
	relevo_program *program = program_of(COMMAND("echo", "crossed"), &options);
	dup2(saved, 2);
	close(saved);
	assert_int_equal(exit_code_of(program), 0);
	char text[20] = "";
	assert_int_equal(read(ends[0], text, sizeof text), 8);
	assert_string_equal(text, "crossed\n");
	relevo_program_close(program);
	close(ends[0]);
	close(ends[1]);
}

/* A process without an input does not hand down a descriptor that took its number. */
static void without_input(void *unused)
{
	(void)unused;
	close(0);
	struct relevo_program_options options = { .output.kind = RELEVO_STREAM_PIPE };
	struct relevo_run_options how = { .program = options, .check = true };
	struct relevo_program_output output;
	child_check(relevo_program_run(SHELL("test -e /proc/self/fd/0 || echo none"), &how,
				       &output) == RELEVO_OK);
	child_check(strcmp(output.output, "none\n") == 0);
	relevo_program_output_free(&output);
}

static void test_without_input(void **state)
{
	(void)state;
	child_join(child_start(without_input, NULL));
}

static void test_groups_and_sessions(void **state)
{
	(void)state;
	relevo_program *same = program_of(COMMAND("cat"), NULL);
	struct relevo_program_options options = piped();
	options.group = RELEVO_PROGRAM_GROUP_NEW;
	relevo_program *group = program_of(COMMAND("cat"), &options);
	options.group = RELEVO_PROGRAM_GROUP_SESSION;
	relevo_program *session = program_of(COMMAND("cat"), &options);
	assert_int_equal(getpgid(relevo_program_pid(same)), getpgid(0));
	assert_int_equal(getpgid(relevo_program_pid(group)), relevo_program_pid(group));
	assert_int_equal(getsid(relevo_program_pid(group)), getsid(0));
	assert_int_equal(getsid(relevo_program_pid(session)), relevo_program_pid(session));
	relevo_program *const all[] = { same, group, session };
	for (size_t i = 0; i < 3; i++) {
		relevo_program_close_input(all[i]);
		assert_int_equal(exit_code_of(all[i]), 0);
		relevo_program_close(all[i]);
	}
}

static void test_signal_of_the_whole_group(void **state)
{
	(void)state;
	struct relevo_program_options options = piped();
	options.group = RELEVO_PROGRAM_GROUP_NEW;
	options.whole_group = true;
	relevo_program *program = program_of(SHELL("sleep 1000 & echo $!; wait"), &options);
	char line[20];
	read_line(program, line, sizeof line);
	pid_t grandchild = atoi(line);
	assert_true(process_runs(grandchild));
	assert_ok(relevo_program_terminate(program));
	assert_true(process_ends(grandchild, TEST_PATIENCE));
	assert_int_equal(exit_code_of(program), -SIGTERM);
	assert_status(relevo_program_terminate(program), RELEVO_GONE);
	relevo_program_close(program);
}

enum { BURST = 100 };

static void test_burst(void **state)
{
	(void)state;
	static relevo_program *programs[BURST];
	struct relevo_program_options options = { .output.kind = RELEVO_STREAM_PIPE };
	for (int i = 0; i < BURST; i++)
		programs[i] = program_of(COMMAND("echo", "x"), &options);
	for (int i = 0; i < BURST; i++) {
		struct relevo_program_output output;
		assert_ok(relevo_program_communicate(programs[i], NULL, TEST_PATIENCE, &output));
		assert_string_equal(output.output, "x\n");
		relevo_program_output_free(&output);
		relevo_program_close(programs[i]);
	}
	expect_no_children();
}

static int count_file(const struct relevo_system_file *file, void *user)
{
	(void)file;
	++*(int *)user;
	return 0;
}

static int count_descriptors(void)
{
	relevo_system_process *process;
	int count = 0;
	assert_ok(relevo_system_open(getpid(), 0, &process));
	assert_ok(relevo_system_files(process, count_file, &count));
	relevo_system_close(process);
	return count;
}

static bool as_few_descriptors(void *before)
{
	return count_descriptors() == *(int *)before;
}

/* Closed before they have ended, they leave nothing behind all the same. */
static void test_closed_while_they_run(void **state)
{
	(void)state;
	int before = count_descriptors();
	struct gate gate;
	gate_make(&gate);
	for (int i = 0; i < 10; i++) {
		struct relevo_program_options options = { .input = { RELEVO_STREAM_GIVEN,
								     gate.ends[0] } };
		relevo_program_close(program_of(COMMAND("head", "-c", "1"), &options));
	}
	assert_int_equal(process_children(getpid(), NULL, 0), 10);
	gate_close(&gate);
	expect_no_children();
	assert_true(eventually(as_few_descriptors, &before));
	relevo_program_close(NULL);
}

static void *start_many(void *unused)
{
	(void)unused;
	for (int i = 0; i < 20; i++) {
		struct relevo_run_options how = {
			.program.output.kind = RELEVO_STREAM_PIPE,
			.check = true,
		};
		struct relevo_program_output output;
		child_check(relevo_program_run(COMMAND("ls", "/proc/self/fd"), &how, &output) ==
			    RELEVO_OK);
		child_check(strcmp(output.output, "0\n1\n2\n3\n") == 0);
		relevo_program_output_free(&output);
	}
	return NULL;
}

static void test_several_threads(void **state)
{
	(void)state;
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, start_many, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	expect_no_children();
}

static void *wait_for_it(void *program)
{
	int code = 0;
	child_check(relevo_program_wait(program, TEST_PATIENCE, &code) == RELEVO_OK);
	return (void *)(intptr_t)code;
}

/* All who wait for it learn how it ended. */
static void test_many_wait(void **state)
{
	(void)state;
	relevo_program *program = program_of(SHELL("read line; exit 9"), NULL);
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_for_it, program), 0);
	assert_status(relevo_program_wait(program, 20, NULL), RELEVO_TIMED_OUT);
	assert_int_equal(write(relevo_program_input_fd(program), "\n", 1), 1);
	for (int i = 0; i < 4; i++) {
		void *code;
		pthread_join(threads[i], &code);
		assert_int_equal((intptr_t)code, 9);
	}
	relevo_program_close(program);
}

/* Nobody learns how it ended, but that it has. */
static void test_sigchld_ignored(void **state)
{
	(void)state;
	signal(SIGCHLD, SIG_IGN);
	relevo_program *program = program_of(COMMAND("cat"), NULL);
	relevo_program_close_input(program);
	assert_fails(relevo_program_wait(program, TEST_PATIENCE, NULL), RELEVO_GONE, "\"cat\"");
	assert_false(relevo_program_is_alive(program));
	assert_status(relevo_program_kill(program), RELEVO_GONE);
	relevo_program_close(program);
	struct relevo_run_options how = { .program.output.kind = RELEVO_STREAM_PIPE };
	struct relevo_program_output output;
	assert_status(relevo_program_run(COMMAND("echo", "x"), &how, &output), RELEVO_GONE);
	assert_string_equal(output.output, "x\n");
	relevo_program_output_free(&output);
	/* That it cannot be executed is told all the same. */
	assert_status(relevo_program_run(COMMAND("/no/program"), &how, &output), RELEVO_NOT_FOUND);
	signal(SIGCHLD, SIG_DFL);
}

static volatile sig_atomic_t heard;

static void hear(int number)
{
	(void)number;
	heard++;
}

/* Those who wait for children of their own are not disturbed. */
static void test_other_children(void **state)
{
	(void)state;
	struct sigaction action = { .sa_handler = hear }, before;
	sigaction(SIGCHLD, &action, &before);
	heard = 0;
	pid_t child = fork();
	if (child == 0)
		_exit(7);
	relevo_program *program = program_of(COMMAND("true"), NULL);
	assert_int_equal(exit_code_of(program), 0);
	relevo_program_close(program);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_true(heard >= 1);
	sigaction(SIGCHLD, &before, NULL);
}

static relevo_program *of_the_parent;

static void use_in_child(void *unused)
{
	(void)unused;
	child_check(relevo_program_is_alive(of_the_parent));
	child_check(relevo_program_wait(of_the_parent, 0, NULL) == RELEVO_FORKED);
	child_check(relevo_program_kill(of_the_parent) == RELEVO_FORKED);
	relevo_program_close(of_the_parent);
}

static void test_after_fork(void **state)
{
	(void)state;
	of_the_parent = program_of(COMMAND("cat"), NULL);
	child_join(child_start(use_in_child, NULL));
	assert_true(relevo_program_is_alive(of_the_parent));
	relevo_program_close_input(of_the_parent);
	assert_int_equal(exit_code_of(of_the_parent), 0);
	relevo_program_close(of_the_parent);
}

static void *start_daemon(void *argument)
{
	const struct relevo_program_options *options = argument;
	relevo_program *program;
	child_check(relevo_program_start(COMMAND("sleep", "1000"), options, &program) == RELEVO_OK);
	return program;
}

/* The thread that starts it ends at once, which must not be the end of the daemon. */
static void start_daemon_and_die(void *argument)
{
	struct relevo_program_options options = { .daemon = true };
	pthread_t thread;
	void *program;
	pthread_create(&thread, NULL, start_daemon, &options);
	pthread_join(thread, &program);
	child_check(relevo_program_wait(program, 100, NULL) == RELEVO_TIMED_OUT);
	pid_t pid = relevo_program_pid(program);
	child_check(write(*(int *)argument, &pid, sizeof pid) == sizeof pid);
	raise(SIGKILL);
}

static void test_daemon_dies_with_its_parent(void **state)
{
	(void)state;
	int ends[2];
	pid_t daemon;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t child = child_start(start_daemon_and_die, &ends[1]);
	assert_int_equal(read(ends[0], &daemon, sizeof daemon), sizeof daemon);
	assert_int_equal(child_wait(child), 128 + SIGKILL);
	assert_true(process_ends(daemon, TEST_PATIENCE));
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* Its child starts threads, so it is forked while there is but one. */
		leaks_unit_test(test_daemon_dies_with_its_parent),
		leaks_unit_test(test_start_and_go_on),
		leaks_unit_test(test_signals),
		leaks_unit_test(test_signals_are_reset),
		leaks_unit_test(test_no_descriptor_is_inherited),
		leaks_unit_test(test_given_descriptors),
		leaks_unit_test(test_without_input),
		leaks_unit_test(test_groups_and_sessions),
		leaks_unit_test(test_signal_of_the_whole_group),
		leaks_unit_test(test_burst),
		leaks_unit_test(test_closed_while_they_run),
		leaks_unit_test(test_several_threads),
		leaks_unit_test(test_many_wait),
		leaks_unit_test(test_sigchld_ignored),
		leaks_unit_test(test_other_children),
		leaks_unit_test(test_after_fork),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
