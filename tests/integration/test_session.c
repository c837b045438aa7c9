/* Sessions: how they begin, and how they end. */
#include "support/queues.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* ---- opening ----------------------------------------------------------- */

static void opens_by_url(void **state)
{
	struct scene *scene = *state;
	assert_string_equal(relevo_session_url(scene->session), scene->broker.url);
	assert_int_equal(relevo_session_max_item(scene->session), 32 * 1024 * 1024);
}

static void second_session_of_the_same_url_is_another_connection(void **state)
{
	struct scene *scene = *state;
	relevo_session *second = session_open(scene->broker.url);
	struct relevo_queue_options options = { .lifetime = RELEVO_LIFETIME_SESSION };
	relevo_queue *theirs;
	assert_ok(relevo_queue_open(second, "theirs", &options, &theirs));
	relevo_queue_close(theirs);
	assert_ok(relevo_session_close(second));
	options.mode = RELEVO_OPEN_EXISTING;
	assert_fails(relevo_queue_open(scene->session, "theirs", &options, &theirs),
		     RELEVO_NOT_FOUND, "\"theirs\"");
}

static void opens_by_environment(void **state)
{
	struct scene *scene = *state;
	setenv("RELEVO_URL", scene->broker.url, 1);
	relevo_session *session = session_open(NULL);
	assert_string_equal(relevo_session_url(session), scene->broker.url);
	unsetenv("RELEVO_URL");
	assert_ok(relevo_session_close(session));
}

static void environment_is_no_reason_for_a_private_broker(void **state)
{
	(void)state;
	relevo_session *session;
	setenv("RELEVO_URL", "ipc:///nowhere/socket", 1);
	setenv("RELEVO_BROKER", RELEVOD_EXE, 1);
	int status = relevo_session_open(NULL, NULL, &session);
	unsetenv("RELEVO_BROKER");
	unsetenv("RELEVO_URL");
	assert_status(status, RELEVO_NO_BROKER);
	assert_non_null(strstr(relevo_error_detail(), "/nowhere/socket"));
}

static void opens_the_users_own_broker(void **state)
{
	(void)state;
	char folder[64], socket[128], *before = getenv("XDG_RUNTIME_DIR");
	int ready[2];
	char number[16], line[256];
	before = before != NULL ? strdup(before) : NULL;
	test_folder_make(folder);
	setenv("XDG_RUNTIME_DIR", folder, 1);
	assert_int_equal(pipe(ready), 0);
	snprintf(number, sizeof number, "%d", ready[1]);
	const char *arguments[] = { "--ready-fd", number, "--log-level", "error", NULL };
	pid_t broker = test_broker_spawn(arguments, STDERR_FILENO, -1);
	close(ready[1]);
	assert_true(read(ready[0], line, sizeof line) > 0);
	close(ready[0]);

	relevo_session *session = session_open(NULL);
	snprintf(socket, sizeof socket, "ipc://%s/relevo/relevo.sock", folder);
	assert_string_equal(relevo_session_url(session), socket);
	assert_ok(relevo_session_close(session));

	assert_int_equal(kill(broker, SIGTERM), 0);
	assert_int_equal(child_wait(broker), 0);
	snprintf(socket, sizeof socket, "%s/relevo", folder);
	assert_int_equal(rmdir(socket), 0);
	test_folder_remove(folder);
	if (before != NULL)
		setenv("XDG_RUNTIME_DIR", before, 1);
	else
		unsetenv("XDG_RUNTIME_DIR");
	free(before);
}

/* ---- failing to open --------------------------------------------------- */

static void no_broker_names_the_address(void **state)
{
	(void)state;
	relevo_session *session;
	assert_fails(relevo_session_open("ipc:///nowhere/at/all", NULL, &session), RELEVO_NO_BROKER,
		     "/nowhere/at/all");
	assert_fails(relevo_session_open("abstract://nobody-listens-here", NULL, &session),
		     RELEVO_NO_BROKER, "nobody-listens-here");
}

