/* Challenge and Proof: what a client on the network has to show first. */
#include "support/leaks.h"
#include "transcript/scene.h"
#include "wire/proof.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char the_key[] = "a key of enough bytes";

struct stage {
	struct test_broker broker;
	char folder[64]; /* of the key */
	char path[96];
	struct key key;
};

static struct stage the_stage;

static int setup(void **state)
{
	struct stage *stage = &the_stage;
	const char *const arguments[] = { "--listen",  "tcp://127.0.0.1:0", "--key-file",
					  stage->path, "--hello-timeout",   "3000",
					  NULL };
	if (leaks_setup(state) != 0)
		return -1;
	test_folder_make(stage->folder);
	snprintf(stage->path, sizeof stage->path, "%.60s/key", stage->folder);
	int fd = open(stage->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, the_key, strlen(the_key)), strlen(the_key));
	close(fd);
	stage->key.size = strlen(the_key);
	memcpy(stage->key.bytes, the_key, stage->key.size);
	test_broker_start(&stage->broker, arguments);
	*state = stage;
	return 0;
}

static uint64_t send_hello(struct wire_client *client, const struct proof_subject *subject)
{
	Relevo__Hello hello = RELEVO__HELLO__INIT;
	hello.version = subject->version;
	hello.pid = subject->pid;
	hello.host = (char *)subject->host;
	hello.name = (char *)subject->name;
	Relevo__Header header = WIRE_HEADER(HELLO, hello, &hello);
	return wire_send(client, &header, NULL);
}

/* As far as the challenge; the broker's nonce is in `subject` then. */
static void be_challenged(struct wire_client *client, const char *url,
			  struct proof_subject *subject)
{
	*subject = (struct proof_subject){
		.version = PROTOCOL_VERSION,
		.pid = 4711,
		.host = "there",
		.name = "stranger",
	};
	wire_connect(client, url);
	uint64_t call = send_hello(client, subject);
	const Relevo__Challenge *challenge =
		wire_expect(client, call, RELEVO__HEADER__OP_CHALLENGE)->challenge;
	assert_int_equal(challenge->nonce.len, NONCE_SIZE);
	memcpy(subject->broker_nonce, challenge->nonce.data, NONCE_SIZE);
	memset(subject->client_nonce, 7, NONCE_SIZE);
}

static uint64_t send_proof(struct wire_client *client, const struct proof_subject *subject,
			   uint8_t *bytes, size_t size)
{
	Relevo__Proof proof = RELEVO__PROOF__INIT;
	proof.nonce =
		(ProtobufCBinaryData){ NONCE_SIZE, (uint8_t *)(uintptr_t)subject->client_nonce };
	proof.proof = (ProtobufCBinaryData){ size, bytes };
	Relevo__Header header = WIRE_HEADER(PROOF, proof, &proof);
	return wire_send(client, &header, NULL);
}

static void make_proof(const struct key *key, enum proof_side side,
		       const struct proof_subject *subject, uint8_t bytes[PROOF_SIZE])
{
	struct error error;
	assert_int_equal(proof_make(key, side, subject, bytes, &error), RELEVO_OK);
}

/* Another one knows the key, and is served. */
static void expect_service(const struct stage *stage)
{
	struct wire_client client;
	struct proof_subject subject;
	uint8_t proof[PROOF_SIZE];
	be_challenged(&client, stage->broker.more, &subject);
	make_proof(&stage->key, PROOF_OF_CLIENT, &subject, proof);
	uint64_t call = send_proof(&client, &subject, proof, PROOF_SIZE);
	const Relevo__Welcome *welcome =
		wire_expect(&client, call, RELEVO__HEADER__OP_WELCOME)->welcome;
	assert_true(proof_holds(&stage->key, PROOF_OF_BROKER, &subject, welcome->proof.data,
				welcome->proof.len));
	wire_round_trip(&client, wire_open(&client, "work"));
	wire_expect_done(&client, wire_send_goodbye(&client), 0);
	wire_close(&client);
}

static int teardown(void **state)
{
	struct stage *stage = *state;
	expect_service(stage);
	test_broker_stop(&stage->broker);
	test_folder_remove(stage->folder);
	return leaks_teardown(state);
}

static void expect_refusal(struct wire_client *client, uint64_t call, const char *text)
{
	wire_expect_failure(client, call, RELEVO_AUTH_FAILED, text);
	wire_expect_end(client);
	wire_close(client);
}

static void test_both_sides_prove_it(void **state)
{
	expect_service(*state);
}

static void test_local_clients_are_not_asked(void **state)
{
	const struct stage *stage = *state;
	struct wire_client client;
	wire_connect(&client, stage->broker.url);
	wire_hello(&client);
	wire_round_trip(&client, wire_open(&client, "work"));
	wire_close(&client);
}

static void test_nonces_are_fresh(void **state)
{
	const struct stage *stage = *state;
	struct wire_client first, second;
	struct proof_subject one, other;
	be_challenged(&first, stage->broker.more, &one);
	be_challenged(&second, stage->broker.more, &other);
	assert_memory_not_equal(one.broker_nonce, other.broker_nonce, NONCE_SIZE);
	wire_close(&first);
	wire_close(&second);
}

static void test_another_key_is_refused(void **state)
{
	const struct stage *stage = *state;
	struct wire_client client;
	struct proof_subject subject;
	uint8_t proof[PROOF_SIZE];
	struct key other = stage->key;
	other.bytes[3] ^= 1;
	be_challenged(&client, stage->broker.more, &subject);
	make_proof(&other, PROOF_OF_CLIENT, &subject, proof);
	uint64_t call = send_proof(&client, &subject, proof, PROOF_SIZE);
	expect_refusal(&client, call, "does not know");
	test_broker_logs(&stage->broker, "event=session-refused");
	char *log = test_broker_log(&stage->broker);
	assert_null(strstr(log, the_key));
	free(log);
}

