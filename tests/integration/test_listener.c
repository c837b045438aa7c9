/* Listeners: who may come, who inherits them, and what is left behind. */
#include "support/broker.h"
#include "support/pipes.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { CLIENTS = 100, NOBODY = 65534 };

static relevo_listener *listener_open(const char *address)
{
	relevo_listener *listener = NULL;
	assert_ok(relevo_listener_open(address, NULL, &listener));
	return listener;
}

static relevo_pipe *connected(const relevo_listener *listener)
{
	relevo_pipe *pipe = NULL;
	assert_ok(relevo_pipe_connect(relevo_listener_address(listener), NULL, 0, &pipe));
	return pipe;
}

static relevo_pipe *accepted(relevo_listener *listener)
{
	relevo_pipe *pipe = NULL;
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &pipe));
	return pipe;
}

/* ---- addresses ---------------------------------------------------------- */

static void an_address_of_its_own(void **state)
{
	(void)state;
	relevo_listener *first = listener_open(NULL);
	relevo_listener *second = listener_open(NULL);
	assert_memory_equal(relevo_listener_address(first), "abstract://relevo-", 18);
	assert_string_not_equal(relevo_listener_address(first), relevo_listener_address(second));
	relevo_pipe *there = connected(second), *here = accepted(second);
	pipe_send_text(there, "second");
	pipe_expect_text(here, "second");
	relevo_pipe_close(there);
	relevo_pipe_close(here);
	relevo_listener_close(first);
	relevo_listener_close(second);
	relevo_listener_close(NULL);
}

struct place {
	char folder[64], path[80], address[96];
};

static struct place place_make(void)
{
	struct place place;
	test_folder_make(place.folder);
	snprintf(place.path, sizeof place.path, "%s/socket", place.folder);
	snprintf(place.address, sizeof place.address, "ipc://%s", place.path);
	return place;
}

static void listen_and_be_killed(void *argument)
{
	const struct place *place = argument;
	relevo_listener *listener;
	child_check(relevo_listener_open(place->address, NULL, &listener) == RELEVO_OK);
	kill(getpid(), SIGKILL);
}

/* Only this user may open it; a killed program's is taken over. */
static void what_is_at_the_path(void **state)
{
	(void)state;
	struct place place = place_make();
	struct stat there;
	relevo_pipe *pipe = NULL;
	assert_int_equal(child_wait(child_start(listen_and_be_killed, &place)), 128 + SIGKILL);
	assert_int_equal(lstat(place.path, &there), 0);
	assert_status(relevo_pipe_connect(place.address, NULL, 0, &pipe), RELEVO_NOT_FOUND);
	relevo_listener *listener = listener_open(place.address);
	assert_int_equal(lstat(place.path, &there), 0);
	assert_true(S_ISSOCK(there.st_mode));
	assert_int_equal(there.st_mode & 0777, 0600);
	relevo_pipe_close(connected(listener));
	relevo_listener_close(listener);
	assert_int_not_equal(lstat(place.path, &there), 0);
	assert_int_equal(rmdir(place.folder), 0);
	assert_fails(relevo_listener_open(place.address, NULL, &listener), RELEVO_NOT_FOUND,
		     place.folder);
}

