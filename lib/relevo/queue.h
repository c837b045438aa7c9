/*
 * Queues: items of bytes between any number of processes, first in, first out
 * unless their options give another order.
 *
 * A session that gets an item holds it under a lease. Once acknowledged, the item is gone;
 * if its holder dies first, it goes back to its place and another one gets it.
 * relevo_queue_get() acknowledges by itself; relevo_queue_lease() leaves it to the
 * caller.
 *
 * Order between consumers: a consumer that calls relevo_queue_get() again and again may have
 * the next few items come ahead of its calls, as many as it takes in a millisecond. It takes
 * them within about two milliseconds, or they go back; until then another consumer gets later
 * items. If it does not answer for a second, because its process is stopped or gets no
 * processor, they are taken from it: an item that it has taken at that moment and has yet to
 * acknowledge comes twice. A consumer that needs strict order opens the queue with
 * `strict_order`. Nothing comes ahead where the queue has a capacity, a lease time, a ttl or
 * another
 * order, nor to relevo_queue_lease(), relevo_queue_get_many() and joinable handles.
 *
 * Durable queues outlast the connection. When it is lost the session connects again, after some
 * milliseconds at first and every second in the end; calls on durable queues wait for that until
 * their own time-out (those without one, for the session's), and go on. When it passes,
 * the status is TIMED_OUT, and the detail says what was missing; of a put whose outcome was not
 * heard it is UNANSWERED. A handle finds its queue again; if that has been deleted it is GONE. What
 * was put without waiting for an answer is kept by the session until the broker has confirmed it, 4
 * MiB at most, and is sent again in its order, also if nothing is called; no item enters twice,
 * provided that the session is back within an hour. What was held goes to another consumer, or
 * to the same one again, with `deliveries` above 1: to acknowledge it is NOT_OWNER, and the item
 * that relevo_queue_get() had just returned may come once more. Of other queues calls say
 * DISCONNECTED, and handles GONE once the broker has been restarted.
 *
 * What is done to a durable queue is on the disk when the call that waits for the broker's answer
 * returns with OK (relevod --durability has other ways). A disk in trouble makes that STORAGE, with
 * the reason: of what adds something, nothing was done, or it was done and will be on the disk when
 * that recovers; what takes something away was done likewise. docs/durability.md has the whole.
 */
#ifndef RELEVO_QUEUE_H
#define RELEVO_QUEUE_H

#include <relevo/session.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_queue relevo_queue;

/* An item that was got. `data` is followed by a byte 0 that does not count, so
 * that text can be used as a string. Free it with relevo_item_free(). */
typedef struct relevo_item {
	void *data;
	size_t size;
	uint64_t lease;                /* 0: acknowledged already */
	uint32_t deliveries;           /* how often it was handed out, this time included; more
					  than 1: redelivered */
	struct relevo_item_body *body; /* what the bytes belong to; NULL: it has been freed */
} relevo_item;

/* Which item is next; those of equal rank in the order of their puts. */
enum relevo_order {
	RELEVO_ORDER_FIFO = 0,
	RELEVO_ORDER_PRIORITY = 1, /* the highest priority first */
	RELEVO_ORDER_FAIR = 2,     /* one of each session that puts, in turn */
	RELEVO_ORDER_SHORTEST = 3, /* the lowest cost first */
};

/* What becomes of a put when there is no room. */
enum relevo_full_policy {
	RELEVO_FULL_BLOCK = 0,       /* it waits; those that wait are served in order */
	RELEVO_FULL_REJECT = 1,      /* FULL at once, whatever its timeout */
	RELEVO_FULL_DROP_OLDEST = 2, /* what is first in turn makes room, as a dead letter */
};

/* A capacity: a put succeeds only if a get waits for the item. */
#define RELEVO_CAPACITY_RENDEZVOUS (-1)

/* Called with each item of a put that failed after the put had returned. It may run in any
 * thread that is in a call with the session, and must not call relevo. The
 * item belongs to the library. */
typedef void relevo_put_error(relevo_queue *queue, int status, const struct relevo_bytes *item,
			      void *user);

/* Leases, times to live and delays are a hundred years at most (3155760000000 ms): more is
 * BAD_ARGUMENT. A call that waits with a time-out of more than 49 days (4294967294 ms) waits
 * for those. */
/* The capacities bound what lies in a queue, ready or delayed: an item that is leased does not
 * count, and finds room when it comes back, whatever has been put meanwhile. */
