/* Keys against duplicates, properties, queues that one session has to itself, leases
 * that are extended, and options that differ. */
#include "fixture.h"

#include <string.h>

static void put_keyed(struct engine_peer *peer, uint32_t q, const char *word, const char *key)
{
	struct call call = { 0 };
	struct put_request request = { .handle = q, .key = key, .key_size = strlen(key) };
	put_request(peer, &request, word, &call);
	assert_answer(&call, RELEVO_OK);
	assert_int_equal(call.accepted, 1);
}

static void test_a_duplicate_does_not_enter(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_keyed(f->a, q, "1", "key");
	put_keyed(f->c, open_plain(f->c, "q"), "2", "key");
	put_keyed(f->a, q, "3", "other");
	put_now(f->a, q, "4 5");
	assert_int_equal(counts_of(f->a, q).duplicates, 1);
	assert_int_equal(counts_of(f->a, q).put, 4);
	get(f->a, q, 1, 0, &call);
	assert_items(&call, "1");
	/* It is still there while somebody holds it, and when it comes back. */
	put_keyed(f->a, q, "6", "key");
	nack(f->a, &call);
	put_keyed(f->a, q, "7", "key");
	expect(f->a, q, "1 3 4 5", &call);
	ack(f->a, &call);
	put_keyed(f->a, q, "8", "key");
	expect(f->a, q, "8", &call);
	ack(f->a, &call);
	assert_int_equal(counts_of(f->a, q).duplicates, 3);
}

static void test_a_key_goes_with_its_item(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	const struct queue_options options = { .ttl = SECONDS(5),
					       .dead_letter = "dead",
					       .max_deliveries = 1 };
	uint32_t q = open_queue(f->a, "q", &options);
	put_keyed(f->a, q, "expired", "key");
	tick_to(f, 6);
	put_keyed(f->a, q, "rejected", "key");
	get(f->a, q, 1, 0, &call);
	assert_items(&call, "rejected");
	assert_int_equal(lease_reject(f->a, call.leases, 1, f->now, &error), RELEVO_OK);
	put_keyed(f->a, q, "last", "key");
	expect(f->a, q, "last", &call);
	ack(f->a, &call);
	/* And does not bind the dead. */
	uint32_t dead = open_plain(f->a, "dead");
	put_keyed(f->a, dead, "new", "key");
	expect(f->a, dead, "expired rejected new", &call);
	ack(f->a, &call);
}

static void test_a_queue_goes_with_its_keys(void **state)
{
	struct fixture *f = *state;
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_keyed(f->a, q, "1", "key");
	put_keyed(f->a, q, "2", "other");
	assert_int_equal(queue_delete(f->engine, "q", QUEUE_ANY, &error), RELEVO_OK);
	assert_int_equal(f->engine->items.alive, 0);
}

static void test_keys_and_properties_have_limits(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	static char bytes[ITEM_MAX_PROPERTIES + 1];
	uint32_t q = open_plain(f->a, "q");
	struct put_request request = { .handle = q, .key = bytes, .key_size = ITEM_MAX_KEY + 1 };
	put_request(f->a, &request, "1", &call);
	assert_answer(&call, RELEVO_TOO_LARGE);
	assert_text(call.text, "a key of 256 bytes for the queue \"q\"");
	request = (struct put_request){
		.handle = q,
		.properties = bytes,
		.properties_size = sizeof bytes,
	};
	put_request(f->a, &request, "1", &call);
	assert_answer(&call, RELEVO_TOO_LARGE);
	assert_text(call.text, "properties of 65537 bytes");
	request.properties_size--;
	put_request(f->a, &request, "1 2", &call);
	assert_answer(&call, RELEVO_OK);
	/* Both would be too much for one answer. */
	get(f->a, q, 2, 0, &call);
	assert_items(&call, "1");
	ack(f->a, &call);
	expect(f->a, q, "2", &call);
	ack(f->a, &call);
}

/* What an answer shows of an item's properties. */
static char seen[64];

static void answer_with_properties(struct waiter *waiter, const struct answer *answer)
{
	struct call *call = container_of(waiter, struct call, waiter);
	size_t size;
	assert_int_equal(answer->delivery_count, 1);
	const uint8_t *bytes = item_properties(answer->deliveries[0].item, &size);
	memcpy(seen, bytes, size);
	seen[size] = '\0';
	call->leases[0] = answer->deliveries[0].lease;
	call->count = 1;
}

static void test_properties_stay_with_the_item(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	const struct queue_options options = { .dead_letter = "dead" };
	uint32_t q = open_queue(f->a, "q", &options);
	struct put_request put = {
		.handle = q,
		.key = "key",
		.key_size = 3,
		.properties = "reply to me",
		.properties_size = 11,
	};
	put_request(f->a, &put, "body", &call);
	const uint32_t handles[] = { q, open_plain(f->a, "dead") };
	for (int i = 0; i < 2; i++) {
		const struct get_request get = { .handle = handles[i] };
		call = (struct call){ .waiter.answer = answer_with_properties };
		seen[0] = '\0';
		queue_get(f->a, &get, f->now, &call.waiter);
		assert_string_equal(seen, "reply to me");
		if (i == 0)
			assert_int_equal(lease_reject(f->a, call.leases, 1, f->now, &error),
					 RELEVO_OK);
	}
	ack(f->a, &call);
}

