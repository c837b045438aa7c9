#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/bounds.h"
#include "base/clock.h"
#include "base/element.h"
#include "base/error.h"
#include "base/list.h"
#include "collections/account.h"
#include "collections/heap.h"
#include "engine/item.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The rules of the broker, and nothing but rules: no I/O, no clock, no
 * randomness of its own. Peers, time and bytes are arguments, so that a test
 * can run years of leases in a second. Single-threaded.
 *
 * Every operation that may have to wait answers its `waiter` exactly once: from
 * inside the call, or later, from inside another call, engine_tick() or a
 * completion of the recorder.
 *
 * An answer may call the engine again, and may end its own peer. Calls made from
 * inside an answer are answered after it has returned, so that the stack does not
 * grow with them; only what is refused for its arguments is answered at once. The
 * one thing an answer must not do is free the engine.
 */
struct engine;
struct recorder;    /* see recorder.h */
struct engine_peer; /* a session, as the engine sees it */

struct engine_config {
	uint64_t seed;         /* for hash tables and made-up names */
	uint32_t peer_waiters; /* calls that may wait in one session, and wills of it */
	uint32_t peer_leases;  /* items that one session may hold */
	uint32_t peer_handles; /* queues that one session may have open; cells; memories */
	uint32_t turn_work;    /* units of work in a turn, see work.h; 0: no bound */
	bool durable;          /* objects can be kept on disk: there is a data folder */
	const struct shared_source *shared; /* see shared.h */
	const struct pipe_source *pipes;    /* see pipe.h */
};

/* The recorder is not owned; NULL: nothing is recorded, and everything committed at once.
 * NULL when memory ran out. What each user may cost stands in the accounts that the peers
 * bring. */
struct engine *engine_new(const struct engine_config *config, struct recorder *recorder);

/* Of all peers it must have been said that they have gone, and the recorder be done with every
 * commit. Queues that are left stay on record. NULL is allowed. */
void engine_free(struct engine *engine);

/* Do what is due at `now`. Returns when to come again, NSEC_NEVER for never. */
nsec_t engine_tick(struct engine *engine, nsec_t now);

/* When engine_tick() has to be called next; 0 while work is left, see engine_config. */
nsec_t engine_next_deadline(const struct engine *engine);

/* How much has been done ever, in units: who takes turns compares. */
uint64_t engine_work_done(const struct engine *engine);

/* From now on a call does so many units of what can be done in pieces, and leaves the rest to
 * engine_tick(). Not more than without this, which UINT64_MAX says again. */
void engine_share(struct engine *engine, uint64_t units);

/* At most what engine_peer_inherit() would do, in units. */
uint64_t engine_peer_weight(const struct engine_peer *peer);

/* Holds a reference to the account. NULL when memory ran out. */
struct engine_peer *engine_peer_new(struct engine *engine, struct account *account);

/*
 * Have `on_recall` called when somebody waits for an item while this session has
 * items of the queue behind the handle that it has not read yet (get_request's
 * `ahead`): it should give them back unread. Who does not do so within a second
 * loses them. Called from inside any operation; may not call the engine.
 */
void engine_peer_on_recall(struct engine_peer *peer,
			   void (*on_recall)(void *context, uint32_t handle), void *context);

/* Whether something that the session asked for, and does not wait for, is not done yet:
 * what comes next from it must not be looked at before that is. */
bool engine_peer_busy(const struct engine_peer *peer);

/* The session is there to hold objects, for a process that may not even know of it: nobody
 * counts its handles, until it speaks. It is new. */
void engine_peer_hush(struct engine_peer *peer);
void engine_peer_speak(struct engine_peer *peer);

/*
 * Have open what another session has open, under the same numbers, as long as the
 * peer, which is new, does not close it: a child that was forked has its parent's handles.
 * QUOTA, NO_MEMORY; the peer is to end then.
 */
int engine_peer_inherit(struct engine_peer *peer, const struct engine_peer *from,
			struct error *error);

/* What a session left behind. */
struct peer_remains {
	uint32_t leases;  /* that went back */
	uint32_t objects; /* that ended: its own, and those that nobody else had open */
};

