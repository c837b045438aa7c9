#ifndef CORE_CLIENT_H
#define CORE_CLIENT_H

#include "core/client_id.h"
#include "core/core.h"
#include "core/object.h"
#include "core/peer.h"

/* Something that is remembered of a client. */
struct client_memory {
	struct list link;
	/* It is forgotten: frees it, and calls client_let_go(). */
	void (*forget)(struct client_memory *memory);
};

/*
 * A program's session, over all connections that it makes: it names itself by random bytes
 * (CLIENT_ID_SIZE). There is one of these as soon as something is to be remembered of it, and
 * until CLIENT_MEMORY has passed without a session of it.
 */
struct client {
	struct map_node node; /* in engine->clients */
	uint8_t id[CLIENT_ID_SIZE];
	struct engine *engine;
	struct account *account;  /* who pays */
	uint32_t peers;           /* sessions of it that are there */
	struct engine_peer *last; /* of them, the one that came last; NULL: it has gone */
	struct list memories;     /* struct client_memory */
	struct list owned;        /* queues that wait for it to come back, by `in_owner` */
	struct list owned_cells;  /* and cells */
	nsec_t left;              /* when its last session ended */
	struct heap_node timer;   /* in engine->client_timers, while there is no session */
};

/* The client of the session, made if need be. NULL: the session has not said who it is.
 * QUOTA, NO_MEMORY. */
int client_of(struct engine_peer *peer, struct client **client, struct error *error);

/* That of which something was recorded, made if need be, without a session for now. NULL:
 * memory ran out, or it is another user's. */
struct client *client_restored(struct engine *engine, struct account *account, const uint8_t *id);

/* The id of the client that owns what the session makes; NULL: that is kept, or the session has
 * not said who it is. */
static inline const uint8_t *peer_owner(const struct engine_peer *peer,
					enum queue_lifetime lifetime)
{
	return lifetime != QUEUE_KEPT && peer->identified ? peer->client_id : NULL;
}

/* See engine_peer_identify(). */
void client_identify(struct engine_peer *peer, const uint8_t id[CLIENT_ID_SIZE]);

/* The session is about to end: what it cares for is not handed to it any more. */
void client_going(struct engine_peer *peer);

/*
 * Who cares for what would end with the session, but is durable: its client, or the session that
 * this has come back with. From there it ends with that session, or when CLIENT_CARE is over.
 * NULL: nobody, since it ends in order, or is not known.
 */
struct client *client_heir(struct engine_peer *peer);
struct list *client_queues(struct client *client);
struct list *client_cells(struct client *client);

/* Whoever cares for what is on record as that client's; if that is nobody (NULL), or cannot be
 * found, a client of its own that never comes: `key` tells it from others. NULL: no memory. */
struct client *client_owner_restored(struct engine *engine, struct account *account,
				     const uint8_t *id, uint64_t key);

/* It cares for one more of these, which is on record. */
void client_care_restored(struct client *client, struct list *owned, struct list *in_owner);

/* The session has ended. False: there is more to forget, call it again. */
bool client_leave(struct engine_peer *peer);

/* One of the memories has been taken out: the client goes with the last of them, unless it has
 * a session. */
void client_let_go(struct client *client);

/* It has not been seen for too long, and nothing waits for it: a part of what is remembered is
 * forgotten, if that is due as well. */
void client_forget_some(struct client *client);

/* The engine ends: so do clients that do not remember anything. */
void clients_end(struct engine *engine);

#endif
