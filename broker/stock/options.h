/* What a queue is like: its kind, its order, its bounds. */
#ifndef STOCK_OPTIONS_H
#define STOCK_OPTIONS_H

#include "base/clock.h"
#include "core/object.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What a queue serves as. A lock holds one token, a semaphore any number, and
 * nothing can be put there: see token_release(). A condition is a rendezvous where
 * nothing rests: an item that comes back is dropped if nobody waits for it.
 */
enum queue_kind {
	QUEUE_ITEMS,
	QUEUE_LOCK,
	QUEUE_SEMAPHORE,
	QUEUE_CONDITION,
	QUEUE_ANY, /* of those that exist */
};

/* Which item is next. Those of equal rank in the order of their puts. */
enum queue_order {
	QUEUE_FIFO,
	QUEUE_PRIORITY, /* the highest first */
	QUEUE_FAIR,     /* one of each session that puts, in turn */
	QUEUE_SHORTEST, /* the lowest cost first */
};

/* What becomes of a put for which there is no room. */
enum queue_full { QUEUE_BLOCK, QUEUE_REJECT, QUEUE_DROP_OLDEST };

struct queue_options {
	enum queue_lifetime lifetime;
	bool bounded;
	uint64_t capacity; /* items ready, when bounded; 0: a put succeeds only if a get waits */
	uint64_t capacity_bytes; /* of the bodies of these; 0: any number */
	enum queue_order order;
	enum queue_full full;
	nsec_t lease;            /* how long an item may be held; 0: as long as the session */
	nsec_t ttl;              /* of an item that was put without one; 0: it does not expire */
	uint32_t max_deliveries; /* then it is a dead letter; 0: never */
	const char *dead_letter; /* the queue where those go; NULL or "": nowhere */
	bool exclusive;          /* one session at a time may get */
	bool durable;            /* kept on disk; not of locks and the like */
	enum queue_kind kind;
	uint64_t tokens; /* of a lock or semaphore at first; bounded: and at most */
	bool keep;       /* tokens of a session that ends in order stay away */
};

/* What has become of it. */
enum queue_shutdown {
	QUEUE_OPEN,
	QUEUE_DRAINING, /* nothing enters; gets go on until nothing is left */
	QUEUE_SHUT,     /* nothing enters or leaves; what comes back is gone */
};

#endif