/* Have `on_end` called when the session has ended altogether: from inside
 * engine_peer_gone(), or later. May not call the engine. */
void engine_peer_on_end(struct engine_peer *peer,
			void (*on_end)(void *context, const struct peer_remains *remains),
			void *context);

/*
 * The session has ended, in order or not: its waiters are dropped at once, without an
 * answer. Then what it leased goes back to its place, its wills are carried out, its
 * handles are closed, and objects that live no longer than these end. Of a large one that
 * takes some turns, in this order; it pays for what it still has until then. Nothing may
 * be asked of the peer any more.
 */
void engine_peer_gone(struct engine_peer *peer, nsec_t now);

/* The session ends in order; engine_peer_gone() has to follow. Nobody has died
 * with the tokens that it holds: they are released, or stay away if their queue
 * says so. */
void engine_peer_leave(struct engine_peer *peer);

/* ---- waiting ---------------------------------------------------------- */

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
	uint32_t accepted;
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

/* ---- queues ----------------------------------------------------------- */

enum queue_lifetime { QUEUE_KEPT, QUEUE_HANDLES, QUEUE_SESSION };
enum queue_open_mode { QUEUE_OPEN_OR_CREATE, QUEUE_OPEN_EXISTING, QUEUE_CREATE_NEW };

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

/*
 * Acknowledge leases: their items are gone for good. NOT_OWNER when one is not
 * held (never was, ended, expired); the text names the first such. The others
 * are acknowledged all the same. BAD_ARGUMENT: it is that of a token, which is released
 * instead; so too for lease_nack(), unless it is `unread` and at once, and lease_reject().
 * Or the recorder's reason for not recording it.
 */
int lease_ack(struct engine_peer *peer, const uint64_t *leases, size_t count, nsec_t now,
	      struct error *error);

/* An item that came ahead is not unread any more. Nothing happens if the lease is not held,
 * or was never unread. */
void lease_begin(struct engine_peer *peer, uint64_t lease);

/* Give items back to their place, to be handed out not before `not_before`
 * (0: at once). `unread`: takes back the count of the delivery too. NOT_OWNER
 * as for lease_ack(); NO_MEMORY: those that could not be delayed are still held. */
int lease_nack(struct engine_peer *peer, const uint64_t *leases, size_t count, nsec_t not_before,
	       bool unread, nsec_t now, struct error *error);

/* Make the items dead letters now. NOT_OWNER as for lease_ack(); NO_MEMORY or QUOTA:
 * the dead-letter queue does not take them, and they are back in their place. */
int lease_reject(struct engine_peer *peer, const uint64_t *leases, size_t count, nsec_t now,
		 struct error *error);

/* Hold items until `time` from now, 0: as long as their queue says. Nothing changes
 * where leases last as long as their session. NOT_OWNER as for lease_ack(). */
int lease_extend(struct engine_peer *peer, const uint64_t *leases, size_t count, nsec_t time,
		 nsec_t now, struct error *error);

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

/* ---- cells ------------------------------------------------------------ */

/*
 * A cell is a value: elements of one type, and how often they have been changed.
 * Sessions change it in atomic steps and wait for it to meet a condition. Nothing
 * of it is recorded: it is gone when the broker ends.
 */

struct cell_options {
	enum queue_lifetime lifetime; /* the same as those of queues */
	enum element_type type;
	uint32_t width;      /* bytes of an element; numbers know theirs */
	uint32_t count;      /* elements */
	const char *purpose; /* what it serves as, such as "event"; "": nothing special */
	bool durable;        /* kept on disk */
};

struct cell_open_request {
	const char *name;
	enum queue_open_mode mode;
	struct cell_options options;
	const uint8_t *initial; /* what it starts with, if it is created */
	size_t initial_size;    /* that of all elements; 0: they are zero */
};

struct cell_opened {
	uint32_t handle;  /* number of the cell in this session, never 0 */
	const char *name; /* valid until the engine is called again */
	bool created;
	uint64_t identity; /* tells it from any other that ever bears the name */
	struct cell_options options;
};