static void a_socket_file_that_nobody_listens_at_is_no_broker(void **state)
{
	(void)state;
	char folder[64], url[128];
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	relevo_session *session;
	test_folder_make(folder);
	snprintf(name.sun_path, sizeof name.sun_path, "%s/stale", folder);
	snprintf(url, sizeof url, "ipc://%s", name.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	close(fd);
	assert_fails(relevo_session_open(url, NULL, &session), RELEVO_NO_BROKER, name.sun_path);
	test_folder_remove(folder);
}

static void bad_addresses_are_named(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"nonsense",
		"ipc://",
		"ipc://relative",
		"abstract://",
		"http://localhost",
		"tcp://",
		"tcp://host",
		"tcp://h:0x",
		"tcp://h:70000",
		"tcp://:",
		"fd://3",
		"ipc:/x",
		"tcp://127.0.0.1:",
		"tcp://[::1:80",
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		relevo_session *session = NULL;
		assert_fails(relevo_session_open(bad[i], NULL, &session), RELEVO_BAD_ADDRESS,
			     bad[i]);
		assert_null(session);
	}
	char long_path[512] = "ipc:///";
	relevo_session *session;
	memset(long_path + strlen(long_path), 'x', 400);
	assert_status(relevo_session_open(long_path, NULL, &session), RELEVO_BAD_ADDRESS);
	char long_host[2048] = "tcp://";
	memset(long_host + strlen(long_host), 'x', 1500);
	assert_status(relevo_session_open(long_host, NULL, &session), RELEVO_BAD_ADDRESS);
}

static void bad_arguments_are_refused(void **state)
{
	struct scene *scene = *state;
	relevo_session *session;
	struct relevo_session_options options = { .timeout = -2 };
	assert_fails(relevo_session_open(scene->broker.url, &options, &session),
		     RELEVO_BAD_ARGUMENT, "time-out");
	assert_status(relevo_session_open(scene->broker.url, NULL, NULL), RELEVO_BAD_ARGUMENT);
	assert_fails(relevo_session_flush(scene->session, -2), RELEVO_BAD_ARGUMENT, "-2");
}

static void long_session_name_is_no_problem(void **state)
{
	struct scene *scene = *state;
	char name[5000];
	relevo_session *session;
	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = '\0';
	struct relevo_session_options options = { .name = name };
	assert_ok(relevo_session_open(scene->broker.url, &options, &session));
	assert_ok(relevo_session_close(session));
}

static void other_user(void *argument)
{
	const char *url = argument;
	relevo_session *session;
	/* Root would be let in everywhere: become nobody. */
	child_check(setgid(65534) == 0 && setuid(65534) == 0);
	int status = relevo_session_open(url, NULL, &session);
	child_check(status == RELEVO_DENIED);
	child_check(strstr(relevo_error_detail(), "65534") != NULL);
}

static void another_user_is_denied(void **state)
{
	(void)state;
	if (getuid() != 0)
		skip();
	struct test_broker broker;
	char abstract[64];
	snprintf(abstract, sizeof abstract, "abstract://relevo-test-%d", (int)getpid());
	const char *arguments[] = { "--listen", abstract, NULL };
	test_broker_start(&broker, arguments);
	child_join(child_start(other_user, abstract));
	test_broker_stop(&broker);
}

/* A name that another user was first to take, who listens for what is not his. */
struct impostor {
	char url[64];
	struct gate listening;
};

static void pose_as_broker(void *argument)
{
	struct impostor *impostor = argument;
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	const char *rest = impostor->url + strlen("abstract://");
	memcpy(name.sun_path + 1, rest, strlen(rest));
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(rest));
	child_check(setgid(65534) == 0 && setuid(65534) == 0);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	child_check(bind(fd, (struct sockaddr *)&name, size) == 0 && listen(fd, 8) == 0);
	gate_open(&impostor->listening);
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	char byte;
	/* Not a word is said to him. */
	child_check(client >= 0 && read(client, &byte, 1) == 0);
}

