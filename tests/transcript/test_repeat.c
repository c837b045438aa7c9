/* A client that comes back over another connection, and puts again what it has heard nothing of. */
#include "transcript/scene.h"

#include <string.h>

static uint64_t send_hello(struct wire_client *client, const char *id, size_t size)
{
	Relevo__Hello hello = RELEVO__HELLO__INIT;
	Relevo__Header header = WIRE_HEADER(HELLO, hello, &hello);
	hello.version = PROTOCOL_VERSION;
	hello.client = (ProtobufCBinaryData){ size, (uint8_t *)id };
	return wire_send(client, &header, NULL);
}

/* Connected, as a client with that name. */
static void come(struct scene *scene, struct wire_client *client, const char *id)
{
	wire_connect(client, scene->broker.url);
	wire_expect(client, send_hello(client, id, 16), RELEVO__HEADER__OP_WELCOME);
}

static Relevo__QueuePut numbered(uint32_t queue, uint64_t sequence)
{
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = queue;
	put.sequence = sequence;
	return put;
}

static void test_what_is_put_again_does_not_enter_twice(void **state)
{
	struct scene *scene = *state;
	struct wire_client first, second;
	come(scene, &first, "sixteen bytes...");
	uint32_t queue = wire_open(&first, "again");
	Relevo__QueuePut put = numbered(queue, 1);
	wire_expect_done(&first, wire_send_put(&first, &put, "one"), 1);
	wire_close(&first);
	come(scene, &second, "sixteen bytes...");
	put.queue = wire_open(&second, "again");
	wire_expect_done(&second, wire_send_put(&second, &put, "one"), 1);
	put.sequence = 2;
	wire_expect_done(&second, wire_send_put(&second, &put, "two"), 1);
	wire_expect_item(&second, wire_send_get(&second, put.queue, 1, 0), "one");
	wire_expect_item(&second, wire_send_get(&second, put.queue, 1, 0), "two");
	wire_expect_failure(&second, wire_send_get(&second, put.queue, 1, 0), RELEVO_TIMED_OUT, "");
	wire_close(&second);
}

/* Also if the broker has not noticed that the first connection is of no use any more. */
static void test_a_client_has_one_session(void **state)
{
	struct scene *scene = *state;
	struct wire_client first, second, other;
	come(scene, &first, "sixteen bytes...");
	come(scene, &other, "other 16 bytes..");
	uint32_t queue = wire_open(&first, "narrow again");
	Relevo__QueuePut put = numbered(queue, 1);
	wire_put(&first, queue, "held");
	uint64_t call = wire_send_get(&first, queue, 1, 0);
	wire_expect_item(&first, call, "held");
	call = wire_send_get(&first, queue, 1, WIRE_MSEC);
	come(scene, &second, "sixteen bytes...");
	wire_expect_end(&first);
	queue = wire_open(&second, "narrow again");
	wire_expect_item(&second, wire_send_get(&second, queue, 1, 0), "held");
	put = numbered(queue, 1);
	wire_expect_done(&second, wire_send_put(&second, &put, "x"), 1);
	wire_expect_item(&second, wire_send_get(&second, queue, 1, 0), "x");
	wire_round_trip(&other, wire_open(&other, "of its own"));
	test_broker_logs(&scene->broker, "reason=\"the client has come back\" leases-returned=1");
	wire_close(&first);
	wire_close(&second);
	wire_close(&other);
}

static void test_a_name_has_sixteen_bytes(void **state)
{
	struct scene *scene = *state;
	struct wire_client client;
	wire_connect(&client, scene->broker.url);
	wire_expect_failure(&client, send_hello(&client, "short", 5), RELEVO_BAD_ARGUMENT,
			    "by 16 bytes, not by 5");
	wire_expect_end(&client);
	wire_close(&client);
}

static void test_a_quiet_one_is_confirmed_at_once(void **state)
{
	struct scene *scene = *state;
	struct wire_client client;
	come(scene, &client, "sixteen bytes...");
	Relevo__QueuePut put = numbered(wire_open(&client, "quiet"), 1);
	put.quiet = true;
	for (int i = 1; i <= 3; i++) {
		/* The last comes again on the same connection. */
		put.sequence = i < 3 ? (uint64_t)i : 2;
		wire_send_put(&client, &put, "four");
		const Relevo__Header *header = wire_expect(&client, 0, RELEVO__HEADER__OP_CONFIRM);
		assert_int_equal(header->confirm->window, WINDOW_COST(i, 4 * i));
	}
	wire_expect_item(&client, wire_send_get(&client, put.queue, 1, 0), "four");
	wire_expect_item(&client, wire_send_get(&client, put.queue, 1, 0), "four");
	wire_expect_failure(&client, wire_send_get(&client, put.queue, 1, 0), RELEVO_TIMED_OUT, "");
	wire_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_what_is_put_again_does_not_enter_twice),
		scene_test(test_a_client_has_one_session),
		scene_test(test_a_name_has_sixteen_bytes),
		scene_test(test_a_quiet_one_is_confirmed_at_once),
	};
	return cmocka_run_group_tests_name("repeat", tests, NULL, NULL);
}
