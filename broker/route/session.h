#ifndef ROUTE_SESSION_H
#define ROUTE_SESSION_H

#include "route/session_state.h"

/* NULL when memory or the user's share ran out. */
struct session *session_new(struct router *router, struct connection *connection);

/* Greeted: from now on it has a number and a place in the engine. NO_MEMORY. */
int session_start(struct session *session);

/* Answer the call with that error, then end: it cannot become a session. Logged. */
void session_refuse(struct session *session, uint64_t call, const struct error *error);

/* Take it out of the engine: its calls are dropped, what it held goes back, at once or
 * piece by piece. The connection is closed when that has been done and all answers have
 * been sent. Logged. */
void session_end(struct session *session, const char *reason);

/* The same in order; the call is answered when it has ended. */
void session_say_goodbye(struct session *session, uint64_t call);

/* Its connection is gone: ends it first. */
void session_free(struct session *session, const char *reason);

/* The engine's deadline for a time-out on the wire: 0 does not wait. */
nsec_t session_deadline(const struct session *session, uint32_t timeout_ms);

/* So much of a quiet put, as the window counts it, has been dealt with, accepted or not. `prompt`:
 * the client is told at once. */
void session_deal(struct session *session, uint64_t cost, bool prompt);

/* Tell the client all that has been dealt with. */
void session_confirm(struct session *session);

#endif
