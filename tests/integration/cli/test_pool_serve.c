/* relevo pool serve: how it begins, ends and is killed. */
#include "integration/cli/pool_server.h"
#include "support/host.h"

#include <fcntl.h>
#include <signal.h>

static void a_killed_server_is_replaced_by_another(void **state)
{
	struct scene *scene = *state;
	int fd = barrier_make(scene);
	int output[2];
	char line[3] = "";
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	pid_t server = server_begin(scene, 1, "-j", "1", WAITS, scratch(scene, "pids"),
				    scratch(scene, "fifo"));
	pid_t caller = client_begin(-1, output[1], "pool", "map", "w", "a");
	close(output[1]);
	pid_t command = (pid_t)scratch_number(scene, "pids", 1);
	child_kill(server);
	/* No command outlives its server. */
	assert_true(process_ends(command, TEST_PATIENCE));
	server_wait_workers(scene, 0);
	server = server_begin(scene, 1, "-j", "1", WAITS, scratch(scene, "pids"),
			      scratch(scene, "fifo"));
	scratch_number(scene, "pids", 2);
	barrier_open(fd);
	assert_int_equal(read(output[0], line, 2), 2);
	assert_string_equal(line, "a\n");
	child_join(caller);
	close(output[0]);
	server_stop(server);
	close(fd);
}

static void sigterm_drains(void **state)
{
	struct scene *scene = *state;
	int fd = barrier_make(scene);
	for (int number = 0; number < 2; number++) {
		pid_t server = server_begin(scene, 1, "-j", "1", WAITS, scratch(scene, "pids"),
					    scratch(scene, "fifo"));
		pid_t caller = caller_begin("a");
		scratch_number(scene, "pids", number + 1);
		assert_int_equal(kill(server, number == 0 ? SIGTERM : SIGINT), 0);
		assert_false(process_ends(server, 100));
		barrier_open(fd);
		child_join(server);
		child_join(caller);
	}
	close(fd);
}

static void a_second_signal_kills(void **state)
{
	struct scene *scene = *state;
	int fd = barrier_make(scene);
	pid_t server = server_begin(scene, 1, "-j", "1", WAITS, scratch(scene, "pids"),
				    scratch(scene, "fifo"));
	pid_t caller = caller_begin("a");
	pid_t command = (pid_t)scratch_number(scene, "pids", 1);
	/* Signals become one if they are sent too soon; and who has ended its work may still be
	 * about to end. */
	assert_int_equal(kill(server, SIGTERM), 0);
	assert_false(process_ends(server, 100));
	do
		kill(server, SIGTERM);
	while (!process_ends(server, 2000));
	child_join(server);
	assert_true(process_ends(command, TEST_PATIENCE));
	child_kill(caller);
	close(fd);
}

/* What the caller waits for is of no use to anybody any more. */
static void a_killed_caller_ends_its_commands(void **state)
{
	struct scene *scene = *state;
	int fd = barrier_make(scene);
	pid_t server = server_begin(scene, 1, "-j", "1", WAITS, scratch(scene, "pids"),
				    scratch(scene, "fifo"));
	pid_t caller = caller_begin("a", "b", "c");
	pid_t command = (pid_t)scratch_number(scene, "pids", 1);
	child_kill(caller);
	assert_true(process_ends(command, TEST_PATIENCE));
	barrier_open(fd);
	expect_output(client("", "pool", "map", "w", "d"), "d\n");
	/* Neither "b" nor "c" has run. */
	scratch_number(scene, "pids", 2);
	server_stop(server);
	close(fd);
}

static void the_highest_priority_is_first(void **state)
{
	struct scene *scene = *state;
	int fd = barrier_make(scene);
	pid_t server =
		server_begin(scene, 1, "-j", "1", "--", "sh", "-c", "echo $1 >>$2; read line <$3",
			     "x", "{}", scratch(scene, "done"), scratch(scene, "fifo"));
	pid_t callers[3] = { caller_begin("1") };
	scratch_number(scene, "done", 1);
	callers[1] = caller_begin("2");
	server_wait_waiting(scene, 1);
	callers[2] = caller_begin("-p", "5", "3");
	server_wait_waiting(scene, 2);
	barrier_open(fd);
	assert_int_equal(scratch_number(scene, "done", 2), 3);
	barrier_open(fd);
	assert_int_equal(scratch_number(scene, "done", 3), 2);
	barrier_open(fd);
	for (int i = 0; i < 3; i++)
		child_join(callers[i]);
	server_stop(server);
	close(fd);
}