struct relevo_queue_options {
	enum relevo_open_mode mode;
	enum relevo_lifetime lifetime;
	int64_t capacity;       /* items; 0: no limit; RELEVO_CAPACITY_RENDEZVOUS */
	int64_t capacity_bytes; /* of the items together; 0: no limit */
	enum relevo_order order;
	enum relevo_full_policy full;
	int64_t lease; /* ms until an unacknowledged item goes back; 0: with its session */
	int64_t ttl;   /* ms until an item that is not leased expires; 0: never */
	/* After so many times handed out, an item that comes back is a dead letter; 0:
	 * never. */
	uint32_t max_deliveries;
	/* Where dead letters go, those that expired or were rejected too: a queue,
	 * made when it is first needed. NULL: they are dropped. */
	const char *dead_letter;
	bool exclusive; /* one session at a time may get; the others: DENIED */
	/* Of this handle only: what it gets stays leased until relevo_queue_task_done(). */
	bool joinable;
	/* Of this handle only: it gets items strictly in their order. As long as it is open
	 * nothing comes ahead to any consumer, so each get of each is a round trip; items that
	 * one has unread already are waited for: a millisecond or two, a second if its process
	 * is stopped. */
	bool strict_order;
	relevo_put_error *on_error;
	void *user; /* handed to on_error */
	/* Of a broker with a data folder (relevod --data): the queue is made there. So is a
	 * dead-letter queue that is made for it. */
	RELEVO_LATER bool durable;
	uint64_t reserved[RELEVO_RESERVED - 1];
};

/*
 * Open the queue of that name, or with NULL a new one with a name of its own
 * (RELEVO_LIFETIME_KEPT then means RELEVO_LIFETIME_UNTIL_UNUSED). A name is 1 to 255 bytes of UTF-8
 * without control characters. `options` may be NULL for the defaults. *queue
 * belongs to the caller, until relevo_queue_close(). Thread-safe; blocks for the
 * broker's answer.
 *
 * Errors: BAD_NAME, BAD_ARGUMENT, NOT_FOUND, EXISTS, OPTION_MISMATCH (it exists
 * with another of these options, which the detail names, or is a lock, semaphore or
 * condition; RELEVO_OPEN_EXISTING takes it as it is), NOT_DURABLE (`durable`, of a broker without
 * a data folder), STORAGE (`durable`: its disk is in trouble), QUOTA, LIMIT, DISCONNECTED,
 * UNANSWERED, FORKED, NO_MEMORY.
 */
RELEVO_API int relevo_queue_open(relevo_session *session, const char *name,
				 const struct relevo_queue_options *options, relevo_queue **queue);

/* Close this handle; what was put stays in the queue. No other thread may be in a call
 * with it. NULL is allowed. Sends what is pending; does not wait for the broker. */
RELEVO_API void relevo_queue_close(relevo_queue *queue);

/* Delete a queue with its items. Calls that wait on it get GONE. Thread-safe;
 * blocks for the answer. Errors: BAD_NAME, NOT_FOUND, OPTION_MISMATCH (the name is not a
 * queue's), DISCONNECTED, UNANSWERED, FORKED. */
RELEVO_API int relevo_queue_delete(relevo_session *session, const char *name);

/* The queue's name. Belongs to the handle. */
RELEVO_API const char *relevo_queue_name(const relevo_queue *queue);

/*
 * Put a copy of `size` bytes. On a queue without capacity this returns as soon as
 * the item is on its way; a later failure goes to the error callback, and
 * relevo_session_flush() waits for the broker, as the end of the program does by exit(3). On a
 * bounded one it waits for room and for the broker's answer. An item of a durable queue is on the
 * disk when it has been confirmed: that answer, or that flush. Thread-safe; items of one thread
 * stay in order.
 *
 * Errors: TOO_LARGE (nothing is sent; or the queue could never hold it), FULL
 * (the queue rejects), TIMED_OUT, UNANSWERED, GONE, SHUT_DOWN, DISCONNECTED, FORKED,
 * QUOTA, LIMIT, BAD_ARGUMENT, NO_MEMORY; STORAGE (of a durable queue: the disk is in trouble).
 */
RELEVO_API int relevo_queue_put(relevo_queue *queue, const void *data, size_t size,
				int64_t timeout);

/* A header of an item, for the application's own use. */
struct relevo_header {
	const char *name; /* as the name of a queue */
	const void *value;
	size_t size;
	uint64_t reserved[RELEVO_RESERVED_FEW];
};

/* Options of one item. Zero is the default of each. */
struct relevo_put_options {
	int32_t priority; /* in a queue with RELEVO_ORDER_PRIORITY */
	uint32_t cost;    /* in a queue with RELEVO_ORDER_SHORTEST */
	int64_t delay;    /* ms before it can be got */
	int64_t ttl;      /* ms until it expires if it is not leased; 0: what the queue says */
	/* While an item with this key is in the queue, waiting or held, another put
	 * with it succeeds and is dropped. 255 bytes at most. */
	const void *key;
	size_t key_size;
	const char *reply_to; /* the name of the queue where an answer is expected */
	const struct relevo_header *headers;
	size_t header_count;
	uint64_t reserved[RELEVO_RESERVED];
};

