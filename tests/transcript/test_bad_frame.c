/* Bytes that are no frames, and frames that mean nothing. */
#include "transcript/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The broker says what is wrong, then closes. */
static void expect_bad_frame(struct wire_client *client, const char *text)
{
	wire_expect_failure(client, 0, RELEVO_BAD_FRAME, text);
	wire_expect_end(client);
}

static void test_a_truncated_frame_is_no_frame(void **state)
{
	struct scene *scene = *state;
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = scene->queue;
	uint32_t size = 5;
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, &put);
	header.n_sizes = 1;
	header.sizes = &size;
	struct buffer bytes = wire_encode(&header, "whole");
	/* Cut everywhere: the sender goes before the rest has come. */
	for (size_t cut = 1; cut < buffer_size(&bytes); cut++) {
		struct wire_client client;
		wire_connect(&client, scene->broker.url);
		wire_hello(&client);
		wire_send_bytes(&client, buffer_data(&bytes), cut);
		wire_close(&client);
	}
	buffer_fini(&bytes);
	wire_expect_failure(&scene->client, wire_send_get(&scene->client, scene->queue, 1, 50),
			    RELEVO_TIMED_OUT, "work");
}

static void test_a_length_over_the_limit(void **state)
{
	struct scene *scene = *state;
	wire_send_prefix(&scene->client, UINT32_MAX, 10);
	expect_bad_frame(&scene->client, "a frame announces 4294967295 bytes");
}

static void test_a_length_under_the_limit(void **state)
{
	struct scene *scene = *state;
	wire_send_prefix(&scene->client, 3, 0);
	expect_bad_frame(&scene->client, "a frame announces 3 bytes");
}

static void test_a_header_longer_than_its_frame(void **state)
{
	struct scene *scene = *state;
	wire_send_prefix(&scene->client, 100, 97);
	expect_bad_frame(&scene->client, "a frame of 100 bytes announces a header of 97");
}

static void test_a_header_over_the_limit(void **state)
{
	struct scene *scene = *state;
	wire_send_prefix(&scene->client, 10 * FRAME_MAX_HEADER, FRAME_MAX_HEADER + 1);
	expect_bad_frame(&scene->client, "announces a header of 262145");
}

static void test_a_header_that_is_not_protobuf(void **state)
{
	struct scene *scene = *state;
	wire_send_prefix(&scene->client, 4 + 8, 8);
	wire_send_bytes(&scene->client, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	expect_bad_frame(&scene->client, "not valid protobuf");
}

static void test_sizes_that_do_not_add_up(void **state)
{
	struct scene *scene = *state;
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = scene->queue;
	uint32_t sizes[2] = { 5, 0 };
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, &put);
	header.n_sizes = 2;
	header.sizes = sizes;
	struct buffer bytes = wire_encode(&header, "whole");
	/* Field 2, length 8, then 5 and 0 in four bytes each. */
	static const uint8_t field[] = { 0x12, 8, 5, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t *size = memmem(buffer_data(&bytes), buffer_size(&bytes), field, sizeof field);
	assert_non_null(size);
	size[6] = 1;
	wire_send_bytes(&scene->client, buffer_data(&bytes), buffer_size(&bytes));
	buffer_fini(&bytes);
	expect_bad_frame(&scene->client, "the bodies of a frame have 5 bytes, its header says 6");
}

static void test_more_bodies_than_a_frame_may_hold(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = FRAME_MAX_ITEMS + 1 };
	uint32_t *sizes = calloc(COUNT, sizeof *sizes);
	assert_non_null(sizes);
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = scene->queue;
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, &put);
	header.n_sizes = COUNT;
	header.sizes = sizes;
	wire_send(&scene->client, &header, NULL);
	free(sizes);
	expect_bad_frame(&scene->client, "a frame holds 16385 bodies");
}

static void test_an_unknown_operation_fails_alone(void **state)
{
	struct scene *scene = *state;
	/* call = 7, and field 999 of an empty message. */
	static const char header[] = { 0x08, 0x07, (char)0xba, 0x3e, 0x00 };
	wire_send_prefix(&scene->client, 4 + sizeof header, sizeof header);
	wire_send_bytes(&scene->client, header, sizeof header);
	wire_expect_failure(&scene->client, 7, RELEVO_UNKNOWN_OPERATION,
			    "operation 999 is not known");
	wire_round_trip(&scene->client, scene->queue);
}

static void test_no_operation_fails_alone(void **state)
{
	struct scene *scene = *state;
	wire_send_prefix(&scene->client, 4, 0);
	wire_expect_failure(&scene->client, 0, RELEVO_UNKNOWN_OPERATION, "names no operation");
	wire_round_trip(&scene->client, scene->queue);
}

