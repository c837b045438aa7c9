#include "ends.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/leaks.h"

static void test_nobody_there(void **state)
{
	(void)state;
	struct error why;
	assert_int_equal(connect_status(url_of("none"), &why), RELEVO_NO_BROKER);
	assert_non_null(strstr(why.text, url_of("none")));
	assert_non_null(strstr(why.text, strerror(ENOENT)));
	assert_int_equal(connect_status(url_of("none/none"), &why), RELEVO_NO_BROKER);
	assert_int_equal(connect_status("abstract://relevo-none", &why), RELEVO_NO_BROKER);
	assert_non_null(strstr(why.text, "abstract://relevo-none"));
	assert_int_equal(connect_status("fd://0", &why), RELEVO_BAD_ADDRESS);
	assert_non_null(strstr(why.text, "fd://0"));

	/* A file that is no socket, and a socket that nobody listens on. */
	FILE *file = fopen(path_of("file"), "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(connect_status(url_of("file"), &why), RELEVO_NO_BROKER);
	assert_non_null(strstr(why.text, strerror(ECONNREFUSED)));
	unlink(path_of("file"));
}

/* A socket of another kind. */
static void test_datagram_socket(void **state)
{
	(void)state;
	struct address address;
	struct sockaddr_un name;
	struct error why;
	assert_int_equal(address_parse(url_of("dgram"), &address, NULL), RELEVO_OK);
	socklen_t length = address_to_unix(&address, &name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, length), 0);
	assert_int_equal(connect_status(address.url, &why), RELEVO_BAD_ADDRESS);
	assert_non_null(strstr(why.text, address.url));
	close(fd);
	unlink(address.place);
}

/* In a child: root has to become somebody else to be denied anything. */
static void connect_as_nobody(const char *url)
{
	struct channel *channel = NULL;
	struct error error = { 0 };
	if (geteuid() == 0 && seteuid(NOBODY) != 0)
		_exit(1);
	int status = try_connect(url, &channel, &error);
	_exit(status != RELEVO_DENIED || strstr(error.text, url) == NULL);
}

static void test_denied(void **state)
{
	(void)state;
	struct listener *listener = listen_at(url_of("socket"));
	assert_int_equal(chmod(path_of("socket"), 0), 0);
	pid_t child = fork();
	if (child == 0)
		connect_as_nobody(url_of("socket"));
	assert_true(has_succeeded(child));
	listener_close(listener);
}

static void test_no_descriptors(void **state)
{
	(void)state;
	struct listener *listener = listen_at(url_of("socket"));
	struct error why;
	exhaust_descriptors();
	int status = connect_status(listener_url(listener), &why);
	spare_descriptors();
	assert_int_equal(status, RELEVO_NO_DESCRIPTORS);
	assert_non_null(strstr(why.text, strerror(EMFILE)));
	listener_close(listener);
}

static int crowded;
static volatile sig_atomic_t made_room = -1;

static void make_room(int number)
{
	(void)number;
	made_room = accept(crowded, NULL, NULL);
}

/* With its backlog full a Unix socket refuses in a way that has no event. */
static void test_full_backlog(void **state)
{
	(void)state;
	struct address address;
	struct sockaddr_un name;
	assert_int_equal(address_parse(url_of("full"), &address, NULL), RELEVO_OK);
	socklen_t length = address_to_unix(&address, &name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, length), 0);
	assert_int_equal(listen(fd, 0), 0);
	struct channel *first = connect_to(address.url);

	struct channel *second = NULL;
	struct error error = { 0 };
	nsec_t start = clock_now();
	nsec_t deadline = start + 50 * NSEC_PER_MSEC;
	assert_int_equal(channel_connect(&address, deadline, &second, &error), RELEVO_TIMED_OUT);
	assert_non_null(strstr(error.text, address.url));
	assert_in_range(clock_now() - start, 50 * NSEC_PER_MSEC, 5 * NSEC_PER_SEC);
	assert_int_equal(channel_connect(&address, 0, &second, &error), RELEVO_TIMED_OUT);

	/* It goes on as soon as there is room, which the signal makes. */
	crowded = fd;
	const struct itimerval once = { .it_value.tv_usec = 20000 };
	assert_true(signal(SIGALRM, make_room) != SIG_ERR);
	assert_int_equal(setitimer(ITIMER_REAL, &once, NULL), 0);
	assert_int_equal(channel_connect(&address, soon(), &second, &error), RELEVO_OK);
	signal(SIGALRM, SIG_DFL);
	assert_true(made_room >= 0);
	close(made_room);
	channel_close(first);
	channel_close(second);
	close(fd);
	unlink(address.place);
}

static void test_exchange(void **state)
{
	(void)state;
	struct ends ends;
	ends_open(&ends, url_of("socket"));
	exchange(ends.client, ends.server);
	exchange_much(ends.client, ends.server);
	exchange(ends.server, ends.client);
	ends_close(&ends);
}

static void test_threads(void **state)
{
	(void)state;
	struct ends ends;
	ends_open(&ends, url_of("socket"));
	exchange_in_threads(ends.client, ends.server);
	ends_close(&ends);
}

