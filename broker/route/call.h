#ifndef ROUTE_CALL_H
#define ROUTE_CALL_H

#include "route/session_state.h"

/* A call that the engine answers through its waiter, now or later. */
struct call {
	struct waiter waiter;
	struct session *session;
	uint64_t number;            /* of the client's */
	const struct frame *frame;  /* of a quiet put, which is answered at once */
	struct list link;           /* in session->calls, or router->free_calls */
	struct map_node in_waiting; /* in session->waiting, if `cancellable` */
	bool cancellable;
};

typedef void call_answer(struct waiter *waiter, const struct answer *answer);

/*
 * A new call of the session. One that `may_wait` can be found by its number
 * until it is answered. BAD_ARGUMENT (another call of that number waits), QUOTA,
 * NO_MEMORY.
 */
int call_new(struct session *session, uint64_t number, bool may_wait, struct call **call,
	     struct error *error);

/* It has been answered, or its session has ended. */
void call_free(struct call *call);

/* The session's call of that number that may be waiting, or NULL. */
struct call *call_find(const struct session *session, uint64_t number);

/* Give the memory of past calls back. */
void call_empty_pool(struct router *router);

#endif