static void test_what_only_the_broker_says_fails_alone(void **state)
{
	struct scene *scene = *state;
	Relevo__Welcome welcome = RELEVO__WELCOME__INIT;
	Relevo__Done done = RELEVO__DONE__INIT;
	Relevo__Failure failure = RELEVO__FAILURE__INIT;
	Relevo__Confirm confirm = RELEVO__CONFIRM__INIT;
	Relevo__QueueOpened opened = RELEVO__QUEUE_OPENED__INIT;
	Relevo__QueueItems items = RELEVO__QUEUE_ITEMS__INIT;
	Relevo__QueueStats stats = RELEVO__QUEUE_STATS__INIT;
	struct {
		Relevo__Header header;
		const char *name;
	} cases[] = {
		{ WIRE_HEADER(WELCOME, welcome, &welcome), "welcome" },
		{ WIRE_HEADER(DONE, done, &done), "done" },
		{ WIRE_HEADER(FAILURE, failure, &failure), "failure" },
		{ WIRE_HEADER(CONFIRM, confirm, &confirm), "confirm" },
		{ WIRE_HEADER(QUEUE_OPENED, queue_opened, &opened), "queue_opened" },
		{ WIRE_HEADER(QUEUE_ITEMS, queue_items, &items), "queue_items" },
		{ WIRE_HEADER(QUEUE_STATS, queue_stats, &stats), "queue_stats" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[64];
		snprintf(text, sizeof text, "(%s) is not one that clients send", cases[i].name);
		uint64_t call = wire_send(&scene->client, &cases[i].header, NULL);
		wire_expect_failure(&scene->client, call, RELEVO_UNKNOWN_OPERATION, text);
	}
	wire_round_trip(&scene->client, scene->queue);
}

/* Sends the frame with a NUL byte for the first "?" in it. */
static void send_with_nul(struct wire_client *client, Relevo__Header *header)
{
	header->call = ++client->last_call;
	struct buffer bytes = wire_encode(header, NULL);
	uint8_t *place = memchr(buffer_data(&bytes), '?', buffer_size(&bytes));
	assert_non_null(place);
	*place = 0;
	wire_send_bytes(client, buffer_data(&bytes), buffer_size(&bytes));
	buffer_fini(&bytes);
}

/* It would be taken for "work". */
static void test_a_name_with_a_nul_fails_alone(void **state)
{
	struct scene *scene = *state;
	struct wire_client *client = &scene->client;
	char name[] = "work?of others", existing[] = "work";
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	Relevo__QueueDelete delete = RELEVO__QUEUE_DELETE__INIT;
	Relevo__QueueMove move = RELEVO__QUEUE_MOVE__INIT;
	open.name = delete.name = move.to = name;
	move.from = existing;
	struct {
		Relevo__Header header;
		const char *text;
	} cases[] = {
		{ WIRE_HEADER(QUEUE_OPEN, queue_open, &open), "name of queue_open holds a NUL" },
		{ WIRE_HEADER(QUEUE_DELETE, queue_delete, &delete), "name of queue_delete" },
		{ WIRE_HEADER(QUEUE_MOVE, queue_move, &move), "to of queue_move" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		send_with_nul(client, &cases[i].header);
		wire_expect_failure(client, client->last_call, RELEVO_BAD_NAME, cases[i].text);
	}
	wire_round_trip(client, scene->queue);
}

static void test_a_hello_with_a_nul_is_refused(void **state)
{
	struct scene *scene = *state;
	struct wire_client client;
	char name[] = "one?and another";
	Relevo__Hello hello = RELEVO__HELLO__INIT;
	hello.version = PROTOCOL_VERSION;
	hello.name = name;
	Relevo__Header header = WIRE_HEADER(HELLO, hello, &hello);
	wire_connect(&client, scene->broker.url);
	send_with_nul(&client, &header);
	wire_expect_failure(&client, client.last_call, RELEVO_BAD_NAME, "name of hello");
	wire_expect_end(&client);
	wire_close(&client);
}

static int setup_small_items(void **state)
{
	static const char *const arguments[] = { "--max-item", "1K", NULL };
	return scene_setup_with(state, arguments);
}

static void test_an_item_over_the_limit_fails_alone(void **state)
{
	struct scene *scene = *state;
	uint32_t sizes[] = { 1024, 1025 };
	char bodies[2049] = { 0 };
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = scene->queue;
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, &put);
	header.n_sizes = 2;
	header.sizes = sizes;
	uint64_t call = wire_send(&scene->client, &header, bodies);
	wire_expect_failure(&scene->client, call, RELEVO_TOO_LARGE,
			    "item 1 has 1025 bytes, more than the limit of 1024");
	/* Nothing of it is in the queue; a smaller one goes through. */
	wire_round_trip(&scene->client, scene->queue);
	header.n_sizes = 1;
	call = wire_send(&scene->client, &header, bodies);
	wire_expect_done(&scene->client, call, 1);
}

static void test_a_frame_over_the_limit(void **state)
{
	struct scene *scene = *state;
	wire_send_prefix(&scene->client, FRAME_MAX_FOR(1024) - 3, 10);
	expect_bad_frame(&scene->client, "4 to 263172 are allowed");
}

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* Whatever comes back, the connection ends, or waits for more. */
static void send_noise(const char *url, uint64_t *seed, bool framed)
{
	uint8_t noise[512];
	struct wire_client client;
	size_t size = 1 + next_random(seed) % sizeof noise;
	for (size_t i = 0; i < size; i++)
		noise[i] = (uint8_t)next_random(seed);
	wire_connect(&client, url);
	if (next_random(seed) % 2 == 0)
		wire_hello(&client);
	if (framed)
		wire_send_prefix(&client, (uint32_t)size + 4, (uint32_t)size);
	/* It may be closed already. */
	ssize_t sent = write(client.fd, noise, size);
	(void)sent;
	wire_close(&client);
}

static void test_random_bytes(void **state)
{
	struct scene *scene = *state;
	uint64_t seed = 20260131;
	for (int i = 0; i < 1000; i++)
		send_noise(scene->broker.url, &seed, false);
	wire_round_trip(&scene->bystander, scene->beside);
}

static void test_random_headers(void **state)
{
	struct scene *scene = *state;
	uint64_t seed = 20260201;
	for (int i = 0; i < 1000; i++)
		send_noise(scene->broker.url, &seed, true);
	wire_round_trip(&scene->bystander, scene->beside);
}

/* Turn single bytes of frames that mean something. */
static void test_frames_with_wrong_bytes(void **state)
{
	struct scene *scene = *state;
	uint64_t seed = 20260202;
	uint64_t leases[] = { 1, 2, 3 };
	uint32_t size = 4;
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.name = (char *)"noise";
	put.acks = leases;
	put.n_acks = 3;
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, &put);
	header.n_sizes = 1;
	header.sizes = &size;
	for (int i = 0; i < 1000; i++) {
		struct buffer bytes = wire_encode(&header, "body");
		struct wire_client client;
		for (uint32_t wrong = next_random(&seed) % 3 + 1; wrong > 0; wrong--)
			buffer_data(&bytes)[next_random(&seed) % buffer_size(&bytes)] =
				(uint8_t)next_random(&seed);
		wire_connect(&client, scene->broker.url);
		wire_hello(&client);
		wire_send_bytes(&client, buffer_data(&bytes), buffer_size(&bytes));
		wire_close(&client);
		buffer_fini(&bytes);
	}
	wire_round_trip(&scene->bystander, scene->beside);
}

