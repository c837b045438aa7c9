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
		0x6f, 0xa2, 0x34, 0x5c, 0x43, 0xda, 0x01, 0x8b, 0x56, 0xd7, 0x18,
		0x42, 0x75, 0xa8, 0x6c, 0x96, 0x36, 0x9d, 0x51, 0xce, 0xd1, 0x74,
		0x7f, 0x24, 0x44, 0xc7, 0x4a, 0x2b, 0xb9, 0x83, 0x1d, 0x1a,
	};
	static const uint8_t of_broker[PROOF_SIZE] = {
		0x1f, 0xf6, 0x92, 0x67, 0x00, 0x7d, 0x94, 0xae, 0x22, 0xad, 0x09,
		0x6e, 0x2a, 0x47, 0xa8, 0x1f, 0xd9, 0xe7, 0xa0, 0xf6, 0x22, 0xaa,
		0xdf, 0x80, 0xbf, 0xf3, 0x04, 0xf8, 0xaa, 0x9a, 0x93, 0x1e,
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

/* HMAC itself takes a key for the same with zeros behind it, and a long one for its digest. */
static void test_the_length_of_a_key_counts(void **state)
{
	(void)state;
	struct key key = key_of("0123456789abcdef"), longer = key;
	struct proof_subject subject = subject_of("here", "test");
	uint8_t proof[PROOF_SIZE];
	struct error error;
	longer.size++;
	assert_int_equal(proof_make(&longer, PROOF_OF_CLIENT, &subject, proof, &error), RELEVO_OK);
	assert_true(proof_holds(&longer, PROOF_OF_CLIENT, &subject, proof, PROOF_SIZE));
	assert_false(proof_holds(&key, PROOF_OF_CLIENT, &subject, proof, PROOF_SIZE));
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
		cmocka_unit_test(test_the_length_of_a_key_counts),
		cmocka_unit_test(test_any_difference_shows),
		cmocka_unit_test(test_nonces_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