static void test_proofs_of_no_kind_are_refused(void **state)
{
	const struct stage *stage = *state;
	static const size_t sizes[] = { 0, 1, PROOF_SIZE - 1, PROOF_SIZE + 1 };
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct wire_client client;
		struct proof_subject subject;
		uint8_t proof[PROOF_SIZE + 1] = { 0 };
		be_challenged(&client, stage->broker.more, &subject);
		make_proof(&stage->key, PROOF_OF_CLIENT, &subject, proof);
		uint64_t call = send_proof(&client, &subject, proof, sizes[i]);
		expect_refusal(&client, call, "does not know");
	}
}

/* What the broker itself would say cannot be sent back to it. */
static void test_the_brokers_own_proof_is_refused(void **state)
{
	const struct stage *stage = *state;
	struct wire_client client;
	struct proof_subject subject;
	uint8_t proof[PROOF_SIZE];
	be_challenged(&client, stage->broker.more, &subject);
	make_proof(&stage->key, PROOF_OF_BROKER, &subject, proof);
	uint64_t call = send_proof(&client, &subject, proof, PROOF_SIZE);
	expect_refusal(&client, call, "does not know");
}

/* What was overheard on one connection is of no use on the next. */
static void test_a_proof_of_another_connection_is_refused(void **state)
{
	const struct stage *stage = *state;
	struct wire_client heard, client;
	struct proof_subject subject, later;
	uint8_t proof[PROOF_SIZE];
	be_challenged(&heard, stage->broker.more, &subject);
	make_proof(&stage->key, PROOF_OF_CLIENT, &subject, proof);
	uint64_t call = send_proof(&heard, &subject, proof, PROOF_SIZE);
	wire_expect(&heard, call, RELEVO__HEADER__OP_WELCOME);
	be_challenged(&client, stage->broker.more, &later);
	call = send_proof(&client, &subject, proof, PROOF_SIZE);
	expect_refusal(&client, call, "does not know");
	wire_close(&heard);
}

static void test_a_bad_nonce_is_refused(void **state)
{
	const struct stage *stage = *state;
	struct wire_client client;
	struct proof_subject subject;
	uint8_t proof[PROOF_SIZE];
	be_challenged(&client, stage->broker.more, &subject);
	make_proof(&stage->key, PROOF_OF_CLIENT, &subject, proof);
	Relevo__Proof operation = RELEVO__PROOF__INIT;
	operation.nonce = (ProtobufCBinaryData){ NONCE_SIZE - 1, subject.client_nonce };
	operation.proof = (ProtobufCBinaryData){ PROOF_SIZE, proof };
	Relevo__Header header = WIRE_HEADER(PROOF, proof, &operation);
	expect_refusal(&client, wire_send(&client, &header, NULL), "31 bytes");
}

static void test_nothing_is_legal_before_the_proof(void **state)
{
	const struct stage *stage = *state;
	struct wire_client client;
	struct proof_subject subject;
	be_challenged(&client, stage->broker.more, &subject);
	expect_refusal(&client, wire_send_get(&client, 1, 1, 0), "queue_get came before the proof");
	be_challenged(&client, stage->broker.more, &subject);
	expect_refusal(&client, send_hello(&client, &subject), "hello came before the proof");
}

static void test_a_proof_nobody_asked_for(void **state)
{
	const struct stage *stage = *state;
	struct wire_client client;
	struct proof_subject subject = { 0 };
	uint8_t proof[PROOF_SIZE] = { 0 };
	wire_connect(&client, stage->broker.url);
	wire_hello(&client);
	uint64_t call = send_proof(&client, &subject, proof, PROOF_SIZE);
	wire_expect_failure(&client, call, RELEVO_BAD_STATE, "nobody asked");
	wire_round_trip(&client, wire_open(&client, "work"));
	wire_close(&client);
}

static void test_silence_ends(void **state)
{
	const struct stage *stage = *state;
	struct wire_client client;
	struct proof_subject subject;
	be_challenged(&client, stage->broker.more, &subject);
	wire_expect_failure(&client, 0, RELEVO_TIMED_OUT, "in time");
	wire_expect_end(&client);
	wire_close(&client);
}

/* It says how much is to come, and is not listened to. */
static void test_a_stranger_cannot_send_much(void **state)
{
	const struct stage *stage = *state;
	struct wire_client client;
	struct proof_subject subject;
	be_challenged(&client, stage->broker.more, &subject);
	wire_send_prefix(&client, 1 << 20, 100);
	wire_expect_failure(&client, 0, RELEVO_BAD_FRAME, "");
	wire_expect_end(&client);
	wire_close(&client);
}

#define auth_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		auth_test(test_both_sides_prove_it),
		auth_test(test_local_clients_are_not_asked),
		auth_test(test_nonces_are_fresh),
		auth_test(test_another_key_is_refused),
		auth_test(test_proofs_of_no_kind_are_refused),
		auth_test(test_the_brokers_own_proof_is_refused),
		auth_test(test_a_proof_of_another_connection_is_refused),
		auth_test(test_a_bad_nonce_is_refused),
		auth_test(test_nothing_is_legal_before_the_proof),
		auth_test(test_a_proof_nobody_asked_for),
		auth_test(test_silence_ends),
		auth_test(test_a_stranger_cannot_send_much),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
