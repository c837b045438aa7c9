#ifndef ROUTE_CALL_H
#define ROUTE_CALL_H

#include "route/session_state.h"

/* What it is, where it is not answered by itself: see deal.h. */
enum call_matter { CALL_PUT, CALL_FLUSH, CALL_GOODBYE };

/* Tells the client that its call has failed. */
typedef void answer_failure(struct session *session, uint64_t call, const struct error *error);

/* A call that the engine answers through its waiter, now or later. */
struct call {
	struct waiter waiter;
	struct session *session;
	uint64_t number;           /* of the client's */
	const struct frame *frame; /* of a quiet put, while it is handled */
	bool quiet;
	bool *answered;     /* of such a one: set when it is, while it is handled */
	uint32_t queue;     /* likewise: its handle */
	bool dealt, prompt; /* see deal.h */
	enum call_matter matter;
	uint64_t cost;              /* of it and what follows it, in the window */
	struct list in_deals;       /* session->deals, while what it has put is not durable */
	struct answer_kept *kept;   /* an answer that waits: see deferred.h */
	answer_failure *fail;       /* if it waits in vain */
	struct list link;           /* in session->calls, or router->free_calls */
	struct map_node in_waiting; /* in session->waiting, if `cancellable` */
	bool cancellable;
};

/* A frame that is to be sent. */
struct answer_kept {
	size_t header_size, body_size;
	uint8_t bytes[]; /* the header, packed, and a body */
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