static void a_broker_of_another_user_is_told_nothing(void **state)
{
	(void)state;
	struct impostor impostor;
	relevo_session *session;
	if (getuid() != 0)
		skip();
	snprintf(impostor.url, sizeof impostor.url, "abstract://relevo-pose-%d", (int)getpid());
	gate_make(&impostor.listening);
	pid_t child = child_start(pose_as_broker, &impostor);
	gate_pass(&impostor.listening);
	assert_fails(relevo_session_open(impostor.url, NULL, &session), RELEVO_DENIED,
		     impostor.url);
	assert_non_null(strstr(relevo_error_detail(), "uid 65534"));
	child_join(child);
	gate_close(&impostor.listening);
}

static void a_file_of_another_user(void *argument)
{
	const char *url = argument;
	relevo_session *session;
	child_check(setgid(65534) == 0 && setuid(65534) == 0);
	child_check(relevo_session_open(url, NULL, &session) == RELEVO_DENIED);
	child_check(strstr(relevo_error_detail(), url + strlen("ipc://")) != NULL);
}

static void the_socket_file_is_for_its_owner(void **state)
{
	struct scene *scene = *state;
	struct stat status;
	assert_int_equal(stat(scene->broker.url + strlen("ipc://"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	if (getuid() == 0)
		child_join(child_start(a_file_of_another_user, scene->broker.url));
}

static void connecting_to_what_never_answers_times_out(void **state)
{
	(void)state;
	char folder[64], url[128];
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	relevo_session *session;
	struct relevo_session_options options = { .timeout = 200 };
	test_folder_make(folder);
	snprintf(name.sun_path, sizeof name.sun_path, "%s/mute", folder);
	snprintf(url, sizeof url, "ipc://%s", name.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(fd, 1), 0);
	for (int i = 0; i < 4; i++) { /* from the third on, not even accepted */
		int64_t before = test_now();
		assert_fails(relevo_session_open(url, &options, &session), RELEVO_TIMED_OUT, "");
		assert_between(test_now() - before, 199, 1200);
	}
	close(fd);
	test_folder_remove(folder);
}

static void what_is_no_broker_is_told_from_one(void **state)
{
	(void)state;
	char folder[64], url[128];
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	test_folder_make(folder);
	snprintf(name.sun_path, sizeof name.sun_path, "%s/other", folder);
	snprintf(url, sizeof url, "ipc://%s", name.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(fd, 1), 0);
	pid_t child = fork();
	if (child == 0) {
		relevo_session *session;
		child_check(relevo_session_open(url, NULL, &session) == RELEVO_DISCONNECTED);
		child_check(relevo_error_detail()[0] != '\0');
		_exit(0);
	}
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	static const char greeting[] = "220 mail.example.org ESMTP\r\n";
	assert_int_equal(write(peer, greeting, strlen(greeting)), strlen(greeting));
	child_join(child);
	close(peer);
	close(fd);
	test_folder_remove(folder);
}

/* ---- errors ------------------------------------------------------------ */

static void error_detail_belongs_to_the_last_failure(void **state)
{
	struct scene *scene = *state;
	struct relevo_queue_options options = { .mode = RELEVO_OPEN_EXISTING };
	relevo_queue *queue;
	assert_status(relevo_queue_open(scene->session, "missing", &options, &queue),
		      RELEVO_NOT_FOUND);
	assert_non_null(strstr(relevo_error_detail(), "\"missing\""));
	assert_string_equal(relevo_error_name(RELEVO_NOT_FOUND), "NOT_FOUND");
	assert_non_null(relevo_error_message(-77));
	assert_non_null(relevo_error_message(9999));
	assert_non_null(relevo_error_name(9999));
	for (int status = RELEVO_OK; status <= RELEVO_SHUT_DOWN; status++)
		assert_true(strlen(relevo_error_message(status)) > 5);
}

static void errno_is_left_alone_by_success(void **state)
{
	struct scene *scene = *state;
	errno = 77;
	put_text(scene->queue, "x");
	expect_text(scene->queue, "x");
	expect_empty(scene->queue);
	assert_ok(relevo_session_flush(scene->session, 1000));
	assert_int_equal(errno, 77);
}

/* ---- ending ------------------------------------------------------------ */

static void close_flushes(void **state)
{
	struct scene *scene = *state;
	relevo_session *second = session_open(scene->broker.url);
	relevo_queue *queue = queue_open(second, "q");
	for (int i = 0; i < 1000; i++)
		put_text(queue, "item");
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(second));
	assert_int_equal(counts_of(scene->queue).ready, 1000);
}

static void flush_waits_for_the_broker(void **state)
{
	struct scene *scene = *state;
	relevo_session *second = session_open(scene->broker.url);
	relevo_queue *queue = queue_open(second, "q");
	put_text(queue, "one");
	put_text(queue, "two");
	assert_ok(relevo_session_flush(second, RELEVO_FOREVER));
	assert_int_equal(counts_of(scene->queue).ready, 2);
	assert_ok(relevo_session_flush(second, 0));
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(second));
}

static void a_put_arrives_without_another_call(void **state)
{
	struct scene *scene = *state;
	relevo_session *second = session_open(scene->broker.url);
	relevo_queue *queue = queue_open(second, "q");
	put_text(queue, "one");
	put_text(queue, "two");
	expect_text(scene->queue, "one");
	expect_text(scene->queue, "two");
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(second));
}

