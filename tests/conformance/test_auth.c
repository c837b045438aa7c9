/* auth_challenge: who may connect over the network. */
#include "support/queues.h"
#include "support/relay.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char the_key[] = "a key of enough bytes";

struct stage {
	struct test_broker broker;
	char folder[64];
	char key[96];   /* the file that has the broker's key */
	char other[96]; /* and one with another */
};

static struct stage the_stage;

static int start(struct stage *stage, const char *const *arguments)
{
	test_folder_make(stage->folder);
	snprintf(stage->key, sizeof stage->key, "%.60s/key", stage->folder);
	snprintf(stage->other, sizeof stage->other, "%.60s/other", stage->folder);
	test_key_write(stage->key, the_key);
	test_key_write(stage->other, "quite another secret");
	test_broker_start(&stage->broker, arguments);
	return 0;
}

static int setup(void **state)
{
	const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", "--key-file",
					  the_stage.key, NULL };
	if (leaks_setup(state) != 0)
		return -1;
	*state = &the_stage;
	return start(&the_stage, arguments);
}

static int setup_without_key(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	if (leaks_setup(state) != 0)
		return -1;
	*state = &the_stage;
	return start(&the_stage, arguments);
}

static int teardown(void **state)
{
	struct stage *stage = *state;
	unsetenv("RELEVO_KEY_FILE");
	test_broker_stop(&stage->broker);
	test_folder_remove(stage->folder);
	return leaks_teardown(state);
}

static int open_with(const char *url, const char *key_file, relevo_session **session)
{
	const struct relevo_session_options options = { .key_file = key_file };
	return relevo_session_open(url, &options, session);
}

/* The session is served, and what it puts arrives. */
static void use_and_close(relevo_session *session)
{
	relevo_queue *queue = queue_open(session, "work");
	put_text(queue, "it works");
	expect_text(queue, "it works");
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
}

static void expect_service(const struct stage *stage)
{
	relevo_session *session = NULL;
	assert_ok(open_with(stage->broker.more, stage->key, &session));
	use_and_close(session);
}

static void expect_refusal(const char *url, const char *key_file, const char *text)
{
	relevo_session *session = NULL;
	assert_fails(open_with(url, key_file, &session), RELEVO_AUTH_FAILED, text);
	assert_null(session);
}

/* The transport starts once in a process, and keeps what it opens then. */
static int start_transport(void **state)
{
	if (setup(state) != 0)
		return -1;
	expect_service(*state);
	test_broker_stop(&the_stage.broker);
	test_folder_remove(the_stage.folder);
	return 0;
}

static void auth_challenge(void **state)
{
	const struct stage *stage = *state;
	expect_service(stage);
	expect_refusal(stage->broker.more, stage->other, "does not know this broker's key");
	expect_service(stage);
	test_broker_logs(&stage->broker, "the client does not know this broker's key");
}

static void the_environment_names_the_key(void **state)
{
	const struct stage *stage = *state;
	relevo_session *session = NULL;
	setenv("RELEVO_KEY_FILE", stage->key, true);
	assert_ok(relevo_session_open(stage->broker.more, NULL, &session));
	use_and_close(session);
	/* What the program says counts more. */
	expect_refusal(stage->broker.more, stage->other, "does not know");
	setenv("RELEVO_KEY_FILE", stage->other, true);
	expect_service(stage);
}

static int open_with_bytes(const char *url, const void *key, size_t size, relevo_session **session)
{
	const struct relevo_session_options options = { .key = { key, size } };
	return relevo_session_open(url, &options, session);
}

static void the_key_is_at_hand(void **state)
{
	const struct stage *stage = *state;
	const char *url = stage->broker.more;
	char key[sizeof the_key];
	relevo_session *session = NULL, *other = NULL;
	/* The environment does not count, and the caller's bytes need not stay. */
	setenv("RELEVO_KEY_FILE", stage->other, true);
	strcpy(key, the_key);
	assert_ok(open_with_bytes(url, key, strlen(key), &session));
	memset(key, 'x', strlen(key));
	use_and_close(session);
	assert_fails(open_with_bytes(url, key, strlen(key), &other), RELEVO_AUTH_FAILED,
		     "does not know");
	/* Nothing is taken off its end. */
	assert_fails(open_with_bytes(url, "a key of enough bytes\n", sizeof the_key, &other),
		     RELEVO_AUTH_FAILED, "does not know");
	assert_null(other);
}

