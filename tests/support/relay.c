/* The thread that passes on, records and spoils what goes through one tcp connection. */
#include "support/relay.h"

#include "support/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RELAY_MSEC = 20000, MOST_HEARD = 1 << 20 };

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int connect_on(uint16_t port)
{
	struct sockaddr_in address = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* False at the end of the stream. */
static bool pass_on(struct relay *relay, int from, int to, bool spoilt)
{
	uint8_t *bytes = (uint8_t *)relay->heard + relay->heard_size;
	ssize_t got = read(from, bytes, MOST_HEARD - relay->heard_size);
	if (got <= 0)
		return false;
	if (atomic_load(&relay->swallows))
		return true;
	relay->heard_size += (size_t)got;
	if (spoilt)
		bytes[got - 1] ^= 1;
	return send(to, bytes, (size_t)got, MSG_NOSIGNAL) == got;
}

static void pass_all(struct relay *relay, int client, int broker)
{
	struct pollfd ends[2] = { { .fd = client, .events = POLLIN },
				  { .fd = broker, .events = POLLIN } };
	int answers = 0;
	bool open = true;
	while (open && poll(ends, 2, RELAY_MSEC) > 0) {
		if (ends[0].revents != 0)
			open = pass_on(relay, client, broker, false);
		if (open && ends[1].revents != 0)
			open = pass_on(relay, broker, client, ++answers == relay->spoil);
	}
}

static void *run(void *argument)
{
	struct relay *relay = argument;
	struct pollfd entry = { .fd = relay->listener, .events = POLLIN };
	int client = poll(&entry, 1, RELAY_MSEC) > 0
			     ? accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC)
			     : -1;
	atomic_store(&relay->client, client);
	int broker = client >= 0 ? connect_on(relay->port) : -1;
	if (broker >= 0) {
		pass_all(relay, client, broker);
		close(broker);
	}
	atomic_store(&relay->client, -1);
	if (client >= 0)
		close(client);
	return NULL;
}

void relay_start(struct relay *relay, const char *url, int spoil)
{
	struct sockaddr_in address = loopback(0);
	socklen_t size = sizeof address;
	*relay = (struct relay){ .spoil = spoil, .client = -1 };
	relay->port = (uint16_t)atoi(strrchr(url, ':') + 1);
	relay->heard = malloc(MOST_HEARD);
	assert_non_null(relay->heard);
	relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(relay->listener >= 0);
	assert_int_equal(bind(relay->listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(relay->listener, 1), 0);
	assert_int_equal(getsockname(relay->listener, (struct sockaddr *)&address, &size), 0);
	snprintf(relay->url, sizeof relay->url, "tcp://127.0.0.1:%d", ntohs(address.sin_port));
	assert_int_equal(pthread_create(&relay->thread, NULL, run, relay), 0);
}

void relay_cut(struct relay *relay)
{
	int client = atomic_load(&relay->client);
	if (client >= 0)
		shutdown(client, SHUT_RDWR);
}

void relay_join(struct relay *relay)
{
	assert_int_equal(pthread_join(relay->thread, NULL), 0);
	close(relay->listener);
}

void relay_free(struct relay *relay)
{
	free(relay->heard);
}