static void what_is_no_listener(void **state)
{
	(void)state;
	struct place place = place_make();
	struct stat there;
	relevo_listener *listener = NULL;
	relevo_pipe *pipe = NULL;
	FILE *file = fopen(place.path, "w");
	assert_non_null(file);
	fclose(file);
	assert_fails(relevo_listener_open(place.address, NULL, &listener), RELEVO_BAD_ADDRESS,
		     place.path);
	assert_int_equal(lstat(place.path, &there), 0);
	assert_true(S_ISREG(there.st_mode));
	assert_int_equal(unlink(place.path), 0);
	/* A stream, such as a broker's. */
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	memcpy(name.sun_path, place.path, strlen(place.path) + 1);
	int stream = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(stream, (const struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(stream, 1), 0);
	assert_status(relevo_listener_open(place.address, NULL, &listener), RELEVO_ADDRESS_IN_USE);
	assert_fails(relevo_pipe_connect(place.address, NULL, 0, &pipe), RELEVO_BAD_ADDRESS,
		     place.address);
	close(stream);
	test_folder_remove(place.folder);
}

/* ---- who comes ---------------------------------------------------------- */

static void come(void *argument)
{
	const relevo_listener *listener = argument;
	for (int i = 0; i < CLIENTS / 2; i++) {
		relevo_pipe *pipe;
		child_check(relevo_pipe_connect(relevo_listener_address(listener), NULL,
						TEST_PATIENCE, &pipe) == RELEVO_OK);
		pipe_send_text(pipe, "here");
		pipe_expect_text(pipe, "there");
		relevo_pipe_close(pipe);
	}
}

static void serve_clients(relevo_listener *listener, int count)
{
	for (int i = 0; i < count; i++) {
		relevo_pipe *pipe;
		child_check(relevo_listener_accept(listener, TEST_PATIENCE, &pipe) == RELEVO_OK);
		pipe_expect_text(pipe, "here");
		pipe_send_text(pipe, "there");
		relevo_pipe_close(pipe);
	}
}

static void serve_in_child(void *argument)
{
	relevo_listener *listener = argument;
	serve_clients(listener, CLIENTS / 2);
	relevo_listener_close(listener);
}

static void *serve_in_thread(void *argument)
{
	serve_clients(argument, CLIENTS / 4);
	return NULL;
}

/* Processes and threads that accept from one listener: each connection goes to one. */
static void many_serve_many(void **state)
{
	(void)state;
	struct place place = place_make();
	relevo_listener *listener = listener_open(place.address);
	pthread_t threads[2];
	pid_t server = child_start(serve_in_child, listener);
	pid_t clients[2] = { child_start(come, listener), child_start(come, listener) };
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, serve_in_thread, listener), 0);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		child_join(clients[i]);
	}
	child_join(server);
	/* The child's closing has not taken it away. */
	relevo_pipe_close(connected(listener));
	relevo_listener_close(listener);
	assert_int_equal(rmdir(place.folder), 0);
}

/* Root is trusted, but does not trust him. */
static void be_refused(void *argument)
{
	relevo_listener *listener = argument;
	relevo_pipe *pipe = NULL;
	void *data;
	size_t size;
	child_check(setuid(NOBODY) == 0);
	const char *address = relevo_listener_address(listener);
	child_check(relevo_pipe_connect(address, NULL, 0, &pipe) == RELEVO_OK);
	child_check(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size) == RELEVO_END_OF_STREAM);
}

struct other_listener {
	char address[64];
	struct gate listening, refused;
};

static void listen_as_nobody(void *argument)
{
	struct other_listener *other = argument;
	relevo_listener *listener = NULL;
	child_check(setuid(NOBODY) == 0);
	child_check(relevo_listener_open(other->address, NULL, &listener) == RELEVO_OK);
	gate_open(&other->listening);
	gate_pass(&other->refused);
	relevo_listener_close(listener);
}

static void a_listener_of_another_user_is_told_nothing(void **state)
{
	(void)state;
	struct other_listener other;
	relevo_pipe *pipe = NULL;
	if (geteuid() != 0)
		skip();
	snprintf(other.address, sizeof other.address, "abstract://relevo-pose-%d", (int)getpid());
	gate_make(&other.listening);
	gate_make(&other.refused);
	pid_t child = child_start(listen_as_nobody, &other);
	gate_pass(&other.listening);
	assert_fails(relevo_pipe_connect(other.address, NULL, 0, &pipe), RELEVO_DENIED,
		     other.address);
	assert_non_null(strstr(relevo_error_detail(), "uid 65534"));
	gate_open(&other.refused);
	child_join(child);
	gate_close(&other.listening);
	gate_close(&other.refused);
}

