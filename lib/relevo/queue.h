/*
 * Queues: items of bytes, first in, first out, between any number of processes.
 *
 * Whoever gets an item holds it under a lease. Acknowledged, it is gone; if its
 * holder dies first, it goes back to its place and somebody else gets it.
 * relevo_queue_get() acknowledges by itself; relevo_queue_lease() leaves it to the
 * caller.
 */
#ifndef RELEVO_QUEUE_H
#define RELEVO_QUEUE_H

#include <relevo/session.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct relevo_queue relevo_queue;

/* Some bytes of the caller's. */
struct relevo_bytes {
	const void *data;
	size_t size;
};

/* An item that was got. `data` is followed by a byte 0 that does not count, so
 * that text can be used as a string. Free it with relevo_item_free(). */
typedef struct relevo_item {
	void *data;
	size_t size;
	uint64_t lease;      /* 0: acknowledged already */
	uint32_t deliveries; /* how often it was handed out, this time included */
	void *memory;        /* the library's */
} relevo_item;

enum relevo_lifetime {
	RELEVO_KEPT = 0,         /* until it is deleted or the broker ends */
	RELEVO_UNTIL_UNUSED = 1, /* until its last handle is closed */
	RELEVO_WITH_SESSION = 2, /* until the session that created it ends */
};

enum relevo_open_mode {
	RELEVO_OPEN_OR_CREATE = 0,
	RELEVO_OPEN_EXISTING = 1, /* NOT_FOUND if it is not there */
	RELEVO_CREATE_NEW = 2,    /* EXISTS if it is */
};

/* A capacity: a put succeeds only if somebody waits for the item. */
#define RELEVO_RENDEZVOUS (-1)

/* Called with each item of a put that failed after the put had returned. From
 * whichever thread is in a call with the session; it must not call relevo. The
 * item belongs to the library. */
typedef void relevo_put_error(relevo_queue *queue, int status, const struct relevo_bytes *item,
			      void *user);

struct relevo_queue_options {
	enum relevo_open_mode mode;
	enum relevo_lifetime lifetime;
	int64_t capacity; /* items; 0: no limit; RELEVO_RENDEZVOUS */
	int64_t lease;    /* ms until an unacknowledged item goes back; 0: with its session */
	relevo_put_error *on_error;
	void *user; /* handed to on_error */
};

/*
 * Open the queue of that name, or with NULL a new one with a name of its own
 * (RELEVO_KEPT then means RELEVO_UNTIL_UNUSED). A name is 1 to 255 bytes of UTF-8
 * without control characters. `options` may be NULL for the defaults. *queue
 * belongs to the caller, until relevo_queue_close(). Thread-safe; blocks for the
 * broker's answer.
 *
 * Errors: BAD_NAME, BAD_ARGUMENT, NOT_FOUND, EXISTS, OPTION_MISMATCH (it exists
 * with another capacity, lease or lifetime, or is a lock, semaphore or condition),
 * QUOTA, LIMIT, DISCONNECTED, FORKED, NO_MEMORY.
 */
int relevo_queue_open(relevo_session *session, const char *name,
		      const struct relevo_queue_options *options, relevo_queue **queue);

/* Close this handle; what was put stays put. No other thread may be in a call
 * with it. NULL is allowed. Sends what is pending; does not wait for the broker. */
void relevo_queue_close(relevo_queue *queue);

/* Delete a queue with its items. Whoever waits on it gets GONE. Thread-safe;
 * blocks for the answer. Errors: BAD_NAME, NOT_FOUND, DISCONNECTED, FORKED. */
int relevo_queue_delete(relevo_session *session, const char *name);

/* The queue's name. Belongs to the handle. */
const char *relevo_queue_name(const relevo_queue *queue);

/*
 * Put a copy of `size` bytes. On a queue without capacity this returns as soon as
 * the item is on its way; a later failure goes to the error callback, and
 * relevo_flush() waits for the broker. On a bounded one it waits for room and for
 * the broker's answer. Thread-safe; items of one thread stay in order.
 *
 * Errors: TOO_LARGE (nothing is sent), FULL (timeout 0), TIMED_OUT, GONE,
 * DISCONNECTED, FORKED, QUOTA, LIMIT, BAD_ARGUMENT, NO_MEMORY.
 */
int relevo_queue_put(relevo_queue *queue, const void *data, size_t size, int64_t timeout);

/* relevo_queue_put() with timeout 0. */
int relevo_queue_try_put(relevo_queue *queue, const void *data, size_t size);

/*
 * Put many items in order. *accepted (may be NULL) tells how many are in the
 * queue or on their way, also after a failure. An item that is too large makes
 * the whole call fail before anything is sent. Otherwise as relevo_queue_put().
 */
int relevo_queue_put_many(relevo_queue *queue, const struct relevo_bytes *items, size_t count,
			  int64_t timeout, size_t *accepted);

/*
 * Take the first item, waiting up to `timeout` ms for one. It counts as
 * acknowledged once this returns: a crash before gives it to somebody else.
 * Thread-safe; several threads may wait at once. Free the item.
 *
 * Errors: EMPTY (timeout 0), TIMED_OUT, GONE, DISCONNECTED, FORKED, LIMIT,
 * BAD_ARGUMENT, NO_MEMORY.
 */
int relevo_queue_get(relevo_queue *queue, relevo_item *item, int64_t timeout);

/* relevo_queue_get() with timeout 0. */
int relevo_queue_try_get(relevo_queue *queue, relevo_item *item);

/* The same for up to `count` items: waits for the first, takes what is there.
 * *got tells how many. Free each of them. */
int relevo_queue_get_many(relevo_queue *queue, relevo_item *items, size_t count, int64_t timeout,
			  size_t *got);

/* As relevo_queue_get_many(), but the items stay leased: acknowledge them, or
 * give them back. */
int relevo_queue_lease(relevo_queue *queue, relevo_item *items, size_t count, int64_t timeout,
		       size_t *got);

/*
 * Acknowledge leased items: they are gone for good. Sets their `lease` to 0; free
 * them all the same. Thread-safe; blocks for the answer.
 *
 * Errors: NOT_OWNER (one of the leases had ended, and its item is somebody
 * else's now; the others are acknowledged), DISCONNECTED, FORKED, NO_MEMORY.
 */
int relevo_queue_ack(relevo_queue *queue, relevo_item *items, size_t count);

/* Give leased items back, to be handed out again not before `delay` ms have
 * passed. Errors as relevo_queue_ack(). */
int relevo_queue_nack(relevo_queue *queue, relevo_item *items, size_t count, int64_t delay);

/* Free an item's data. Does not acknowledge it. Calling it twice, or with a
 * zeroed item, does nothing. */
void relevo_item_free(relevo_item *item);

struct relevo_queue_counts {
	uint64_t ready;                          /* items that a get would receive now */
	uint64_t leased;                         /* handed out, not acknowledged */
	uint64_t delayed;                        /* given back with a delay */
	uint64_t bytes;                          /* of all of these */
	uint64_t getters;                        /* calls that wait for an item */
	uint64_t putters;                        /* calls that wait for room */
	uint64_t put, acknowledged, redelivered; /* items ever */
	uint64_t handles;                        /* open */
};

/* What the broker counts for this queue. Whatever this session put before is
 * included. Thread-safe; blocks for the answer. Errors: GONE, DISCONNECTED,
 * FORKED. */
int relevo_queue_count(relevo_queue *queue, struct relevo_queue_counts *counts);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
