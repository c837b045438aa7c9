/* A program that uses nothing of relevo but nng streams and the protocol. */
#include "transcript/scene.h"

#include <nng/nng.h>
#include <string.h>

struct stream {
	nng_stream *stream;
	nng_aio *aio;
};

/* Send or receive all of it. */
static void move_all(struct stream *stream, void *bytes, size_t size,
		     void (*operation)(nng_stream *, nng_aio *))
{
	size_t done = 0;
	while (done < size) {
		nng_iov piece = { (char *)bytes + done, size - done };
		assert_int_equal(nng_aio_set_iov(stream->aio, 1, &piece), 0);
		operation(stream->stream, stream->aio);
		nng_aio_wait(stream->aio);
		assert_int_equal(nng_aio_result(stream->aio), 0);
		done += nng_aio_count(stream->aio);
	}
}

static void dial(struct stream *stream, const char *url)
{
	nng_stream_dialer *dialer;
	assert_int_equal(nng_aio_alloc(&stream->aio, NULL, NULL), 0);
	nng_aio_set_timeout(stream->aio, WIRE_MSEC);
	assert_int_equal(nng_stream_dialer_alloc(&dialer, url), 0);
	nng_stream_dialer_dial(dialer, stream->aio);
	nng_aio_wait(stream->aio);
	assert_int_equal(nng_aio_result(stream->aio), 0);
	stream->stream = nng_aio_get_output(stream->aio, 0);
	nng_stream_dialer_free(dialer);
}

static void hang_up(struct stream *stream)
{
	nng_stream_close(stream->stream);
	nng_stream_free(stream->stream);
	nng_aio_free(stream->aio);
}

/* Send one frame and receive one. */
static void exchange(struct stream *stream, const Relevo__Header *header, const char *bodies,
		     struct buffer *answer)
{
	struct buffer bytes = wire_encode(header, bodies);
	move_all(stream, buffer_data(&bytes), buffer_size(&bytes), nng_stream_send);
	buffer_fini(&bytes);
	uint8_t prefix[4];
	move_all(stream, prefix, sizeof prefix, nng_stream_recv);
	size_t size = (size_t)prefix[0] << 24 | (size_t)prefix[1] << 16 | (size_t)prefix[2] << 8 |
		      prefix[3];
	assert_in_range(size, 4, 4096);
	*answer = (struct buffer){ 0 };
	assert_non_null(buffer_reserve(answer, size));
	move_all(stream, answer->bytes, size, nng_stream_recv);
	buffer_commit(answer, size);
}

/* The header of an answer, behind its length. */
static Relevo__Header *unpack(const struct buffer *answer)
{
	size_t size = (size_t)answer->bytes[2] << 8 | answer->bytes[3];
	Relevo__Header *header = relevo__header__unpack(NULL, size, answer->bytes + 4);
	assert_non_null(header);
	return header;
}

static void expect(struct stream *stream, const Relevo__Header *header, const char *bodies,
		   Relevo__Header__OpCase operation)
{
	struct buffer answer;
	exchange(stream, header, bodies, &answer);
	Relevo__Header *got = unpack(&answer);
	assert_int_equal(got->op_case, operation);
	assert_int_equal(got->call, header->call);
	if (operation == RELEVO__HEADER__OP_QUEUE_ITEMS) {
		assert_int_equal(got->n_sizes, 1);
		assert_int_equal(got->sizes[0], 5);
		assert_memory_equal(answer.bytes + answer.end - 5, "plain", 5);
	}
	relevo__header__free_unpacked(got, NULL);
	buffer_fini(&answer);
}

static void converse(const char *url)
{
	struct stream stream;
	uint32_t size = 5;
	Relevo__Hello hello = RELEVO__HELLO__INIT;
	hello.version = PROTOCOL_VERSION;
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.name = (char *)"plain";
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = 1;
	Relevo__QueueGet get = RELEVO__QUEUE_GET__INIT;
	get.queue = 1;
	Relevo__Header greeting = WIRE_HEADER(HELLO, hello, &hello);
	Relevo__Header opening = WIRE_HEADER(QUEUE_OPEN, queue_open, &open);
	Relevo__Header putting = WIRE_HEADER(QUEUE_PUT, queue_put, &put);
	Relevo__Header getting = WIRE_HEADER(QUEUE_GET, queue_get, &get);
	greeting.call = 1;
	opening.call = 2;
	putting.call = 3;
	putting.n_sizes = 1;
	putting.sizes = &size;
	getting.call = 4;
	dial(&stream, url);
	expect(&stream, &greeting, NULL, RELEVO__HEADER__OP_WELCOME);
	expect(&stream, &opening, NULL, RELEVO__HEADER__OP_QUEUE_OPENED);
	expect(&stream, &putting, "plain", RELEVO__HEADER__OP_DONE);
	expect(&stream, &getting, NULL, RELEVO__HEADER__OP_QUEUE_ITEMS);
	hang_up(&stream);
}

static void test_over_ipc(void **state)
{
	struct scene *scene = *state;
	converse(scene->broker.url);
}

static void test_over_tcp(void **state)
{
	struct scene *scene = *state;
	converse(scene->broker.more);
}

/* A plain socket, and everything the broker does to slow it down, over tcp. */
static void test_a_tcp_client_that_stops_reading(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 40, SIZE = 1024 * 1024 };
	static char body[SIZE];
	uint32_t size = SIZE;
	struct wire_client client;
	wire_connect(&client, scene->broker.more);
	wire_hello(&client);
	uint32_t queue = wire_open(&client, "big");
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = queue;
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, &put);
	header.n_sizes = 1;
	header.sizes = &size;
	for (int i = 0; i < COUNT; i++)
		wire_expect_done(&client, wire_send(&client, &header, body), 1);
	uint64_t first = client.last_call + 1;
	for (int i = 0; i < COUNT; i++)
		wire_send_get(&client, queue, 1, 0);
	for (int i = 0; i < 200; i++)
		wire_round_trip(&scene->bystander, scene->beside);
	/* More input waits, and the broker does not look at it all the time. */
	uint64_t before = test_broker_cpu(&scene->broker);
	wire_expect_silence(&scene->bystander, 300);
	assert_in_range(test_broker_cpu(&scene->broker) - before, 0, 50 * NSEC_PER_MSEC);
	for (uint64_t i = 0; i < COUNT; i++) {
		const Relevo__Header *answer =
			wire_expect(&client, first + i, RELEVO__HEADER__OP_QUEUE_ITEMS);
		assert_int_equal(answer->sizes[0], SIZE);
	}
	wire_close(&client);
}

static void test_a_bad_frame_over_tcp(void **state)
{
	struct scene *scene = *state;
	struct wire_client client;
	wire_connect(&client, scene->broker.more);
	wire_send_prefix(&client, UINT32_MAX, 0);
	wire_expect_failure(&client, 0, RELEVO_BAD_FRAME, "announces 4294967295 bytes");
	wire_expect_end(&client);
	wire_close(&client);
}

static int setup_tcp(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	return scene_setup_with(state, arguments);
}

#define tcp_test(function) cmocka_unit_test_setup_teardown(function, setup_tcp, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		tcp_test(test_over_ipc),
		tcp_test(test_over_tcp),
		tcp_test(test_a_tcp_client_that_stops_reading),
		tcp_test(test_a_bad_frame_over_tcp),
	};
	return cmocka_run_group_tests_name("transcript/plain_nng", tests, NULL, NULL);
}
