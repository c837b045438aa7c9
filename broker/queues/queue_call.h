/* What can be asked of queues, besides what manage.h has. */
#ifndef QUEUES_QUEUE_CALL_H
#define QUEUES_QUEUE_CALL_H

#include "base/bounds.h"
#include "base/clock.h"
#include "base/error.h"
#include "core/wait.h"
#include "stock/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct engine_peer;

struct queue_opened {
	uint32_t handle;  /* number of the queue in this session, never 0 */
	const char *name; /* valid until the engine is called again */
	bool created;
	uint64_t identity;            /* tells it from any other that ever bears the name */
	struct queue_options options; /* as it was created */
};

/* Bytes that one put may ask to be copied, of what its items have in common: otherwise a
 * small frame would be long work. */
enum { PUT_MAX_COPIES = 32 * 1024 * 1024 };

/*
 * Open a queue, creating it as `mode` says. An empty name asks for a new one
 * that the engine makes up. Opening twice gives two handles.
 *   BAD_NAME, NOT_FOUND, EXISTS, QUOTA, LIMIT (handles of this session),
 *   OPTION_MISMATCH (mode OPEN_OR_CREATE with a queue that has other options; the
 *   text names the option and both values; or, in any mode, a queue of another
 *   kind), BAD_ARGUMENT (more tokens than SEMAPHORE_MAX_PERMITS; a dead-letter queue that
 *   cannot be), BAD_NAME also for the name of that queue,
 *   NOT_DURABLE (a durable one is to be made, and there is no data folder), NO_MEMORY
 */
int queue_open(struct engine_peer *peer, const char *name, enum queue_open_mode mode,
	       const struct queue_options *options, struct queue_opened *opened,
	       struct error *error);

/* What is got by this handle comes strictly in order: nobody is handed items of the queue
 * ahead while it is open, and a get waits until those that were have been read or are back.
 * The handle is open. */
void queue_get_in_order(struct engine_peer *peer, uint32_t handle);

/* Calls that wait on the queue, and leases, outlive the handle.
 * BAD_ARGUMENT: no such handle. GONE is not an error here. */
int queue_close(struct engine_peer *peer, uint32_t handle, struct error *error);

/* Everybody who waits on it is answered with GONE; leases on its items end.
 * NOT_FOUND, BAD_NAME, OPTION_MISMATCH (another kind). With a handle: BAD_ARGUMENT, GONE. */
int queue_delete(struct engine *engine, const char *name, enum queue_kind kind,
		 struct error *error);
int queue_delete_handle(struct engine_peer *peer, uint32_t handle, struct error *error);

struct put_request {
	uint32_t handle; /* or 0 and a name */
	const char *name;
	const uint8_t *bodies; /* one behind the other */
	const uint32_t *sizes;
	size_t count;
	const uint64_t *acks; /* leases of this session, acknowledged in the same step */
	size_t ack_count;
	bool or_drop;    /* no queue of that name: the leases are acknowledged all the same;
			    a lease is not held: the items are dropped. OK in both cases */
	nsec_t deadline; /* how long to wait for room; 0: not at all */
	/* If the session is identified: rises from one put of the client to the next. What comes
	 * again has that which it had; 0: it will not. */
	uint64_t sequence;
	uint64_t settled; /* the client has heard of all that have a lower one */
	/* The rest is of each of the items. */
	int32_t priority;       /* unless the order is SHORTEST */
	uint32_t cost;          /* if the order is SHORTEST */
	nsec_t not_before;      /* handed out then at the earliest; 0: at once */
	nsec_t expires;         /* 0: what the queue says */
	const void *key;        /* while an item with this key is in the queue, no other enters */
	size_t key_size;        /* 0: none */
	const void *properties; /* kept with it, see item_properties() */
	size_t properties_size;
	nsec_t hold;            /* how long a lease of it lasts; 0: as the queue says */
	const char *overdue_to; /* the queue where it goes then; NULL or "": back to its place */
};

