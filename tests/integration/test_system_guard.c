/* A handle of a process never means another one, whatever becomes of its id. */
#include "support/programs.h"

#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int no_file(const struct relevo_system_file *file, void *user)
{
	(void)user;
	fail_msg("a file: %s", file->path);
	return 1;
}

/* Every call says that it is gone. */
static void expect_gone(const relevo_system_process *process)
{
	struct relevo_system_info *info;
	relevo_system_process *parent;
	assert_false(relevo_system_is_alive(process));
	assert_ok(relevo_system_wait(process, 0));
	assert_fails(relevo_system_inspect(process, &info), RELEVO_GONE, "has ended");
	assert_status(relevo_system_files(process, no_file, NULL), RELEVO_GONE);
	assert_status(relevo_system_open_parent(process, &parent), RELEVO_GONE);
	assert_status(relevo_system_set_nice(process, 19), RELEVO_GONE);
	assert_status(relevo_system_suspend(process), RELEVO_GONE);
	assert_status(relevo_system_resume(process), RELEVO_GONE);
	assert_status(relevo_system_terminate(process), RELEVO_GONE);
	assert_status(relevo_system_kill(process), RELEVO_GONE);
}

static void test_ended_and_waited_for(void **state)
{
	(void)state;
	relevo_program *program = program_of(COMMAND("cat"), NULL);
	int pid = relevo_program_pid(program);
	relevo_system_process *process = NULL;
	assert_ok(relevo_system_open(pid, 0, &process));
	relevo_program_close_input(program);
	assert_int_equal(exit_code_of(program), 0);
	expect_gone(process);
	relevo_system_close(process);
	assert_fails(relevo_system_open(pid, 0, &process), RELEVO_NOT_FOUND, "no process");
	relevo_program_close(program);
}

/* Ended, but nobody has waited for it: it is there, but nothing can be done with it. */
static void test_ended(void **state)
{
	(void)state;
	relevo_program *program = program_of(COMMAND("cat"), NULL);
	int pid = relevo_program_pid(program);
	relevo_system_process *process = NULL;
	struct relevo_system_info *info;
	assert_ok(relevo_system_open(pid, 0, &process));
	relevo_program_close_input(program);
	assert_ok(relevo_system_wait(process, TEST_PATIENCE));
	assert_false(relevo_system_is_alive(process));
	assert_ok(relevo_system_inspect(process, &info));
	assert_int_equal(info->state, 'Z');
	assert_int_equal(info->argument_count, 0);
	assert_null(info->executable);
	relevo_system_info_free(info);
	assert_status(relevo_system_kill(process), RELEVO_GONE);
	assert_status(relevo_system_set_nice(process, 19), RELEVO_GONE);
	assert_status(relevo_system_files(process, no_file, NULL), RELEVO_GONE);
	relevo_system_close(process);
	relevo_program_close(program);
	expect_no_children();
}

static void test_what_is_no_process(void **state)
{
	(void)state;
	relevo_system_process *process;
	assert_status(relevo_system_open(0, 0, &process), RELEVO_BAD_ARGUMENT);
	assert_status(relevo_system_open(-1, 0, &process), RELEVO_BAD_ARGUMENT);
	/* More than any system has. */
	assert_fails(relevo_system_open(0x7ffffff0, 0, &process), RELEVO_NOT_FOUND, "2147483632");
	relevo_system_close(NULL);
}

/* A child with that id, if the system lets us choose it; else -1. It ends with the gate. */
static pid_t fork_with_id(pid_t wanted)
{
	struct clone_args arguments = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&wanted,
		.set_tid_size = 1,
	};
	long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
	if (pid == 0)
		for (;;)
			pause();
	return (pid_t)pid;
}

static bool clock_has_passed(void *moment)
{
	return test_now() > *(int64_t *)moment;
}

static void test_id_of_another_one(void **state)
{
	(void)state;
	relevo_program *program = program_of(COMMAND("cat"), NULL);
	int pid = relevo_program_pid(program);
	relevo_system_process *process = NULL, *another = NULL;
	struct relevo_system_info *info;
	assert_ok(relevo_system_open(pid, 0, &process));
	assert_ok(relevo_system_inspect(process, &info));
	uint64_t stamp = info->stamp;
	relevo_system_info_free(info);
	relevo_program_close_input(program);
	assert_int_equal(exit_code_of(program), 0);
	/* Stamps are hundredths of a second. */
	int64_t later = test_now() + 30;
	assert_true(eventually(clock_has_passed, &later));
	pid_t child = fork_with_id(pid);
	if (child < 0) {
		relevo_system_close(process);
		relevo_program_close(program);
		print_message("this system does not let us choose an id\n");
		skip();
	}
	assert_int_equal(child, pid);
	int nice_before = getpriority(PRIO_PROCESS, (id_t)child);
	expect_gone(process);
	assert_status(relevo_program_kill(program), RELEVO_GONE);
	assert_int_equal(getpriority(PRIO_PROCESS, (id_t)child), nice_before);
	assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
	assert_true(process_runs(child));
	/* Nor does what a list said of the one lead to the other. */
	assert_fails(relevo_system_open(pid, stamp, &another), RELEVO_NOT_FOUND, "another one");
	assert_ok(relevo_system_open(pid, 0, &another));
	assert_ok(relevo_system_kill(another));
	assert_ok(relevo_system_wait(another, TEST_PATIENCE));
	assert_int_equal(child_wait(child), 128 + SIGKILL);
	relevo_system_close(another);
	relevo_system_close(process);
	relevo_program_close(program);
}

enum { NOBODY = 65534 };

/* As a user who may do nothing to the first process, which is root's. */
static void try_the_first(void *unused)
{
	(void)unused;
	relevo_system_process *process = NULL;
	struct relevo_system_info *info;
	/* Within a session anybody may resume anybody: see kill(2). It may be the first's. */
	child_check(setsid() > 0);
	child_check(geteuid() != 0 || setuid(NOBODY) == 0);
	child_check(relevo_system_open(1, 0, &process) == RELEVO_OK);
	child_check(relevo_system_is_alive(process));
	child_check(relevo_system_inspect(process, &info) == RELEVO_OK);
	child_check(info->pid == 1 && info->executable == NULL && info->name != NULL);
	child_check(info->user_id == 0 && strcmp(info->user, "root") == 0);
	child_check(relevo_system_resume(process) == RELEVO_DENIED);
	child_check(relevo_system_set_nice(process, 0) == RELEVO_DENIED);
	child_check(relevo_system_files(process, no_file, NULL) == RELEVO_DENIED);
	relevo_system_info_free(info);
	relevo_system_close(process);
}

static void test_of_another_user(void **state)
{
	(void)state;
	child_join(child_start(try_the_first, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_ended_and_waited_for), leaks_unit_test(test_ended),
		leaks_unit_test(test_what_is_no_process),   leaks_unit_test(test_id_of_another_one),
		leaks_unit_test(test_of_another_user),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
