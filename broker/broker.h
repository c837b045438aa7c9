#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "base/error.h"
#include "data/data_folder.h"
#include "net/loop.h"
#include "wire/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* When a change of what is kept on disk is answered. */
enum durability {
	DURABILITY_SYNC,   /* when it is on the disk */
	DURABILITY_COMMIT, /* when the system has it; it is on the disk a second later */
	DURABILITY_NONE,   /* at once; the system has it soon, and the disk when it likes */
};

struct broker_config {
	const struct data_folder *data; /* where it is kept, locked; NULL: nothing is */
	enum durability durability;
	uint32_t until_idle_ms;    /* it ends when it has had no client for so long; 0: not */
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

/* Serve a socket that listens already; the broker closes it. NO_MEMORY, SYSTEM: it is closed. */
int broker_listen_at(struct broker *broker, int fd, const char *url, struct error *error);
const char *broker_url(const struct broker *broker, size_t index);

/* To add what ends it: loop_stop() lets broker_run() return. */
struct loop *broker_loop(struct broker *broker);

/* SYSTEM when the loop failed. */
int broker_run(struct broker *broker, struct error *error);

#endif
