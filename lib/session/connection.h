#ifndef SESSION_CONNECTION_H
#define SESSION_CONNECTION_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "session/attention.h"
#include "transport/channel.h"
#include "wire/frame.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct relevo_session;

struct put_batch;

/*
 * Who keeps what is put without an answer until it is confirmed; the outbox knows no queue, and
 * tells by these. The session is locked.
 */
struct put_keeper {
	const struct put_owner_kind *kind;
};

struct put_owner {
	const struct put_owner_kind *kind;
};

struct put_owner_kind {
	/* A batch begins, with items of these options or NULL. NULL: memory ran out. */
	struct put_keeper *(*begin)(struct put_owner *owner,
				    const struct Relevo__QueuePut *options);
	/* It becomes a frame: give it its number. */
	void (*number)(struct put_keeper *keeper, struct Relevo__QueuePut *operation);
	/* It was sent as that call, up to there in the window, or with 0 it was not: take over what
	 * is in it. */
	void (*take)(struct put_keeper *keeper, struct put_batch *batch, uint64_t call,
		     uint64_t window_end);
	/* It is nobody's any more. */
	void (*drop)(struct put_keeper *keeper);
};

/* Items on their way to one queue that have not been made a frame yet. */
struct put_batch {
	uint32_t queue;                         /* its number; 0: no batch is open */
	const struct Relevo__QueuePut *options; /* while one is made with options */
	struct buffer bodies;
	uint32_t *sizes;
	uint32_t count;
	uint32_t capacity;
	struct put_keeper *keeper; /* NULL: they are not kept */
};

/* Leases that will be acknowledged with whatever is sent next. */
struct ack_batch {
	uint64_t *leases;
	uint32_t count;
	uint32_t capacity;
};

/*
 * The connection of a session: what is lost when the socket is. Guarded by the
 * session's lock, except for what belongs to the reader.
 */
struct connection {
	struct channel *channel; /* NULL: not connected */
	bool broken;             /* lost; closed as soon as nobody reads it */
	bool opening;            /* a thread is connecting, or saying Hello */
	struct error lost;       /* why, the last time that it was */
	bool silent;             /* a call gave up on the broker, which has said nothing since */
	uint64_t epoch;          /* 1, 2, ...: which connection of the session this is */
	uint64_t numbers_since;  /* the numbers of handles are good from this epoch on */
	uint64_t broker;         /* which run of the broker it leads to */
	uint64_t session;        /* the broker's number for it */
	struct frame_limits limits;

	struct list calls;    /* struct call, waiting for their answers */
	struct map parked;    /* struct call that no thread waits for, by their numbers */
	struct list watchers; /* struct connection_watcher */
	uint64_t last_call;
	uint64_t given_up; /* calls that nobody waits for, not answered yet */
	bool reading;      /* some thread is the reader: */
	pthread_t reader;
	pthread_cond_t changed; /* somebody stopped reading, opening or reopening */
	/* The reader's, whoever that is: */
	struct attention *attention; /* what ends its wait; NULL: nothing else */
	struct buffer in;
	struct arena arena;
	uint64_t dispatched; /* bytes, on this connection */
	/* What came with the frame that is being dispatched; -1: nothing, or it is taken. */
	int descriptor;

	uint64_t sent;     /* bytes, of `out` and of what never stood there */
	struct buffer out; /* whole frames, to be sent before anything else */
	struct put_batch batch;
	struct ack_batch acks;
	nsec_t last_send;
	nsec_t put_sent;                    /* when a put last went out alone */
	bool put_precedes;                  /* puts are soon followed by a call that waits */
	uint64_t window;                    /* of what is put without an answer */
	uint64_t window_used, window_freed; /* ever: by puts, and by confirmations */
	uint64_t puts;                      /* items put without an answer, over all connections */
	uint64_t puts_done;                 /* of these, known to have been dealt with */
	bool puts_lost;                     /* some were not when their connection was lost */
};

/*
 * Somebody who waits for what this connection brings by polling its descriptor among others,
 * and reads then with connection_read_pending(). Called with the session locked.
 */
struct connection_watcher {
	struct list link;
	/* A thread that read has left: what it has not read is to be polled for. */
	void (*left)(struct connection_watcher *watcher);
	/* The descriptor is about to be closed. */
	void (*closing)(struct connection_watcher *watcher);
};

/* False when memory ran out. */
bool connection_init(struct connection *connection);
void connection_fini(struct connection *connection);

/* Wait until another thread has stopped reading, opening or reopening. False when
 * the deadline has passed. */
bool connection_wait_change(struct relevo_session *session, nsec_t deadline);

/* Connect and say Hello; waits until `deadline` at most. The session is locked.
 * Errors as relevo_session_open(). */
int connection_open(struct relevo_session *session, nsec_t deadline, struct error *error);

/* Go on with the channel of another connection, to the same broker, on which the numbers of
 * handles are the same. That has none then. */
void connection_take_over(struct connection *connection, struct connection *other);

/* The connection is of no use any more: everybody who waits for an answer gets
 * `status`. */
void connection_lost(struct relevo_session *session, int status, const char *text);

/* Say of a call that it is lost, and why. */
int connection_tell_lost(const struct connection *connection, struct error *error);

/* In a child after fork(2): forget the parent's connection. */
void connection_abandon(struct connection *connection);

/* What ends connection_read() besides what it says there. */
enum reading {
	READ,
	READ_TO_SEND,       /* that more can be sent */
	READ_INTERRUPTIBLY, /* that the program does not want to go on (INTERRUPTED) */
};

/*
 * Be the reader until something has arrived and been dispatched, or `deadline`
 * has passed (TIMED_OUT), or the session's wake descriptor is readable
 * (INTERRUPTED). Nobody else may be reading; the lock is dropped meanwhile. After
 * DISCONNECTED connection_lost() has been called.
 */
int connection_read(struct relevo_session *session, enum reading reading, nsec_t deadline);

/* For whoever the frame is for: the descriptor that came with it is his. NO_DESCRIPTORS:
 * there was no room for it; LIMIT: the broker could not pass it on. */
int connection_take_descriptor(struct connection *connection, int *fd, struct error *error);

/* Read what has arrived already, if nobody else does. Never waits. */
void connection_read_pending(struct relevo_session *session);

#endif
