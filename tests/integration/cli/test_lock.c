/* relevo lock run: a command, and the lock that is held meanwhile. */
#include "integration/cli/client.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>

/* A command that says that it runs, and goes on until its input ends. */
static const char says_and_waits[] = "echo runs; read line; echo ends";

struct holder {
	pid_t pid;
	int input[2], output[2];
};

static void expect_line(int fd, const char *line)
{
	for (; *line != '\0'; line++) {
		char byte;
		assert_int_equal(read(fd, &byte, 1), 1);
		assert_int_equal(byte, *line);
	}
}

/* Let it run under the lock "l", until it says so. `option` may be NULL. */
static void hold(struct holder *holder, const char *option, const char *command)
{
	const char *words[10] = { "lock", "run", "l" };
	size_t count = 3;
	if (option != NULL)
		words[count++] = option;
	words[count++] = "--";
	words[count++] = "sh";
	words[count++] = "-c";
	words[count] = command;
	assert_int_equal(pipe2(holder->input, O_CLOEXEC), 0);
	assert_int_equal(pipe2(holder->output, O_CLOEXEC), 0);
	holder->pid = client_start(holder->input[0], holder->output[1], words);
	close(holder->input[0]);
	close(holder->output[1]);
	expect_line(holder->output[0], "runs\n");
}

static void forget(struct holder *holder)
{
	close(holder->input[1]);
	close(holder->output[0]);
}

static relevo_lock *lock_open(const struct scene *scene)
{
	relevo_lock *lock;
	assert_ok(relevo_lock_open(scene->session, "l", NULL, &lock));
	return lock;
}

static void expect_free(const struct scene *scene, bool owner_died)
{
	relevo_lock *lock = lock_open(scene);
	struct relevo_grant grant;
	assert_ok(relevo_lock_acquire(lock, TEST_PATIENCE, &grant));
	assert_int_equal(grant.owner_died, owner_died);
	assert_ok(relevo_lock_release(lock));
	relevo_lock_close(lock);
}

static void the_lock_is_held_while_the_command_runs(void **state)
{
	struct scene *scene = *state;
	struct holder holder;
	hold(&holder, NULL, says_and_waits);
	relevo_lock *lock = lock_open(scene);
	assert_status(relevo_lock_acquire(lock, 0, NULL), RELEVO_TIMED_OUT);
	assert_int_equal(write(holder.input[1], "\n", 1), 1);
	expect_line(holder.output[0], "ends\n");
	assert_int_equal(child_wait(holder.pid), 0);
	assert_ok(relevo_lock_acquire(lock, 0, NULL));
	assert_ok(relevo_lock_release(lock));
	relevo_lock_close(lock);
	forget(&holder);
}

static void it_waits_for_the_lock(void **state)
{
	struct scene *scene = *state;
	relevo_lock *lock = lock_open(scene);
	assert_ok(relevo_lock_acquire(lock, RELEVO_FOREVER, NULL));
	expect_failure(client("", "lock", "run", "l", "-t", "20", "--", "true"), 4, "lock run: ");
	pid_t waiter = client_begin(-1, -1, "lock", "run", "l", "--", "sh", "-c", "exit 9");
	assert_false(process_ends(waiter, 50));
	assert_ok(relevo_lock_release(lock));
	assert_int_equal(child_wait(waiter), 9);
	relevo_lock_close(lock);
}

static void it_ends_as_the_command_does(void **state)
{
	(void)state;
	struct outcome outcome =
		client("in", "lock", "run", "l", "--", "sh", "-c", "cat; echo bad >&2; exit 42");
	assert_int_equal(outcome.status, 42);
	assert_string_equal(outcome.out, "in");
	assert_string_equal(outcome.error, "bad\n");
	outcome_free(&outcome);
	outcome = client("", "lock", "run", "l", "--", "sh", "-c", "kill -USR1 $$");
	assert_int_equal(outcome.status, 128 + SIGUSR1);
	outcome_free(&outcome);
}

static void commands_that_cannot_run_are_told(void **state)
{
	struct scene *scene = *state;
	expect_failure(client("", "lock", "run", "l", "--", "/nowhere/command"), 127,
		       "lock run: /nowhere/command: No such file or directory\n");
	expect_failure(client("", "lock", "run", "l", "--", "/dev/null"), 126,
		       "lock run: /dev/null: Permission denied\n");
	expect_failure(client("", "lock", "run", "l"), 2, "lock run: COMMAND is missing");
	expect_free(scene, false);
}

static void options_behind_the_dashes_are_the_commands(void **state)
{
	(void)state;
	expect_output(client("", "lock", "run", "l", "--", "echo", "--help", "-t"), "--help -t\n");
}

