/* relevod as a program: where it listens, how it starts and how it ends. */
#include "transcript/scene.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* relevod ends by itself with that status and says that. */
static void expect_refusal(const char *const *arguments, int status, const char *text)
{
	char output[4096];
	int ended = test_broker_run(arguments, output, sizeof output);
	if (ended != status || strstr(output, text) == NULL)
		print_message("status %d: %s\n", ended, output);
	assert_int_equal(ended, status);
	assert_non_null(strstr(output, text));
}

static void expect_listen_refusal(const char *url, const char *text)
{
	const char *const arguments[] = { "--listen", url, NULL };
	expect_refusal(arguments, 1, text);
}

static void test_help_and_version(void **state)
{
	(void)state;
	expect_refusal((const char *const[]){ "--help", NULL }, 0, "Exit status: 0 ended in order");
	expect_refusal((const char *const[]){ "--version", NULL }, 0, "relevod ");
}

static void test_wrong_options_are_named(void **state)
{
	static const struct {
		const char *arguments[3];
		const char *text;
	} cases[] = {
		{ { "--frobnicate" }, "--frobnicate is not an option" },
		{ { "--listen" }, "--listen needs a value" },
		{ { "stray" }, "\"stray\" is not an option" },
		{ { "--max-item", "12Q" }, "--max-item: \"12Q\" is not a size" },
		{ { "--max-item", "-1" }, "--max-item: \"-1\" is not a size" },
		{ { "--max-item", "2G" }, "--max-item: 2G is not between 1 and 1073741824" },
		{ { "--max-memory", "0" }, "--max-memory: 0 is not between" },
		{ { "--max-memory", "99999999999999999999" }, "--max-memory: 9999" },
		{ { "--max-queues", "1K" }, "--max-queues: \"1K\" is not a whole number" },
		{ { "--log-level", "loud" }, "--log-level: \"loud\" is none of" },
		{ { "--data", "" }, "--data: the name is empty" },
		{ { "--data" }, "--data needs a value" },
		{ { "--until-idle", "0" }, "--until-idle: 0 is not between 1 and" },
		{ { "--durability", "none" }, "--durability is for a broker with --data" },
		{ { "--durability", "some" }, "--durability: \"some\" is none of sync, commit" },
		{ { "--ready-fd", "x" }, "--ready-fd: \"x\" is not a whole number" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		expect_refusal(cases[i].arguments, 2, cases[i].text);
}

static void test_bad_addresses_are_named(void **state)
{
	(void)state;
	expect_listen_refusal("carrier-pigeon://coop", "carrier-pigeon://coop");
	expect_listen_refusal("ipc://", "ipc://");
	expect_listen_refusal("tcp://127.0.0.1", "tcp://127.0.0.1");
	expect_listen_refusal("fd://99", "fd://99");
}

static void test_a_missing_folder_is_named(void **state)
{
	char folder[64], url[128];
	(void)state;
	test_folder_make(folder);
	snprintf(url, sizeof url, "ipc://%s/missing/socket", folder);
	expect_listen_refusal(url, "status=\"NOT_FOUND\"");
	expect_listen_refusal(url, "/missing");
	test_folder_remove(folder);
}

static void test_an_unwritable_folder_is_named(void **state)
{
	(void)state;
	/* Root may write everywhere but here. */
	expect_listen_refusal("ipc:///proc/relevo.sock", "/proc");
}

static void test_what_is_no_socket_is_not_taken_over(void **state)
{
	char folder[64], path[80], url[128];
	(void)state;
	test_folder_make(folder);
	snprintf(path, sizeof path, "%s/file", folder);
	snprintf(url, sizeof url, "ipc://%s", path);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	expect_listen_refusal(url, path);
	assert_int_equal(access(path, F_OK), 0);
	test_folder_remove(folder);
}

static void test_a_second_broker_is_refused(void **state)
{
	struct scene *scene = *state;
	expect_listen_refusal(scene->broker.url, "status=\"ADDRESS_IN_USE\"");
	expect_listen_refusal(scene->broker.url, scene->broker.folder);
	wire_round_trip(&scene->client, scene->queue);
}

static void test_a_data_folder_in_use_is_refused(void **state)
{
	char folder[64], data[80], url[ADDRESS_MAX], text[160];
	struct test_broker broker;
	(void)state;
	test_folder_make(folder);
	snprintf(data, sizeof data, "%s/data", folder);
	snprintf(url, sizeof url, "ipc://%s/second", folder);
	const char *const arguments[] = { "--listen", url, "--data", data, NULL };
	test_broker_start(&broker, (const char *const[]){ "--data", data, NULL });
	snprintf(text, sizeof text, "the data folder %s is used by process %d", data,
		 (int)broker.pid);
	expect_refusal(arguments, 1, text);
	expect_refusal(arguments, 1, "status=\"ADDRESS_IN_USE\"");
	test_broker_stop(&broker);
	/* The folder of a broker that was killed is the next one's. */
	test_broker_start(&broker, (const char *const[]){ "--data", data, NULL });
	kill(broker.pid, SIGKILL);
	assert_int_equal(test_wait(broker.pid), 128 + SIGKILL);
	test_folder_remove(broker.folder);
	test_broker_start(&broker,
			  (const char *const[]){ "--data", data, "--durability", "commit", NULL });
	test_broker_stop(&broker);
	test_folder_remove(folder);
}

static void test_one_that_nobody_uses_ends(void **state)
{
	char folder[64], url[ADDRESS_MAX], output[4096];
	(void)state;
	test_folder_make(folder);
	snprintf(url, sizeof url, "ipc://%s/socket", folder);
	const char *const arguments[] = { "--listen", url, "--until-idle", "100", NULL };
	assert_int_equal(test_broker_run(arguments, output, sizeof output), 0);
	assert_non_null(strstr(output, "event=idle"));
	test_folder_remove(folder);
}

static void test_what_cannot_be_a_data_folder_is_named(void **state)
{
	(void)state;
	expect_refusal((const char *const[]){ "--data", "/proc/none", NULL }, 1,
		       "the data folder /proc/none cannot be made");
	expect_refusal((const char *const[]){ "--data", "/dev/null", NULL }, 1,
		       "the data folder /dev/null: Not a directory");
	expect_refusal((const char *const[]){ "--private", "--data", "/dev/null", NULL }, 1,
		       "the data folder /dev/null: Not a directory");
}

static void test_a_dead_brokers_socket_is_taken_over(void **state)
{
	char folder[64], url[ADDRESS_MAX];
	int log = open("/dev/null", O_WRONLY | O_CLOEXEC);
	(void)state;
	test_folder_make(folder);
	snprintf(url, sizeof url, "ipc://%s/socket", folder);
	for (int round = 0; round < 3; round++) {
		int ready[2];
		char ready_text[16], line[ADDRESS_MAX] = "";
		assert_int_equal(pipe(ready), 0);
		snprintf(ready_text, sizeof ready_text, "%d", ready[1]);
		const char *const arguments[] = { "--listen", url, "--ready-fd", ready_text, NULL };
		pid_t pid = test_broker_spawn(arguments, log, -1);
		close(ready[1]);
		assert_true(read(ready[0], line, sizeof line - 1) > 0);
		close(ready[0]);
		struct wire_client client;
		wire_connect(&client, url);
		wire_hello(&client);
		kill(pid, SIGKILL);
		assert_int_equal(test_wait(pid), 128 + SIGKILL);
		wire_expect_end(&client);
		wire_close(&client);
	}
	close(log);
	test_folder_remove(folder);
}

static void test_tcp_beyond_this_host_is_refused(void **state)
{
	(void)state;
	expect_listen_refusal("tcp://0.0.0.0:0", "can be reached from other hosts");
	expect_listen_refusal("tcp://0.0.0.0:0", "have workers run code");
	expect_listen_refusal("tcp://0.0.0.0:0", "--insecure-tcp");
	expect_listen_refusal("tcp://[::]:0", "tcp://[::]:0 can be reached from other hosts");
}

static int setup_insecure_tcp(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://0.0.0.0:0", "--insecure-tcp",
						 NULL };
	return scene_setup_with(state, arguments);
}

static void test_insecure_tcp_allows_it(void **state)
{
	struct scene *scene = *state;
	const char *port = strrchr(scene->broker.more, ':');
	char url[64];
	assert_non_null(port);
	snprintf(url, sizeof url, "tcp://127.0.0.1%s", port);
	struct wire_client client;
	wire_connect(&client, url);
	wire_hello(&client);
	wire_round_trip(&client, wire_open(&client, "far"));
	wire_close(&client);
}

static int setup_abstract(void **state)
{
	static char url[64];
	snprintf(url, sizeof url, "abstract://relevo-test-%d", (int)getpid());
	const char *const arguments[] = { "--listen", url, NULL };
	return scene_setup_with(state, arguments);
}

static void test_another_user_is_denied(void **state)
{
	struct scene *scene = *state;
	if (geteuid() != 0) {
		wire_round_trip(&scene->client, scene->queue);
		skip();
	}
	struct wire_client client;
	/* Who connects is who the process is at that moment. */
	assert_int_equal(seteuid(65534), 0);
	wire_connect(&client, scene->broker.more);
	assert_int_equal(seteuid(0), 0);
	wire_expect_failure(&client, 0, RELEVO_DENIED, "uid 65534 is not admitted");
	wire_expect_end(&client);
	wire_close(&client);
}

static void test_the_socket_is_its_owners_alone(void **state)
{
	struct scene *scene = *state;
	struct stat status;
	assert_int_equal(stat(scene->broker.url + strlen("ipc://"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static mode_t mode_of(const char *folder, const char *name)
{
	char path[192];
	struct stat status;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 0777;
}

static void test_a_default_folder_that_cannot_be_made_is_named(void **state)
{
	const char *const none[] = { NULL };
	struct statfs system;
	(void)state;
	/* Root may make folders everywhere but here, if it is there. */
	if (statfs("/sys", &system) != 0 || system.f_type != SYSFS_MAGIC)
		skip();
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "/sys", 1), 0);
	expect_refusal(none, 1, "status=\"DENIED\" reason=\"making the folder /sys/relevo: ");
}

/* One who is careful about files can connect to his own broker. */
static void test_the_umask_takes_nothing_from_the_owner(void **state)
{
	char folder[64], inner[96], ready_text[16], line[ADDRESS_MAX] = "";
	int ready[2];
	(void)state;
	test_folder_make(folder);
	snprintf(inner, sizeof inner, "%s/relevo", folder);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", folder, 1), 0);
	assert_int_equal(pipe(ready), 0);
	snprintf(ready_text, sizeof ready_text, "%d", ready[1]);
	const char *const arguments[] = { "--ready-fd", ready_text, NULL };
	int log = open("/dev/null", O_WRONLY | O_CLOEXEC);
	mode_t before = umask(0777);
	pid_t pid = test_broker_spawn(arguments, log, -1);
	close(ready[1]);
	bool started = read(ready[0], line, sizeof line - 1) > 0;
	umask(before);
	close(ready[0]);
	close(log);
	assert_true(started);
	assert_int_equal(mode_of(folder, "relevo"), 0700);
	assert_int_equal(mode_of(inner, "relevo.sock"), 0600);
	assert_int_equal(mode_of(inner, "relevo.sock.lock"), 0600);
	kill(pid, SIGTERM);
	assert_int_equal(test_wait(pid), 0);
	test_folder_remove(inner);
	test_folder_remove(folder);
}

/* Whatever it has inherited: it ends when it is told to. */
static void test_inherited_signals_do_not_keep_it(void **state)
{
	struct test_broker broker;
	sigset_t all, before;
	(void)state;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	signal(SIGTERM, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	test_broker_start(&broker, NULL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	test_broker_stop(&broker);
}

static void test_sigint_ends_in_order_too(void **state)
{
	struct scene *scene = *state;
	const char *path = scene->broker.url + strlen("ipc://");
	wire_send_get(&scene->client, scene->queue, 1, MSEC_FOREVER);
	assert_int_equal(kill(scene->broker.pid, SIGINT), 0);
	wire_expect_end(&scene->client);
	assert_int_equal(test_wait(scene->broker.pid), 0);
	assert_int_equal(access(path, F_OK), -1);
	wire_close(&scene->client);
	wire_close(&scene->bystander);
	test_folder_remove(scene->broker.folder);
	free(scene);
}

/* ---- inherited sockets, and the library's private broker ---------------- */

static int listen_in(const char *folder, char url[ADDRESS_MAX])
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	snprintf(name.sun_path, sizeof name.sun_path, "%s/socket", folder);
	snprintf(url, ADDRESS_MAX, "ipc://%s", name.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static void test_a_socket_from_systemd(void **state)
{
	char folder[64], url[ADDRESS_MAX];
	(void)state;
	if (!HAVE_SYSTEMD)
		skip();
	test_folder_make(folder);
	int log = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int fd = listen_in(folder, url);
	pid_t pid = test_broker_spawn((const char *const[]){ NULL }, log, fd);
	struct wire_client client;
	wire_connect(&client, url);
	wire_hello(&client);
	wire_round_trip(&client, wire_open(&client, "activated"));
	wire_close(&client);
	kill(pid, SIGTERM);
	assert_int_equal(test_wait(pid), 0);
	close(fd);
	close(log);
	test_folder_remove(folder);
}

static void test_a_private_broker_lives_until_its_pipe_ends(void **state)
{
	char folder[64], url[ADDRESS_MAX], fd_url[32], life_text[16];
	int life[2], output[2];
	(void)state;
	test_folder_make(folder);
	int fd = listen_in(folder, url);
	assert_int_equal(fcntl(fd, F_SETFD, 0), 0);
	assert_int_equal(pipe(life), 0);
	assert_int_equal(fcntl(life[1], F_SETFD, FD_CLOEXEC), 0);
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	snprintf(fd_url, sizeof fd_url, "fd://%d", fd);
	snprintf(life_text, sizeof life_text, "%d", life[0]);
	const char *const arguments[] = { "--private",   "--listen", fd_url,
					  "--until-eof", life_text,  NULL };
	/* Comes back at once, the broker being somewhere else. */
	pid_t pid = test_broker_spawn(arguments, output[1], -1);
	close(output[1]);
	close(life[0]);
	close(fd);
	assert_int_equal(test_wait(pid), 0);
	struct wire_client client;
	wire_connect(&client, url);
	wire_hello(&client);
	wire_round_trip(&client, wire_open(&client, "private"));
	close(life[1]);
	wire_expect_end(&client);
	wire_close(&client);
	/* It has gone when nobody holds its standard error any more; and it had
	 * nothing to say. */
	char byte;
	assert_int_equal(read(output[0], &byte, 1), 0);
	close(output[0]);
	test_folder_remove(folder);
}

static void test_a_private_broker_that_cannot_start_says_so(void **state)
{
	static const char *const arguments[] = { "--private", "--listen", "ipc:///proc/x", NULL };
	(void)state;
	expect_refusal(arguments, 1, "/proc");
}

static void test_the_default_socket(void **state)
{
	char folder[64], path[128], url[ADDRESS_MAX];
	int ready[2];
	(void)state;
	test_folder_make(folder);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", folder, 1), 0);
	assert_int_equal(pipe(ready), 0);
	int log = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char ready_text[16];
	snprintf(ready_text, sizeof ready_text, "%d", ready[1]);
	const char *const arguments[] = { "--ready-fd", ready_text, NULL };
	pid_t pid = test_broker_spawn(arguments, log, -1);
	close(ready[1]);
	ssize_t got = read(ready[0], url, sizeof url - 1);
	assert_true(got > 0);
	url[got - 1] = '\0';
	close(ready[0]);
	snprintf(path, sizeof path, "ipc://%s/relevo/relevo.sock", folder);
	assert_string_equal(url, path);
	snprintf(path, sizeof path, "%s/relevo", folder);
	struct stat status;
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	kill(pid, SIGTERM);
	assert_int_equal(test_wait(pid), 0);
	/* Where others may write, they could put a socket of theirs. */
	assert_int_equal(chmod(path, 0777), 0);
	expect_refusal((const char *const[]){ NULL }, 1, "others may write in");
	close(log);
	test_folder_remove(path);
	test_folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_help_and_version),
		cmocka_unit_test(test_wrong_options_are_named),
		cmocka_unit_test(test_bad_addresses_are_named),
		cmocka_unit_test(test_a_missing_folder_is_named),
		cmocka_unit_test(test_an_unwritable_folder_is_named),
		cmocka_unit_test(test_a_default_folder_that_cannot_be_made_is_named),
		cmocka_unit_test(test_what_is_no_socket_is_not_taken_over),
		scene_test(test_a_second_broker_is_refused),
		cmocka_unit_test(test_a_data_folder_in_use_is_refused),
		cmocka_unit_test(test_one_that_nobody_uses_ends),
		cmocka_unit_test(test_what_cannot_be_a_data_folder_is_named),
		cmocka_unit_test(test_a_dead_brokers_socket_is_taken_over),
		cmocka_unit_test(test_tcp_beyond_this_host_is_refused),
		cmocka_unit_test_setup_teardown(test_insecure_tcp_allows_it, setup_insecure_tcp,
						scene_teardown),
		cmocka_unit_test_setup_teardown(test_another_user_is_denied, setup_abstract,
						scene_teardown),
		scene_test(test_the_socket_is_its_owners_alone),
		cmocka_unit_test(test_the_umask_takes_nothing_from_the_owner),
		cmocka_unit_test(test_inherited_signals_do_not_keep_it),
		cmocka_unit_test_setup(test_sigint_ends_in_order_too, scene_setup),
		cmocka_unit_test(test_a_socket_from_systemd),
		cmocka_unit_test(test_a_private_broker_lives_until_its_pipe_ends),
		cmocka_unit_test(test_a_private_broker_that_cannot_start_says_so),
		cmocka_unit_test(test_the_default_socket),
	};
	return cmocka_run_group_tests_name("transcript/program", tests, NULL, NULL);
}