/* Other users are sent away, and whoever comes after them is served. */
static void strangers_are_sent_away(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	relevo_listener *listener = listener_open(NULL);
	relevo_pipe *pipe = NULL;
	pid_t stranger = child_start(be_refused, listener);
	assert_status(relevo_listener_accept(listener, 500, &pipe), RELEVO_TIMED_OUT);
	relevo_pipe *there = connected(listener), *here = accepted(listener);
	pipe_send_text(there, "ours");
	pipe_expect_text(here, "ours");
	child_join(stranger);
	relevo_pipe_close(there);
	relevo_pipe_close(here);
	relevo_listener_close(listener);
}

/* Whoever waits goes on waiting while there is no descriptor for him. */
static void no_descriptor_is_left(void **state)
{
	(void)state;
	struct rlimit before, none;
	relevo_listener *listener = listener_open(NULL), *another = NULL;
	relevo_pipe *there = connected(listener), *pipe = NULL;
	pipe_send_text(there, "still here");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	int accepting = relevo_listener_accept(listener, 0, &pipe);
	int connecting = relevo_pipe_connect(relevo_listener_address(listener), NULL, 0, &pipe);
	int opening = relevo_listener_open(NULL, NULL, &another);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_status(accepting, RELEVO_NO_DESCRIPTORS);
	assert_status(connecting, RELEVO_NO_DESCRIPTORS);
	assert_status(opening, RELEVO_NO_DESCRIPTORS);
	pipe = accepted(listener);
	pipe_expect_text(pipe, "still here");
	relevo_pipe_close(pipe);
	relevo_pipe_close(there);
	relevo_listener_close(listener);
}

/* Who waits to be accepted when all stop listening finds the end. */
static void closed_before_they_are_accepted(void **state)
{
	(void)state;
	relevo_listener *listener = listener_open(NULL);
	relevo_pipe *there = connected(listener);
	void *data;
	size_t size;
	relevo_listener_close(listener);
	assert_status(relevo_pipe_recv(there, TEST_PATIENCE, &data, &size), RELEVO_END_OF_STREAM);
	assert_status(relevo_pipe_send(there, "x", 1, 0), RELEVO_END_OF_STREAM);
	relevo_pipe_close(there);
}

/* ---- waiting ------------------------------------------------------------ */

static void waited_for_with_others(void **state)
{
	(void)state;
	relevo_listener *listener = listener_open(NULL);
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	struct relevo_wait_entry entries[2] = { { RELEVO_WAIT_FOR_PIPE, .pipe = made.ends[0] },
						{ RELEVO_WAIT_FOR_DESCRIPTOR } };
	size_t ready;
	assert_ok(relevo_listener_fd(listener, &entries[1].descriptor));
	assert_status(relevo_wait(entries, 2, 0, &ready), RELEVO_TIMED_OUT);
	relevo_pipe *there = connected(listener);
	assert_ok(relevo_wait(entries, 2, TEST_PATIENCE, &ready));
	assert_true(ready == 1 && entries[1].ready);
	relevo_pipe_close(accepted(listener));
	relevo_pipe_close(there);
	pipe_send_text(made.ends[1], "stop");
	assert_ok(relevo_wait(entries, 2, TEST_PATIENCE, &ready));
	assert_true(ready == 1 && entries[0].ready);
	close_both(&made);
	relevo_listener_close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(an_address_of_its_own),
		leaks_unit_test(what_is_at_the_path),
		leaks_unit_test(what_is_no_listener),
		leaks_unit_test(many_serve_many),
		leaks_unit_test(strangers_are_sent_away),
		leaks_unit_test(a_listener_of_another_user_is_told_nothing),
		leaks_unit_test(no_descriptor_is_left),
		leaks_unit_test(closed_before_they_are_accepted),
		leaks_unit_test(waited_for_with_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
