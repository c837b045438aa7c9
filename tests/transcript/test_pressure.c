/* Clients that are too slow, too fast, or too many. */
#include "transcript/scene.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int setup_short_hello(void **state)
{
	static const char *const arguments[] = { "--hello-timeout", "100", NULL };
	return scene_setup_with(state, arguments);
}

static void test_a_client_that_says_nothing_is_let_go(void **state)
{
	struct scene *scene = *state;
	struct wire_client silent, stalled;
	wire_connect(&silent, scene->broker.url);
	wire_connect(&stalled, scene->broker.url);
	wire_send_bytes(&stalled, "\0\0", 2);
	wire_expect_failure(&silent, 0, RELEVO_TIMED_OUT, "has not sent Hello in time");
	wire_expect_end(&silent);
	wire_expect_failure(&stalled, 0, RELEVO_TIMED_OUT, "has not sent Hello in time");
	wire_expect_end(&stalled);
	wire_close(&silent);
	wire_close(&stalled);
	/* Who has greeted may be as silent as it likes. */
	wire_round_trip(&scene->client, scene->queue);
}

static void put_big_items(struct scene *scene, int count, uint32_t size)
{
	char *body = calloc(1, size);
	assert_non_null(body);
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.name = (char *)"work";
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, &put);
	header.n_sizes = 1;
	header.sizes = &size;
	for (int i = 0; i < count; i++)
		wire_expect_done(&scene->bystander, wire_send(&scene->bystander, &header, body), 1);
	free(body);
}

static void test_a_client_that_stops_reading_waits_for_itself(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 60, SIZE = 1024 * 1024 };
	put_big_items(scene, COUNT, SIZE);
	uint64_t first = scene->client.last_call + 1;
	for (int i = 0; i < COUNT; i++)
		wire_send_get(&scene->client, scene->queue, 1, 0);
	/* The broker takes the calls only as fast as their answers go: after the
	 * first few it does not read from this client any more. */
	for (int i = 0; i < 100; i++)
		wire_round_trip(&scene->bystander, scene->beside);
	uint32_t queue = wire_open(&scene->bystander, "work");
	Relevo__QueueStat stat = RELEVO__QUEUE_STAT__INIT;
	stat.queue = queue;
	Relevo__Header header = WIRE_HEADER(QUEUE_STAT, queue_stat, &stat);
	uint64_t call = wire_send(&scene->bystander, &header, NULL);
	const Relevo__QueueStats *stats =
		wire_expect(&scene->bystander, call, RELEVO__HEADER__OP_QUEUE_STATS)->queue_stats;
	assert_in_range(stats->leased, 1, 10);
	/* Nothing is lost when it reads again. */
	for (uint64_t i = 0; i < COUNT; i++) {
		const Relevo__Header *answer =
			wire_expect(&scene->client, first + i, RELEVO__HEADER__OP_QUEUE_ITEMS);
		assert_int_equal(answer->sizes[0], SIZE);
	}
}

static int setup_small_output(void **state)
{
	static const char *const arguments[] = { "--max-output", "1M", "--max-item", "1M", NULL };
	return scene_setup_with(state, arguments);
}

static void test_a_client_that_hoards_answers_is_cut_off(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 8, SIZE = 1024 * 1024 };
	/* They wait first, so that the broker cannot stop reading in time. */
	for (int i = 0; i < COUNT; i++)
		wire_send_get(&scene->client, scene->queue, 1, MSEC_FOREVER);
	wire_expect_silence(&scene->client, 50);
	put_big_items(scene, COUNT, SIZE);
	char drop[64 * 1024];
	ssize_t got;
	do
		got = read(scene->client.fd, drop, sizeof drop);
	while (got > 0);
	assert_true(got == 0 || errno == ECONNRESET);
	test_broker_logs(&scene->broker, "event=output-over-limit address=\"unix\" uid=");
	test_broker_logs(&scene->broker, "session=1 reason=\"does not read its answers\"");
	/* All it held is there again. */
	uint32_t queue = wire_open(&scene->bystander, "work");
	for (int i = 0; i < COUNT; i++) {
		uint64_t call = wire_send_get(&scene->bystander, queue, 1, 0);
		wire_expect(&scene->bystander, call, RELEVO__HEADER__OP_QUEUE_ITEMS);
	}
}

/* ---- a flood ----------------------------------------------------------- */