static void servers_have_to_agree_on_the_order(void **state)
{
	pid_t server = server_begin(*state, 1, "-j", "1", "-o", "fifo", "--", "echo");
	expect_failure(client("", "pool", "serve", "w", "-o", "fair", "--", "true"), 1,
		       "pool serve: the pool \"w\" is not shared in this way: ");
	/* Callers take it as it is. */
	expect_output(client("", "pool", "map", "w", "a"), "a\n");
	server_stop(server);
}

static void complaints_of_those_that_succeed_are_the_servers(void **state)
{
	struct scene *scene = *state;
	char path[128], text[64] = "";
	snprintf(path, sizeof path, "%s", scratch(scene, "complaints"));
	fflush(stderr);
	int before = dup(STDERR_FILENO), log = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(before >= 0 && log >= 0);
	dup2(log, STDERR_FILENO);
	pid_t server = server_begin(scene, 1, "-j", "1", "--", "sh", "-c", "echo note >&2", "x");
	dup2(before, STDERR_FILENO);
	close(before);
	expect_output(client("", "pool", "map", "w", "a"), "");
	server_stop(server);
	assert_int_equal(pread(log, text, sizeof text - 1, 0), 5);
	assert_string_equal(text, "note\n");
	close(log);
}

/* ---- another host ------------------------------------------------------------------- */

static void serve_there(void *argument)
{
	child_check(test_host_enter());
	execl(RELEVO_EXE, "relevo", "--url", (const char *)argument, "pool", "serve", "w", "-j",
	      "2", "--", "echo", "far", (char *)NULL);
	child_check(!"no client");
}

static void write_key(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "0123456789abcdef0123456789abcdef", 32), 32);
	close(fd);
}

static void servers_may_be_elsewhere(void **state)
{
	struct scene *scene = *state;
	const struct test_host *host = test_host();
	struct scene far = { 0 };
	char listen[80], key[128];
	if (host == NULL)
		skip();
	snprintf(listen, sizeof listen, "tcp://%s:0", host->here);
	snprintf(key, sizeof key, "%s", scratch(scene, "key"));
	write_key(key);
	const char *const arguments[] = { "--listen", listen, "--key-file", key, NULL };
	test_broker_start(&far.broker, arguments);
	setenv("RELEVO_URL", far.broker.url, 1);
	setenv("RELEVO_KEY_FILE", key, 1);
	far.session = session_open(far.broker.url);
	pid_t server = child_start(serve_there, far.broker.more);
	server_wait_workers(&far, 2);
	expect_output(client("1\n2\n3\n", "pool", "map", "w", "-k"), "far 1\nfar 2\nfar 3\n");
	/* And a caller that comes over tcp:// to it. */
	expect_output(client("", "--url", far.broker.more, "pool", "map", "w", "-k", "a", "b"),
		      "far a\nfar b\n");
	server_stop(server);
	unsetenv("RELEVO_KEY_FILE");
	assert_ok(relevo_session_close(far.session));
	test_broker_stop(&far.broker);
	test_host_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(a_killed_server_is_replaced_by_another),
		client_unit_test(sigterm_drains),
		client_unit_test(a_second_signal_kills),
		client_unit_test(a_killed_caller_ends_its_commands),
		client_unit_test(the_highest_priority_is_first),
		client_unit_test(servers_have_to_agree_on_the_order),
		client_unit_test(complaints_of_those_that_succeed_are_the_servers),
		client_unit_test(servers_may_be_elsewhere),
	};
	return cmocka_run_group_tests_name("cli/pool_serve", tests, NULL, NULL);
}
