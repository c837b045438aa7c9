#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include "header.pb-c.h"
#include "queue/queue_part.h"
#include "queue/stash.h"
#include "queue/unfinished.h"
#include "session/attention.h"
#include "session/handle.h"
#include "session/watch.h"

#include <relevo/queue.h>

struct relevo_queue {
	struct handle handle;
	struct queue_part *part; /* what the session's queues have in common */
	struct list link;        /* there */
	watch_slot watched;
	bool bounded;
	bool timed;             /* what is leased stays so for a time */
	bool keep;              /* of a lock: it stays held when its holder ends in order */
	struct kept_owner kept; /* of what is put through a durable one */
	relevo_put_error *on_error;
	void *user;

	struct stash stash; /* items that came ahead of being asked for */
	bool joinable;
	bool strict_order;
	struct unfinished_list tasks; /* of a joinable one: got, and not done with */
};

/* handle_enter() for a call on this queue. */
int queue_enter(relevo_queue *queue, nsec_t deadline, struct error *error);

/* Delete the queue of this handle, and none that has come to bear its name: GONE. Otherwise as
 * relevo_queue_delete(). */
int queue_delete_this(relevo_queue *queue);

/* BAD_ARGUMENT, naming what cannot last so many milliseconds. */
int queue_check_time(const char *what, int64_t msec, struct error *error);

/* BAD_ARGUMENT, naming the option that cannot be. */
int queue_check_options(const struct relevo_queue_options *options, struct error *error);

/* Delete what is made of a queue, and of that kind: `what` is its noun. Errors as
 * relevo_queue_delete(). */
int queue_delete_kind(relevo_session *session, const char *name, Relevo__QueueKind kind,
		      const char *what);

/* Open a new handle with this operation, answered with QueueOpened, and enter it in
 * the session. `queue` is zero but for what the caller sets in it. */
int queue_attach(struct relevo_queue *queue, relevo_session *session, Relevo__Header *header,
		 struct error *error);

/* Undo that. NULL is not allowed; the memory stays the caller's. */
void queue_detach(struct relevo_queue *queue);

/* In a child after fork(2): the calls under way are the parent's. */
void queue_forget_calls(struct relevo_queue *queue);

/* From here on these items of the queue are the caller's: the acknowledgement goes with whatever is
 * sent next, or with the flusher. Where the caller says when it is done, it waits
 * for that. */
void queue_hand_over(struct relevo_queue *queue, relevo_item *items, size_t count);

/* Room for items, and how many have come. */
struct queue_items {
	relevo_item *items;
	size_t room, count;
};

/* relevo_queue_get_many(), but what attention is paid to ends it: INTERRUPTED, as it may be
 * without that; attention->due tells. */
int queue_get_attentively(struct relevo_queue *queue, struct queue_items *items, int64_t timeout,
			  struct attention *attention);

/* How long an item may be held; then it goes to the queue of that name, if it is there. */
struct queue_hold {
	uint64_t msec; /* 0: any time */
	const char *overdue_to;
};

/* relevo_queue_put_with() of such an item. */
int queue_put_held(struct relevo_queue *queue, const struct relevo_bytes *item,
		   const struct relevo_put_options *options, const struct queue_hold *hold,
		   int64_t timeout);

/* Lease an item to work on, waiting for one, and have some come ahead. */
int queue_lease_to_work_on(struct relevo_queue *queue, relevo_item *item);

/* One that came ahead, if there is any: the broker has to be told of its lease with
 * put_to_quietly(). Until then it may hand it to somebody else, after a second. */
bool queue_take_to_work_on(struct relevo_queue *queue, relevo_item *item);

/* Acknowledge a leased item with whatever is sent next. */
void queue_finish(struct relevo_queue *queue, relevo_item *item);

/* Wait for an item beside other things: see session/watch.h. NULL: memory ran out. */
struct watch *queue_watch(struct relevo_queue *queue);

#endif
