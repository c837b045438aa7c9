#include "tcp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/leaks.h"

/* Descriptors that two ends take: an event and a socket for each of the ends
 * and for the listener. */
enum { OWN = 6 };

const char any_port[] = "tcp://127.0.0.1:0";

/* nng starts its threads once, and keeps their descriptors. */
int tcp_group_setup(void **state)
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

int tcp_setup(void **state)
{
	descriptors = count_descriptors();
	return leaks_setup(state);
}

/* What was closed lives on until nng's threads are done with it. */
int tcp_teardown(void **state)
{
	spare_descriptors();
	nsec_t deadline = soon();
	while (count_descriptors() != descriptors && clock_now() < deadline)
		poll(NULL, 0, 10);
	return leaks_teardown(state);
}

int port_of(const struct listener *listener)
{
	struct address address;
	assert_int_equal(address_parse(listener_url(listener), &address, NULL), RELEVO_OK);
	return address.number;
}

int raw_socket(int buffer)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (buffer > 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
	const struct timeval patience = { .tv_sec = PATIENCE_MSEC / 1000 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return fd;
}

void raw_dial(int fd, const struct listener *listener)
{
	const struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port_of(listener)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	assert_int_equal(connect(fd, (const struct sockaddr *)&name, sizeof name), 0);
}

int raw_connect(const struct listener *listener, int buffer)
{
	int fd = raw_socket(buffer);
	raw_dial(fd, listener);
	return fd;
}

size_t raw_read_all(int fd)
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