/*
 * Put items in order. Answered with OK when all are in; FULL (the queue rejects) or
 * TIMED_OUT with `accepted` telling how many are; NOT_OWNER (a lease in `acks`
 * is not held: nothing is put, nothing acknowledged), BAD_ARGUMENT (no such
 * handle, or a lock's), BAD_NAME, NOT_FOUND (no such name), GONE, SHUT_DOWN, QUOTA (nothing is
 * put), TOO_LARGE (an item of more bytes than the queue's capacity, a key or properties beyond
 * their maxima: nothing is put),
 * LIMIT (too many calls wait), CANCELLED, NO_MEMORY, or the recorder's reason for
 * failing to record or commit. Answered once that is committed.
 *
 * Waiting putters are served in order of arrival, and no put overtakes one that
 * waits. An item that a getter waits for goes straight to it and needs no room. Where the
 * queue rejects or drops, no put waits: it is FULL at once, or the items that are first
 * in turn make room, as dead letters if the queue has a place for these. An item whose key
 * is in the queue already counts as accepted, and is dropped.
 * With acks, the leases are acknowledged when the put has been accepted as a whole
 * (at once, if it does not wait). A lease that ended while the put waited makes the
 * answer NOT_OWNER, with `accepted` telling that the items are in.
 * A put that comes again, by its sequence: items of it that are in do not enter again, and
 * count as accepted; when all are, the answer is OK, whatever has become of its leases.
 */
void queue_put(struct engine_peer *peer, const struct put_request *request, nsec_t now,
	       struct waiter *waiter);

struct get_request {
	uint32_t handle;
	uint32_t max_items; /* 0 means 1 */
	uint32_t max_bytes; /* stop before exceeding it, but give one item; 0: no bound */
	uint32_t ahead;     /* so many more may come, to be given back when recalled */
	bool begins;        /* lease_begin() tells which of them are worked on */
	nsec_t deadline;    /* 0: do not wait */
	/* Further queues: the first that has an item serves, of several the one that is
	 * named first. GET_MAX_QUEUES at most; nothing comes ahead then. */
	const uint32_t *also;
	size_t also_count;
};

/*
 * Take items in their order, as many as are ready or held by waiting putters, up
 * to the maxima (of properties, ITEM_MAX_PROPERTIES, but those of one item); waits only while
 * there is none. With `ahead`, a part of what is left may come too, where that makes no difference
 * to others. Each is leased to the session. Answered with OK; TIMED_OUT,
 * BAD_ARGUMENT (no such handle), GONE, SHUT_DOWN, DENIED (another session has the queue to itself),
 * LIMIT (leases or waiting calls), CANCELLED, QUOTA (for the table of leases), NO_MEMORY. Getters
 * are served in order of arrival.
 */
void queue_get(struct engine_peer *peer, const struct get_request *request, nsec_t now,
	       struct waiter *waiter);

struct token_release {
	uint32_t handle;
	uint64_t lease; /* of this session, 0: none is named */
	bool any;       /* if it is not held, somebody else's */
};

/*
 * Give a token back: that of the lease, or with `any` the one that has been away
 * for longest; if none is held, a new one, unless the queue is bounded and has all
 * its tokens. Who gets it next is not told that anybody died.
 *   NOT_OWNER (the lease is not held, and not `any`), OVER_RELEASE, BAD_ARGUMENT
 *   (no such handle, or neither lock nor semaphore), GONE; for a new token QUOTA,
 *   NO_MEMORY or the recorder's reason.
 */
int token_release(struct engine_peer *peer, const struct token_release *release, nsec_t now,
		  struct error *error);

struct queue_counts {
	uint64_t ready, leased, delayed;         /* items now */
	uint64_t bytes;                          /* of their bodies */
	uint64_t getters, putters, joiners;      /* waiting calls */
	uint64_t put, acknowledged, redelivered; /* items ever */
	uint64_t handles;
	uint64_t expired, dropped, dead_lettered, duplicates; /* items ever */
	bool shut_down;
	bool durable;
};

/* BAD_ARGUMENT, GONE. */
int queue_count(struct engine_peer *peer, uint32_t handle, struct queue_counts *counts,
		struct error *error);

#endif
