/* The broker's descriptors: who may have how many, and that others find some. */
#include "transcript/scene.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void allow_broker(const struct scene *scene, rlim_t count)
{
	const struct rlimit few = { count, count };
	assert_int_equal(prlimit(scene->broker.pid, RLIMIT_NOFILE, &few, NULL), 0);
}

/* ---- pipes ------------------------------------------------------------------ */

static bool meet(const struct wire_client *client, int number)
{
	char name[16];
	snprintf(name, sizeof name, "p%d", number);
	Relevo__PipeMeet message = RELEVO__PIPE_MEET__INIT;
	Relevo__Header header = WIRE_HEADER(PIPE_MEET, pipe_meet, &message);
	message.name = name;
	message.timeout_ms = MSEC_FOREVER;
	header.call = (uint64_t)number;
	struct buffer bytes = wire_encode(&header, NULL);
	struct pollfd poll_fd = { .fd = client->fd, .events = POLLOUT };
	bool sent = poll(&poll_fd, 1, WIRE_MSEC) == 1 &&
		    send(client->fd, buffer_data(&bytes), buffer_size(&bytes), MSG_NOSIGNAL) ==
			    (ssize_t)buffer_size(&bytes);
	buffer_fini(&bytes);
	return sent;
}

/* Two who open pipes to each other and take none of them. */
static void test_pipes_that_nobody_takes(void **state)
{
	struct scene *scene = *state;
	enum { PIPES = 1500, ALLOWED = 512 };
	struct wire_client one, other;
	allow_broker(scene, ALLOWED);
	wire_connect(&one, scene->broker.url);
	wire_connect(&other, scene->broker.url);
	wire_hello(&one);
	wire_hello(&other);
	for (int i = 1; i <= PIPES && meet(&one, i) && meet(&other, i); i++) {
		if (i % 100 == 0)
			wire_round_trip(&scene->bystander, scene->beside);
	}
	test_broker_logs(&scene->broker, "reason=\"does not take its descriptors\"");
	struct wire_client comer;
	wire_connect(&comer, scene->broker.url);
	wire_hello(&comer);
	wire_round_trip(&comer, wire_open(&comer, "others"));
	wire_close(&comer);
	wire_close(&one);
	wire_close(&other);
}

/* ---- shared memory ----------------------------------------------------------- */

static uint64_t send_shared_open(struct wire_client *client)
{
	Relevo__SharedOpen open = RELEVO__SHARED_OPEN__INIT;
	Relevo__Header header = WIRE_HEADER(SHARED_OPEN, shared_open, &open);
	open.size = 1;
	return wire_send(client, &header, NULL);
}

/* Whoever makes all he can leaves others something. */
static void test_memory_that_one_session_makes(void **state)
{
	struct scene *scene = *state;
	enum { ALLOWED = 256, SHARE = ALLOWED / 8 };
	allow_broker(scene, ALLOWED);
	for (int i = 0; i <= SHARE; i++) {
		uint64_t call = send_shared_open(&scene->client);
		if (i == SHARE) {
			wire_expect_failure(&scene->client, call, RELEVO_LIMIT,
					    "32 shared memories");
			break;
		}
		close(wire_receive_descriptor(&scene->client));
		wire_expect(&scene->client, call, RELEVO__HEADER__OP_SHARED_OPENED);
	}
	uint64_t call = send_shared_open(&scene->bystander);
	close(wire_receive_descriptor(&scene->bystander));
	wire_expect(&scene->bystander, call, RELEVO__HEADER__OP_SHARED_OPENED);
}

/* ---- connections ------------------------------------------------------------- */

/* How many of them are let in, which the others are told. */
static int come(const struct scene *scene, struct wire_client *clients, int count)
{
	int served = 0;
	for (int i = 0; i < count; i++) {
		struct wire_client client;
		wire_connect(&client, scene->broker.url);
		struct pollfd poll_fd = { .fd = client.fd, .events = POLLIN };
		if (poll(&poll_fd, 1, 20) == 1) {
			wire_expect_failure(&client, 0, RELEVO_NO_DESCRIPTORS, "share");
			wire_expect_end(&client);
			wire_close(&client);
			continue;
		}
		wire_hello(&client);
		clients[served++] = client;
	}
	return served;
}

static void test_a_user_has_a_share_and_is_told(void **state)
{
	struct scene *scene = *state;
	enum { ALLOWED = 100, COMERS = 90 };
	struct wire_client clients[COMERS];
	allow_broker(scene, ALLOWED);
	int served = come(scene, clients, COMERS);
	/* Two are there already. */
	assert_int_equal(served, ALLOWED * 3 / 4 - 2);
	wire_round_trip(&scene->bystander, scene->beside);
	for (int i = 0; i < 10; i++)
		wire_close(&clients[--served]);
	wire_round_trip(&scene->bystander, scene->beside);
	struct wire_client comer;
	wire_connect(&comer, scene->broker.url);
	wire_hello(&comer);
	wire_close(&comer);
	while (served > 0)
		wire_close(&clients[--served]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_pipes_that_nobody_takes),
		scene_test(test_memory_that_one_session_makes),
		scene_test(test_a_user_has_a_share_and_is_told),
	};
	return cmocka_run_group_tests_name("transcript/descriptors", tests, NULL, NULL);
}