/*
 * relevo_queue_put() of an item with options, which may be NULL. Headers and
 * reply-to travel with the item, also to a dead-letter queue; together they may have
 * 64 KiB. Errors as there; TOO_LARGE also for a key or headers, BAD_NAME for
 * reply_to and for a header's name.
 */
RELEVO_API int relevo_queue_put_with(relevo_queue *queue, const void *data, size_t size,
				     const struct relevo_put_options *options, int64_t timeout);

/*
 * Put many items in order. *accepted (may be NULL) tells how many are in the
 * queue or on their way, also after a failure. An item that is too large makes
 * the whole call fail before anything is sent. Otherwise as relevo_queue_put().
 */
RELEVO_API int relevo_queue_put_many(relevo_queue *queue, const struct relevo_bytes *items,
				     size_t count, int64_t timeout, size_t *accepted);

/*
 * Take the first item, waiting up to `timeout` ms for one. It is acknowledged by
 * itself, with whatever this session sends next, or a millisecond later: after a crash
 * before that, or an end by _exit(2) or a signal, another consumer gets it. Of a durable queue
 * that is on the disk within about a second: after a power cut before that the item comes again.
 * Thread-safe; several threads may wait at once. Free the item.
 *
 * Errors: TIMED_OUT, GONE, SHUT_DOWN, DENIED (the queue is exclusive, and
 * another session gets from it), DISCONNECTED, FORKED, LIMIT, BAD_ARGUMENT,
 * NO_MEMORY; STORAGE or DAMAGED, of a durable queue whose next item cannot be read back.
 */
RELEVO_API int relevo_queue_get(relevo_queue *queue, int64_t timeout, relevo_item *item);

/*
 * relevo_queue_get() from the first of `count` queues (64 at most) that has an item; of
 * several, from the one that is named first. They have to be of one session. *which
 * (may be NULL) tells the place of the queue in `queues`. Thread-safe; blocks. Free the item.
 *
 * Errors as relevo_queue_get(), of any of the queues: GONE and SHUT_DOWN end the call,
 * so leave that queue out the next time. BAD_ARGUMENT: none, too many, or of several
 * sessions.
 */
RELEVO_API int relevo_queue_get_any(relevo_queue *const *queues, size_t count, int64_t timeout,
				    relevo_item *item, size_t *which);

/* relevo_queue_get() for up to `count` items: waits for the first, takes what is there.
 * *got tells how many. Free each of them. */
RELEVO_API int relevo_queue_get_many(relevo_queue *queue, int64_t timeout, relevo_item *items,
				     size_t count, size_t *got);

/* As relevo_queue_get_many(), but the items stay leased: acknowledge them, or
 * give them back. */
RELEVO_API int relevo_queue_lease(relevo_queue *queue, int64_t timeout, relevo_item *items,
				  size_t count, size_t *got);

/*
 * relevo_queue_lease() from the first of `queue_count` queues (of one session, 64 at most) that
 * has an item: up to `count` items, all of one queue. *which (may be NULL) tells its place in
 * `queues`, *got how many came. Acknowledge them, or give them back, with that queue's handle;
 * free each of them. The handles stay the caller's. Thread-safe; blocks.
 *
 * Errors as relevo_queue_get_any().
 */
RELEVO_API int relevo_queue_lease_any(relevo_queue *const *queues, size_t queue_count,
				      int64_t timeout, relevo_item *items, size_t count,
				      size_t *which, size_t *got);

/*
 * Acknowledge leased items: they are gone for good, of a durable queue on the disk, too. Sets their
 * `lease` to 0; free them all the same. Thread-safe; blocks for the answer.
 *
 * Errors: NOT_OWNER (one of the leases had ended, and its item is not the caller's any
 * more; the others are acknowledged), DISCONNECTED, UNANSWERED, FORKED,
 * NO_MEMORY; STORAGE (they are gone, but not on the disk yet).
 */
RELEVO_API int relevo_queue_ack(relevo_queue *queue, relevo_item *items, size_t count);

/* Give leased items back, to be handed out again when `delay` ms have passed. Errors as
 * relevo_queue_ack(). */
RELEVO_API int relevo_queue_nack(relevo_queue *queue, relevo_item *items, size_t count,
				 int64_t delay);

/*
 * Put leased items that were not looked at back into their places, as if they had never been
 * handed out: this delivery counts neither for `deliveries` nor for a queue's
 * `max_deliveries`. For callers that took more than they could work on. Errors as
 * relevo_queue_ack().
 */
RELEVO_API int relevo_queue_put_back(relevo_queue *queue, relevo_item *items, size_t count);

