/* What waits: a call that is being answered, what it waits for, and its answer. */
#ifndef CORE_WAIT_H
#define CORE_WAIT_H

#include "base/clock.h"
#include "base/list.h"
#include "collections/heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct any;
struct engine_peer;
struct item;
struct pipe_meeting;
struct pipe_place;
struct queue;
struct waiter_kind;
struct watch;

/* An item that was handed out. The item and its body stay valid until the
 * answer returns; item_hold() keeps them longer. */
struct delivery {
	uint64_t lease; /* number of the lease in its session */
	uint64_t grant; /* of a token: rises from one to the next; else 0 */
	struct item *item;
};

/* What an update left behind, or a wait was for. */
struct cell_reading {
	bool applied;     /* the checks of the update held, and it was done */
	uint64_t version; /* how often the cell has been changed */
	uint64_t will;    /* number of the will in its session; 0: none was made */
	uint32_t waiters; /* calls that wait for the cell */
	const uint8_t *bytes;
	size_t size;
};

struct answer {
	int status;
	const char *text;                  /* names the culprit; "" when there is none */
	uint32_t accepted;                 /* of a put: items that are in the queue */
	uint32_t handle;                   /* of a get from several: whose outcome it is */
	const struct delivery *deliveries; /* of a get */
	uint32_t delivery_count;
	const struct cell_reading *reading; /* of a cell, when the status is OK */
	const struct pipe_meeting *meeting; /* of a pipe, when the status is OK */
};

/* What a call waits for. Only the file of its kind looks into such a part: see waiter.h. */
struct get_part {
	struct queue *queue;
	uint32_t handle; /* the items ahead are this handle's */
	uint32_t max_items;
	uint32_t max_bytes;
	uint32_t max_ahead;
};

struct put_part {
	struct queue *queue;
	struct item *items; /* not yet accepted, linked by `next` */
	struct item *last;  /* of them */
	uint64_t *acks;     /* the leases to acknowledge with it */
	nsec_t not_before;
	uint32_t ack_count;
	uint32_t accepted;     /* with those that were in before it came again */
	struct repeat *repeat; /* NULL: it will not come again */
	uint64_t sequence;
};

struct join_part {
	struct queue *queue;
	bool until_end; /* of the queue, and not only of what is in it */
};

/* Something long that is done in pieces: see work.h. */
struct work {
	struct list link; /* in engine->later; zero: nothing is left */
	/* Do a piece; call work_later() again if it was not the last. May free the object
	 * that it is in. engine_run() follows. */
	void (*go_on)(struct work *work);
};

struct move_part {
	struct work work;
	struct queue *from, *to;
	uint64_t left;  /* items that may still be moved */
	uint64_t count; /* that have been */
};

struct any_part {
	struct any *any;
};

struct cell_part {
	struct watch *watch;
};

struct pipe_part {
	struct pipe_place *place;
	void *end;        /* what the source made for it */
	uint32_t out, in; /* handles of its queues */
	uint8_t direction;
	bool local;
};

/*
 * A call that is being answered, inside an object of the caller's. Zero but for
 * `answer` before its first use. It must stay where it is until it is answered,
 * or its peer is gone (which drops it silently). The answer may free or reuse it.
 */
struct waiter {
	void (*answer)(struct waiter *waiter, const struct answer *answer); /* by the caller */
	/* The rest is the engine's. */
	const struct waiter_kind *kind;
	struct engine_peer *peer;
	struct list in_line; /* of those who wait for the same */
	struct list in_peer;
	struct list in_engine; /* of those who do not wait, are committed, or answered */
	struct heap_node timer;
	union {
		struct get_part get;
		struct put_part put;
		struct join_part join;
		struct move_part move;
		struct any_part any;
		struct cell_part cell;
		struct pipe_part pipe;
	} of;
	nsec_t since;   /* when it began to wait */
	uint64_t batch; /* the commit that its answer waits for */
	int refusal;    /* the answer if it cannot be served now; OK: it waits */
	int status;     /* the answer */
	uint8_t state;
	bool member; /* stands in line for another call, of which people are told instead */
	bool busy;   /* keeps its session from going on, see engine_peer_busy() */
	bool told;   /* people who look at the session are told of it */
};

/* Answer a waiting call with CANCELLED. Does nothing if its outcome is decided:
 * then that is, or was, its answer. */
void waiter_cancel(struct waiter *waiter);

/* Whether its outcome is still to come: it was neither answered nor dropped. */
bool waiter_pending(const struct waiter *waiter);

#endif
