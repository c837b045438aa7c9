/* queue.proto, conversation by conversation. */
#include "transcript/scene.h"

#include <stdlib.h>
#include <string.h>

static uint64_t send_open(struct wire_client *client, const Relevo__QueueOpen *open)
{
	Relevo__Header header = WIRE_HEADER(QUEUE_OPEN, queue_open, (Relevo__QueueOpen *)open);
	return wire_send(client, &header, NULL);
}

/* Put many items of one size; the answer is the caller's business. */
static uint64_t send_many(struct wire_client *client, const Relevo__QueuePut *put, size_t count,
			  uint32_t size)
{
	uint32_t *sizes = malloc(count * sizeof *sizes);
	char *bodies = malloc(count * size + 1);
	assert_non_null(sizes);
	assert_non_null(bodies);
	for (size_t i = 0; i < count; i++)
		sizes[i] = size;
	memset(bodies, 'x', count * size);
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, (Relevo__QueuePut *)put);
	header.n_sizes = count;
	header.sizes = sizes;
	uint64_t call = wire_send(client, &header, bodies);
	free(sizes);
	free(bodies);
	return call;
}

/* More than 32 bits have; and more than anybody will wait for counts as a hundred years. */
static void test_times_are_as_long_as_they_are(void **state)
{
	struct scene *scene = *state;
	const uint64_t half_a_year = UINT64_C(15552000000);
	const struct {
		const char *name;
		uint64_t said, kept;
	} cases[] = {
		{ "patient", half_a_year, half_a_year },
		{ "for ever", UINT64_MAX, MSEC_LONGEST },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
		open.name = (char *)cases[i].name;
		open.lease_ms = open.ttl_ms = cases[i].said;
		uint64_t call = send_open(&scene->client, &open);
		const Relevo__QueueOpened *opened =
			wire_expect(&scene->client, call, RELEVO__HEADER__OP_QUEUE_OPENED)
				->queue_opened;
		assert_true(opened->lease_ms == cases[i].kept);
		assert_true(opened->ttl_ms == cases[i].kept);
	}
}

static void test_open_tells_what_the_queue_is(void **state)
{
	struct scene *scene = *state;
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.name = (char *)"narrow";
	open.bounded = true;
	open.capacity = 7;
	open.lease_ms = 1500;
	for (int i = 0; i < 2; i++) {
		uint64_t call = send_open(&scene->client, &open);
		const Relevo__QueueOpened *opened =
			wire_expect(&scene->client, call, RELEVO__HEADER__OP_QUEUE_OPENED)
				->queue_opened;
		assert_string_equal(opened->name, "narrow");
		assert_int_equal(opened->created, i == 0);
		assert_true(opened->bounded);
		assert_int_equal(opened->capacity, 7);
		assert_int_equal(opened->lease_ms, 1500);
	}
	open.capacity = 8;
	wire_expect_failure(&scene->client, send_open(&scene->client, &open),
			    RELEVO_OPTION_MISMATCH, "narrow");
	open.mode = RELEVO__OPEN_MODE__CREATE_NEW;
	wire_expect_failure(&scene->client, send_open(&scene->client, &open), RELEVO_EXISTS,
			    "narrow");
}

static void test_a_queue_without_a_name_gets_one(void **state)
{
	struct scene *scene = *state;
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.lifetime = RELEVO__LIFETIME__LIFETIME_SESSION;
	uint64_t call = send_open(&scene->client, &open);
	const Relevo__QueueOpened *opened =
		wire_expect(&scene->client, call, RELEVO__HEADER__OP_QUEUE_OPENED)->queue_opened;
	assert_int_not_equal(strlen(opened->name), 0);
	uint32_t queue = opened->queue;
	wire_round_trip(&scene->client, queue);
}

static void test_open_refuses_what_it_does_not_know(void **state)
{
	struct scene *scene = *state;
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.name = (char *)"strange";
	open.mode = 9;
	wire_expect_failure(&scene->client, send_open(&scene->client, &open), RELEVO_BAD_ARGUMENT,
			    "mode 9 is not known");
	open.mode = RELEVO__OPEN_MODE__OPEN_EXISTING;
	open.lifetime = -1;
	wire_expect_failure(&scene->client, send_open(&scene->client, &open), RELEVO_BAD_ARGUMENT,
			    "lifetime -1 is not known");
	open.lifetime = RELEVO__LIFETIME__LIFETIME_KEPT;
	wire_expect_failure(&scene->client, send_open(&scene->client, &open), RELEVO_NOT_FOUND,
			    "strange");
}

