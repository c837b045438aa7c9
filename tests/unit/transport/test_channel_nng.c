#include "tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/leaks.h"
#include "transport/keepalive.h"

/* ---- connecting ------------------------------------------------------------ */

static void test_connect_errors(void **state)
{
	(void)state;
	struct error why;
	struct listener *listener = listen_at(any_port);
	char url[ADDRESS_MAX];
	snprintf(url, sizeof url, "%s", listener_url(listener));
	listener_close(listener);
	assert_int_equal(connect_status(url, &why), RELEVO_NO_BROKER);
	assert_non_null(strstr(why.text, url));
	assert_non_null(strstr(why.text, "refused"));
	assert_int_equal(connect_status("tcp://nowhere.invalid:7000", &why), RELEVO_NO_BROKER);
	assert_non_null(strstr(why.text, "nowhere.invalid"));
	assert_int_equal(connect_status(any_port, &why), RELEVO_BAD_ADDRESS);
	assert_non_null(strstr(why.text, "port"));
}

/* localhost stands for two, and somebody listens at the second only. */
static void test_each_address_is_tried(void **state)
{
	(void)state;
	struct listener *listener = listen_at("tcp://[::1]:0");
	char url[ADDRESS_MAX];
	snprintf(url, sizeof url, "tcp://localhost%s", strrchr(listener_url(listener), ':'));
	struct channel *client = connect_to(url);
	struct channel *server = accept_from(listener);
	exchange(client, server);
	channel_close(client);
	channel_close(server);
	listener_close(listener);
}

/* Both ends ask whether the other one is there; how soon is the listener's to say, and
 * a constant for who connects. */
static void test_silence(void **state)
{
	(void)state;
	struct listener *listener = listen_at(any_port);
	assert_true(listener_keep_alive(listener, 12));
	struct channel *client = connect_to(listener_url(listener));
	struct channel *server = accept_from(listener);
	int found = 0;
	for (int fd = 0; fd < 1024; fd++) {
		int listens = 0, limit = 0, on = 0;
		socklen_t size = sizeof listens;
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || listens ||
		    getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, &size) < 0 || limit == 0)
			continue;
		assert_true(limit == 12 * 1000 || limit == KEEPALIVE_DEFAULT_SECONDS * 1000);
		assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size), 0);
		assert_int_equal(on, 1);
		found += limit == 12 * 1000 ? 1 : 10;
	}
	assert_int_equal(found, 11);
	channel_close(client);
	channel_close(server);
	listener_close(listener);
}

/* Accepted by nobody: the backlog of a plain socket is full. */
static void test_connect_deadline(void **state)
{
	(void)state;
	struct sockaddr_in name = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof name;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, length), 0);
	assert_int_equal(listen(fd, 0), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &length), 0);
	struct address address;
	char url[64];
	snprintf(url, sizeof url, "tcp://127.0.0.1:%u", ntohs(name.sin_port));
	assert_int_equal(address_parse(url, &address, NULL), RELEVO_OK);

	struct channel *channels[8] = { NULL };
	struct error error = { 0 };
	int status = RELEVO_OK;
	nsec_t start = 0;
	for (int i = 0; i < 8 && status == RELEVO_OK; i++) {
		start = clock_now();
		nsec_t deadline = start + 200 * NSEC_PER_MSEC;
		status = channel_connect(&address, deadline, &channels[i], &error);
	}
	assert_int_equal(status, RELEVO_TIMED_OUT);
	assert_non_null(strstr(error.text, url));
	assert_in_range(clock_now() - start, 100 * NSEC_PER_MSEC, 5 * NSEC_PER_SEC);
	for (int i = 0; i < 8; i++)
		channel_close(channels[i]);
	close(fd);
}

static void test_connect_without_descriptors(void **state)
{
	(void)state;
	struct error why;
	struct listener *listener = listen_at(any_port);
	exhaust_descriptors();
	int status = connect_status(listener_url(listener), &why);
	spare_descriptors();
	assert_int_equal(status, RELEVO_NO_DESCRIPTORS);
	assert_non_null(strstr(why.text, strerror(EMFILE)));
	listener_close(listener);
}

/* ---- bytes ------------------------------------------------------------------- */

static void test_exchange(void **state)
{
	(void)state;
	struct ends ends;
	ends_open(&ends, any_port);
	exchange(ends.client, ends.server);
	exchange_much(ends.client, ends.server);
	exchange(ends.server, ends.client);
	ends_close(&ends);
}

static void test_threads(void **state)
{
	(void)state;
	struct ends ends;
	ends_open(&ends, any_port);
	exchange_in_threads(ends.client, ends.server);
	ends_close(&ends);
}

