#include "wire/proof.h"

#include "support/test.h"

#include <string.h>

static struct key key_of(const char *text)
{
	struct key key = { .size = strlen(text) };
	memcpy(key.bytes, text, key.size);
	return key;
}

static struct proof_subject subject_of(const char *host, const char *name)
{
	struct proof_subject subject = { .version = 1, .pid = 4711, .host = host, .name = name };
	for (int i = 0; i < NONCE_SIZE; i++) {
		subject.broker_nonce[i] = (uint8_t)i;
		subject.client_nonce[i] = (uint8_t)(100 + i);
	}
	return subject;
}

/* Reckoned with another implementation of HMAC-SHA256. */
static void test_known_answers(void **state)
{
	(void)state;
	static const uint8_t of_client[PROOF_SIZE] = {
		0x1e, 0xa1, 0xf1, 0x4e, 0x69, 0xa3, 0x71, 0xcf, 0x7b, 0xd5, 0x97,
		0x35, 0xa2, 0xa0, 0xbe, 0x3c, 0x6a, 0xeb, 0xcf, 0x68, 0xc2, 0xa5,
		0x66, 0x7c, 0x3e, 0xd0, 0xef, 0x23, 0x1e, 0xba, 0x41, 0x43,
	};
	static const uint8_t of_broker[PROOF_SIZE] = {
		0xa0, 0x30, 0x9b, 0xad, 0x6b, 0x70, 0x04, 0xa8, 0xd9, 0xb8, 0x21,
		0x68, 0x06, 0x52, 0x28, 0xdf, 0xd0, 0x40, 0xf0, 0xae, 0x12, 0x11,
		0x00, 0x77, 0xda, 0x8a, 0xe9, 0x2c, 0x4c, 0x5a, 0xe7, 0x92,
	};
	struct key key = key_of("0123456789abcdef");
	struct proof_subject subject = subject_of("here", "test");
	uint8_t proof[PROOF_SIZE];
	struct error error;
	assert_int_equal(proof_make(&key, PROOF_OF_CLIENT, &subject, proof, &error), RELEVO_OK);
	assert_memory_equal(proof, of_client, PROOF_SIZE);
	assert_int_equal(proof_make(&key, PROOF_OF_BROKER, &subject, proof, &error), RELEVO_OK);
	assert_memory_equal(proof, of_broker, PROOF_SIZE);
}

struct change {
	const char *what;
	const char *key;
	enum proof_side side;
	struct proof_subject subject;
	size_t size;
};

/* Whether the proof of what is the same in all of them is one of `change` too. */
static bool holds(const struct change *change)
{
	struct key key = key_of("0123456789abcdef");
	struct proof_subject subject = subject_of("here", "test");
	uint8_t proof[PROOF_SIZE + 1] = { 0 };
	struct error error;
	assert_int_equal(proof_make(&key, PROOF_OF_CLIENT, &subject, proof, &error), RELEVO_OK);
	struct key other = key_of(change->key);
	return proof_holds(&other, change->side, &change->subject, proof, change->size);
}

static void test_any_difference_shows(void **state)
{
	(void)state;
	static const char *const key = "0123456789abcdef";
	struct change changes[] = {
		{ "nothing", key, PROOF_OF_CLIENT, subject_of("here", "test"), PROOF_SIZE },
		{ "the key", "0123456789abcdeF", PROOF_OF_CLIENT, subject_of("here", "test"),
		  PROOF_SIZE },
		{ "the side", key, PROOF_OF_BROKER, subject_of("here", "test"), PROOF_SIZE },
		{ "the border of two texts", key, PROOF_OF_CLIENT, subject_of("heret", "est"),
		  PROOF_SIZE },
		{ "too short", key, PROOF_OF_CLIENT, subject_of("here", "test"), PROOF_SIZE - 1 },
		{ "too long", key, PROOF_OF_CLIENT, subject_of("here", "test"), PROOF_SIZE + 1 },
		{ "empty", key, PROOF_OF_CLIENT, subject_of("here", "test"), 0 },
		{ "the broker's nonce", key, PROOF_OF_CLIENT, subject_of("here", "test"),
		  PROOF_SIZE },
		{ "the client's nonce", key, PROOF_OF_CLIENT, subject_of("here", "test"),
		  PROOF_SIZE },
		{ "the version", key, PROOF_OF_CLIENT, subject_of("here", "test"), PROOF_SIZE },
		{ "the pid", key, PROOF_OF_CLIENT, subject_of("here", "test"), PROOF_SIZE },
	};
	changes[7].subject.broker_nonce[31] ^= 1;
	changes[8].subject.client_nonce[0] ^= 0x80;
	changes[9].subject.version++;
	changes[10].subject.pid++;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		if (holds(&changes[i]) != (i == 0))
			fail_msg("a difference in %s", changes[i].what);
	}
}

static void test_nonces_differ(void **state)
{
	(void)state;
	uint8_t first[NONCE_SIZE], second[NONCE_SIZE];
	struct error error;
	assert_int_equal(proof_nonce(first, &error), RELEVO_OK);
	assert_int_equal(proof_nonce(second, &error), RELEVO_OK);
	assert_memory_not_equal(first, second, NONCE_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_any_difference_shows),
		cmocka_unit_test(test_nonces_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
