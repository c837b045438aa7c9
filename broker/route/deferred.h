/* Answers that wait until what they tell of is durable. */
#ifndef ROUTE_DEFERRED_H
#define ROUTE_DEFERRED_H

#include "route/call.h"

/*
 * A handler answers at once what the engine does at once. If that changed something durable,
 * the answer goes out when it is on disk, or a Failure instead if it cannot be brought
 * there. So does a Failure that tells of a part that was done. Calls that wait in the engine (puts,
 * gets, moves) see to it there.
 */

/* A frame is going to be handled, and has been. */
void deferred_begin(struct session *session, const Relevo__Header *header);
void deferred_end(struct router *router);

/* The next answer to that call waits until all that was changed before it is durable. */
void deferred_wait_for_all(struct session *session, uint64_t call);

/* The frame answers what is being handled. True: it has been taken, and is sent later, unless
 * `fail` has to say that it was in vain. */
bool deferred_take(struct session *session, const Relevo__Header *header,
		   const struct output_body *bodies, answer_failure *fail);

#endif