static void test_bad_queue_names_are_refused(void **state)
{
	struct scene *scene = *state;
	char long_name[300];
	memset(long_name, 'n', sizeof long_name);
	long_name[256] = '\0';
	const struct {
		const char *name, *text;
	} cases[] = {
		{ long_name, "has 256 bytes, more than 255" },
		{ "line\nfeed", "line\\x0afeed\" holds a control character" },
		{ "caf\xc3", "is not valid UTF-8" },
		{ "\xc2\x85", "holds a control character" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
		Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
		Relevo__QueueDelete delete = RELEVO__QUEUE_DELETE__INIT;
		Relevo__Header header = WIRE_HEADER(QUEUE_DELETE, queue_delete, &delete);
		open.name = put.name = delete.name = (char *)cases[i].name;
		wire_expect_failure(&scene->client, send_open(&scene->client, &open),
				    RELEVO_BAD_NAME, cases[i].text);
		wire_expect_failure(&scene->client, wire_send_put(&scene->client, &put, "x"),
				    RELEVO_BAD_NAME, cases[i].text);
		wire_expect_failure(&scene->client, wire_send(&scene->client, &header, NULL),
				    RELEVO_BAD_NAME, cases[i].text);
	}
	/* Empty asks for a new queue in QueueOpen only. */
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	wire_expect_failure(&scene->client, wire_send_put(&scene->client, &put, "x"),
			    RELEVO_BAD_NAME, "empty");
}

static void test_put_to_a_queue_that_is_not_there(void **state)
{
	struct scene *scene = *state;
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.name = (char *)"nowhere";
	wire_expect_failure(&scene->client, wire_send_put(&scene->client, &put, "x"),
			    RELEVO_NOT_FOUND, "nowhere");
	put.queue = 4711;
	wire_expect_failure(&scene->client, wire_send_put(&scene->client, &put, "x"),
			    RELEVO_BAD_ARGUMENT, "4711");
	wire_expect_failure(&scene->client, wire_send_get(&scene->client, 4712, 1, 0),
			    RELEVO_BAD_ARGUMENT, "4712");
}

static void test_the_longest_name_fits_into_a_text(void **state)
{
	struct scene *scene = *state;
	char name[256];
	memset(name, 'n', 255);
	name[255] = '\0';
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.name = name;
	wire_expect_failure(&scene->client, wire_send_put(&scene->client, &put, "x"),
			    RELEVO_NOT_FOUND, name);
	uint32_t queue = wire_open(&scene->client, name);
	wire_expect_failure(&scene->client, wire_send_get(&scene->client, queue, 1, 0),
			    RELEVO_TIMED_OUT, name);
}

static void test_a_quiet_put_that_fails_brings_its_items_back(void **state)
{
	struct scene *scene = *state;
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.name = (char *)"nowhere";
	put.quiet = true;
	uint64_t call = wire_send_put(&scene->client, &put, "return to sender");
	const Relevo__Header *header =
		wire_expect_failure(&scene->client, call, RELEVO_NOT_FOUND, "nowhere");
	assert_int_equal(header->failure->count, 0);
	assert_int_equal(header->n_sizes, 1);
	assert_memory_equal(scene->client.frame.bodies, "return to sender", 16);
	/* They have been dealt with all the same. */
	call = wire_send_flush(&scene->client);
	header = wire_expect(&scene->client, 0, RELEVO__HEADER__OP_CONFIRM);
	assert_int_equal(header->confirm->window, WINDOW_COST(1, 16));
	wire_expect_done(&scene->client, call, 0);
}

static void test_a_quiet_put_that_fits_in_part_brings_the_rest_back(void **state)
{
	struct scene *scene = *state;
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.name = (char *)"narrow";
	open.bounded = true;
	open.capacity = 3;
	uint64_t call = send_open(&scene->client, &open);
	wire_expect(&scene->client, call, RELEVO__HEADER__OP_QUEUE_OPENED);
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.name = (char *)"narrow";
	put.quiet = true;
	put.timeout_ms = MSEC_FOREVER; /* never waits all the same */
	call = send_many(&scene->client, &put, 5, 10);
	const Relevo__Header *header =
		wire_expect_failure(&scene->client, call, RELEVO_TIMED_OUT, "narrow");
	assert_int_equal(header->failure->count, 3);
	assert_int_equal(header->n_sizes, 2);
	assert_int_equal(scene->client.frame.bodies_size, 20);
}

static void test_quiet_puts_are_confirmed_in_quarters_of_the_window(void **state)
{
	struct scene *scene = *state;
	/* With what each item counts besides, 16 of them are a quarter. */
	enum { SIZE = 64 * 1024 - WINDOW_ITEM };
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = scene->queue;
	put.quiet = true;
	for (uint32_t i = 0; i < WINDOW_DEFAULT / (SIZE + WINDOW_ITEM); i++)
		send_many(&scene->client, &put, 1, SIZE);
	for (uint64_t part = 1; part <= 4; part++) {
		const Relevo__Header *header =
			wire_expect(&scene->client, 0, RELEVO__HEADER__OP_CONFIRM);
		assert_int_equal(header->confirm->window, part * WINDOW_DEFAULT / 4);
	}
}

static void test_get_without_items(void **state)
{
	struct scene *scene = *state;
	wire_expect_failure(&scene->client, wire_send_get(&scene->client, scene->queue, 1, 0),
			    RELEVO_TIMED_OUT, "work");
	wire_expect_failure(&scene->client, wire_send_get(&scene->client, scene->queue, 1, 30),
			    RELEVO_TIMED_OUT, "work");
}

static void test_many_items_travel_in_one_answer(void **state)
{
	struct scene *scene = *state;
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = scene->queue;
	uint64_t call = send_many(&scene->client, &put, 1000, 100);
	wire_expect_done(&scene->client, call, 1000);
	call = wire_send_get(&scene->client, scene->queue, UINT32_MAX, 0);
	const Relevo__Header *header =
		wire_expect(&scene->client, call, RELEVO__HEADER__OP_QUEUE_ITEMS);
	assert_int_equal(header->n_sizes, 1000);
	assert_int_equal(header->queue_items->n_leases, 1000);
	assert_int_equal(header->queue_items->n_deliveries, 0);
	assert_int_equal(scene->client.frame.bodies_size, 100 * 1000);
}

static void test_bodies_arrive_as_they_were_sent(void **state)
{
	struct scene *scene = *state;
	/* Around the size from which bodies are sent without a copy. */
	const uint32_t sizes[] = { 0, 1, 4095, 4096, 4097, 300000 };
	enum { COUNT = sizeof sizes / sizeof sizes[0], TOTAL = 312289 };
	uint8_t *bodies = malloc(TOTAL);
	assert_non_null(bodies);
	for (size_t i = 0; i < TOTAL; i++)
		bodies[i] = (uint8_t)(i * 2654435761u >> 13);
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = scene->queue;
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, &put);
	header.n_sizes = COUNT;
	header.sizes = (uint32_t *)sizes;
	wire_expect_done(&scene->client, wire_send(&scene->client, &header, bodies), COUNT);
	uint64_t call = wire_send_get(&scene->client, scene->queue, 100, 0);
	const Relevo__Header *answer =
		wire_expect(&scene->client, call, RELEVO__HEADER__OP_QUEUE_ITEMS);
	assert_int_equal(answer->n_sizes, COUNT);
	assert_memory_equal(answer->sizes, sizes, sizeof sizes);
	assert_int_equal(scene->client.frame.bodies_size, TOTAL);
	assert_memory_equal(scene->client.frame.bodies, bodies, TOTAL);
	free(bodies);
}

