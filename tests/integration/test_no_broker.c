/* The places where the user's own broker would be, and cannot be: what a program makes of that. */
#include "support/queues.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { NOBODY = 65534 };

/* Within the folder of a test; it stands for XDG_RUNTIME_DIR. */
struct place {
	char folder[64];
	char runtime[300];
	int socket; /* -1: none */
	struct gate listening;
	char *before;
};

static int place_setup(void **state)
{
	static struct place place;
	const char *before = getenv("XDG_RUNTIME_DIR");
	/* Brokers are orphans on purpose: here they become this program's. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	int status = leaks_setup(state);
	place = (struct place){ .socket = -1, .before = before != NULL ? strdup(before) : NULL };
	test_folder_make(place.folder);
	snprintf(place.runtime, sizeof place.runtime, "%s", place.folder);
	setenv("RELEVO_BROKER", RELEVOD_EXE, 1);
	*state = &place;
	return status;
}

static int place_teardown(void **state)
{
	struct place *place = *state;
	char path[128];
	if (place->socket >= 0)
		close(place->socket);
	snprintf(path, sizeof path, "%s/relevo/relevo.sock", place->folder);
	unlink(path);
	*strrchr(path, '/') = '\0';
	if (rmdir(path) != 0)
		unlink(path);
	test_folder_remove(place->folder);
	if (place->before != NULL)
		setenv("XDG_RUNTIME_DIR", place->before, 1);
	else
		unsetenv("XDG_RUNTIME_DIR");
	free(place->before);
	unsetenv("RELEVO_BROKER");
	return leaks_teardown(state);
}

/* The path of the socket, its folder made. */
static void make_relevo_folder(const struct place *place, struct sockaddr_un *name)
{
	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(name->sun_path, sizeof name->sun_path, "%s/relevo", place->folder);
	assert_int_equal(mkdir(name->sun_path, 0700), 0);
	strcat(name->sun_path, "/relevo.sock");
}

/* A program gets a broker of its own; one that wants none, as the tools do, is told why. */
static void expect_private(const struct place *place, int status, const char *why)
{
	relevo_session *session;
	relevo_queue *queue;
	const struct relevo_session_options no_private = { .no_private_broker = true };
	pid_t broker;
	setenv("XDG_RUNTIME_DIR", place->runtime, 1);
	assert_fails(relevo_session_open(NULL, &no_private, &session), status, why);
	assert_ok(relevo_session_open(NULL, NULL, &session));
	assert_int_equal(strncmp(relevo_session_url(session), "abstract://", 11), 0);
	assert_int_equal(process_children(getpid(), &broker, 1), 1);
	queue = queue_open(session, "q");
	put_text(queue, "hello");
	expect_text(queue, "hello");
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
	assert_int_equal(waitpid(broker, NULL, 0), broker);
	/* If that cannot be started either, both are told. */
	const struct relevo_session_options no_program = { .broker = "/nowhere/relevod" };
	assert_fails(relevo_session_open(NULL, &no_program, &session), RELEVO_NO_BROKER, why);
	assert_non_null(strstr(relevo_error_detail(), "/nowhere/relevod"));
}

static void a_folder_that_is_not_there(void **state)
{
	struct place *place = *state;
	strcat(place->runtime, "/none");
	expect_private(place, RELEVO_NO_BROKER, "/none/relevo/relevo.sock");
}

static void a_path_too_long_for_a_socket(void **state)
{
	struct place *place = *state;
	memset(place->runtime + strlen(place->runtime), 'd', 120);
	expect_private(place, RELEVO_BAD_ADDRESS, "too long");
	memset(place->runtime + strlen(place->runtime), 'd', 80);
	expect_private(place, RELEVO_BAD_ADDRESS, "too long");
}

static void a_file_where_the_folder_is_due(void **state)
{
	struct place *place = *state;
	char path[80];
	snprintf(path, sizeof path, "%s/relevo", place->folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	expect_private(place, RELEVO_NO_BROKER, "Not a directory");
}

static void a_path_that_leads_in_circles(void **state)
{
	struct place *place = *state;
	struct sockaddr_un name;
	make_relevo_folder(place, &name);
	assert_int_equal(symlink("relevo.sock", name.sun_path), 0);
	expect_private(place, RELEVO_BAD_ADDRESS, "symbolic links");
}

static void a_file_that_is_no_socket(void **state)
{
	struct place *place = *state;
	struct sockaddr_un name;
	make_relevo_folder(place, &name);
	int fd = open(name.sun_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	expect_private(place, RELEVO_NO_BROKER, "relevo.sock");
}

static void a_socket_of_another_kind(void **state)
{
	struct place *place = *state;
	struct sockaddr_un name;
	make_relevo_folder(place, &name);
	place->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(place->socket, (struct sockaddr *)&name, sizeof name), 0);
	expect_private(place, RELEVO_BAD_ADDRESS, "wrong type");
}

/* A broker that stands still is one: the others of this user have what they put there. */
static void a_broker_that_stands_still_is_not_passed_over(void **state)
{
	struct place *place = *state;
	struct sockaddr_un name;
	relevo_session *session;
	pid_t broker;
	const struct relevo_session_options options = { .timeout = 100 };
	make_relevo_folder(place, &name);
	place->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(place->socket, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(place->socket, 1), 0);
	setenv("XDG_RUNTIME_DIR", place->runtime, 1);
	assert_status(relevo_session_open(NULL, &options, &session), RELEVO_TIMED_OUT);
	assert_int_equal(process_children(getpid(), &broker, 1), 0);
}

static void what_was_named_is_not_passed_over(void **state)
{
	struct place *place = *state;
	relevo_session *session;
	pid_t broker;
	char url[300] = "ipc:///";
	memset(url + strlen(url), 'd', 150);
	assert_status(relevo_session_open(url, NULL, &session), RELEVO_BAD_ADDRESS);
	setenv("XDG_RUNTIME_DIR", place->runtime, 1);
	setenv("RELEVO_URL", url, 1);
	int status = relevo_session_open(NULL, NULL, &session);
	unsetenv("RELEVO_URL");
	assert_status(status, RELEVO_BAD_ADDRESS);
	assert_int_equal(process_children(getpid(), &broker, 1), 0);
}

/* ---- as another user -------------------------------------------------------- */

static void become_nobody(void)
{
	child_check(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
}

static void as_nobody(void *argument)
{
	const struct place *place = argument;
	relevo_session *session;
	const struct relevo_session_options no_private = { .no_private_broker = true };
	const struct relevo_session_options no_program = { .broker = "/nowhere/relevod" };
	setenv("XDG_RUNTIME_DIR", place->runtime, 1);
	become_nobody();
	child_check(relevo_session_open(NULL, &no_private, &session) == RELEVO_DENIED);
	child_check(strstr(relevo_error_detail(), place->runtime) != NULL);
	/* One that nobody could start: it is enough that it is tried. */
	child_check(relevo_session_open(NULL, &no_program, &session) == RELEVO_NO_BROKER);
	child_check(strstr(relevo_error_detail(), "Permission denied; and /nowhere/") != NULL);
	/* Nor is what was named passed over for being denied. */
	char url[340];
	snprintf(url, sizeof url, "ipc://%s/relevo/relevo.sock", place->runtime);
	setenv("RELEVO_URL", url, 1);
	child_check(relevo_session_open(NULL, &no_program, &session) == RELEVO_DENIED);
}

static void the_folder_of_another_user(void **state)
{
	struct place *place = *state;
	if (getuid() != 0)
		skip();
	child_join(child_start(as_nobody, place));
}

static void listen_as_nobody(void *argument)
{
	struct place *place = argument;
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	snprintf(name.sun_path, sizeof name.sun_path, "relevo/relevo.sock");
	child_check(chdir(place->folder) == 0);
	become_nobody();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	child_check(bind(fd, (struct sockaddr *)&name, sizeof name) == 0);
	child_check(listen(fd, 8) == 0);
	gate_open(&place->listening);
	pause();
}

/* Even if the socket lets everybody in. */
static void the_broker_of_another_user(void **state)
{
	struct place *place = *state;
	struct sockaddr_un name;
	if (getuid() != 0)
		skip();
	make_relevo_folder(place, &name);
	assert_int_equal(chmod(place->folder, 0711), 0);
	char path[80];
	snprintf(path, sizeof path, "%s/relevo", place->folder);
	assert_int_equal(chmod(path, 0777), 0);
	gate_make(&place->listening);
	pid_t other = child_start(listen_as_nobody, place);
	gate_pass(&place->listening);
	relevo_session *session;
	const struct relevo_session_options no_private = { .no_private_broker = true };
	setenv("XDG_RUNTIME_DIR", place->runtime, 1);
	assert_fails(relevo_session_open(NULL, &no_private, &session), RELEVO_DENIED, "65534");
	child_kill(other);
	gate_close(&place->listening);
}

/* ---- one that cannot be made ---------------------------------------------------- */

/* Whose processes nobody else's count among. */
enum { LONER = 64871 };

/* Itself and one more: the broker's program, but not the broker in the background. Limits of root
 * are those of who has its rights, and counts are those of the real user. */
static void with_one_process_left(void *unused)
{
	const struct rlimit two = { 2, 2 };
	const struct relevo_session_options options = { .broker = RELEVOD_EXE };
	relevo_session *session;
	(void)unused;
	unsetenv("RELEVO_URL");
	child_check(prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE) == 0);
	child_check(prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN) == 0);
	child_check(setresuid(LONER, 0, 0) == 0);
	child_check(setrlimit(RLIMIT_NPROC, &two) == 0);
	child_check(relevo_session_open(NULL, &options, &session) == RELEVO_NO_BROKER);
	child_check(strstr(relevo_error_detail(),
			   "ended with status 1: fork: Resource temporarily unavailable") != NULL);
}

static void why_it_could_not_go_on_is_told(void **state)
{
	struct place *place = *state;
	if (getuid() != 0)
		skip();
	setenv("XDG_RUNTIME_DIR", place->runtime, 1);
	child_join(child_start(with_one_process_left, NULL));
}

/* Of one that keeps no log, what it said first. */
static void what_a_strange_broker_said_is_told(void **state)
{
	struct place *place = *state;
	char program[96];
	relevo_session *session;
	snprintf(program, sizeof program, "%s/broker", place->folder);
	FILE *script = fopen(program, "w");
	assert_non_null(script);
	fputs("#!/bin/sh\nprintf 'not\\033 today\\nmore\\n' >&2\nexit 3\n", script);
	assert_int_equal(fclose(script), 0);
	assert_int_equal(chmod(program, 0700), 0);
	const struct relevo_session_options options = { .broker = program };
	setenv("XDG_RUNTIME_DIR", place->runtime, 1);
	assert_fails(relevo_session_open(NULL, &options, &session), RELEVO_NO_BROKER,
		     "ended with status 3: not? today");
	assert_null(strstr(relevo_error_detail(), "more"));
	unlink(program);
}

#define place_test(function) cmocka_unit_test_setup_teardown(function, place_setup, place_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(a_folder_that_is_not_there),
		place_test(a_path_too_long_for_a_socket),
		place_test(a_file_where_the_folder_is_due),
		place_test(a_path_that_leads_in_circles),
		place_test(a_file_that_is_no_socket),
		place_test(a_socket_of_another_kind),
		place_test(a_broker_that_stands_still_is_not_passed_over),
		place_test(what_was_named_is_not_passed_over),
		place_test(the_folder_of_another_user),
		place_test(the_broker_of_another_user),
		place_test(why_it_could_not_go_on_is_told),
		place_test(what_a_strange_broker_said_is_told),
	};
	return cmocka_run_group_tests_name("no_broker", tests, NULL, NULL);
}
