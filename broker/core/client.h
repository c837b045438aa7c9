#ifndef CORE_CLIENT_H
#define CORE_CLIENT_H

#include "core/client_id.h"
#include "core/core.h"

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
	struct account *account; /* who pays */
	uint32_t peers;          /* sessions of it that are there */
	struct list memories;    /* struct client_memory */
	struct heap_node timer;  /* in engine->client_timers, while there is no session */
};

/* The client of the session, made if need be. NULL: the session has not said who it is.
 * QUOTA, NO_MEMORY. */
int client_of(struct engine_peer *peer, struct client **client, struct error *error);

/* That of which something was recorded, made if need be, without a session for now. NULL:
 * memory ran out, or it is another user's. */
struct client *client_restored(struct engine *engine, struct account *account, const uint8_t *id);

/* See engine_peer_identify(). */
void client_identify(struct engine_peer *peer, const uint8_t id[CLIENT_ID_SIZE]);

/* The session has ended. False: there is more to forget, call it again. */
bool client_leave(struct engine_peer *peer);

/* One of the memories has been taken out: the client goes with the last of them, unless it has
 * a session. */
void client_let_go(struct client *client);

/* It has not been seen for too long: a part of what is remembered is forgotten. */
void client_forget_some(struct client *client);

#endif