static void test_get_stops_before_max_bytes_but_gives_one(void **state)
{
	struct scene *scene = *state;
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = scene->queue;
	wire_expect_done(&scene->client, send_many(&scene->client, &put, 10, 100), 10);
	const struct {
		uint32_t max_bytes;
		size_t items;
	} cases[] = { { 250, 2 }, { 10, 1 }, { 0, 7 } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		Relevo__QueueGet get = RELEVO__QUEUE_GET__INIT;
		get.queue = scene->queue;
		get.max_items = 100;
		get.max_bytes = cases[i].max_bytes;
		Relevo__Header header = WIRE_HEADER(QUEUE_GET, queue_get, &get);
		uint64_t call = wire_send(&scene->client, &header, NULL);
		const Relevo__Header *answer =
			wire_expect(&scene->client, call, RELEVO__HEADER__OP_QUEUE_ITEMS);
		assert_int_equal(answer->n_sizes, cases[i].items);
	}
}

static void test_ack_of_a_lease_that_is_not_held(void **state)
{
	struct scene *scene = *state;
	wire_expect_failure(&scene->client, wire_send_ack(&scene->client, 4711), RELEVO_NOT_OWNER,
			    "4711");
	wire_expect_failure(&scene->client, wire_send_nack(&scene->client, 4712, 0),
			    RELEVO_NOT_OWNER, "4712");
	/* A quiet one is never answered. */
	Relevo__QueueAck ack = RELEVO__QUEUE_ACK__INIT;
	uint64_t lease = 4713;
	ack.n_leases = 1;
	ack.leases = &lease;
	ack.quiet = true;
	Relevo__Header header = WIRE_HEADER(QUEUE_ACK, queue_ack, &ack);
	wire_send(&scene->client, &header, NULL);
	wire_expect_done(&scene->client, wire_send_flush(&scene->client), 0);
}

