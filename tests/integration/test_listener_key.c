/* Listeners over tcp: who may come, and who is sent away. */
#include "support/broker.h"
#include "support/host.h"
#include "support/listeners.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

/* ---- keys --------------------------------------------------------------- */

struct keys {
	char folder[64], right[80], wrong[80];
};

static struct keys keys_make(void)
{
	struct keys keys;
	test_folder_make(keys.folder);
	snprintf(keys.right, sizeof keys.right, "%s/right", keys.folder);
	snprintf(keys.wrong, sizeof keys.wrong, "%s/wrong", keys.folder);
	test_key_write(keys.right, "the key of the listener");
	test_key_write(keys.wrong, "the key of somebody else");
	return keys;
}

/* Somebody who connects with a key, which waits until the listener has accepted. */
struct client {
	const char *address;
	struct relevo_listener_options options;
	int status;
	char text[384];
	relevo_pipe *pipe;
	pthread_t thread;
};

static void *connect_with_key(void *argument)
{
	struct client *client = argument;
	client->status = relevo_pipe_connect(client->address, &client->options, TEST_PATIENCE,
					     &client->pipe);
	snprintf(client->text, sizeof client->text, "%s", relevo_error_detail());
	return NULL;
}

static void client_start(struct client *client, const relevo_listener *listener, const char *key)
{
	*client = (struct client){ .address = relevo_listener_address(listener),
				   .options = { .key_file = key } };
	assert_int_equal(pthread_create(&client->thread, NULL, connect_with_key, client), 0);
}

static void expect_served_with(relevo_listener *listener,
			       const struct relevo_listener_options *options)
{
	struct client client = { .address = relevo_listener_address(listener),
				 .options = *options };
	relevo_pipe *pipe = NULL;
	assert_int_equal(pthread_create(&client.thread, NULL, connect_with_key, &client), 0);
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &pipe));
	pthread_join(client.thread, NULL);
	assert_status(client.status, RELEVO_OK);
	pipe_expect_talk(pipe, client.pipe);
}

static void expect_served(relevo_listener *listener, const char *key)
{
	expect_served_with(listener, &(struct relevo_listener_options){ .key_file = key });
}

static void expect_refused(relevo_listener *listener, const char *key, const char *why)
{
	struct client client;
	relevo_pipe *pipe = NULL;
	client_start(&client, listener, key);
	assert_status(relevo_listener_accept(listener, 500, &pipe), RELEVO_TIMED_OUT);
	pthread_join(client.thread, NULL);
	assert_status(client.status, RELEVO_AUTH_FAILED);
	assert_non_null(strstr(client.text, why));
	assert_non_null(strstr(client.text, client.address));
}

static void a_key_is_proved(void **state)
{
	(void)state;
	struct keys keys = keys_make();
	relevo_listener *listener = listener_at_any_port(keys.right);
	void *data;
	size_t size;
	expect_served(listener, keys.right);
	expect_refused(listener, keys.wrong, "another key");
	/* Whoever has none is told as soon as he hears from the listener. */
	relevo_pipe *there = NULL, *here = NULL;
	const struct relevo_listener_options none = { .key_file = "" };
	assert_ok(relevo_pipe_connect(relevo_listener_address(listener), &none, TEST_PATIENCE,
				      &there));
	assert_status(relevo_listener_accept(listener, 500, &here), RELEVO_TIMED_OUT);
	assert_fails(relevo_pipe_recv(there, TEST_PATIENCE, &data, &size), RELEVO_AUTH_FAILED,
		     "asks for its key");
	assert_status(relevo_pipe_recv(there, TEST_PATIENCE, &data, &size), RELEVO_AUTH_FAILED);
	relevo_pipe_close(there);
	expect_served(listener, keys.right);
	relevo_listener_close(listener);
	test_folder_remove(keys.folder);
}

