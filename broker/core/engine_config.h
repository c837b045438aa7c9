/* What an engine is made with. */
#ifndef CORE_ENGINE_CONFIG_H
#define CORE_ENGINE_CONFIG_H

#include <stdint.h>

struct pipe_source;
struct shared_source;

struct engine_config {
	uint64_t seed;         /* for hash tables and made-up names */
	uint32_t peer_waiters; /* calls that may wait in one session, and wills of it */
	uint32_t peer_leases;  /* items that one session may hold */
	uint32_t peer_handles; /* queues that one session may have open; cells; memories */
	uint32_t turn_work;    /* units of work in a turn, see work.h; 0: no bound */
	/* What the tokens of locks and semaphores were numbered up to, in all runs before: see
	 * engine_grants(). */
	uint64_t grants;
	uint64_t last_key; /* of queues and cells: greater ones have never been used */
	uint64_t last_cell;
	const struct shared_source *shared; /* see shared.h */
	const struct pipe_source *pipes;    /* see pipe.h */
};

#endif
