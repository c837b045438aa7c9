/* Who comes over tcp: other users of this host, strangers in masses, many at once. */
#include "support/leaks.h"
#include "transcript/scene.h"
#include "wire/proof.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char the_key[] = "a key of enough bytes";

/* ---- without a key ------------------------------------------------------ */

static int setup_tcp(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	return scene_setup_with(state, arguments);
}

static void test_another_user_of_this_host_is_denied(void **state)
{
	struct scene *scene = *state;
	struct wire_client client;
	if (geteuid() == 0) {
		assert_int_equal(seteuid(65534), 0);
		wire_connect(&client, scene->broker.more);
		assert_int_equal(seteuid(0), 0);
		wire_expect_failure(&client, 0, RELEVO_DENIED, "uid 65534 is not admitted");
		wire_expect_end(&client);
		wire_close(&client);
	}
	wire_connect(&client, scene->broker.more);
	wire_hello(&client);
	wire_round_trip(&client, wire_open(&client, "own"));
	wire_close(&client);
}

/* What was sent before the end counts for nothing when nobody knows who it was. */
static void test_nobody_hides_behind_an_end(void **state)
{
	struct scene *scene = *state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(kill(scene->broker.pid, SIGSTOP), 0);
	for (int i = 0; i < 20; i++) {
		struct wire_client client;
		Relevo__Hello hello = RELEVO__HELLO__INIT;
		Relevo__Header header = WIRE_HEADER(HELLO, hello, &hello);
		Relevo__QueueDelete message = RELEVO__QUEUE_DELETE__INIT;
		Relevo__Header second = WIRE_HEADER(QUEUE_DELETE, queue_delete, &message);
		hello.version = PROTOCOL_VERSION;
		message.name = (char *)"work";
		assert_int_equal(seteuid(65534), 0);
		wire_connect(&client, scene->broker.more);
		assert_int_equal(seteuid(0), 0);
		wire_send(&client, &header, NULL);
		wire_send(&client, &second, NULL);
		wire_close(&client);
	}
	assert_int_equal(kill(scene->broker.pid, SIGCONT), 0);
	test_broker_logs(&scene->broker, "status=\"DENIED\"");
	wire_round_trip(&scene->client, scene->queue);
}

/* ---- with a key --------------------------------------------------------- */

struct stage {
	struct test_broker broker;
	char folder[64]; /* of the key */
	struct key key;
};

static struct stage the_stage;

static int setup_key(void **state)
{
	static char path[96];
	struct stage *stage = &the_stage;
	const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", "--key-file", path,
					  NULL };
	if (leaks_setup(state) != 0)
		return -1;
	test_folder_make(stage->folder);
	snprintf(path, sizeof path, "%.60s/key", stage->folder);
	test_key_write(path, the_key);
	stage->key.size = strlen(the_key);
	memcpy(stage->key.bytes, the_key, stage->key.size);
	test_broker_start(&stage->broker, arguments);
	*state = stage;
	return 0;
}

static int teardown_key(void **state)
{
	struct stage *stage = *state;
	test_broker_stop(&stage->broker);
	test_folder_remove(stage->folder);
	return leaks_teardown(state);
}

static void prove(const struct stage *stage, struct wire_client *client)
{
	struct proof_subject subject = {
		.version = PROTOCOL_VERSION, .pid = 4711, .host = "there", .name = "friend"
	};
	Relevo__Hello hello = RELEVO__HELLO__INIT;
	Relevo__Header header = WIRE_HEADER(HELLO, hello, &hello);
	uint8_t bytes[PROOF_SIZE];
	struct error error;
	hello.version = subject.version;
	hello.pid = subject.pid;
	hello.host = (char *)subject.host;
	hello.name = (char *)subject.name;
	uint64_t call = wire_send(client, &header, NULL);
	const Relevo__Challenge *challenge =
		wire_expect(client, call, RELEVO__HEADER__OP_CHALLENGE)->challenge;
	memcpy(subject.broker_nonce, challenge->nonce.data, NONCE_SIZE);
	memset(subject.client_nonce, 7, NONCE_SIZE);
	assert_int_equal(proof_make(&stage->key, PROOF_OF_CLIENT, &subject, bytes, &error),
			 RELEVO_OK);
	Relevo__Proof proof = RELEVO__PROOF__INIT;
	Relevo__Header second = WIRE_HEADER(PROOF, proof, &proof);
	proof.nonce = (ProtobufCBinaryData){ NONCE_SIZE, subject.client_nonce };
	proof.proof = (ProtobufCBinaryData){ PROOF_SIZE, bytes };
	call = wire_send(client, &second, NULL);
	wire_expect(client, call, RELEVO__HEADER__OP_WELCOME);
}