static void a_key_is_at_hand(void **state)
{
	(void)state;
	static const char right[] = "the key of the listener";
	struct keys keys = keys_make();
	const struct relevo_listener_options bytes = { .key = { right, strlen(right) } };
	const struct relevo_listener_options both = { .key_file = keys.right,
						      .key = { right, strlen(right) } };
	relevo_listener *listener = NULL;
	relevo_pipe *pipe = NULL;
	assert_ok(relevo_listener_open("tcp://127.0.0.1:0", &bytes, &listener));
	expect_served(listener, keys.right);
	expect_refused(listener, keys.wrong, "another key");
	relevo_listener_close(listener);
	/* And the other way round. */
	listener = listener_at_any_port(keys.right);
	expect_served_with(listener, &bytes);
	assert_fails(relevo_pipe_connect(relevo_listener_address(listener), &both, 100, &pipe),
		     RELEVO_BAD_ARGUMENT, keys.right);
	relevo_listener_close(listener);
	assert_fails(relevo_listener_open("tcp://127.0.0.1:0", &both, &listener),
		     RELEVO_BAD_ARGUMENT, keys.right);
	test_folder_remove(keys.folder);
}

static struct early early_stranger;

/* On another host, if the system lets us have one. */
static void connect_from_elsewhere(void *early)
{
	child_check(test_host_enter());
	relevo_pipe *pipe = early_connect(early);
	pipe_send_text(pipe, "from elsewhere");
	pipe_expect_text(pipe, "to elsewhere");
	relevo_pipe_close(pipe);
}

static int start_early(void **state)
{
	(void)state;
	if (test_host() != NULL)
		early_start(&early_stranger, connect_from_elsewhere);
	return 0;
}

static void another_host_connects(void **state)
{
	(void)state;
	const struct test_host *host = test_host();
	if (host == NULL)
		skip();
	struct keys keys = keys_make();
	const struct relevo_listener_options options = { .key_file = keys.right };
	char address[96];
	relevo_listener *listener = NULL;
	relevo_pipe *pipe = NULL;
	snprintf(address, sizeof address, "tcp://%s:0", host->here);
	assert_ok(relevo_listener_open(address, &options, &listener));
	early_go(&early_stranger, listener, keys.right);
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &pipe));
	pipe_expect_text(pipe, "from elsewhere");
	pipe_send_text(pipe, "to elsewhere");
	pipe_expect_end(pipe);
	relevo_pipe_close(pipe);
	early_end(&early_stranger);
	relevo_listener_close(listener);
	test_folder_remove(keys.folder);
}

static int end_host(void **state)
{
	(void)state;
	test_host_end();
	return 0;
}

/* Who has a key does not talk to one who has not. */
static void a_listener_without_a_key(void **state)
{
	(void)state;
	struct keys keys = keys_make();
	relevo_listener *listener = listener_at_any_port("");
	relevo_pipe *pipe = NULL;
	struct client client;
	void *data;
	size_t size;
	client_start(&client, listener, keys.right);
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &pipe));
	assert_fails(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size), RELEVO_AUTH_FAILED,
		     "asks for its key");
	pthread_join(client.thread, NULL);
	assert_status(client.status, RELEVO_AUTH_FAILED);
	assert_non_null(strstr(client.text, "has no key"));
	relevo_pipe_close(pipe);
	relevo_listener_close(listener);
	test_folder_remove(keys.folder);
}

static void the_reach_of_a_keyless_one(void **state)
{
	(void)state;
	const struct relevo_listener_options none = { .key_file = "" };
	const struct relevo_listener_options missing = { .key_file = "/nowhere/key" };
	relevo_listener *listener = NULL;
	relevo_pipe *pipe = NULL;
	assert_fails(relevo_listener_open("tcp://0.0.0.0:0", &none, &listener), RELEVO_DENIED,
		     "tcp://0.0.0.0:0 can be reached from other hosts");
	assert_fails(relevo_listener_open("tcp://127.0.0.1:0", &missing, &listener),
		     RELEVO_NOT_FOUND, "/nowhere/key");
	assert_fails(relevo_pipe_connect("tcp://127.0.0.1:1", &missing, 0, &pipe), RELEVO_NOT_FOUND,
		     "/nowhere/key");
	assert_status(relevo_pipe_connect("tcp://127.0.0.1:0", &none, 0, &pipe),
		      RELEVO_BAD_ADDRESS);
}

/* ---- strangers ---------------------------------------------------------- */

