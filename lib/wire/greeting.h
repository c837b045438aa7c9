#ifndef WIRE_GREETING_H
#define WIRE_GREETING_H

#include "transport/channel.h"
#include "wire/proof.h"

#include <stdatomic.h>

/*
 * What the two ends of a pipe over tcp say first, one to the other, without a broker: that
 * they speak of the same thing, and if there is a key, that they know it. Whoever connects
 * proves it first, so that a stranger learns nothing of it.
 *
 * Each sends `magic | u8 version | u8 keyed | 2 zero bytes | nonce`; then, if both have a
 * key, its proof. Nothing here blocks: go on when the channel has something to say.
 *
 * Without a key nobody waits for the other's. The side that was connected to even keeps its
 * own back until it has something to say: the other may be gone by now, and what it has sent
 * would be lost with the reset that is the answer to a word spoken to nobody.
 */
enum { GREETING_SIZE = 8 + NONCE_SIZE };

enum greeting_stage { GREETING_HELLO, GREETING_PROOF, GREETING_DONE };

struct greeting {
	const struct key *key; /* NULL: none */
	bool listens;          /* this is the side that was connected to */
	atomic_bool said;      /* our hello */
	enum greeting_stage stage;
	struct proof_subject subject;
	uint8_t in[GREETING_SIZE];
	size_t got;
};

/* Begin, and say hello unless that is kept back. The key has to stay until the greeting is
 * done. DISCONNECTED, SYSTEM. */
int greeting_begin(struct greeting *greeting, struct channel *channel, const struct key *key,
		   bool listens, struct error *error);

/* Say hello if that has not been said: before anything else is. Another thread may be in
 * greeting_go_on(). DISCONNECTED. */
int greeting_say(struct greeting *greeting, struct channel *channel, struct error *error);

/*
 * Take what has come. OK: it is done, and what follows is the conversation. TRY_AGAIN;
 * AUTH_FAILED (one side has no key, or another), BAD_VERSION, BAD_FRAME (the other side is
 * none of ours), END_OF_STREAM, DISCONNECTED, NO_MEMORY.
 */
int greeting_go_on(struct greeting *greeting, struct channel *channel, struct error *error);

#endif