static void test_a_byte_at_a_time(void **state)
{
	struct scene *scene = *state;
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = scene->queue;
	uint32_t size = 6;
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, &put);
	header.call = 99;
	header.n_sizes = 1;
	header.sizes = &size;
	struct buffer bytes = wire_encode(&header, "slowly");
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < buffer_size(&bytes); i++) {
			wire_send_bytes(&scene->client, buffer_data(&bytes) + i, 1);
			/* Nothing is lost for others meanwhile. */
			if (round == 0)
				wire_round_trip(&scene->bystander, scene->beside);
		}
		wire_expect_done(&scene->client, 99, 1);
		uint64_t call = wire_send_get(&scene->client, scene->queue, 1, 0);
		wire_expect_item(&scene->client, call, "slowly");
	}
	buffer_fini(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_a_truncated_frame_is_no_frame),
		scene_test(test_a_length_over_the_limit),
		scene_test(test_a_length_under_the_limit),
		scene_test(test_a_header_longer_than_its_frame),
		scene_test(test_a_header_over_the_limit),
		scene_test(test_a_header_that_is_not_protobuf),
		scene_test(test_sizes_that_do_not_add_up),
		scene_test(test_more_bodies_than_a_frame_may_hold),
		scene_test(test_an_unknown_operation_fails_alone),
		scene_test(test_no_operation_fails_alone),
		scene_test(test_what_only_the_broker_says_fails_alone),
		scene_test(test_a_name_with_a_nul_fails_alone),
		scene_test(test_a_hello_with_a_nul_is_refused),
		cmocka_unit_test_setup_teardown(test_an_item_over_the_limit_fails_alone,
						setup_small_items, scene_teardown),
		cmocka_unit_test_setup_teardown(test_a_frame_over_the_limit, setup_small_items,
						scene_teardown),
		scene_test(test_random_bytes),
		scene_test(test_random_headers),
		scene_test(test_frames_with_wrong_bytes),
		scene_test(test_a_byte_at_a_time),
	};
	return cmocka_run_group_tests_name("transcript/bad_frame", tests, NULL, NULL);
}
