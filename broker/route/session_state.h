#ifndef ROUTE_SESSION_STATE_H
#define ROUTE_SESSION_STATE_H

#include "base/map.h"
#include "base/name.h"
#include "engine/engine.h"
#include "net/connection.h"
#include "route/router_config.h"
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
	struct map clients;     /* the last of each client, by its id */
	struct list free_calls; /* for the next ones */
	uint32_t free_count;
	bool has_enums[ROUTER_OPERATIONS]; /* see enums.h */
	struct session *answering;         /* whose frame is being handled; see deferred.h */
	uint64_t answering_call;
	uint64_t changes; /* the engine's, before that */
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
	bool returns;              /* it says who it is, by: */
	uint8_t client[CLIENT_ID_SIZE];
	struct map_node in_clients; /* router->clients, if `returns`, while OPEN */
	uint64_t number;            /* the rest: while OPEN */
	bool unborn;                /* it inherits, and its process has not spoken yet */
	nsec_t opened;
	struct list in_router; /* router->sessions */
	struct list calls;     /* not answered yet */
	struct list deals;     /* of them, those that confirmation waits for: see deal.h */
	bool leaving;          /* it has said goodbye, behind these */
	struct map waiting;    /* those of them that Cancel can name, by number */
	size_t waiting_cost;   /* charged for that table */
	uint64_t dealt;        /* of the window, by what was put quietly and dealt with */
	uint64_t confirmed;    /* of these, what the client has been told */
};

#endif
