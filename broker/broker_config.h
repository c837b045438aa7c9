/* What a broker is opened with. */
#ifndef BROKER_BROKER_CONFIG_H
#define BROKER_BROKER_CONFIG_H

#include "data/data_folder.h"
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

#endif