struct flood {
	struct wire_client *client;
	struct buffer frames;
	int times;
	atomic_bool over;
};

static void *pour(void *context)
{
	struct flood *flood = context;
	for (int i = 0; i < flood->times; i++)
		wire_send_bytes(flood->client, buffer_data(&flood->frames),
				buffer_size(&flood->frames));
	atomic_store(&flood->over, true);
	return NULL;
}

static void test_a_flood_leaves_others_their_turn(void **state)
{
	struct scene *scene = *state;
	enum { BATCH = 1000, TIMES = 200 };
	uint64_t lease = 4711;
	Relevo__QueueAck ack = RELEVO__QUEUE_ACK__INIT;
	ack.leases = &lease;
	ack.n_leases = 1;
	ack.quiet = true;
	Relevo__Header header = WIRE_HEADER(QUEUE_ACK, queue_ack, &ack);
	struct flood flood = { .client = &scene->client, .times = TIMES };
	for (int i = 0; i < BATCH; i++)
		assert_true(frame_append_head(&flood.frames, &header, 0));
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, pour, &flood), 0);
	nsec_t worst = 0;
	int rounds = 0;
	while (!atomic_load(&flood.over) || rounds == 0) {
		nsec_t before = clock_now();
		wire_round_trip(&scene->bystander, scene->beside);
		nsec_t took = clock_now() - before;
		worst = took > worst ? took : worst;
		rounds++;
	}
	pthread_join(thread, NULL);
	buffer_fini(&flood.frames);
	wire_expect_done(&scene->client, wire_send_flush(&scene->client), 0);
	print_message("%d round trips beside the flood, the slowest %.1f ms\n", rounds,
		      (double)worst / (double)NSEC_PER_MSEC);
	assert_true(worst < NSEC_PER_SEC);
}

/* A put that takes several turns is not cut short by the end of who sent it. */
static void test_what_was_put_before_the_end_is_there(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 16384 };
	static uint32_t sizes[COUNT];
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = scene->queue;
	put.quiet = true;
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, &put);
	header.n_sizes = COUNT;
	header.sizes = sizes;
	uint32_t queue = wire_open(&scene->bystander, "work");
	wire_send(&scene->client, &header, "");
	wire_close(&scene->client);
	char *log;
	while (strstr(log = test_broker_log(&scene->broker), "event=session-gone session=1 ") ==
	       NULL) {
		free(log);
		wire_round_trip(&scene->bystander, scene->beside);
	}
	free(log);
	Relevo__QueueStat stat = RELEVO__QUEUE_STAT__INIT;
	stat.queue = queue;
	Relevo__Header question = WIRE_HEADER(QUEUE_STAT, queue_stat, &stat);
	uint64_t call = wire_send(&scene->bystander, &question, NULL);
	assert_int_equal(wire_expect(&scene->bystander, call, RELEVO__HEADER__OP_QUEUE_STATS)
				 ->queue_stats->ready,
			 COUNT);
	wire_connect(&scene->client, scene->broker.url);
}

/* ---- nothing, and too much --------------------------------------------- */

static void test_an_idle_broker_sleeps(void **state)
{
	struct scene *scene = *state;
	wire_send_get(&scene->client, scene->queue, 1, MSEC_FOREVER);
	wire_expect_silence(&scene->client, 100);
	long before = test_broker_status(&scene->broker, "voluntary_ctxt_switches");
	wire_expect_silence(&scene->client, 500);
	long after = test_broker_status(&scene->broker, "voluntary_ctxt_switches");
	assert_int_equal(after - before, 0);
}

static int setup_little_memory(void **state)
{
	static const char *const arguments[] = { "--max-memory", "1M", NULL };
	return scene_setup_with(state, arguments);
}

static void test_half_a_frame_is_charged_to_its_sender(void **state)
{
	struct scene *scene = *state;
	enum { SIZE = 2 * 1024 * 1024 };
	char *bytes = calloc(1, SIZE);
	assert_non_null(bytes);
	wire_send_prefix(&scene->client, 3 * SIZE, 100);
	/* More than the user may have; the broker ends it before all is in. */
	size_t sent = 0;
	ssize_t part;
	struct pollfd poll_fd = { .fd = scene->client.fd, .events = POLLOUT };
	while (sent < SIZE && poll(&poll_fd, 1, WIRE_MSEC) == 1 &&
	       (part = send(scene->client.fd, bytes, SIZE - sent, MSG_NOSIGNAL)) > 0)
		sent += (size_t)part;
	free(bytes);
	wire_expect_failure(&scene->client, 0, RELEVO_QUOTA, "share of the broker's memory");
	wire_expect_end(&scene->client);
}