static void the_command_knows_its_token(void **state)
{
	(void)state;
	struct outcome first = client("", "lock", "run", "l", "--", "sh", "-c",
				      "echo $RELEVO_LOCK_TOKEN $RELEVO_LOCK_OWNER_DIED");
	struct outcome second = client("", "lock", "run", "l", "--", "sh", "-c",
				       "echo $RELEVO_LOCK_TOKEN $RELEVO_LOCK_OWNER_DIED");
	uint64_t tokens[2];
	int died[2];
	assert_int_equal(sscanf(first.out, "%" SCNu64 " %d", &tokens[0], &died[0]), 2);
	assert_int_equal(sscanf(second.out, "%" SCNu64 " %d", &tokens[1], &died[1]), 2);
	assert_true(tokens[1] > tokens[0]);
	assert_int_equal(died[0] + died[1], 0);
	outcome_free(&first);
	outcome_free(&second);
}

static void signals_are_passed_on(void **state)
{
	struct scene *scene = *state;
	struct holder holder;
	/* Behind &, a shell reads from nowhere, unless it is told otherwise. */
	hold(&holder, NULL,
	     "exec 3<&0; trap 'echo got it; exit 3' TERM; echo runs; read line <&3 & wait");
	assert_int_equal(kill(holder.pid, SIGTERM), 0);
	expect_line(holder.output[0], "got it\n");
	assert_int_equal(child_wait(holder.pid), 3);
	expect_free(scene, false);
	forget(&holder);
}

/* SIGXFSZ and SIGPIPE are errors to the client only. */
static void the_command_has_the_signals_that_its_caller_had(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	expect_output(client("", "lock", "run", "l", "--", "sh", "-c", "kill -XFSZ $$; echo lives"),
		      "lives\n");
	signal(SIGXFSZ, SIG_DFL);
	struct outcome outcome =
		client("", "lock", "run", "l", "--", "sh", "-c", "kill -XFSZ $$; echo lives");
	assert_int_equal(outcome.status, 128 + SIGXFSZ);
	assert_string_equal(outcome.out, "");
	outcome_free(&outcome);
}

static void a_killed_holder_leaves_the_lock_free(void **state)
{
	struct scene *scene = *state;
	struct holder holder;
	hold(&holder, NULL, says_and_waits);
	child_kill(holder.pid);
	expect_free(scene, true);
	/* The command itself goes on: it ends with its input. */
	forget(&holder);
}

static void restart_broker(struct scene *scene)
{
	relevo_queue_close(scene->queue);
	relevo_session_close(scene->session);
	test_broker_stop(&scene->broker);
	test_broker_start(&scene->broker, NULL);
	scene->session = session_open(scene->broker.url);
	scene->queue = queue_open(scene->session, "q");
}

static void a_lost_lock_is_told(void **state)
{
	struct scene *scene = *state;
	struct holder holder;
	int error[2], kept = dup(STDERR_FILENO);
	char text[256] = "";
	assert_int_equal(pipe2(error, O_CLOEXEC), 0);
	dup2(error[1], STDERR_FILENO);
	hold(&holder, NULL, says_and_waits);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(error[1]);
	restart_broker(scene);
	assert_true(read(error[0], text, sizeof text - 1) > 0);
	assert_ptr_equal(strstr(text, "relevo: lock run: the lock \"l\" was lost"), text);
	/* Not its end: */
	assert_int_equal(write(holder.input[1], "\n", 1), 1);
	expect_line(holder.output[0], "ends\n");
	assert_int_equal(child_wait(holder.pid), 0);
	close(error[0]);
	forget(&holder);
}

static void a_lost_lock_ends_the_command_if_asked(void **state)
{
	struct scene *scene = *state;
	struct holder holder;
	hold(&holder, "--kill", says_and_waits);
	restart_broker(scene);
	assert_int_equal(child_wait(holder.pid), 128 + SIGTERM);
	forget(&holder);
}

/* With all that it has started: what went to a session of its own, and what does not listen. */
static void a_lost_lock_ends_all_that_the_command_started(void **state)
{
	struct scene *scene = *state;
	struct holder holder;
	char byte;
	hold(&holder, "--kill",
	     "setsid sh -c 'sleep 1000 & trap \"\" TERM; echo runs; sleep 1000; sleep 1000' & "
	     "exec sleep 1000");
	restart_broker(scene);
	assert_int_equal(child_wait(holder.pid), 128 + SIGTERM);
	/* Nobody is left to write there. */
	struct pollfd entry = { .fd = holder.output[0], .events = POLLIN };
	assert_int_equal(poll(&entry, 1, 0), 1);
	assert_int_equal(read(holder.output[0], &byte, 1), 0);
	forget(&holder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(the_lock_is_held_while_the_command_runs),
		client_unit_test(it_waits_for_the_lock),
		client_unit_test(it_ends_as_the_command_does),
		client_unit_test(commands_that_cannot_run_are_told),
		client_unit_test(options_behind_the_dashes_are_the_commands),
		client_unit_test(the_command_knows_its_token),
		client_unit_test(signals_are_passed_on),
		client_unit_test(the_command_has_the_signals_that_its_caller_had),
		client_unit_test(a_killed_holder_leaves_the_lock_free),
		client_unit_test(a_lost_lock_is_told),
		client_unit_test(a_lost_lock_ends_the_command_if_asked),
		client_unit_test(a_lost_lock_ends_all_that_the_command_started),
	};
	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