static void test_more_leases_than_an_operation_may_name(void **state)
{
	struct scene *scene = *state;
	static uint64_t leases[FRAME_MAX_LEASES + 1];
	wire_put(&scene->client, scene->queue, "held");
	leases[0] = wire_expect_item(&scene->client,
				     wire_send_get(&scene->client, scene->queue, 1, 0), "held");
	Relevo__QueueAck ack = RELEVO__QUEUE_ACK__INIT;
	ack.n_leases = FRAME_MAX_LEASES + 1;
	ack.leases = leases;
	Relevo__Header header = WIRE_HEADER(QUEUE_ACK, queue_ack, &ack);
	/* Whoever wants no answer has to know, too: nothing of it is done. */
	for (int quiet = 0; quiet < 2; quiet++) {
		ack.quiet = quiet;
		wire_expect_failure(&scene->client, wire_send(&scene->client, &header, NULL),
				    RELEVO_TOO_LARGE, "names 4097 leases, more than 4096");
	}
	wire_expect_done(&scene->client, wire_send_ack(&scene->client, leases[0]), 1);
}

static void test_put_and_ack_happen_together_or_not_at_all(void **state)
{
	struct scene *scene = *state;
	wire_put(&scene->client, scene->queue, "task");
	uint64_t lease = wire_expect_item(
		&scene->client, wire_send_get(&scene->client, scene->queue, 1, 0), "task");
	uint64_t leases[] = { lease, lease + 1 };
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = scene->queue;
	put.acks = leases;
	put.n_acks = 2;
	wire_expect_failure(&scene->client, wire_send_put(&scene->client, &put, "result"),
			    RELEVO_NOT_OWNER, "");
	put.n_acks = 1;
	wire_expect_done(&scene->client, wire_send_put(&scene->client, &put, "result"), 1);
	uint64_t call = wire_send_get(&scene->client, scene->queue, 10, 0);
	wire_expect_item(&scene->client, call, "result");
	wire_expect_failure(&scene->client, wire_send_ack(&scene->client, lease), RELEVO_NOT_OWNER,
			    "");
}

static void test_nack_gives_an_item_back_after_its_delay(void **state)
{
	struct scene *scene = *state;
	wire_put(&scene->client, scene->queue, "again");
	uint64_t call = wire_send_get(&scene->client, scene->queue, 1, 0);
	uint64_t lease = wire_expect_item(&scene->client, call, "again");
	wire_expect_done(&scene->client, wire_send_nack(&scene->client, lease, 40), 1);
	call = wire_send_get(&scene->client, scene->queue, 1, 0);
	wire_expect_failure(&scene->client, call, RELEVO_TIMED_OUT, "work");
	call = wire_send_get(&scene->client, scene->queue, 1, 10000);
	wire_expect_item(&scene->client, call, "again");
}

static void test_delete_ends_what_waits(void **state)
{
	struct scene *scene = *state;
	uint64_t call = wire_send_get(&scene->client, scene->queue, 1, MSEC_FOREVER);
	wire_expect_silence(&scene->client, 20);
	Relevo__QueueDelete delete = RELEVO__QUEUE_DELETE__INIT;
	delete.name = (char *)"work";
	Relevo__Header header = WIRE_HEADER(QUEUE_DELETE, queue_delete, &delete);
	wire_expect_done(&scene->bystander, wire_send(&scene->bystander, &header, NULL), 0);
	wire_expect_failure(&scene->client, call, RELEVO_GONE, "work");
	wire_expect_failure(&scene->bystander, wire_send(&scene->bystander, &header, NULL),
			    RELEVO_NOT_FOUND, "work");
}

static void test_close_ends_the_handle(void **state)
{
	struct scene *scene = *state;
	Relevo__QueueClose close = RELEVO__QUEUE_CLOSE__INIT;
	close.queue = scene->queue;
	Relevo__Header header = WIRE_HEADER(QUEUE_CLOSE, queue_close, &close);
	wire_expect_done(&scene->client, wire_send(&scene->client, &header, NULL), 0);
	wire_expect_failure(&scene->client, wire_send(&scene->client, &header, NULL),
			    RELEVO_BAD_ARGUMENT, "");
}