static int connect_raw(const relevo_listener *listener)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_port =
			htons((uint16_t)atoi(strrchr(relevo_listener_address(listener), ':') + 1)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&name, sizeof name), 0);
	return fd;
}

static size_t count_descriptors(void)
{
	size_t count = 0;
	DIR *folder = opendir("/proc/self/fd");
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static bool descriptors_are_back(void *before)
{
	return count_descriptors() <= *(size_t *)before;
}

/* More of them than a listener keeps. */
static void silent_ones_hold_up_nobody(void **state)
{
	(void)state;
	enum { SILENT = 100 };
	struct keys keys = keys_make();
	relevo_listener *listener = listener_at_any_port(keys.right);
	relevo_pipe *pipe = NULL;
	int fds[SILENT];
	expect_served(listener, keys.right);
	size_t before = count_descriptors();
	for (int i = 0; i < SILENT; i++)
		fds[i] = connect_raw(listener);
	assert_status(relevo_listener_accept(listener, 200, &pipe), RELEVO_TIMED_OUT);
	expect_served(listener, keys.right);
	/* The first has had to go. */
	char bytes[64];
	ssize_t got;
	while ((got = read(fds[0], bytes, sizeof bytes)) > 0)
		continue;
	assert_true(got == 0 || errno == ECONNRESET);
	for (int i = 0; i < SILENT; i++)
		close(fds[i]);
	expect_served(listener, keys.right);
	assert_true(eventually(descriptors_are_back, &before));
	relevo_listener_close(listener);
	test_folder_remove(keys.folder);
}

static void those_who_speak_something_else(void **state)
{
	(void)state;
	static const char request[] = "GET / HTTP/1.1\r\nHost: relevo\r\nAccept: */*\r\n\r\n";
	struct keys keys = keys_make();
	relevo_listener *keyed = listener_at_any_port(keys.right);
	relevo_listener *keyless = listener_at_any_port("");
	relevo_pipe *pipe = NULL;
	void *data;
	size_t size;
	int fd = connect_raw(keyless);
	assert_int_equal(write(fd, request, sizeof request), sizeof request);
	assert_ok(relevo_listener_accept(keyless, TEST_PATIENCE, &pipe));
	assert_fails(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size), RELEVO_BAD_FRAME,
		     "no end of a pipe");
	assert_status(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size), RELEVO_BAD_FRAME);
	relevo_pipe_close(pipe);
	close(fd);
	fd = connect_raw(keyed);
	assert_int_equal(write(fd, request, sizeof request), sizeof request);
	assert_status(relevo_listener_accept(keyed, 200, &pipe), RELEVO_TIMED_OUT);
	close(fd);
	expect_served(keyed, keys.right);
	relevo_listener_close(keyed);
	relevo_listener_close(keyless);
	test_folder_remove(keys.folder);
}

/* Said hello, and then sends no message. */
static void those_who_send_no_messages(void **state)
{
	(void)state;
	static const char hello[40] = { 'r', 'l', 'v', 'p', 1 };
	static const char *const wrong[] = { "Q...", "P\xff\xff\xff", "P\x04\x00\x01" };
	relevo_listener *listener = listener_at_any_port("");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		relevo_pipe *pipe = NULL;
		void *data;
		size_t size;
		int fd = connect_raw(listener);
		assert_int_equal(write(fd, hello, sizeof hello), sizeof hello);
		assert_int_equal(write(fd, wrong[i], 4), 4);
		assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &pipe));
		assert_status(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size),
			      RELEVO_BAD_FRAME);
		relevo_pipe_close(pipe);
		close(fd);
	}
	relevo_listener_close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_proved),
		cmocka_unit_test(a_key_is_at_hand),
		cmocka_unit_test(another_host_connects),
		cmocka_unit_test(a_listener_without_a_key),
		cmocka_unit_test(the_reach_of_a_keyless_one),
		cmocka_unit_test(silent_ones_hold_up_nobody),
		cmocka_unit_test(those_who_speak_something_else),
		cmocka_unit_test(those_who_send_no_messages),
	};
	return cmocka_run_group_tests(tests, start_early, end_host);
}
