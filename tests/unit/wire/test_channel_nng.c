#include "ends.h"

#include <nng/nng.h>

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

enum { STORM = 500 };

/* Descriptors that two ends take: an event and a socket for each of the ends
 * and for the listener. */
enum { OWN = 6 };

static const char any_port[] = "tcp://127.0.0.1:0";

/* nng starts its threads once, and keeps their descriptors. */
static int start_nng(void **state)
{
	(void)state;
	struct ends ends;
	int before = count_descriptors();
	ends_open(&ends, any_port);
	exchange(ends.client, ends.server);
	int during = count_descriptors();
	ends_close(&ends);
	nsec_t deadline = soon();
	while (count_descriptors() > during - OWN && clock_now() < deadline)
		poll(NULL, 0, 10);
	return count_descriptors() < before;
}

static int descriptors;

static int start(void **state)
{
	descriptors = count_descriptors();
	return leaks_setup(state);
}

/* What was closed lives on until nng's threads are done with it. */
static int settle(void **state)
{
	spare_descriptors();
	nsec_t deadline = soon();
	while (count_descriptors() != descriptors && clock_now() < deadline)
		poll(NULL, 0, 10);
	return leaks_teardown(state);
}

#define nng_test(function) cmocka_unit_test_setup_teardown(function, start, settle)

static int port_of(const struct listener *listener)
{
	struct address address;
	assert_int_equal(address_parse(listener_url(listener), &address, NULL), RELEVO_OK);
	return address.number;
}

/* Another program's socket, connected to the listener; `buffer` bounds what the
 * kernel keeps for it, 0: as usual. */
