/* Making and checking proofs that one knows the key. */
#include "wire/proof.h"

#include "base/mutant.h"
#include <errno.h>
#include <mbedtls/constant_time.h>
#include <mbedtls/md.h>
#include <string.h>
#include <sys/random.h>

int proof_nonce(uint8_t nonce[NONCE_SIZE], struct error *error)
{
	if (getrandom(nonce, NONCE_SIZE, 0) != NONCE_SIZE)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "no random numbers");
	return RELEVO_OK;
}

/* Numbers are big-endian, as everywhere in a frame. */
static int proof_add_number(mbedtls_md_context_t *hmac, uint64_t number)
{
	uint8_t bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(number >> (56 - 8 * i));
	return mbedtls_md_hmac_update(hmac, bytes, sizeof bytes);
}

/* With its length before it: else the end of one could be the start of the next. */
static int add_text(mbedtls_md_context_t *hmac, const char *text)
{
	size_t size = strlen(text);
	int failed = proof_add_number(hmac, size);
	return failed != 0 ? failed : mbedtls_md_hmac_update(hmac, (const uint8_t *)text, size);
}

static int add_subject(mbedtls_md_context_t *hmac, enum proof_side side,
		       const struct proof_subject *subject)
{
	int failed = add_text(hmac, side == PROOF_OF_CLIENT ? "relevo client" : "relevo broker");
	if (failed == 0)
		failed = mbedtls_md_hmac_update(hmac, subject->broker_nonce, NONCE_SIZE);
	if (failed == 0)
		failed = mbedtls_md_hmac_update(hmac, subject->client_nonce, NONCE_SIZE);
	if (failed == 0)
		failed = proof_add_number(hmac, subject->version);
	if (failed == 0)
		failed = proof_add_number(hmac, subject->pid);
	if (failed == 0)
		failed = add_text(hmac, subject->host);
	if (failed == 0)
		failed = add_text(hmac, subject->name);
	return failed;
}

int proof_make(const struct key *key, enum proof_side side, const struct proof_subject *subject,
	       uint8_t proof[PROOF_SIZE], struct error *error)
{
	mbedtls_md_context_t hmac;
	mbedtls_md_init(&hmac);
	int failed = mbedtls_md_setup(&hmac, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), true);
	if (failed == 0)
		failed = mbedtls_md_hmac_starts(&hmac, key->bytes, key->size);
	if (failed == 0)
		failed = add_subject(&hmac, side, subject);
	/* To HMAC a key is the same with zeros behind it. */
	if (failed == 0 && !MUTANT(zeros_behind_a_key))
		failed = proof_add_number(&hmac, key->size);
	if (failed == 0)
		failed = mbedtls_md_hmac_finish(&hmac, proof);
	mbedtls_md_free(&hmac);
	/* With arguments that are right only the allocation of its state can fail. */
	if (failed != 0)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to prove the key");
	return RELEVO_OK;
}

bool proof_holds(const struct key *key, enum proof_side side, const struct proof_subject *subject,
		 const uint8_t *proof, size_t size)
{
	uint8_t expected[PROOF_SIZE];
	struct error ignored;
	if (MUTANT(any_proof_holds))
		return true;
	return size == PROOF_SIZE &&
	       proof_make(key, side, subject, expected, &ignored) == RELEVO_OK &&
	       mbedtls_ct_memcmp(expected, proof, PROOF_SIZE) == 0;
}