static void test_a_full_share_refuses_puts(void **state)
{
	struct scene *scene = *state;
	enum { SIZE = 100 * 1000 };
	char *body = calloc(1, SIZE);
	assert_non_null(body);
	uint32_t size = SIZE;
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = scene->queue;
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, &put);
	header.n_sizes = 1;
	header.sizes = &size;
	const Relevo__Header *answer;
	int accepted = 0;
	do {
		wire_send(&scene->client, &header, body);
		answer = wire_receive(&scene->client)->header;
		accepted += answer->op_case == RELEVO__HEADER__OP_DONE;
	} while (answer->op_case == RELEVO__HEADER__OP_DONE && accepted < 20);
	assert_int_equal(answer->op_case, RELEVO__HEADER__OP_FAILURE);
	assert_int_equal(answer->failure->status, RELEVO_QUOTA);
	assert_in_range(accepted, 5, 10);
	free(body);
	/* The bystander is the same user: make room for it. */
	uint64_t call = wire_send_get(&scene->client, scene->queue, 1, 0);
	answer = wire_expect(&scene->client, call, RELEVO__HEADER__OP_QUEUE_ITEMS);
	wire_expect_done(&scene->client,
			 wire_send_ack(&scene->client, answer->queue_items->leases[0]), 1);
}

/* ---- descriptors ------------------------------------------------------- */

static void run_out_of_descriptors(struct scene *scene, const char *url)
{
	enum { LIMIT = 24, MANY = 40 };
	const struct rlimit few = { LIMIT, LIMIT };
	struct wire_client many[MANY];
	assert_int_equal(prlimit(scene->broker.pid, RLIMIT_NOFILE, &few, NULL), 0);
	for (int i = 0; i < MANY; i++)
		wire_connect(&many[i], url);
	wire_round_trip(&scene->bystander, scene->beside);
	uint64_t before = test_broker_cpu(&scene->broker);
	wire_expect_silence(&scene->bystander, 500);
	/* It looks again at 100, 300 and 700 ms, not all the time. */
	assert_in_range(test_broker_cpu(&scene->broker) - before, 0, 50 * NSEC_PER_MSEC);
	for (int i = 0; i < MANY - 1; i++)
		wire_close(&many[i]);
	wire_hello(&many[MANY - 1]);
	wire_close(&many[MANY - 1]);
	test_broker_logs(&scene->broker, "event=accept-paused");
	wire_round_trip(&scene->bystander, scene->beside);
}

static void test_when_descriptors_run_out_accepting_pauses(void **state)
{
	struct scene *scene = *state;
	run_out_of_descriptors(scene, scene->broker.url);
}

static int setup_tcp(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	return scene_setup_with(state, arguments);
}

static void test_when_descriptors_run_out_accepting_pauses_tcp(void **state)
{
	struct scene *scene = *state;
	run_out_of_descriptors(scene, scene->broker.more);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_client_that_says_nothing_is_let_go,
						setup_short_hello, scene_teardown),
		scene_test(test_a_client_that_stops_reading_waits_for_itself),
		cmocka_unit_test_setup_teardown(test_a_client_that_hoards_answers_is_cut_off,
						setup_small_output, scene_teardown),
		scene_test(test_a_flood_leaves_others_their_turn),
		scene_test(test_what_was_put_before_the_end_is_there),
		scene_test(test_an_idle_broker_sleeps),
		cmocka_unit_test_setup_teardown(test_half_a_frame_is_charged_to_its_sender,
						setup_little_memory, scene_teardown),
		cmocka_unit_test_setup_teardown(test_a_full_share_refuses_puts, setup_little_memory,
						scene_teardown),
		scene_test(test_when_descriptors_run_out_accepting_pauses),
		cmocka_unit_test_setup_teardown(test_when_descriptors_run_out_accepting_pauses_tcp,
						setup_tcp, scene_teardown),
	};
	return cmocka_run_group_tests_name("transcript/pressure", tests, NULL, NULL);
}