static void test_stat_counts(void **state)
{
	struct scene *scene = *state;
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = scene->queue;
	wire_expect_done(&scene->client, send_many(&scene->client, &put, 5, 10), 5);
	uint64_t call = wire_send_get(&scene->client, scene->queue, 2, 0);
	const Relevo__QueueItems *items =
		wire_expect(&scene->client, call, RELEVO__HEADER__OP_QUEUE_ITEMS)->queue_items;
	wire_expect_done(&scene->client, wire_send_ack(&scene->client, items->leases[0]), 1);
	Relevo__QueueStat stat = RELEVO__QUEUE_STAT__INIT;
	stat.queue = scene->queue;
	Relevo__Header header = WIRE_HEADER(QUEUE_STAT, queue_stat, &stat);
	call = wire_send(&scene->client, &header, NULL);
	const Relevo__QueueStats *stats =
		wire_expect(&scene->client, call, RELEVO__HEADER__OP_QUEUE_STATS)->queue_stats;
	assert_int_equal(stats->ready, 3);
	assert_int_equal(stats->leased, 1);
	assert_int_equal(stats->delayed, 0);
	assert_int_equal(stats->bytes, 40);
	assert_int_equal(stats->put, 5);
	assert_int_equal(stats->acknowledged, 1);
	assert_int_equal(stats->handles, 1);
	stat.queue = 99;
	wire_expect_failure(&scene->client, wire_send(&scene->client, &header, NULL),
			    RELEVO_BAD_ARGUMENT, "99");
}

static void test_a_full_queue_makes_a_put_wait(void **state)
{
	struct scene *scene = *state;
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.name = (char *)"narrow";
	open.bounded = true;
	open.capacity = 1;
	uint64_t call = send_open(&scene->client, &open);
	uint32_t queue = wire_expect(&scene->client, call, RELEVO__HEADER__OP_QUEUE_OPENED)
				 ->queue_opened->queue;
	wire_put(&scene->client, queue, "first");
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = queue;
	wire_expect_failure(&scene->client, wire_send_put(&scene->client, &put, "second"),
			    RELEVO_TIMED_OUT, "narrow");
	put.timeout_ms = MSEC_FOREVER;
	uint64_t waiting = wire_send_put(&scene->client, &put, "second");
	wire_expect_silence(&scene->client, 20);
	call = wire_send_get(&scene->client, queue, 1, 0);
	/* Which of the two answers comes first is the broker's choice. */
	int done = 0, items = 0;
	for (int i = 0; i < 2; i++) {
		const Relevo__Header *header = wire_receive(&scene->client)->header;
		done += header->op_case == RELEVO__HEADER__OP_DONE && header->call == waiting;
		items += header->op_case == RELEVO__HEADER__OP_QUEUE_ITEMS && header->call == call;
	}
	assert_int_equal(done, 1);
	assert_int_equal(items, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_open_tells_what_the_queue_is),
		scene_test(test_times_are_as_long_as_they_are),
		scene_test(test_a_queue_without_a_name_gets_one),
		scene_test(test_open_refuses_what_it_does_not_know),
		scene_test(test_bad_queue_names_are_refused),
		scene_test(test_put_to_a_queue_that_is_not_there),
		scene_test(test_the_longest_name_fits_into_a_text),
		scene_test(test_a_quiet_put_that_fails_brings_its_items_back),
		scene_test(test_a_quiet_put_that_fits_in_part_brings_the_rest_back),
		scene_test(test_quiet_puts_are_confirmed_in_quarters_of_the_window),
		scene_test(test_get_without_items),
		scene_test(test_many_items_travel_in_one_answer),
		scene_test(test_bodies_arrive_as_they_were_sent),
		scene_test(test_get_stops_before_max_bytes_but_gives_one),
		scene_test(test_ack_of_a_lease_that_is_not_held),
		scene_test(test_more_leases_than_an_operation_may_name),
		scene_test(test_put_and_ack_happen_together_or_not_at_all),
		scene_test(test_nack_gives_an_item_back_after_its_delay),
		scene_test(test_delete_ends_what_waits),
		scene_test(test_close_ends_the_handle),
		scene_test(test_stat_counts),
		scene_test(test_a_full_queue_makes_a_put_wait),
	};
	return cmocka_run_group_tests_name("transcript/queue", tests, NULL, NULL);
}