/*
 * Open a cell, as queue_open() does a queue. One that exists is left as it is.
 *   BAD_NAME, BAD_ARGUMENT, NOT_FOUND, EXISTS, QUOTA, LIMIT (handles of this
 *   session), NO_MEMORY, OPTION_MISMATCH (it serves another purpose; or, in mode
 *   OPEN_OR_CREATE, has another type, width, count or lifetime)
 */
int cell_open(struct engine_peer *peer, const struct cell_open_request *request,
	      struct cell_opened *opened, struct error *error);

/* Calls that wait for the cell, and wills, outlive the handle. BAD_ARGUMENT. */
int cell_close(struct engine_peer *peer, uint32_t handle, struct error *error);

/* Everybody who waits for it is answered with GONE. NOT_FOUND, BAD_NAME,
 * OPTION_MISMATCH (it serves another purpose). */
int cell_delete(struct engine *engine, const char *name, const char *purpose, struct error *error);

/* What can be done with elements: an enum element_comparison, or one of these. */
enum cell_operation {
	CELL_SET = ELEMENT_COMPARISONS,
	CELL_ADD,     /* numbers only */
	CELL_CHANGED, /* of a wait: the version is not the one given */
};

/* A check or a change of one or more elements. */
struct cell_term {
	uint32_t first;         /* the first of the elements */
	uint8_t operation;      /* an enum element_comparison, CELL_SET or CELL_ADD */
	const uint8_t *operand; /* one element for each of them */
	size_t size;            /* bytes of the operand: this tells how many they are */
};

/*
 * If every check holds, do all changes, in order; otherwise do none. Checks look
 * at the cell as it was before.
 *
 * A will is an update left with the engine, for a session that may die in between:
 * it is carried out when the session ends, whether in order or not, or when a wait
 * that names it comes to nothing. Like any update it does nothing when a check of
 * its own fails. It is made if the update is done, in the same step.
 */
struct cell_update {
	uint32_t handle;
	const struct cell_term *terms;
	size_t count;
	const struct cell_term *will;
	size_t will_count;               /* 0: no will */
	uint64_t withdraw;               /* a will of this session, void now in any case; 0: none */
	uint32_t read_first, read_count; /* elements to tell, as they are afterwards */
};

/*
 * Always answered before it returns, with OK, whether it was done or not: see the
 * reading, which is valid until the answer returns. BAD_ARGUMENT (no such handle,
 * element, operation or will; an operand of the wrong size), GONE, LIMIT (terms or
 * wills), QUOTA, NO_MEMORY.
 */
void cell_update(struct engine_peer *peer, const struct cell_update *update, nsec_t now,
		 struct waiter *waiter);

/* Have a will of the session carried out now. One that is void already is not. */
void cell_give_up(struct engine_peer *peer, uint64_t will, nsec_t now);

struct cell_wait {
	uint32_t handle;
	uint8_t operation; /* a comparison of one element that is a number, or CELL_CHANGED */
	uint32_t first;
	const uint8_t *operand;
	size_t size;
	uint64_t version; /* for CELL_CHANGED */
	uint64_t will;    /* one for this cell; 0: none */
	nsec_t deadline;  /* 0: do not wait */
};

/*
 * Wait until the condition holds. It is looked at after every change, so that no
 * change goes by unseen, however soon the next one follows. Answered with OK and,
 * in the reading, the element that made it hold and the version; the will, if there
 * is one, is withdrawn then. TIMED_OUT (also when it did not wait), GONE, LIMIT
 * (waiting calls), CANCELLED, QUOTA, NO_MEMORY: the will has been carried out.
 * BAD_ARGUMENT.
 */
void cell_wait(struct engine_peer *peer, const struct cell_wait *request, nsec_t now,
	       struct waiter *waiter);

/* ---- items ------------------------------------------------------------ */

/* What was put with it; NULL and 0: nothing. Lives as long as the item. */
const uint8_t *item_properties(const struct item *item, size_t *size);

/* Keep an item's body beyond the answer, and let it go. */
void item_hold(struct item *item);
void item_drop(struct engine *engine, struct item *item);

#endif
