#include "tcp.h"

#include <nng/nng.h>

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/leaks.h"

enum { STORM = 500 };

static void test_listen_errors(void **state)
{
	(void)state;
	struct error why;
	struct listener *listener = listen_at(any_port);
	assert_true(port_of(listener) > 0);
	assert_int_equal(listen_status(listener_url(listener), &why), RELEVO_ADDRESS_IN_USE);
	assert_non_null(strstr(why.text, listener_url(listener)));
	assert_int_equal(listen_status("tcp://192.0.2.1:0", &why), RELEVO_BAD_ADDRESS);
	assert_non_null(strstr(why.text, "192.0.2.1"));
	assert_int_equal(listen_status("tcp://nowhere.invalid:0", &why), RELEVO_NOT_FOUND);
	assert_non_null(strstr(why.text, "nowhere.invalid"));
	exhaust_descriptors();
	int status = listen_status(any_port, &why);
	spare_descriptors();
	assert_int_equal(status, RELEVO_NO_DESCRIPTORS);
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
		{ "tcp://LOCALHOST:0", "tcp://LOCALHOST:", "127.0.0.1:" },
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

/* ---- accepting --------------------------------------------------------------- */

static int accept_when_ready(struct listener *listener, struct channel **channel)
{
	struct pollfd entry = { .fd = listener_fd(listener), .events = POLLIN };
	assert_int_equal(poll(&entry, 1, PATIENCE_MSEC), 1);
	return listener_accept(listener, channel);
}

/* Refused again and again, at the caller's pace, and served in the end. `early`:
 * nng accepts the stream, and there is no descriptor for the channel. */
static void check_shortage(bool early)
{
	struct listener *listener = listen_at(any_port);
	struct pollfd entry = { .fd = listener_fd(listener), .events = POLLIN };
	int fd = raw_socket(0);
	if (early) {
		raw_dial(fd, listener);
		assert_int_equal(poll(&entry, 1, PATIENCE_MSEC), 1);
	}
	exhaust_descriptors();
	if (!early)
		raw_dial(fd, listener);
	struct channel *channel = NULL;
	for (int i = 0; i < 20; i++)
		assert_int_equal(accept_when_ready(listener, &channel), RELEVO_NO_DESCRIPTORS);
	spare_descriptors();

	/* Failures may have been on their way. */
	int status = RELEVO_NO_DESCRIPTORS;
	for (int i = 0; i < 20 && status == RELEVO_NO_DESCRIPTORS; i++)
		status = accept_when_ready(listener, &channel);
	assert_int_equal(status, RELEVO_OK);
	send_all(channel, "hello", 5);
	char word[5];
	assert_int_equal(recv(fd, word, 5, MSG_WAITALL), 5);
	close(fd);
	channel_close(channel);
	listener_close(listener);
}

static void test_no_descriptors_to_accept(void **state)
{
	(void)state;
	check_shortage(true);
	check_shortage(false);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		tcp_test(test_listen_errors),
		tcp_test(test_hosts),
		tcp_test(test_no_descriptors_to_accept),
		tcp_test(test_storm),
		tcp_test(test_close_with_waiting),
		tcp_test(test_plain_program),
	};
	return cmocka_run_group_tests_name("wire/listener_nng", tests, tcp_group_setup, NULL);
}