static void test_one_session_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	const struct queue_options options = { .exclusive = true };
	struct error error;
	uint32_t a = open_queue(f->a, "q", &options), again = open_queue(f->a, "q", &options);
	uint32_t b = open_queue(f->b, "q", &options);
	put_now(f->b, b, "1 2 3");
	get(f->a, a, 1, 0, &call);
	assert_items(&call, "1");
	ack(f->a, &call);
	get(f->b, b, 1, NSEC_NEVER, &call);
	assert_answer(&call, RELEVO_DENIED);
	assert_text(call.text, "\"q\" is exclusive");
	assert_int_equal(queue_close(f->a, a, &error), RELEVO_OK);
	get(f->b, b, 1, 0, &call);
	assert_answer(&call, RELEVO_DENIED);
	assert_int_equal(queue_close(f->a, again, &error), RELEVO_OK);
	get(f->b, b, 1, 0, &call);
	assert_items(&call, "2");
	ack(f->b, &call);
	/* And with the session's end. */
	gone(f, &f->b);
	expect(f->c, open_queue(f->c, "q", &options), "3", &call);
	ack(f->c, &call);
}

static void test_a_lease_is_extended(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_leased(f->a, "q", 10);
	put_now(f->a, q, "1");
	get(f->a, q, 1, 0, &call);
	tick_to(f, 9);
	assert_int_equal(lease_extend(f->a, call.leases, 1, 0, f->now, &error), RELEVO_OK);
	tick_to(f, 18);
	assert_int_equal(counts_of(f->a, q).leased, 1);
	assert_int_equal(lease_extend(f->a, call.leases, 1, SECONDS(100), f->now, &error),
			 RELEVO_OK);
	tick_to(f, 117);
	assert_int_equal(counts_of(f->a, q).leased, 1);
	tick_to(f, 118);
	assert_int_equal(counts_of(f->a, q).leased, 0);
	assert_int_equal(lease_extend(f->a, call.leases, 1, 0, f->now, &error), RELEVO_NOT_OWNER);
	expect(f->a, q, "1", &call);
	ack(f->a, &call);
}

static void test_a_lease_without_end_stays_so(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1");
	get(f->a, q, 1, 0, &call);
	assert_int_equal(lease_extend(f->a, call.leases, 1, SECONDS(1), f->now, &error), RELEVO_OK);
	tick_to(f, 1000);
	assert_int_equal(counts_of(f->a, q).leased, 1);
	ack(f->a, &call);
}

static void test_each_option_that_differs_is_named(void **state)
{
	struct fixture *f = *state;
	static const struct {
		struct queue_options options;
		const char *text;
	} cases[] = {
		{ { .bounded = true, .capacity = 3 }, "the capacity unlimited, not 3" },
		{ { .capacity_bytes = 4 }, "the capacity in bytes unlimited, not 4" },
		{ { .order = QUEUE_FAIR }, "the order fifo, not fair" },
		{ { .full = QUEUE_REJECT }, "the full policy block, not reject" },
		{ { .lease = SECONDS(1) }, "the lease of its session, not 1000 ms" },
		{ { .ttl = SECONDS(2) }, "the item TTL unlimited, not 2000 ms" },
		{ { .max_deliveries = 5 }, "the maximum of deliveries unlimited, not 5" },
		{ { .dead_letter = "d" }, "the dead-letter queue none, not \"d\"" },
		{ { .exclusive = true }, "the exclusive consumer no, not yes" },
		{ { .lifetime = QUEUE_SESSION }, "the lifetime kept, not session" },
	};
	open_plain(f->a, "q");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct queue_opened opened;
		struct error error;
		assert_int_equal(queue_open(f->b, "q", QUEUE_OPEN_OR_CREATE, &cases[i].options,
					    &opened, &error),
				 RELEVO_OPTION_MISMATCH);
		assert_text(error.text, cases[i].text);
		assert_int_equal(queue_open(f->b, "q", QUEUE_OPEN_EXISTING, &cases[i].options,
					    &opened, &error),
				 RELEVO_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_a_duplicate_does_not_enter),
		fixture_test(test_a_key_goes_with_its_item),
		fixture_test(test_a_queue_goes_with_its_keys),
		fixture_test(test_keys_and_properties_have_limits),
		fixture_test(test_properties_stay_with_the_item),
		fixture_test(test_one_session_at_a_time),
		fixture_test(test_a_lease_is_extended),
		fixture_test(test_a_lease_without_end_stays_so),
		fixture_test(test_each_option_that_differs_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
