/* session.proto, conversation by conversation. */
#include "transcript/scene.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t send_hello(struct wire_client *client, uint32_t version, const char *name)
{
	Relevo__Hello hello = RELEVO__HELLO__INIT;
	hello.version = version;
	hello.name = (char *)name;
	Relevo__Header header = WIRE_HEADER(HELLO, hello, &hello);
	return wire_send(client, &header, NULL);
}

static void test_hello_is_answered_with_the_limits(void **state)
{
	struct scene *scene = *state;
	struct wire_client client;
	wire_connect(&client, scene->broker.url);
	uint64_t call = send_hello(&client, PROTOCOL_VERSION, "");
	const Relevo__Welcome *welcome =
		wire_expect(&client, call, RELEVO__HEADER__OP_WELCOME)->welcome;
	assert_int_equal(welcome->version, PROTOCOL_VERSION);
	assert_int_equal(welcome->session, 3);
	assert_int_not_equal(welcome->broker, 0);
	assert_int_equal(welcome->max_item, ITEM_MAX_DEFAULT);
	assert_int_equal(welcome->max_frame, FRAME_MAX_FOR(ITEM_MAX_DEFAULT));
	assert_int_equal(welcome->window, WINDOW_DEFAULT);
	wire_close(&client);
}

static void test_sessions_are_logged(void **state)
{
	struct scene *scene = *state;
	wire_expect_done(&scene->client, wire_send_goodbye(&scene->client), 0);
	wire_expect_end(&scene->client);
	test_broker_logs(&scene->broker, "event=session-open session=1 uid=");
	test_broker_logs(&scene->broker, "name=\"test\" host=\"here\" address=\"unix\"");
	test_broker_logs(&scene->broker, "event=session-gone session=1 reason=\"goodbye\" "
					 "leases-returned=0");
}

static void test_hello_twice_fails_and_harms_nothing(void **state)
{
	struct scene *scene = *state;
	uint64_t call = send_hello(&scene->client, PROTOCOL_VERSION, "again");
	wire_expect_failure(&scene->client, call, RELEVO_BAD_STATE, "hello before");
	wire_round_trip(&scene->client, scene->queue);
}

static void test_nothing_is_legal_before_hello(void **state)
{
	struct scene *scene = *state;
	struct wire_client client;
	wire_connect(&client, scene->broker.url);
	uint64_t call = wire_send_get(&client, 1, 1, 0);
	wire_expect_failure(&client, call, RELEVO_BAD_STATE, "queue_get came before hello");
	wire_expect_end(&client);
	wire_close(&client);
}

static void test_another_version_is_refused_by_name(void **state)
{
	struct scene *scene = *state;
	struct wire_client client;
	wire_connect(&client, scene->broker.url);
	uint64_t call = send_hello(&client, 77, "future");
	const Relevo__Header *header = wire_expect_failure(&client, call, RELEVO_BAD_VERSION,
							   "the client speaks version 77");
	assert_non_null(strstr(header->failure->text, "this broker version 1"));
	wire_expect_end(&client);
	wire_close(&client);
}

static void test_bad_client_names_are_refused(void **state)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{ "bell\a", "holds a control character" },
		{ "\xff\xfe", "is not valid UTF-8" },
	};
	struct scene *scene = *state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct wire_client client;
		wire_connect(&client, scene->broker.url);
		uint64_t call = send_hello(&client, PROTOCOL_VERSION, cases[i].name);
		wire_expect_failure(&client, call, RELEVO_BAD_NAME, cases[i].text);
		wire_expect_end(&client);
		wire_close(&client);
	}
}

static void test_cancel_ends_a_waiting_call(void **state)
{
	struct scene *scene = *state;
	uint64_t call = wire_send_get(&scene->client, scene->queue, 1, MSEC_FOREVER);
	Relevo__Cancel cancel = RELEVO__CANCEL__INIT;
	cancel.call = call;
	Relevo__Header header = WIRE_HEADER(CANCEL, cancel, &cancel);
	wire_send(&scene->client, &header, NULL);
	wire_expect_failure(&scene->client, call, RELEVO_CANCELLED, "");
	/* What is answered, or never was, is no error to cancel. */
	wire_send(&scene->client, &header, NULL);
	cancel.call = 4711;
	wire_send(&scene->client, &header, NULL);
	wire_round_trip(&scene->client, scene->queue);
}

