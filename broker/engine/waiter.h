#ifndef ENGINE_WAITER_H
#define ENGINE_WAITER_H

#include "engine/core.h"
#include "engine/queue.h"

/* ANY stands in no line itself: see queue_any.h. */
enum waiter_kind { WAITER_GET, WAITER_PUT, WAITER_JOIN, WAITER_CELL, WAITER_PIPE, WAITER_ANY };

/*
 * PARKED in the line of its queue or cell; then, if it is a put that has changed
 * something, COMMITTING until the store has it; FINISHED when its answer is due.
 */
enum waiter_state { WAITER_IDLE, WAITER_PARKED, WAITER_COMMITTING, WAITER_FINISHED };

/* Answer at once a call that cannot even begin. */
void waiter_refuse(struct waiter *waiter, const struct error *error);

/* Put the call at the end of the line of its queue or cell, until the deadline.
 * NO_MEMORY: it has not begun. */
int waiter_park(struct waiter *waiter, struct engine_peer *peer, nsec_t deadline);

/* Let go of the items and acknowledgements that a put still has. */
void waiter_discard(struct waiter *waiter);

/* Whoever can be served is; if this one is not, it is answered with `status`. */
void waiter_give_up(struct waiter *waiter, int status);

/* Its deadline has come. */
void waiter_time_out(struct waiter *waiter);

/* Take the call out of its line and have it answered. */
void waiter_finish(struct waiter *waiter, int status);

/* The store is done with what the call recorded. */
void waiter_committed(struct waiter *waiter, int status);

/* Answer a finished call. */
void waiter_answer(struct waiter *waiter);

/* Answer a get that has been served; `waiter` is its caller's again then. */
void waiter_deliver(struct waiter *waiter, uint32_t count);

/* Forget the call without an answer. */
void waiter_drop(struct waiter *waiter);

static inline struct waiter *waiter_first(const struct list *line)
{
	struct list *first = list_first(line);
	return first != NULL ? container_of(first, struct waiter, in_queue) : NULL;
}

/* Serve the first getter from the stock, or from putters. There is an item. */
void getter_serve(struct waiter *getter);

/* Move the first item of a waiting put into the stock; ends the call with its
 * last item, or when the store refuses. */
void putter_admit(struct waiter *putter);

#endif
