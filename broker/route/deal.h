/* When puts that are not answered have been dealt with: the client hears of it in their order. */
#ifndef ROUTE_DEAL_H
#define ROUTE_DEAL_H

#include "route/call.h"

/*
 * A quiet put is dealt with when it would have been answered: at once, or when what it has put is
 * durable. Until then what follows it is not confirmed either, and Flush and Goodbye wait.
 */

/* A quiet put, of that cost in the window, has been handed to the engine; NULL: it has been
 * answered already, and the call is no more. `prompt`: the client keeps it until it is confirmed.
 */
void deal_expect(struct session *session, struct call *put, uint64_t cost, bool prompt);

/* Now one that had not been answered is. The call is not the caller's any more. */
void deal_done(struct call *put);

/* Answer Flush when all before it has been dealt with. */
void deal_flush(struct session *session, uint64_t number);

/* Say goodbye when all before it has been dealt with. */
void deal_goodbye(struct session *session, uint64_t number);

#endif
