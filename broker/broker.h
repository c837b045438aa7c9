#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "base/error.h"
#include "net/loop.h"
#include "wire/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct broker_config {
	bool insecure_tcp;         /* listen where other hosts can connect, without a key */
	const struct key *key;     /* what clients on the network have to know; the caller's */
	uint32_t max_item;         /* bytes of one item */
	size_t max_memory;         /* bytes for each user */
	uint32_t max_queues;       /* for each user */
	size_t max_output;         /* bytes waiting for one connection; 0: the default */
	uint32_t hello_timeout_ms; /* for a new connection to say who it is */
	uint32_t silence_seconds;  /* of a host on the network, until it has vanished */
};

/* A whole broker: the layers, put together. */
struct broker;

/* Nothing runs and nobody can connect yet. NO_MEMORY, SYSTEM. */
int broker_open(const struct broker_config *config, struct broker **broker, struct error *error);

/* Ends all sessions, removes the socket files. NULL is allowed. */
void broker_close(struct broker *broker);

/* As listeners_add() and listeners_url(). */
int broker_listen(struct broker *broker, const char *url, struct error *error);
const char *broker_url(const struct broker *broker, size_t index);

/* To add what ends it: loop_stop() lets broker_run() return. */
struct loop *broker_loop(struct broker *broker);

/* SYSTEM when the loop failed. */
int broker_run(struct broker *broker, struct error *error);

#endif