static void test_credentials(void **state)
{
	(void)state;
	struct listener *listener = listen_at(url_of("socket"));
	int held[2];
	assert_int_equal(pipe(held), 0);
	pid_t child = fork();
	if (child == 0) {
		struct channel *channel = connect_to(url_of("socket"));
		struct channel_peer peer;
		channel_get_peer(channel, &peer);
		close(held[1]);
		char byte;
		_exit(read(held[0], &byte, 1) != 0 || peer.pid != getppid());
	}
	struct channel *channel = accept_from(listener);
	struct channel_peer peer;
	channel_get_peer(channel, &peer);
	assert_true(peer.local);
	assert_int_equal(peer.uid, geteuid());
	assert_int_equal(peer.pid, child);
	assert_string_equal(peer.address, "unix");
	close(held[0]);
	close(held[1]);
	assert_true(has_succeeded(child));
	channel_close(channel);
	listener_close(listener);
}

static void test_orderly_end(void **state)
{
	(void)state;
	struct ends ends;
	ends_open(&ends, url_of("socket"));
	send_all(ends.client, "last", 4);
	channel_close(ends.client);
	ends.client = NULL;
	char bytes[4];
	receive_all(ends.server, bytes, 4);
	assert_memory_equal(bytes, "last", 4);
	assert_true(is_ready(ends.server, false, PATIENCE_MSEC));
	assert_int_equal(receive_end(ends.server), RELEVO_END_OF_STREAM);
	assert_int_equal(receive_end(ends.server), RELEVO_END_OF_STREAM);

	/* No SIGPIPE: its default would end this test. */
	size_t sent;
	const struct iovec piece = { bytes, 1 };
	assert_int_equal(channel_send(ends.server, &piece, 1, &sent), RELEVO_DISCONNECTED);
	ends_close(&ends);
}

/* One that closes with unread bytes may have missed something. */
static void test_disorderly_end(void **state)
{
	(void)state;
	struct ends ends;
	ends_open(&ends, url_of("socket"));
	send_all(ends.client, "unread", 6);
	send_all(ends.server, "answer", 6);
	channel_close(ends.server);
	ends.server = NULL;
	char bytes[6];
	receive_all(ends.client, bytes, 6);
	assert_memory_equal(bytes, "answer", 6);
	assert_int_equal(receive_end(ends.client), RELEVO_DISCONNECTED);
	ends_close(&ends);
}

static void test_readiness(void **state)
{
	(void)state;
	struct ends ends;
	ends_open(&ends, url_of("socket"));
	assert_false(is_ready(ends.server, false, 0));
	assert_true(is_ready(ends.server, true, 0));
	assert_true(fill(ends.server) > 0);
	assert_false(is_ready(ends.server, true, 0));
	char bytes[4096];
	size_t received;
	assert_true(is_ready(ends.client, false, 0));
	while (channel_receive(ends.client, bytes, sizeof bytes, &received) == RELEVO_OK)
		assert_true(received > 0);
	assert_true(is_ready(ends.server, true, PATIENCE_MSEC));
	size_t sent = 1;
	assert_int_equal(channel_send(ends.server, NULL, 0, &sent), RELEVO_OK);
	assert_int_equal(sent, 0);
	ends_close(&ends);
}

/* A paused channel is silent about input, but not about room to send. */
static void test_pause(void **state)
{
	(void)state;
	struct ends ends;
	ends_open(&ends, url_of("socket"));
	send_all(ends.client, "x", 1);
	assert_true(is_ready(ends.server, false, PATIENCE_MSEC));
	channel_pause(ends.server, true);
	assert_false(is_ready(ends.server, false, 0));
	assert_true(is_ready(ends.server, true, 0));
	send_all(ends.client, "y", 1);
	assert_false(is_ready(ends.server, false, 50));
	channel_pause(ends.server, false);
	assert_true(is_ready(ends.server, false, 0));
	char bytes[2];
	receive_all(ends.server, bytes, 2);
	assert_memory_equal(bytes, "xy", 2);
	ends_close(&ends);
}

/* More pieces than the system takes in one call. */
static void test_many_pieces(void **state)
{
	(void)state;
	enum { COUNT = 5000 };
	struct ends ends;
	ends_open(&ends, url_of("socket"));
	static struct iovec pieces[COUNT];
	static char body[] = "x";
	for (int i = 0; i < COUNT; i++)
		pieces[i] = (struct iovec){ body, 1 };
	size_t sent;
	assert_int_equal(channel_send(ends.client, pieces, COUNT, &sent), RELEVO_OK);
	assert_in_range(sent, 1, COUNT);
	char bytes[COUNT];
	receive_all(ends.server, bytes, sent);
	assert_int_equal(bytes[sent - 1], 'x');
	ends_close(&ends);
}

static void test_abandon(void **state)
{
	(void)state;
	struct ends ends;
	ends_open(&ends, url_of("socket"));
	pid_t child = fork();
	if (child == 0) {
		channel_abandon(ends.client);
		_exit(0);
	}
	assert_true(has_succeeded(child));
	exchange(ends.client, ends.server);
	ends_close(&ends);
	channel_close(NULL);
	channel_abandon(NULL);
	listener_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_nobody_there), leaks_unit_test(test_datagram_socket),
		leaks_unit_test(test_denied),       leaks_unit_test(test_no_descriptors),
		leaks_unit_test(test_full_backlog), leaks_unit_test(test_exchange),
		leaks_unit_test(test_threads),      leaks_unit_test(test_credentials),
		leaks_unit_test(test_orderly_end),  leaks_unit_test(test_disorderly_end),
		leaks_unit_test(test_readiness),    leaks_unit_test(test_pause),
		leaks_unit_test(test_many_pieces),  leaks_unit_test(test_abandon),
	};
	return cmocka_run_group_tests_name("wire/channel_unix", tests, NULL, NULL);
}
