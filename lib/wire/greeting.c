/* The handshake of the two ends of a pipe over tcp. */
#include "wire/greeting.h"

#include "base/mutant.h"

#include <string.h>

static const uint8_t magic[4] = { 'r', 'l', 'v', 'p' };

enum { VERSION = 1 };

/* No session has it: a proof of one is none here, nor the other way round. */
#define SUBJECT_VERSION UINT32_C(0x70690001)

/* These few bytes find room in a channel on which nothing has been sent. */
static int greeting_say_here(struct channel *channel, const uint8_t *bytes, size_t size,
			     struct error *error)
{
	const struct iovec piece = { (void *)(uintptr_t)bytes, size };
	size_t sent = 0;
	int status = channel_send(channel, &piece, 1, &sent);
	if (status == RELEVO_OK && sent == size)
		return RELEVO_OK;
	return error_set(error, status == RELEVO_FORKED ? status : RELEVO_DISCONNECTED,
			 "the connection was lost before anything was said");
}

static uint8_t *our_nonce(struct greeting *greeting)
{
	struct proof_subject *subject = &greeting->subject;
	return greeting->listens ? subject->broker_nonce : subject->client_nonce;
}

static uint8_t *their_nonce(struct greeting *greeting)
{
	struct proof_subject *subject = &greeting->subject;
	return greeting->listens ? subject->client_nonce : subject->broker_nonce;
}

int greeting_say(struct greeting *greeting, struct channel *channel, struct error *error)
{
	uint8_t bytes[GREETING_SIZE] = { 0 };
	if (atomic_exchange(&greeting->said, true))
		return RELEVO_OK;
	memcpy(bytes, magic, sizeof magic);
	bytes[4] = VERSION;
	bytes[5] = greeting->key != NULL;
	memcpy(bytes + 8, our_nonce(greeting), NONCE_SIZE);
	return greeting_say_here(channel, bytes, sizeof bytes, error);
}

int greeting_begin(struct greeting *greeting, struct channel *channel, const struct key *key,
		   bool listens, struct error *error)
{
	*greeting = (struct greeting){
		.key = key,
		.listens = listens,
		.subject = { .version = SUBJECT_VERSION, .host = "", .name = "" },
	};
	int status = proof_nonce(our_nonce(greeting), error);
	if (status == RELEVO_OK && !(listens && key == NULL))
		status = greeting_say(greeting, channel, error);
	return status;
}

/* ---- the proofs ---------------------------------------------------------- */

static int greeting_prove(struct greeting *greeting, struct channel *channel, struct error *error)
{
	uint8_t proof[PROOF_SIZE];
	int status =
		proof_make(greeting->key, greeting->listens ? PROOF_OF_BROKER : PROOF_OF_CLIENT,
			   &greeting->subject, proof, error);
	return status == RELEVO_OK ? greeting_say_here(channel, proof, sizeof proof, error)
				   : status;
}

static int take_proof(struct greeting *greeting, struct channel *channel, struct error *error)
{
	enum proof_side side = greeting->listens ? PROOF_OF_CLIENT : PROOF_OF_BROKER;
	if (!proof_holds(greeting->key, side, &greeting->subject, greeting->in, PROOF_SIZE))
		return error_set(error, RELEVO_AUTH_FAILED, "the other side has another key");
	greeting->stage = GREETING_DONE;
	return greeting->listens ? greeting_prove(greeting, channel, error) : RELEVO_OK;
}

/* ---- what comes ---------------------------------------------------------- */

static int greeting_check_hello(const struct greeting *greeting, struct error *error)
{
	const uint8_t *in = greeting->in;
	bool keyed = in[5] != 0;
	if (memcmp(in, magic, sizeof magic) != 0)
		return error_set(error, RELEVO_BAD_FRAME, "the other side is no end of a pipe");
	if (in[4] != VERSION)
		return error_set(error, RELEVO_BAD_VERSION, "the other side has version %d, not %d",
				 in[4], VERSION);
	if (keyed && greeting->key == NULL)
		return error_set(error, RELEVO_AUTH_FAILED, "the other side asks for its key");
	if (!keyed && greeting->key != NULL && !MUTANT(keyless_admitted))
		return error_set(error, RELEVO_AUTH_FAILED, "the other side has no key");
	return RELEVO_OK;
}

static int take_hello(struct greeting *greeting, struct channel *channel, struct error *error)
{
	int status = greeting_check_hello(greeting, error);
	if (status == RELEVO_AUTH_FAILED)
		/* He waits for it, and finds out by it. */
		greeting_say(greeting, channel, NULL);
	if (status != RELEVO_OK)
		return status;
	memcpy(their_nonce(greeting), greeting->in + 8, NONCE_SIZE);
	greeting->stage =
		greeting->key != NULL && greeting->in[5] != 0 ? GREETING_PROOF : GREETING_DONE;
	if (greeting->stage == GREETING_DONE || greeting->listens)
		return RELEVO_OK;
	return greeting_prove(greeting, channel, error);
}

/* All that the stage needs, and not a byte of what follows. */
static int greeting_receive(struct greeting *greeting, struct channel *channel, struct error *error)
{
	size_t size = greeting->stage == GREETING_HELLO ? GREETING_SIZE : PROOF_SIZE;
	while (greeting->got < size) {
		size_t got = 0;
		int status = channel_receive(channel, greeting->in + greeting->got,
					     size - greeting->got, &got);
		if (status == TRY_AGAIN)
			return status;
		if (status != RELEVO_OK && greeting->stage == GREETING_PROOF)
			return error_set(error, RELEVO_AUTH_FAILED,
					 "the other side went away when it was to prove its key, "
					 "or had seen our proof: it may have another key");
		if (status != RELEVO_OK)
			return error_set(error, status, "the other side went away");
		greeting->got += got;
	}
	greeting->got = 0;
	return RELEVO_OK;
}

int greeting_go_on(struct greeting *greeting, struct channel *channel, struct error *error)
{
	int status = RELEVO_OK;
	while (status == RELEVO_OK && greeting->stage != GREETING_DONE) {
		status = greeting_receive(greeting, channel, error);
		if (status != RELEVO_OK)
			break;
		status = greeting->stage == GREETING_HELLO ? take_hello(greeting, channel, error)
							   : take_proof(greeting, channel, error);
	}
	return status;
}
