#ifndef QUEUES_MANAGE_H
#define QUEUES_MANAGE_H

#include "queues/queue_call.h"

/*
 * What is done with a queue as a whole, besides opening and deleting it: waiting for
 * its end, ending it, emptying it, looking at it.
 */

struct join_request {
	uint32_t handle;
	bool until_end;
	nsec_t deadline;
};

/*
 * Wait until no item is left in the queue: none ready, delayed or held; or, whatever is in it,
 * until the queue is gone. Answered with OK (never in the second case); TIMED_OUT, GONE, LIMIT
 * (waiting calls), CANCELLED, BAD_ARGUMENT, NO_MEMORY.
 */
void queue_join(struct engine_peer *peer, const struct join_request *request, nsec_t now,
		struct waiter *waiter);

/*
 * Shut the queue down, which cannot be undone. Puts get SHUT_DOWN, those that wait
 * too. At once (QUEUE_SHUT), what is ready or delayed is gone and gets have SHUT_DOWN;
 * otherwise when no item is left that could still come to them: none ready or delayed,
 * none held by another session. BAD_ARGUMENT (also for what is no queue of items), GONE.
 */
int queue_shut_down(struct engine_peer *peer, uint32_t handle, enum queue_shutdown how, nsec_t now,
		    struct error *error);

/* All that is ready or delayed is gone; *count tells how many. BAD_ARGUMENT, GONE. */
int queue_purge(struct engine_peer *peer, uint32_t handle, nsec_t now, uint64_t *count,
		struct error *error);

struct move_request {
	const char *from, *to;
	uint64_t max_items; /* 0: all */
};

/*
 * Move items that are ready, in order, to the end of another queue, as long as it has
 * room: no more than were ready when it began. They have not been handed out there, do not
 * expire, and have no key any more. Many are moved in pieces; others see them meanwhile in
 * the one queue or the other. Answered with OK; BAD_NAME, NOT_FOUND, BAD_ARGUMENT (the same
 * queue, or no queue of items), SHUT_DOWN, GONE (one was deleted meanwhile), QUOTA, NO_MEMORY,
 * the recorder's reason; `accepted` tells how many have been moved, also then.
 */
void queue_move(struct engine_peer *peer, const struct move_request *request, nsec_t now,
		struct waiter *waiter);

struct queue_summary {
	const char *name; /* valid until the engine is called again */
	enum queue_kind kind;
	struct queue_counts counts;
};

struct list_request {
	const char *prefix; /* of the names */
	const char *after;  /* only those behind that name; "": from the first */
	uint32_t max;
};

/* Queues in the order of their names, into `summaries`: how many, as many as there are but
 * `max` at most. */
uint32_t queue_list(struct engine *engine, const struct list_request *request,
		    struct queue_summary *summaries);

/* A place in a queue: behind the item of that rank and sequence. Zero: before all. */
struct queue_place {
	uint32_t rank;
	uint64_t sequence;
};

struct peek_request {
	uint32_t handle;
	uint32_t max_items; /* 0 means 1; PEEK_MAX_ITEMS at most */
	uint32_t max_bytes; /* stop before exceeding it, but give one item */
	struct queue_place after;
};

struct peek {
	struct item *items[PEEK_MAX_ITEMS]; /* valid until the engine is called again */
	uint32_t count;
	struct queue_place last; /* where to go on */
	/* Those of them that are on disk: read for this look, and let go of with peek_end(). */
	struct item *read[PEEK_MAX_ITEMS];
	uint32_t read_count;
};

/*
 * Look at items that are ready, in the order in which they would be handed out; they
 * stay where they are. None: none is behind that place. peek_end() has to follow if it is OK.
 * BAD_ARGUMENT, GONE; of what is on disk STORAGE, DAMAGED, NO_MEMORY.
 */
int queue_peek(struct engine_peer *peer, const struct peek_request *request, nsec_t now,
	       struct peek *peek, struct error *error);
void peek_end(struct engine *engine, struct peek *peek);

#endif