/* Make leased items dead letters: they go to the queue's dead-letter queue, or are
 * gone if it has none. Errors as relevo_queue_ack(); QUOTA, NO_MEMORY: the dead-letter
 * queue does not take them, and they have been given back. */
RELEVO_API int relevo_queue_reject(relevo_queue *queue, relevo_item *items, size_t count);

/* Hold leased items for `lease` ms from now, 0: as long as the queue gives. They stay
 * leased. In a queue whose leases have no time this changes nothing. Errors as
 * relevo_queue_ack(), but the others have been extended; BAD_ARGUMENT. */
RELEVO_API int relevo_queue_extend(relevo_queue *queue, relevo_item *items, size_t count,
				   int64_t lease);

/* Where the putter expects an answer; NULL: nowhere. Belongs to the item. */
RELEVO_API const char *relevo_item_reply_to(const relevo_item *item);

/* The value of the item's first header of that name, *size bytes (may be NULL) and a
 * byte 0 behind them, aligned for anything; NULL: it has none. Belongs to the item. */
RELEVO_API const void *relevo_item_header(const relevo_item *item, const char *name, size_t *size);

/* All headers of the item, in order; *count tells how many. They belong to the item. */
RELEVO_API const struct relevo_header *relevo_item_headers(const relevo_item *item, size_t *count);

/* Free an item's data. Does not acknowledge it. Calling it twice, or with a
 * zeroed item, does nothing. */
RELEVO_API void relevo_item_free(relevo_item *item);

/*
 * The oldest item got with this handle, which must be joinable, is done with: it is
 * acknowledged, with whatever is sent next. Until then it is leased: another consumer gets it when
 * the session ends, whether the process dies or closes it in order. Only the
 * process that got an item can say that it is done with it, through the same handle; a child of
 * fork(2) cannot say so of its parent's items. Thread-safe; does not block.
 *
 * Errors: BAD_STATE (no item of this handle is left to be done with, or the handle is not
 * joinable), NOT_OWNER (the item went back when its connection was lost), DISCONNECTED,
 * UNANSWERED, FORKED,
 * NO_MEMORY.
 */
RELEVO_API int relevo_queue_task_done(relevo_queue *queue);

/*
 * Wait until no item is left in the queue, whether ready, delayed or leased, also by
 * other sessions. For any queue; an item got with relevo_queue_get() is done with at
 * once, unless the handle is joinable. Includes what this session put before.
 * Thread-safe; blocks.
 *
 * Errors: TIMED_OUT, GONE, DISCONNECTED, FORKED, LIMIT, BAD_ARGUMENT, NO_MEMORY.
 */
RELEVO_API int relevo_queue_join(relevo_queue *queue, int64_t timeout);

enum relevo_shutdown {
	RELEVO_SHUTDOWN_DRAIN = 0,   /* what is in the queue is still handed out */
	RELEVO_SHUTDOWN_AT_ONCE = 1, /* what is ready or delayed is dropped */
};

/*
 * Let no more items enter the queue, for good. Puts get SHUT_DOWN, and so do gets once no item
 * is left: ready, delayed, or held by another session that could still give it back. Calls that
 * wait get it, too. Dead letters of other queues still come in, so that they are not lost, and
 * can be got. Thread-safe; blocks for the answer.
 * Errors: GONE, BAD_ARGUMENT, DISCONNECTED, UNANSWERED, FORKED.
 */
RELEVO_API int relevo_queue_shutdown(relevo_queue *queue, enum relevo_shutdown how);

struct relevo_queue_state {
	uint64_t ready;                          /* items that a get would receive now */
	uint64_t leased;                         /* handed out, not acknowledged */
	uint64_t delayed;                        /* given back with a delay */
	uint64_t bytes;                          /* of all of these */
	uint64_t getters;                        /* calls that wait for an item */
	uint64_t putters;                        /* calls that wait for room */
	uint64_t joiners;                        /* calls that wait until nothing is left */
	uint64_t put, acknowledged, redelivered; /* items ever; all that is counted ever begins
						    anew with the broker */
	uint64_t handles;                        /* open */
	uint64_t expired;                        /* items ever: that ran out of time */
	uint64_t dropped;                        /* that made room for others */
	uint64_t dead_lettered;                  /* handed out too often, or rejected */
	uint64_t duplicates; /* whose key was there, so that they did not enter */
	bool shut_down;
	RELEVO_LATER bool durable;
	uint64_t reserved[RELEVO_RESERVED - 1];
};

/* What the broker counts for this queue. What this session put before is included.
 * Thread-safe; blocks for the answer. Errors: GONE, DISCONNECTED,
 * FORKED. */
RELEVO_API int relevo_queue_inspect(relevo_queue *queue, struct relevo_queue_state *counts);

#ifdef __cplusplus
}
#endif

#endif
