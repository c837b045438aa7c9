#ifndef ENGINE_PEER_LOOK_H
#define ENGINE_PEER_LOOK_H

#include "core/peer_wait.h"

#include <stddef.h>
#include <stdint.h>

struct engine_peer;

/* What one session is doing, for people who look at the broker. */

/* Of what a session waits for, and of what it holds, so much is told. */
enum { LOOK_MOST = 8 };

struct peer_hold {
	const char *kind;
	const char *object;
	uint64_t count; /* items, or tokens */
};

struct peer_look {
	uint64_t handles;
	uint64_t leases; /* those that it was handed ahead, too */
	uint64_t waits;  /* calls */
	size_t bytes;    /* that the session is charged, without items */
	struct peer_wait waiting[LOOK_MOST];
	uint32_t waiting_count;
	struct peer_hold held[LOOK_MOST];
	uint32_t held_count;
};

/*
 * Names are valid until the engine is called again. What is held is counted from the
 * leases, `*effort` of which are looked at: it is less by that many afterwards. What was
 * handed ahead does not count as held.
 */
void peer_look(struct engine_peer *peer, uint32_t *effort, struct peer_look *look);

#endif
