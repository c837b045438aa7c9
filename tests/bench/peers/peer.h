#ifndef BENCH_PEERS_PEER_H
#define BENCH_PEERS_PEER_H

#include "bench/folder.h"
#include "bench/service.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A server of durable queues, and how its own documentation says to use it fast. A
 * client is one connection, to one queue. Everything dies of errors.
 */
struct peer {
	const char *name;
	const char *suffix;  /* of the names of its results */
	const char *promise; /* what has happened to an item once a put is confirmed */
	const char *program;
	/* What it gets of the items of a case: one of so many, since it takes so much
	 * longer for each; but at least as many as peer_items() says. */
	size_t share;

	/* In `folder`, which is empty. Returns once clients can come. */
	void (*start)(struct service *service, const char *folder);

	void *(*open)(const char *queue);
	void (*close)(void *client);
	/* The queue, with what is in it. */
	void (*remove)(void *client);

	/* One item, confirmed. */
	void (*put)(void *client, size_t size);
	/* One behind the other without waiting; returns once the last one is confirmed. */
	void (*put_many)(void *client, size_t items, size_t size);
	/* Get and acknowledge so many, as they come. */
	void (*take_many)(void *client, size_t items, size_t size);
	/* How many wait in the queue. */
	size_t (*count)(void *client);
};

/* Ended by NULL: those that are on this machine, and that the bench could be built with. */
const struct peer *const *peers_here(void);

/* Print what is not compared with, and why, once. */
void peers_tell_missing(void);

/* How many items a peer gets, of so many. */
size_t peer_items(const struct peer *peer, size_t items);

/* ---- for the peers ---------------------------------------------------------- */

enum { PEER_BATCH = 1000, PEER_MOST_BYTES = 64 * 1024 };

/* What all items consist of: the first bytes of this. */
extern const uint8_t *peer_bytes(void);

extern const struct peer redis_peer, beanstalkd_peer, rabbitmq_peer, nats_peer;

#endif
