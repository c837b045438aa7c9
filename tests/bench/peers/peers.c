/* The servers that durable queues are compared with, and what they share. */
#include "bench/peers/peer.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { LEAST_ITEMS = 200 };

struct known {
	const char *name;
	const char *program;
	const struct peer *peer; /* NULL: built without */
};

static const struct known known[] = {
#ifdef HAVE_HIREDIS
	{ "Redis", "/usr/bin/redis-server", &redis_peer },
#else
	{ "Redis", "/usr/bin/redis-server", NULL },
#endif
	{ "beanstalkd", "/usr/bin/beanstalkd", &beanstalkd_peer },
#ifdef HAVE_RABBITMQ
	{ "RabbitMQ", "/usr/lib/rabbitmq/bin/rabbitmq-server", &rabbitmq_peer },
#else
	{ "RabbitMQ", "/usr/lib/rabbitmq/bin/rabbitmq-server", NULL },
#endif
#ifdef HAVE_NATS
	{ "NATS", "/usr/sbin/nats-server", &nats_peer },
#else
	{ "NATS", "/usr/sbin/nats-server", NULL },
#endif
};

enum { KNOWN = sizeof known / sizeof *known };

static bool is_here(const struct known *server)
{
	return server->peer != NULL && access(server->program, X_OK) == 0;
}

const struct peer *const *peers_here(void)
{
	static const struct peer *here[KNOWN + 1];
	size_t count = 0;
	for (size_t i = 0; i < KNOWN; i++) {
		if (is_here(&known[i]))
			here[count++] = known[i].peer;
	}
	here[count] = NULL;
	return here;
}

void peers_tell_missing(void)
{
	static bool told;
	bool any = false;
	for (size_t i = 0; i < KNOWN && !told; i++) {
		if (is_here(&known[i]))
			continue;
		bool server = access(known[i].program, X_OK) == 0;
		fprintf(stderr, "bench: not compared with %s: %s is not there\n", known[i].name,
			server ? "its library for C" : known[i].program);
		any = true;
	}
	if (any)
		fputs("bench: ./run bench --peers installs what is missing\n", stderr);
	told = true;
}

size_t peer_items(const struct peer *peer, size_t items)
{
	size_t part = items / peer->share;
	if (part < LEAST_ITEMS)
		part = LEAST_ITEMS;
	return part < items ? part : items;
}

const uint8_t *peer_bytes(void)
{
	static uint8_t bytes[PEER_MOST_BYTES];
	uint32_t number = 1;
	/* Nothing that a disk could make smaller; made once. */
	for (size_t i = 0; i < sizeof bytes && bytes[0] == 0; i++) {
		number = number * 1664525 + 1013904223;
		bytes[sizeof bytes - 1 - i] = (uint8_t)(number >> 24 | 1);
	}
	return bytes;
}