/* Ready while there is something to read, and not a moment longer. */
static void test_ready_to_receive(void **state)
{
	(void)state;
	struct ends ends;
	ends_open(&ends, any_port);
	assert_int_equal(channel_events(ends.server, true), POLLIN);
	assert_false(is_ready(ends.server, false, 50));
	send_all(ends.client, "0123456789", 10);
	assert_true(is_ready(ends.server, false, PATIENCE_MSEC));
	char bytes[10];
	receive_all(ends.server, bytes, 9);
	assert_true(is_ready(ends.server, false, 0));
	receive_all(ends.server, bytes + 9, 1);
	assert_memory_equal(bytes, "0123456789", 10);
	assert_false(is_ready(ends.server, false, 50));

	channel_close(ends.client);
	ends.client = NULL;
	assert_true(is_ready(ends.server, false, PATIENCE_MSEC));
	assert_int_equal(receive_end(ends.server), RELEVO_END_OF_STREAM);
	assert_true(is_ready(ends.server, false, 0));
	assert_int_equal(receive_end(ends.server), RELEVO_END_OF_STREAM);
	ends_close(&ends);
}

static size_t drain(struct channel *channel, size_t size)
{
	char bytes[65536];
	size_t total = 0, received;
	while (total < size && is_ready(channel, false, PATIENCE_MSEC)) {
		if (channel_receive(channel, bytes, sizeof bytes, &received) == RELEVO_OK)
			total += received;
	}
	return total;
}

static void test_ready_to_send(void **state)
{
	(void)state;
	struct ends ends;
	ends_open(&ends, any_port);
	assert_true(is_ready(ends.server, true, 0));
	assert_false(is_ready(ends.server, false, 0));
	size_t sent = fill(ends.server);
	assert_int_equal(drain(ends.client, sent), sent);
	assert_true(is_ready(ends.server, true, PATIENCE_MSEC));
	exchange(ends.server, ends.client);
	assert_true(is_ready(ends.server, true, 0));
	assert_false(is_ready(ends.server, false, 0));

	/* Whoever was refused is told, until he tries again or gives up. */
	sent = fill(ends.server);
	assert_int_equal(drain(ends.client, sent), sent);
	assert_true(is_ready(ends.server, false, PATIENCE_MSEC));
	size_t none = 1;
	assert_int_equal(channel_send(ends.server, NULL, 0, &none), RELEVO_OK);
	assert_int_equal(none, 0);
	assert_false(is_ready(ends.server, false, 50));
	ends_close(&ends);
}

