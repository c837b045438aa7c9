#ifndef ROUTE_SESSION_H
#define ROUTE_SESSION_H

#include "base/map.h"
#include "base/name.h"
#include "net/connection.h"
#include "route/router.h"
#include "wire/protocol.h"

/* Where an answer with many items is put together. */
struct answer_room {
	uint64_t leases[FRAME_MAX_ITEMS];
	uint32_t sizes[FRAME_MAX_ITEMS];
	uint32_t deliveries[FRAME_MAX_ITEMS];
	ProtobufCBinaryData properties[FRAME_MAX_ITEMS];
	struct output_body bodies[FRAME_MAX_ITEMS];
};

/* Operations that clients send have lower numbers. */
enum { ROUTER_OPERATIONS = 128 };

struct router {
	struct router_config config;
	struct engine *engine;
	struct loop *loop;
	uint64_t last_session;  /* number given out last */
	struct list sessions;   /* that are open, by number */
	struct list free_calls; /* for the next ones */
	uint32_t free_count;
	bool has_enums[ROUTER_OPERATIONS]; /* see enums.h */
	struct answer_room room;
};

/*
 *   NEW         connected: only Hello is legal
 *   CHALLENGED  has said Hello and has to prove that it knows the key: only Proof is
 *   OPEN        greeted
 *   ENDING      has said goodbye or was shut out: the engine takes what it held, piece by piece
 *   ENDED       nothing of it is left in the engine
 */
enum session_state {
	SESSION_NEW,
	SESSION_CHALLENGED,
	SESSION_OPEN,
	SESSION_ENDING,
	SESSION_ENDED,
};

struct greeting;

/* What a client says of itself, or the kernel of it. */
struct identity {
	uint64_t pid;
	char host[NAME_MAX_BYTES + 1];
	char name[NAME_MAX_BYTES + 1];
};

/* One client. Lives as long as its connection is open, and until it has ended. */
struct session {
	struct router *router;
	struct connection *connection; /* NULL: gone, and the session goes when it has ended */
	struct account *account;
	struct engine_peer *peer; /* only while OPEN */
	const char *end_reason;   /* while ENDING */
	uint64_t goodbye;         /* likewise: the call to be answered then, if `says_goodbye` */
	bool says_goodbye;
	enum session_state state;
	struct greeting *greeting; /* only while CHALLENGED */
	struct identity identity;  /* from Hello on */
	uint64_t number;           /* the rest: while OPEN */
	bool unborn;               /* it inherits, and its process has not spoken yet */
	nsec_t opened;
	struct list in_router; /* router->sessions */
	struct list calls;     /* not answered yet */
	struct map waiting;    /* those of them that Cancel can name, by number */
	size_t waiting_cost;   /* charged for that table */
	uint64_t dealt;        /* of the window, by what was put quietly and dealt with */
	uint64_t confirmed;    /* of these, what the client has been told */
};

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

/* So much of a quiet put, as the window counts it, has been dealt with, accepted or not. */
void session_deal(struct session *session, uint64_t cost);

/* Tell the client all that has been dealt with. */
void session_confirm(struct session *session);

#endif
