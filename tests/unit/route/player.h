#ifndef UNIT_ROUTE_PLAYER_H
#define UNIT_ROUTE_PLAYER_H

#include "base/buffer.h"
#include "broker.h"
#include "header.pb-c.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Clients of a broker in the same thread, who play what has been written down before: so
 * that nothing but the broker allocates meanwhile. They take what comes, and mind nothing.
 */
enum { PLAYERS = 4, MOST_STEPS = 256 };

enum step_kind {
	STEP_CONNECT,
	STEP_CONNECT_TCP,
	STEP_SEND,
	STEP_PROVE,
	STEP_READ,
	STEP_AWAIT,
	STEP_LISTEN,
	STEP_CLOSE,
	STEP_CALL,
};

struct step {
	enum step_kind kind;
	int player;
	struct buffer bytes;   /* of SEND */
	size_t frames;         /* of AWAIT and LISTEN */
	const struct key *key; /* of PROVE */
	void (*call)(void);    /* of CALL */
};

struct script {
	struct step steps[MOST_STEPS];
	size_t count;
};

void script_connect(struct script *script, int player);
void script_connect_tcp(struct script *script, int player); /* the broker's second address */
void script_close(struct script *script, int player);
void script_call(struct script *script, void (*call)(void));

/* Read what has come by then. */
void script_read(struct script *script, int player);

/* Read until so many frames have come in all, or the broker has closed the connection. It may
 * have paused a while before it accepts. */
void script_await(struct script *script, int player, size_t frames);

/* The same, but for a moment at most: without memory perhaps nothing ever comes. */
void script_listen(struct script *script, int player, size_t frames);

/* Prove that one has the key, if the broker's challenge is the last frame that has come. */
void script_prove(struct script *script, int player, const struct key *key);

/* Send bytes; or a frame of that call, whose bodies header->sizes tell. */
void script_bytes(struct script *script, int player, const void *bytes, size_t size);
void script_send(struct script *script, int player, uint64_t call, Relevo__Header *header,
		 const void *bodies);
void script_fini(struct script *script);

/* What a player has read. */
struct player {
	int fd; /* -1: not connected */
	bool ended;
	struct buffer read;
};

/* Play it with a broker that listens at the abstract name, and maybe at a tcp address, until it
 * ends. */
void script_play(struct script *script, struct broker *broker, const char *name,
		 struct player players[PLAYERS]);
void players_fini(struct player players[PLAYERS]);

#endif