static int connect_to(const char *url, int flags)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	name.sin_port = htons((uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10));
	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	assert_true(fd >= 0);
	int failed = connect(fd, (struct sockaddr *)&name, sizeof name);
	assert_true(failed == 0 || errno == EINPROGRESS);
	return fd;
}

static void allow_descriptors(rlim_t count)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur < count)
		limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur < count)
		skip();
}

/* More than the broker keeps, and others in the place of those that it lets go. */
static void friends_among_strangers(struct stage *stage)
{
	enum { STRANGERS = 600, FRIENDS = 60 };
	int strangers[STRANGERS];
	struct wire_client friends[FRIENDS];
	allow_descriptors(STRANGERS + FRIENDS + 50);
	for (int i = 0; i < STRANGERS; i++)
		strangers[i] = connect_to(stage->broker.more, 0);
	for (int i = 0; i < FRIENDS; i++) {
		wire_connect(&friends[i], stage->broker.more);
		prove(stage, &friends[i]);
		for (int n = 0; n < 10; n++) {
			int *one = &strangers[(i * 10 + n) % STRANGERS];
			close(*one);
			*one = connect_to(stage->broker.more, 0);
		}
	}
	for (int i = 0; i < FRIENDS; i++) {
		wire_expect_done(&friends[i], wire_send_flush(&friends[i]), 0);
		wire_close(&friends[i]);
	}
	/* The oldest was told why he had to go. */
	test_broker_logs(&stage->broker, "the oldest of them");
	for (int i = 0; i < STRANGERS; i++)
		close(strangers[i]);
}

static void test_strangers_do_not_shut_out_who_has_the_key(void **state)
{
	friends_among_strangers(*state);
}

/* Nor where fewer descriptors than strangers are allowed to it. */
static void test_strangers_leave_descriptors_to_who_has_the_key(void **state)
{
	struct stage *stage = *state;
	const struct rlimit few = { 512, 512 };
	assert_int_equal(prlimit(stage->broker.pid, RLIMIT_NOFILE, &few, NULL), 0);
	friends_among_strangers(stage);
}

/* While the broker does not get to accept any. */
static void test_many_may_wait_to_be_accepted(void **state)
{
	struct stage *stage = *state;
	enum { MANY = 1000 };
	int comers[MANY];
	FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
	int most = 0;
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &most), 1);
	fclose(file);
	if (most < MANY)
		skip();
	allow_descriptors(MANY + 50);
	assert_int_equal(kill(stage->broker.pid, SIGSTOP), 0);
	for (int i = 0; i < MANY; i++)
		comers[i] = connect_to(stage->broker.more, SOCK_NONBLOCK);
	int refused = 0;
	for (int i = 0; i < MANY; i++) {
		struct pollfd comer = { .fd = comers[i], .events = POLLOUT };
		refused += poll(&comer, 1, refused > 0 ? 0 : 500) != 1;
		close(comers[i]);
	}
	assert_int_equal(kill(stage->broker.pid, SIGCONT), 0);
	assert_int_equal(refused, 0);
	struct wire_client client;
	wire_connect(&client, stage->broker.more);
	prove(stage, &client);
	wire_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_another_user_of_this_host_is_denied, setup_tcp,
						scene_teardown),
		cmocka_unit_test_setup_teardown(test_nobody_hides_behind_an_end, setup_tcp,
						scene_teardown),
		cmocka_unit_test_setup_teardown(test_strangers_do_not_shut_out_who_has_the_key,
						setup_key, teardown_key),
		cmocka_unit_test_setup_teardown(test_strangers_leave_descriptors_to_who_has_the_key,
						setup_key, teardown_key),
		cmocka_unit_test_setup_teardown(test_many_may_wait_to_be_accepted, setup_key,
						teardown_key),
	};
	return cmocka_run_group_tests_name("transcript/strangers", tests, NULL, NULL);
}