/* A paused channel is silent about input, but not about room to send. */
static void test_pause(void **state)
{
	(void)state;
	struct ends ends;
	ends_open(&ends, any_port);
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

static void test_disconnected(void **state)
{
	(void)state;
	struct ends ends = { .listener = listen_at(any_port) };
	int fd = raw_connect(ends.listener, 0);
	ends.server = accept_from(ends.listener);
	const struct linger reset = { .l_onoff = 1 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(fd);
	int end = receive_end(ends.server);
	assert_true(end == RELEVO_END_OF_STREAM || end == RELEVO_DISCONNECTED);

	/* The first one may still be taken, as with any socket. */
	const struct iovec piece = { (char[]){ "x" }, 1 };
	size_t sent;
	nsec_t deadline = soon();
	int status;
	do {
		status = channel_send(ends.server, &piece, 1, &sent);
	} while ((status == RELEVO_OK || status == TRY_AGAIN) && clock_now() < deadline);
	assert_int_equal(status, RELEVO_DISCONNECTED);
	ends_close(&ends);
}

/* ---- closing ----------------------------------------------------------------- */

/* What was taken before the close arrives, though the peer reads only later. */
static void test_close_flushes(void **state)
{
	(void)state;
	struct ends ends = { .listener = listen_at(any_port) };
	int fd = raw_connect(ends.listener, 4096);
	ends.server = accept_from(ends.listener);
	size_t sent = fill(ends.server);
	assert_true(sent > 256 * 1024);
	channel_close(ends.server);
	ends.server = NULL;
	assert_int_equal(raw_read_all(fd), sent);
	close(fd);
	ends_close(&ends);
}

/* A peer that never reads is not waited for: the teardown sees to it. */
static void test_close_gives_up(void **state)
{
	(void)state;
	struct ends ends = { .listener = listen_at(any_port) };
	int fd = raw_connect(ends.listener, 4096);
	ends.server = accept_from(ends.listener);
	int before = count_descriptors();
	size_t sent = fill(ends.server);
	nsec_t start = clock_now();
	channel_close(ends.server);
	assert_in_range(clock_now() - start, 0, 500 * NSEC_PER_MSEC);
	ends.server = NULL;
	/* The event, and nng's socket. */
	while (count_descriptors() > before - 2 && clock_now() - start < 5 * NSEC_PER_SEC)
		poll(NULL, 0, 10);
	assert_in_range(clock_now() - start, 0, 5 * NSEC_PER_SEC);
	assert_true(raw_read_all(fd) < sent);
	close(fd);
	ends_close(&ends);
}

/* The last word arrives although the peer's own words were not listened to. */
static void test_close_when_flooded(void **state)
{
	(void)state;
	struct ends ends = { .listener = listen_at(any_port) };
	int fd = raw_connect(ends.listener, 0);
	ends.server = accept_from(ends.listener);
	static char flood[65536];
	fcntl(fd, F_SETFL, O_NONBLOCK);
	struct pollfd entry = { .fd = fd, .events = POLLOUT };
	while (poll(&entry, 1, 100) == 1)
		assert_true(write(fd, flood, sizeof flood) > 0);
	fcntl(fd, F_SETFL, 0);
	send_all(ends.server, "stop", 4);
	channel_close(ends.server);
	ends.server = NULL;

	char word[4];
	assert_int_equal(recv(fd, word, sizeof word, MSG_WAITALL), 4);
	assert_memory_equal(word, "stop", 4);
	close(fd);
	ends_close(&ends);
}

/* In all states, and often, for the sanitizers to see. */
static void test_close_at_any_time(void **state)
{
	(void)state;
	struct ends ends = { .listener = listen_at(any_port) };
	static char bytes[300000];
	for (int i = 0; i < 100; i++) {
		ends.client = connect_to(listener_url(ends.listener));
		ends.server = accept_from(ends.listener);
		size_t size = (size_t)(i * 3000), unused;
		const struct iovec piece = { bytes, size };
		if (size > 0) {
			channel_send(ends.client, &piece, 1, &unused);
			channel_send(ends.server, &piece, 1, &unused);
		}
		if (i % 3 == 0)
			channel_receive(ends.server, (char[100]){ 0 }, 100, &unused);
		channel_close(i % 2 == 0 ? ends.client : ends.server);
		channel_close(i % 2 == 0 ? ends.server : ends.client);
	}
	listener_close(ends.listener);
}

/* ---- fork -------------------------------------------------------------------- */

/* Says at which step something was not as it should be. */
static int use_in_child(struct ends *ends)
{
	struct error error = { 0 };
	struct channel *channel = NULL;
	struct listener *listener = NULL;
	if (try_connect(listener_url(ends->listener), &channel, &error) != RELEVO_FORKED)
		return 1;
	if (strstr(error.text, "fork") == NULL || strstr(error.text, "spawn") == NULL)
		return 2;
	if (try_listen(any_port, &listener, &error) != RELEVO_FORKED)
		return 3;
	char byte = 'x';
	size_t count;
	const struct iovec piece = { &byte, 1 };
	if (channel_receive(ends->client, &byte, 1, &count) != RELEVO_FORKED)
		return 4;
	if (channel_send(ends->client, &piece, 1, &count) != RELEVO_FORKED)
		return 5;
	if (listener_accept(ends->listener, &channel) != RELEVO_FORKED)
		return 6;
	channel_abandon(ends->client);
	channel_close(ends->server);
	listener_close(ends->listener);
	return 0;
}

static void test_fork(void **state)
{
	(void)state;
	struct ends ends;
	ends_open(&ends, any_port);
	pid_t child = fork();
	if (child == 0)
		_exit(use_in_child(&ends));
	assert_true(has_succeeded(child));
	exchange(ends.client, ends.server);
	struct channel *another = connect_to(listener_url(ends.listener));
	channel_close(another);
	ends_close(&ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tcp_test(test_connect_errors),
		tcp_test(test_each_address_is_tried),
		tcp_test(test_silence),
		tcp_test(test_connect_deadline),
		tcp_test(test_connect_without_descriptors),
		tcp_test(test_exchange),
		tcp_test(test_threads),
		tcp_test(test_ready_to_receive),
		tcp_test(test_ready_to_send),
		tcp_test(test_pause),
		tcp_test(test_disconnected),
		tcp_test(test_close_flushes),
		tcp_test(test_close_gives_up),
		tcp_test(test_close_when_flooded),
		tcp_test(test_close_at_any_time),
		tcp_test(test_fork),
	};
	return cmocka_run_group_tests_name("wire/channel_nng", tests, tcp_group_setup, NULL);
}
