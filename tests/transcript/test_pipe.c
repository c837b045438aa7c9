/* pipe.proto, conversation by conversation. */
#include "transcript/scene.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint64_t send_meet(struct wire_client *client, const char *name, int direction,
			  uint32_t timeout_ms)
{
	Relevo__PipeMeet meet = RELEVO__PIPE_MEET__INIT;
	meet.name = (char *)name;
	meet.direction = (Relevo__PipeDirection)direction;
	meet.timeout_ms = timeout_ms;
	Relevo__Header header = WIRE_HEADER(PIPE_MEET, pipe_meet, &meet);
	return wire_send(client, &header, NULL);
}

static int expect_socket(struct wire_client *client, uint64_t call)
{
	int fd = wire_receive_descriptor(client);
	const Relevo__Header *header = wire_expect(client, call, RELEVO__HEADER__OP_PIPE_MET);
	assert_false(header->pipe_met->relayed);
	assert_int_equal(header->pipe_met->out | header->pipe_met->in, 0);
	assert_true(fd >= 0);
	return fd;
}

static void two_clients_get_a_socket_each(void **state)
{
	struct scene *scene = *state;
	uint64_t first =
		send_meet(&scene->client, "p", RELEVO__PIPE_DIRECTION__PIPE_BOTH_WAYS, WIRE_MSEC);
	/* It waits. */
	wire_round_trip(&scene->client, scene->queue);
	uint64_t second =
		send_meet(&scene->bystander, "p", RELEVO__PIPE_DIRECTION__PIPE_BOTH_WAYS, 0);
	int ends[] = { expect_socket(&scene->client, first),
		       expect_socket(&scene->bystander, second) };
	char bytes[10];
	assert_int_equal(send(ends[0], "hello", 5, 0), 5);
	assert_int_equal(recv(ends[1], bytes, sizeof bytes, 0), 5);
	/* Nobody else has a copy. */
	close(ends[0]);
	assert_int_equal(recv(ends[1], bytes, sizeof bytes, 0), 0);
	close(ends[1]);
}

static void what_fails_is_named(void **state)
{
	struct scene *scene = *state;
	struct wire_client *client = &scene->client;
	wire_expect_failure(client, send_meet(client, "p", 0, 0), RELEVO_TIMED_OUT, "\"p\"");
	wire_expect_failure(client, send_meet(client, "p", 0, 30), RELEVO_TIMED_OUT, "\"p\"");
	wire_expect_failure(client, send_meet(client, "", 0, 0), RELEVO_BAD_NAME, "empty");
	wire_expect_failure(client, send_meet(client, "p", 7, 0), RELEVO_BAD_ARGUMENT, "7");
	uint64_t waiting = send_meet(client, "p", RELEVO__PIPE_DIRECTION__PIPE_SENDS, WIRE_MSEC);
	wire_expect_failure(client, send_meet(client, "p", RELEVO__PIPE_DIRECTION__PIPE_SENDS, 0),
			    RELEVO_OPTION_MISMATCH, "waits an end that sends");
	Relevo__Cancel cancel = RELEVO__CANCEL__INIT;
	cancel.call = waiting;
	Relevo__Header header = WIRE_HEADER(CANCEL, cancel, &cancel);
	wire_send(client, &header, NULL);
	wire_expect_failure(client, waiting, RELEVO_CANCELLED, "");
}

static int setup_tcp(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	return scene_setup_with(state, arguments);
}

static void one_over_tcp_is_relayed(void **state)
{
	struct scene *scene = *state;
	struct wire_client remote;
	wire_connect(&remote, scene->broker.more);
	wire_hello(&remote);
	uint64_t first = send_meet(&remote, "p", RELEVO__PIPE_DIRECTION__PIPE_SENDS, WIRE_MSEC);
	/* Until it is there. */
	wire_expect_done(&remote, wire_send_flush(&remote), 0);
	uint64_t second =
		send_meet(&scene->client, "p", RELEVO__PIPE_DIRECTION__PIPE_RECEIVES, WIRE_MSEC);
	const Relevo__Header *header = wire_expect(&remote, first, RELEVO__HEADER__OP_PIPE_MET);
	uint32_t out = header->pipe_met->out;
	assert_true(header->pipe_met->relayed && out != 0 && header->pipe_met->in == 0);
	header = wire_expect(&scene->client, second, RELEVO__HEADER__OP_PIPE_MET);
	uint32_t in = header->pipe_met->in;
	assert_true(header->pipe_met->relayed && in != 0 && header->pipe_met->out == 0);
	wire_put(&remote, out, "last words");
	wire_expect_done(&remote, wire_send_goodbye(&remote), 0);
	wire_close(&remote);
	uint64_t lease = wire_expect_item(
		&scene->client, wire_send_get(&scene->client, in, 1, WIRE_MSEC), "last words");
	wire_send_ack(&scene->client, lease);
	wire_receive(&scene->client);
	wire_expect_failure(&scene->client, wire_send_get(&scene->client, in, 1, WIRE_MSEC),
			    RELEVO_SHUT_DOWN, "shut down");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_clients_get_a_socket_each, scene_setup,
						scene_teardown),
		cmocka_unit_test_setup_teardown(what_fails_is_named, scene_setup, scene_teardown),
		cmocka_unit_test_setup_teardown(one_over_tcp_is_relayed, setup_tcp, scene_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