static void test_a_number_serves_one_waiting_call(void **state)
{
	struct scene *scene = *state;
	uint64_t call = wire_send_get(&scene->client, scene->queue, 1, MSEC_FOREVER);
	scene->client.last_call--;
	assert_int_equal(wire_send_get(&scene->client, scene->queue, 1, MSEC_FOREVER), call);
	wire_expect_failure(&scene->client, call, RELEVO_BAD_ARGUMENT, "call 3 of this session");
	/* The first still waits, and gets what comes. */
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.name = (char *)"work";
	uint64_t put_call = wire_send_put(&scene->bystander, &put, "late");
	wire_expect_done(&scene->bystander, put_call, 1);
	wire_expect_item(&scene->client, call, "late");
}

static void test_flush_answers_after_what_came_before(void **state)
{
	struct scene *scene = *state;
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = scene->queue;
	put.quiet = true;
	wire_send_put(&scene->client, &put, "one");
	wire_send_put(&scene->client, &put, "three");
	uint64_t call = wire_send_flush(&scene->client);
	const Relevo__Header *header = wire_expect(&scene->client, 0, RELEVO__HEADER__OP_CONFIRM);
	assert_int_equal(header->confirm->window, WINDOW_COST(2, 8));
	wire_expect_done(&scene->client, call, 0);
	wire_expect_done(&scene->client, wire_send_flush(&scene->client), 0);
}

/* In one piece, since the broker closes after the first. The number of the
 * goodbye. */
static uint64_t send_goodbye_and_more(struct wire_client *client, uint32_t queue)
{
	Relevo__Goodbye goodbye = RELEVO__GOODBYE__INIT;
	Relevo__QueueGet get = RELEVO__QUEUE_GET__INIT;
	get.queue = queue;
	Relevo__Header first = WIRE_HEADER(GOODBYE, goodbye, &goodbye);
	Relevo__Header second = WIRE_HEADER(QUEUE_GET, queue_get, &get);
	first.call = ++client->last_call;
	second.call = ++client->last_call;
	struct buffer bytes = wire_encode(&first, NULL);
	assert_true(frame_append_head(&bytes, &second, 0));
	wire_send_bytes(client, buffer_data(&bytes), buffer_size(&bytes));
	buffer_fini(&bytes);
	return first.call;
}

static void test_goodbye_returns_what_was_held_first(void **state)
{
	struct scene *scene = *state;
	wire_put(&scene->client, scene->queue, "held");
	uint64_t call = wire_send_get(&scene->client, scene->queue, 1, 0);
	wire_expect_item(&scene->client, call, "held");
	call = send_goodbye_and_more(&scene->client, scene->queue);
	wire_expect_done(&scene->client, call, 0);
	wire_expect_end(&scene->client);

	uint32_t queue = wire_open(&scene->bystander, "work");
	call = wire_send_get(&scene->bystander, queue, 1, 0);
	const Relevo__Header *header =
		wire_expect(&scene->bystander, call, RELEVO__HEADER__OP_QUEUE_ITEMS);
	assert_int_equal(header->queue_items->n_deliveries, 1);
	assert_int_equal(header->queue_items->deliveries[0], 2);
	test_broker_logs(&scene->broker, "reason=\"goodbye\" leases-returned=1");
}

static void test_a_vanished_client_returns_what_it_held(void **state)
{
	struct scene *scene = *state;
	struct wire_client other;
	wire_connect(&other, scene->broker.url);
	wire_hello(&other);
	uint32_t queue = wire_open(&other, "work");
	wire_put(&other, queue, "held");
	wire_expect_item(&other, wire_send_get(&other, queue, 1, 0), "held");
	uint64_t call = wire_send_get(&scene->client, scene->queue, 1, MSEC_FOREVER);
	wire_expect_silence(&scene->client, 20);
	wire_close(&other);
	wire_expect_item(&scene->client, call, "held");
}

static void test_what_a_client_sent_before_it_vanished_counts(void **state)
{
	struct scene *scene = *state;
	struct wire_client other;
	wire_connect(&other, scene->broker.url);
	wire_hello(&other);
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.name = (char *)"work";
	/* Answers that nobody reads are on their way when it goes. */
	for (int i = 0; i < 3; i++)
		wire_send_put(&other, &put, "legacy");
	wire_close(&other);
	for (int i = 0; i < 3; i++)
		wire_expect_item(&scene->client,
				 wire_send_get(&scene->client, scene->queue, 1, 10000), "legacy");
}

static const Relevo__SessionListing *list(struct wire_client *client, uint64_t after, uint32_t most)
{
	Relevo__SessionList message = RELEVO__SESSION_LIST__INIT;
	message.after = after;
	message.max_sessions = most;
	Relevo__Header header = WIRE_HEADER(SESSION_LIST, session_list, &message);
	uint64_t call = wire_send(client, &header, NULL);
	return wire_expect(client, call, RELEVO__HEADER__OP_SESSION_LISTING)->session_listing;
}