static void a_key_at_hand_that_cannot_be(void **state)
{
	const struct stage *stage = *state;
	static const char long_one[1025];
	const struct relevo_session_options both = { .key_file = stage->key,
						     .key = { the_key, strlen(the_key) } };
	relevo_session *session = NULL;
	assert_fails(relevo_session_open(stage->broker.more, &both, &session), RELEVO_BAD_ARGUMENT,
		     stage->key);
	/* Whether it is needed or not. */
	assert_fails(relevo_session_open(stage->broker.url, &both, &session), RELEVO_BAD_ARGUMENT,
		     stage->key);
	assert_fails(open_with_bytes(stage->broker.url, "short", 5, &session), RELEVO_BAD_ARGUMENT,
		     "too few");
	assert_fails(open_with_bytes(stage->broker.url, long_one, sizeof long_one, &session),
		     RELEVO_BAD_ARGUMENT, "too many");
	assert_fails(open_with_bytes(stage->broker.url, NULL, 20, &session), RELEVO_BAD_ARGUMENT,
		     "20 bytes");
	assert_null(session);
}

static void without_a_key_nobody_is_served(void **state)
{
	const struct stage *stage = *state;
	expect_refusal(stage->broker.more, NULL, "RELEVO_KEY_FILE");
	expect_service(stage);
}

static void local_sessions_need_no_key(void **state)
{
	const struct stage *stage = *state;
	setenv("RELEVO_KEY_FILE", "/no/such/file", true);
	use_and_close(session_open(stage->broker.url));
}

static void a_broker_without_the_key_is_refused(void **state)
{
	const struct stage *stage = *state;
	relevo_session *session = NULL;
	expect_refusal(stage->broker.more, stage->key, "did not prove");
	assert_ok(open_with(stage->broker.more, NULL, &session));
	use_and_close(session);
}

static void a_broker_with_a_wrong_answer_is_refused(void **state)
{
	const struct stage *stage = *state;
	enum { CHALLENGE = 1, WELCOME = 2 };
	struct relay relay;
	relay_start(&relay, stage->broker.more, WELCOME);
	expect_refusal(relay.url, stage->key, "did not prove");
	relay_join(&relay);
	relay_free(&relay);
	/* A nonce that arrives as another one spoils the client's proof. */
	relay_start(&relay, stage->broker.more, CHALLENGE);
	expect_refusal(relay.url, stage->key, "does not know");
	relay_join(&relay);
	relay_free(&relay);
	expect_service(stage);
}

static void the_key_never_crosses_the_wire(void **state)
{
	const struct stage *stage = *state;
	struct relay relay;
	relevo_session *session = NULL;
	relay_start(&relay, stage->broker.more, 0);
	assert_ok(open_with(relay.url, stage->key, &session));
	use_and_close(session);
	relay_join(&relay);
	assert_non_null(memmem(relay.heard, relay.heard_size, "it works", strlen("it works")));
	assert_null(memmem(relay.heard, relay.heard_size, the_key, strlen(the_key)));
	relay_free(&relay);
}

static void a_key_file_that_cannot_be(void **state)
{
	const struct stage *stage = *state;
	const char *url = stage->broker.more;
	relevo_session *session = NULL;
	assert_fails(open_with(url, "/no/such/key", &session), RELEVO_NOT_FOUND, "/no/such/key");
	assert_int_equal(chmod(stage->other, 0644), 0);
	assert_fails(open_with(url, stage->other, &session), RELEVO_DENIED, "mode 0644");
	expect_service(stage);
}

static void a_broker_does_not_start_with_an_open_key(void **state)
{
	const struct stage *stage = *state;
	char output[1024];
	assert_int_equal(chmod(stage->other, 0640), 0);
	const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", "--key-file",
					  stage->other, NULL };
	assert_int_equal(test_broker_run(arguments, output, sizeof output), 1);
	assert_non_null(strstr(output, stage->other));
	assert_non_null(strstr(output, "mode 0640"));
}

#define auth_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		auth_test(auth_challenge),
		auth_test(the_environment_names_the_key),
		auth_test(the_key_is_at_hand),
		auth_test(a_key_at_hand_that_cannot_be),
		auth_test(without_a_key_nobody_is_served),
		auth_test(local_sessions_need_no_key),
		cmocka_unit_test_setup_teardown(a_broker_without_the_key_is_refused,
						setup_without_key, teardown),
		auth_test(a_broker_with_a_wrong_answer_is_refused),
		auth_test(the_key_never_crosses_the_wire),
		auth_test(a_key_file_that_cannot_be),
		auth_test(a_broker_does_not_start_with_an_open_key),
	};
	return cmocka_run_group_tests(tests, start_transport, NULL);
}