static void closing_nothing_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(relevo_session_close(NULL), RELEVO_OK);
	relevo_queue_close(NULL);
	relevo_pool_close(NULL);
}

static void open_with_odd_names(void *argument)
{
	const struct scene *scene = argument;
	static char program[] = "caf\xe9\n";
	static const char host[] = "h\xf6st";
	relevo_session *session;
	/* Root alone may name its host, here one of its own. */
	if (geteuid() == 0)
		child_check(unshare(CLONE_NEWUTS) == 0 && sethostname(host, sizeof host - 1) == 0);
	program_invocation_short_name = program;
	child_check(relevo_session_open(scene->broker.url, NULL, &session) == RELEVO_OK);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

/* Names that nobody chose for relevo: of the host, and of the program. */
static void names_that_are_not_utf8_keep_nobody_out(void **state)
{
	child_join(child_start(open_with_odd_names, *state));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(opens_by_url),
		scene_unit_test(second_session_of_the_same_url_is_another_connection),
		scene_unit_test(opens_by_environment),
		leaks_unit_test(environment_is_no_reason_for_a_private_broker),
		leaks_unit_test(opens_the_users_own_broker),
		leaks_unit_test(no_broker_names_the_address),
		leaks_unit_test(a_socket_file_that_nobody_listens_at_is_no_broker),
		leaks_unit_test(bad_addresses_are_named),
		scene_unit_test(bad_arguments_are_refused),
		scene_unit_test(long_session_name_is_no_problem),
		scene_unit_test(names_that_are_not_utf8_keep_nobody_out),
		leaks_unit_test(another_user_is_denied),
		leaks_unit_test(a_broker_of_another_user_is_told_nothing),
		scene_unit_test(the_socket_file_is_for_its_owner),
		leaks_unit_test(connecting_to_what_never_answers_times_out),
		leaks_unit_test(what_is_no_broker_is_told_from_one),
		scene_unit_test(error_detail_belongs_to_the_last_failure),
		scene_unit_test(errno_is_left_alone_by_success),
		scene_unit_test(close_flushes),
		scene_unit_test(flush_waits_for_the_broker),
		scene_unit_test(a_put_arrives_without_another_call),
		leaks_unit_test(closing_nothing_is_allowed),
	};
	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
