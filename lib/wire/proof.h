#ifndef WIRE_PROOF_H
#define WIRE_PROOF_H

#include "wire/key.h"

#include <stdbool.h>
#include <stdint.h>

enum { NONCE_SIZE = 32, PROOF_SIZE = 32 };

enum proof_side { PROOF_OF_CLIENT, PROOF_OF_BROKER };

/*
 * What a proof speaks of: this conversation and no other. Both ends put in random
 * numbers of their own, so that nothing heard before is of use, and what the client
 * said in Hello is part of it, so that nobody in between can have changed that.
 */
struct proof_subject {
	uint8_t broker_nonce[NONCE_SIZE];
	uint8_t client_nonce[NONCE_SIZE];
	uint32_t version;
	uint64_t pid;
	const char *host;
	const char *name;
};

/* A new random number. SYSTEM. */
int proof_nonce(uint8_t nonce[NONCE_SIZE], struct error *error);

/* HMAC-SHA256 of the subject; which side it is for is part of it, so that neither
 * can be given its own proof back. NO_MEMORY. */
int proof_make(const struct key *key, enum proof_side side, const struct proof_subject *subject,
	       uint8_t proof[PROOF_SIZE], struct error *error);

/* Whether `proof` is that; takes the same time wherever it differs. */
bool proof_holds(const struct key *key, enum proof_side side, const struct proof_subject *subject,
		 const uint8_t *proof, size_t size);

#endif
