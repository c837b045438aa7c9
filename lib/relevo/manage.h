/*
 * Looking after queues: what there is, what is in them, and how to get it out of the way; and
 * which sessions there are. For tools and operators; other programs need none of it.
 */
#ifndef RELEVO_MANAGE_H
#define RELEVO_MANAGE_H

#include <relevo/queue.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Drop all items that are ready or delayed; *count (may be NULL) tells how many. Leased ones stay,
 * and a get under way at this moment may still get one. Thread-safe; blocks for
 * the answer. Errors: GONE, BAD_ARGUMENT, DISCONNECTED, UNANSWERED, FORKED. */
RELEVO_API int relevo_queue_purge(relevo_queue *queue, uint64_t *count);

/*
 * Move up to `max` ready items (0: all) from one queue to the end of another, in order,
 * as long as that has room: dead letters back to work, for instance. There they have
 * not been delivered yet, do not expire, and have no key; their headers and, between
 * queues of the same order, priority or cost stay. *count (may be NULL) tells how many,
 * also after a failure. Thread-safe; blocks for the answer.
 *
 * Errors: BAD_NAME, NOT_FOUND, BAD_ARGUMENT (from one to the same; a lock), SHUT_DOWN,
 * QUOTA, DISCONNECTED, UNANSWERED, FORKED, NO_MEMORY. What could not be moved is where it was.
 */
RELEVO_API int relevo_queue_move(relevo_session *session, const char *from, const char *to,
				 uint64_t max, uint64_t *count);

/* Where a look at a queue has come to; zero is its beginning. */
struct relevo_place {
	uint32_t rank;
	uint64_t sequence;
	uint64_t reserved[RELEVO_RESERVED_FEW];
};

/*
 * Look at up to `count` (256 at most) items that are ready, in the order in which they
 * would be handed out. They are copies, not leased; free each of them. The next call
 * with the same *place goes on behind them; what came meanwhile is seen if it stands
 * there. Thread-safe; blocks for the answer, which takes longer the deeper the queue is.
 *
 * Errors: GONE, BAD_ARGUMENT, DISCONNECTED, FORKED,
 * NO_MEMORY.
 */
RELEVO_API int relevo_queue_peek(relevo_queue *queue, struct relevo_place *place,
				 relevo_item *items, size_t count, size_t *got);

/* What a name of the broker's stands for. */
enum relevo_kind {
	RELEVO_KIND_QUEUE = 0,
	RELEVO_KIND_LOCK = 1,
	RELEVO_KIND_SEMAPHORE = 2,
	RELEVO_KIND_CONDITION = 3,
};

/* One of the broker's queues, or of the locks and the like that are made of them: their
 * ready items are the tokens that can be taken, the leased ones those that are held. */
struct relevo_queue_info {
	const char *name;
	enum relevo_kind kind;
	uint64_t ready, leased, delayed, bytes;
	uint64_t getters, putters; /* calls that wait */
	uint64_t put, acknowledged;
	uint64_t handles;
};

/*
 * Call `visit` for each queue whose name begins with `prefix` (NULL: for all), in the
 * order of their names, until it returns something other than 0: that is returned.
 * What it is given is valid until it returns; it may call relevo. Thread-safe; blocks.
 *
 * Returns RELEVO_OK behind the last. Errors: DISCONNECTED, FORKED, NO_MEMORY.
 */
RELEVO_API int relevo_queue_list(relevo_session *session, const char *prefix,
				 int (*visit)(const struct relevo_queue_info *info, void *user),
				 void *user);

/* A call in which a session waits. */
enum relevo_waiting_call {
	RELEVO_WAITING_GET = 0,     /* an item, leased or not */
	RELEVO_WAITING_GET_ANY = 1, /* from several queues, the first of which is named */
	RELEVO_WAITING_PUT = 2,     /* room */
	RELEVO_WAITING_JOIN = 3,    /* until all items are done */
	RELEVO_WAITING_ACQUIRE = 4, /* a lock, or a permit of a semaphore */
	RELEVO_WAITING_WAIT = 5,    /* a condition, an event, a barrier, a value, an array */
	RELEVO_WAITING_MEET = 6,    /* another to open the other end of a pipe with a name */
};

/* What a session waits for. */
struct relevo_session_wait {
	enum relevo_waiting_call call;
	const char *kind;   /* of the object: "queue", "lock", "event" */
	const char *object; /* its name */
	int64_t msec;       /* for so long */
	uint64_t reserved[RELEVO_RESERVED_FEW];
};

/* An object of which a session holds items, or the tokens of a lock or semaphore. */
struct relevo_session_hold {
	const char *kind;
	const char *object;
	uint64_t count;
	uint64_t reserved[RELEVO_RESERVED_FEW];
};

/* One session of a broker: a process may have several. */
struct relevo_session_info {
	uint64_t number;     /* unique in the broker's life; rises */
	const char *name;    /* what it calls itself */
	const char *host;    /* where it runs, as it says itself */
	const char *address; /* "unix", or host:port of its end of the connection */
	pid_t pid;           /* there */
	bool local;          /* then the kernel vouches for pid and uid */
	uint32_t uid;        /* 0 if it is not local */
	int64_t msec;        /* since it was opened */
	uint64_t handles;    /* objects that it has open */
	uint64_t leases;     /* items that it was handed and has not acknowledged */
	uint64_t waits;      /* calls that wait; none: it runs, as far as the broker knows */
	uint64_t bytes;      /* of the broker's memory, for the session itself */
	uint64_t user_bytes; /* for all that its user causes: items, queues, sessions */
	const struct relevo_session_wait *waiting; /* the first 8 */
	size_t waiting_count;
	const struct relevo_session_hold
		*held; /* the first 8 objects, of the first 32,768 leases */
	size_t held_count;
};

/*
 * Call `visit` for each session of the broker, in the order in which they were opened,
 * until it returns something other than 0: that is returned. What it is given is valid
 * until it returns; it may call relevo. The caller's own session is one of them.
 * Thread-safe; blocks.
 *
 * Returns RELEVO_OK behind the last. Errors: DISCONNECTED, FORKED, NO_MEMORY,
 * UNKNOWN_OPERATION (an older broker).
 */
RELEVO_API int relevo_session_list(relevo_session *session,
				   int (*visit)(const struct relevo_session_info *info, void *user),
				   void *user);

#ifdef __cplusplus
}
#endif

#endif