static int raw_connect(const struct listener *listener, int buffer)
{
	const struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port_of(listener)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (buffer > 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
	const struct timeval patience = { .tv_sec = PATIENCE_MSEC / 1000 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	assert_int_equal(connect(fd, (const struct sockaddr *)&name, sizeof name), 0);
	return fd;
}

/* Everything up to the end; how many bytes. */
static size_t raw_read_all(int fd)
{
	static char bytes[65536];
	size_t total = 0;
	for (;;) {
		ssize_t got = read(fd, bytes, sizeof bytes);
		assert_true(got >= 0);
		if (got == 0)
			return total;
		total += (size_t)got;
	}
}

static int connect_status(const char *url, char text[ERROR_TEXT_SIZE])
{
	struct channel *channel = NULL;
	struct error error = { 0 };
	int status = try_connect(url, &channel, &error);
	assert_null(channel);
	assert_int_equal(error.status, status);
	memcpy(text, error.text, sizeof error.text);
	return status;
}

static int listen_status(const char *url, char text[ERROR_TEXT_SIZE])
{
	struct listener *listener = NULL;
	struct error error = { 0 };
	int status = try_listen(url, &listener, &error);
	assert_null(listener);
	assert_int_equal(error.status, status);
	memcpy(text, error.text, sizeof error.text);
	return status;
}

/* ---- connecting ------------------------------------------------------------ */

static void test_connect_errors(void **state)
{
	(void)state;
	char text[ERROR_TEXT_SIZE];
	struct listener *listener = listen_at(any_port);
	char url[ADDRESS_MAX];
	snprintf(url, sizeof url, "%s", listener_url(listener));
	listener_close(listener);
	assert_int_equal(connect_status(url, text), RELEVO_NO_BROKER);
	assert_non_null(strstr(text, url));
	assert_non_null(strstr(text, "refused"));
	assert_int_equal(connect_status("tcp://nowhere.invalid:7000", text), RELEVO_BAD_ADDRESS);
	assert_non_null(strstr(text, "nowhere.invalid"));
	assert_int_equal(connect_status(any_port, text), RELEVO_BAD_ADDRESS);
	assert_non_null(strstr(text, "port"));
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
	char text[ERROR_TEXT_SIZE];
	struct listener *listener = listen_at(any_port);
	exhaust_descriptors();
	int status = connect_status(listener_url(listener), text);
	spare_descriptors();
	assert_int_equal(status, RELEVO_SYSTEM);
	assert_non_null(strstr(text, strerror(EMFILE)));
	listener_close(listener);
}

static void test_listen_errors(void **state)
{
	(void)state;
	char text[ERROR_TEXT_SIZE];
	struct listener *listener = listen_at(any_port);
	assert_true(port_of(listener) > 0);
	assert_int_equal(listen_status(listener_url(listener), text), RELEVO_ADDRESS_IN_USE);
	assert_non_null(strstr(text, listener_url(listener)));
	assert_int_equal(listen_status("tcp://192.0.2.1:0", text), RELEVO_BAD_ADDRESS);
	assert_non_null(strstr(text, "192.0.2.1"));
	assert_int_equal(listen_status("tcp://nowhere.invalid:0", text), RELEVO_BAD_ADDRESS);
	assert_non_null(strstr(text, "nowhere.invalid"));
	exhaust_descriptors();
	int status = listen_status(any_port, text);
	spare_descriptors();
	assert_int_equal(status, RELEVO_SYSTEM);
	listener_close(listener);
}

static void test_hosts(void **state)
{
	(void)state;
	static const struct {
		const char *listen, *url, *peer;
	} cases[] = {
		{ "tcp://127.0.0.1:0", "tcp://127.0.0.1:", "127.0.0.1:" },
		{ "tcp://localhost:0", "tcp://localhost:", "" },
		{ "tcp://[::1]:0", "tcp://[::1]:", "[::1]:" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ends ends;
		ends_open(&ends, cases[i].listen);
		const char *url = listener_url(ends.listener);
		assert_memory_equal(url, cases[i].url, strlen(cases[i].url));
		struct channel_peer peer;
		channel_get_peer(ends.server, &peer);
		assert_false(peer.local);
		assert_memory_equal(peer.address, cases[i].peer, strlen(cases[i].peer));
		channel_get_peer(ends.client, &peer);
		assert_string_equal(strrchr(peer.address, ':'), strrchr(url, ':'));
		exchange(ends.client, ends.server);
		ends_close(&ends);
	}
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
	assert_false(is_ready(ends.server, true, 50));
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
	} while (status == RELEVO_OK && clock_now() < deadline);
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

/* ---- accepting --------------------------------------------------------------- */

static void test_no_descriptors_to_accept(void **state)
{
	(void)state;
	struct ends ends = { .listener = listen_at(any_port) };
	struct pollfd entry = { .fd = listener_fd(ends.listener), .events = POLLIN };
	int sockets[2];
	/* nng is already waiting for the first. */
	sockets[0] = raw_connect(ends.listener, 0);
	ends.server = accept_from(ends.listener);
	sockets[1] = raw_connect(ends.listener, 0);
	struct channel *second = NULL;
	exhaust_descriptors();
	int limits = 0, others = 0;
	for (int i = 0; i < 20; i++) {
		if (poll(&entry, 1, 200) != 1)
			continue;
		int status = listener_accept(ends.listener, &second);
		*(status == RELEVO_LIMIT ? &limits : &others) += 1;
	}
	spare_descriptors();
	assert_int_equal(limits, 20);
	assert_int_equal(others, 0);

	int status = RELEVO_LIMIT;
	for (int i = 0; i < 10 && status != RELEVO_OK; i++) {
		assert_int_equal(poll(&entry, 1, PATIENCE_MSEC), 1);
		status = listener_accept(ends.listener, &second);
	}
	assert_int_equal(status, RELEVO_OK);
	send_all(second, "hello", 5);
	char word[5];
	assert_int_equal(recv(sockets[1], word, 5, MSG_WAITALL), 5);
	channel_close(second);
	close(sockets[0]);
	close(sockets[1]);
	ends_close(&ends);
}

static void test_storm(void **state)
{
	(void)state;
	struct ends ends = { .listener = listen_at(any_port) };
	for (int i = 0; i < STORM; i++) {
		close(raw_connect(ends.listener, 0));
		/* They stay in the backlog, dead as they are, but for 128. */
		if (i % 50 != 49)
			continue;
		for (int j = 0; j < 50; j++)
			channel_close(accept_from(ends.listener));
	}
	ends.client = connect_to(listener_url(ends.listener));
	ends.server = accept_from(ends.listener);
	exchange(ends.client, ends.server);
	ends_close(&ends);
}

/* Whatever waits when the listener goes is closed with it. */
static void test_close_with_waiting(void **state)
{
	(void)state;
	struct listener *listener = listen_at(any_port);
	int first = raw_connect(listener, 0);
	int second = raw_connect(listener, 0);
	listener_close(listener);
	char byte;
	assert_true(read(first, &byte, 1) <= 0);
	assert_true(read(second, &byte, 1) <= 0);
	close(first);
	close(second);
}

/* ---- programs that use nng -------------------------------------------------- */

typedef void (*stream_call)(nng_stream *, nng_aio *);

static void stream_all(nng_stream *stream, stream_call call, void *bytes, size_t size)
{
	nng_aio *aio;
	assert_int_equal(nng_aio_alloc(&aio, NULL, NULL), 0);
	nng_aio_set_timeout(aio, PATIENCE_MSEC);
	while (size > 0) {
		nng_iov piece = { bytes, size };
		assert_int_equal(nng_aio_set_iov(aio, 1, &piece), 0);
		call(stream, aio);
		nng_aio_wait(aio);
		assert_int_equal(nng_aio_result(aio), 0);
		bytes = (char *)bytes + nng_aio_count(aio);
		size -= nng_aio_count(aio);
	}
	nng_aio_free(aio);
}

static nng_stream *plain_dial(const char *url)
{
	nng_stream_dialer *dialer;
	nng_aio *aio;
	assert_int_equal(nng_aio_alloc(&aio, NULL, NULL), 0);
	nng_aio_set_timeout(aio, PATIENCE_MSEC);
	assert_int_equal(nng_stream_dialer_alloc(&dialer, url), 0);
	nng_stream_dialer_dial(dialer, aio);
	nng_aio_wait(aio);
	assert_int_equal(nng_aio_result(aio), 0);
	nng_stream *stream = nng_aio_get_output(aio, 0);
	nng_stream_dialer_free(dialer);
	nng_aio_free(aio);
	return stream;
}

static void check_plain_program(const char *url)
{
	struct listener *listener = listen_at(url);
	nng_stream *stream = plain_dial(listener_url(listener));
	struct channel *channel = accept_from(listener);
	char bytes[6] = "plain";
	stream_all(stream, nng_stream_send, bytes, sizeof bytes);
	char received[6];
	receive_all(channel, received, sizeof received);
	assert_string_equal(received, "plain");
	send_all(channel, "relay", 6);
	stream_all(stream, nng_stream_recv, bytes, sizeof bytes);
	assert_string_equal(bytes, "relay");
	nng_stream_free(stream);
	assert_int_equal(receive_end(channel), RELEVO_END_OF_STREAM);
	channel_close(channel);
	listener_close(listener);
}

static void test_plain_program(void **state)
{
	(void)state;
	check_plain_program(any_port);
	check_plain_program(url_of("socket"));
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
		nng_test(test_connect_errors),
		nng_test(test_connect_deadline),
		nng_test(test_connect_without_descriptors),
		nng_test(test_listen_errors),
		nng_test(test_hosts),
		nng_test(test_exchange),
		nng_test(test_threads),
		nng_test(test_ready_to_receive),
		nng_test(test_ready_to_send),
		nng_test(test_disconnected),
		nng_test(test_close_flushes),
		nng_test(test_close_gives_up),
		nng_test(test_close_when_flooded),
		nng_test(test_close_at_any_time),
		nng_test(test_no_descriptors_to_accept),
		nng_test(test_storm),
		nng_test(test_close_with_waiting),
		nng_test(test_plain_program),
		nng_test(test_fork),
	};
	return cmocka_run_group_tests_name("wire/channel_nng", tests, start_nng, NULL);
}
