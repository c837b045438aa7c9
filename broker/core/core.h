#ifndef CORE_CORE_H
#define CORE_CORE_H

#include "base/error.h"
#include "base/list.h"
#include "base/map.h"
#include "collections/heap.h"
#include "collections/sorted.h"
#include "core/engine_config.h"
#include "core/item_memory.h"
#include "core/wait.h"

/* An object where something may be served. */
struct active {
	struct list link;     /* in engine->active */
	struct work settling; /* what may be served; left while that is not done to the end */
};

/* What the files of the engine share. */
struct engine {
	struct engine_config config;
	struct recorder *recorder; /* NULL: nothing is recorded */
	struct item_memory items;
	nsec_t now;           /* the latest time that anybody told */
	uint64_t random;      /* state of the generator */
	uint64_t last_key;    /* of a queue, for the recorder */
	uint64_t grants;      /* number of the token that was handed out last, of all locks */
	uint64_t grants_told; /* up to that one they are on record */
	uint32_t peers;
	uint64_t last_peer;     /* number given out last */
	struct map queues;      /* by name */
	struct sorted names;    /* of the queues, each in its queue */
	struct map cells;       /* by name, too: a cell and a queue may share one */
	uint64_t last_identity; /* of a cell */
	struct map shared;      /* memory, by name: likewise */
	uint64_t last_shared;   /* identity of memory given out last */
	struct map clients;     /* that may come back, by their ids */
	struct map places;      /* where somebody waits for the other end of a pipe, by name */

	struct list active;     /* struct active: where something may be served */
	struct list impatient;  /* waiters to be refused if nothing serves them now */
	struct list committing; /* waiters whose items are not durable yet, by batch */
	struct list finished;   /* waiters to be answered */
	bool running;

	/* Settles a queue: what it leads to may need a new one, see queue_life.h. */
	void (*settle_queue)(struct work *settling);

	struct list later; /* struct work that is left */
	struct {
		uint64_t done;  /* units, ever */
		uint64_t end;   /* of the piece at hand */
		uint64_t share; /* of a call, see engine_share() */
		bool inside;    /* such a piece, which struct work does */
	} work;

	struct item *discarded; /* by puts that have ended; nobody has seen them */
	struct work discarding; /* of these */

	struct heap waiter_timers; /* calls that time out */
	struct heap lease_timers;  /* leases that expire */
	struct heap queue_timers;  /* queues whose first delayed item becomes due */
	struct heap client_timers; /* clients that have not come back */
	struct heap ahead_timers;  /* sessions that have to give items back */
	uint32_t ahead_count;      /* records there are, recalled or not */

	struct delivery *deliveries; /* of the answer that is being given */
	uint32_t delivery_capacity;

	bool recorded;      /* something, since the last commit */
	bool awaited;       /* and somebody waits for that commit */
	uint64_t changes;   /* that were recorded, ever, and that one may want to be sure of */
	uint64_t batch;     /* number of the one that is being recorded */
	uint64_t committed; /* number of the last one that the recorder is done with */
};

/* Time never runs backwards inside the engine. */
static inline void engine_at(struct engine *engine, nsec_t now)
{
	if (now > engine->now)
		engine->now = now;
}

uint64_t engine_random(struct engine *engine);

#endif