static void test_sessions_are_listed_part_by_part(void **state)
{
	struct scene *scene = *state;
	wire_put(&scene->bystander, scene->beside, "held");
	uint64_t get = wire_send_get(&scene->bystander, scene->beside, 1, 0);
	uint64_t lease = wire_expect_item(&scene->bystander, get, "held");
	get = wire_send_get(&scene->bystander, scene->beside, 1, MSEC_FOREVER);
	wire_expect_silence(&scene->bystander, 20);
	const Relevo__SessionListing *listing = list(&scene->client, 0, 1);
	assert_int_equal(listing->n_sessions, 1);
	assert_int_equal(listing->sessions[0], 1);
	assert_int_equal(listing->pids[0], getpid());
	assert_true(listing->local[0]);
	assert_string_equal(listing->names[0], "test");
	assert_string_equal(listing->hosts[0], "here");
	assert_int_equal(listing->n_wait_calls, 0);
	assert_true(listing->more);
	listing = list(&scene->client, 1, 0);
	assert_int_equal(listing->n_sessions, 1);
	assert_int_equal(listing->sessions[0], 2);
	assert_int_equal(listing->leases[0], 1);
	assert_int_equal(listing->waits[0], 1);
	assert_int_equal(listing->wait_counts[0], 1);
	assert_int_equal(listing->wait_calls[0], RELEVO__WAITING_CALL__WAITING_GET);
	assert_string_equal(listing->wait_objects[0], "beside");
	assert_in_range(listing->waits_ms[0], 19, WIRE_MSEC);
	assert_int_equal(listing->held_counts[0], 1);
	assert_string_equal(listing->held_kinds[0], "queue");
	assert_string_equal(listing->held_objects[0], "beside");
	assert_int_equal(listing->held[0], 1);
	assert_false(listing->more);
	assert_int_equal(list(&scene->client, 2, 0)->n_sessions, 0);
	/* Nothing of it is in the bystander's way. */
	uint64_t nack = wire_send_nack(&scene->bystander, lease, 0);
	lease = wire_expect_item(&scene->bystander, get, "held");
	wire_expect_done(&scene->bystander, nack, 1);
	wire_expect_done(&scene->bystander, wire_send_ack(&scene->bystander, lease), 1);
}

/* Not the number that the client says, but whom the kernel sees. */
static void test_the_pid_of_a_local_client_is_the_kernels(void **state)
{
	struct scene *scene = *state;
	struct wire_client other;
	Relevo__Hello hello = RELEVO__HELLO__INIT;
	hello.version = PROTOCOL_VERSION;
	hello.pid = 1;
	Relevo__Header header = WIRE_HEADER(HELLO, hello, &hello);
	wire_connect(&other, scene->broker.url);
	wire_expect(&other, wire_send(&other, &header, NULL), RELEVO__HEADER__OP_WELCOME);
	const Relevo__SessionListing *listing = list(&scene->client, 2, 0);
	assert_int_equal(listing->pids[0], getpid());
	assert_string_equal(listing->names[0], "");
	wire_close(&other);
}

static void test_the_end_of_objects_is_logged(void **state)
{
	struct scene *scene = *state;
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.lifetime = RELEVO__LIFETIME__LIFETIME_SESSION;
	Relevo__Header header = WIRE_HEADER(QUEUE_OPEN, queue_open, &open);
	for (int i = 0; i < 2; i++)
		wire_expect(&scene->client, wire_send(&scene->client, &header, NULL),
			    RELEVO__HEADER__OP_QUEUE_OPENED);
	wire_expect_done(&scene->client, wire_send_goodbye(&scene->client), 0);
	wire_expect_end(&scene->client);
	test_broker_logs(&scene->broker, "event=session-gone session=1 reason=\"goodbye\" "
					 "leases-returned=0 objects-ended=2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_hello_is_answered_with_the_limits),
		scene_test(test_sessions_are_logged),
		scene_test(test_hello_twice_fails_and_harms_nothing),
		scene_test(test_nothing_is_legal_before_hello),
		scene_test(test_another_version_is_refused_by_name),
		scene_test(test_bad_client_names_are_refused),
		scene_test(test_cancel_ends_a_waiting_call),
		scene_test(test_a_number_serves_one_waiting_call),
		scene_test(test_flush_answers_after_what_came_before),
		scene_test(test_goodbye_returns_what_was_held_first),
		scene_test(test_a_vanished_client_returns_what_it_held),
		scene_test(test_what_a_client_sent_before_it_vanished_counts),
		scene_test(test_sessions_are_listed_part_by_part),
		scene_test(test_the_pid_of_a_local_client_is_the_kernels),
		scene_test(test_the_end_of_objects_is_logged),
	};
	return cmocka_run_group_tests_name("transcript/session", tests, NULL, NULL);
}
