/* The order in which items are handed out. */
#include "fixture.h"

static void test_items_come_in_the_order_of_puts(void **state)
{
	struct fixture *f = *state;
	uint32_t q = open_plain(f->a, "q");
	struct call call = { 0 };
	put_now(f->a, q, "one two");
	put_now(f->a, q, "three");
	get(f->a, q, 2, 0, &call);
	assert_items(&call, "one two");
	put_now(f->a, q, "four");
	expect(f->a, q, "three four", &call);
	expect(f->a, q, "", &call);
}

static void test_items_of_several_sessions_share_one_line(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t of_a = open_plain(f->a, "q");
	uint32_t of_c = open_plain(f->c, "q");
	put_now(f->a, of_a, "a1");
	put_now(f->c, of_c, "c1");
	put_now(f->a, of_a, "a2");
	expect(f->c, of_c, "a1 c1 a2", &call);
}

static void test_what_comes_back_goes_before_what_is_new(void **state)
{
	struct fixture *f = *state;
	struct call first = { 0 };
	struct call second = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1 2 3 4 5 6");
	get(f->a, q, 2, 0, &first);
	get(f->a, q, 2, 0, &second);
	nack(f->a, &second);
	nack(f->a, &first);
	expect(f->a, q, "1 2 3 4 5 6", &second);
	for (int i = 0; i < 4; i++)
		assert_int_equal(second.deliveries[i], 2);
	assert_int_equal(second.deliveries[4], 1);
}

static void test_single_items_come_back_between_others(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1 2 3 4");
	expect(f->a, q, "1 2 3 4", &call);
	uint64_t back[] = { call.leases[3], call.leases[1] };
	assert_int_equal(lease_nack(f->a, back, 2, 0, false, f->now, &error), RELEVO_OK);
	expect(f->a, q, "2 4", &call);
}

static void test_a_get_stops_before_it_exceeds_its_bytes(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1234 1234 1234");
	struct get_request request = { .handle = q, .max_items = 9, .max_bytes = 8 };
	get(f->a, q, 0, 0, &call); /* a maximum of 0 means 1 */
	assert_items(&call, "1234");
	nack(f->a, &call);

	struct call bytes = { .waiter = call.waiter };
	queue_get(f->a, &request, f->now, &bytes.waiter);
	assert_items(&bytes, "1234 1234");
	put_now(f->a, q, "longer-than-8");
	request.max_items = 2;
	request.max_bytes = 16; /* one byte less than both */
	bytes = (struct call){ .waiter = call.waiter };
	queue_get(f->a, &request, f->now, &bytes.waiter);
	assert_items(&bytes, "1234");
}

static void test_a_get_gives_one_item_however_large(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "longer-than-8 x");
	get(f->a, q, 1, 0, &call);
	nack(f->a, &call);
	struct get_request request = { .handle = q, .max_items = 9, .max_bytes = 8 };
	struct call bytes = { .waiter = call.waiter };
	queue_get(f->a, &request, f->now, &bytes.waiter);
	assert_items(&bytes, "longer-than-8");
}

static void test_unread_items_do_not_count_as_delivered(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "x");
	for (int i = 0; i < 3; i++) {
		expect(f->a, q, "x", &call);
		assert_int_equal(call.deliveries[0], 1);
		assert_int_equal(lease_nack(f->a, call.leases, 1, 0, true, f->now, &error),
				 RELEVO_OK);
	}
	assert_int_equal(counts_of(f->a, q).redelivered, 0);
	expect(f->a, q, "x", &call);
	nack(f->a, &call);
	expect(f->a, q, "x", &call);
	assert_int_equal(call.deliveries[0], 2);
	assert_int_equal(counts_of(f->a, q).redelivered, 1);
	assert_int_equal(lease_nack(f->a, call.leases, 1, 0, true, f->now, &error), RELEVO_OK);
	assert_int_equal(counts_of(f->a, q).redelivered, 0);
}

static void test_the_delivery_count_stays_at_its_maximum(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "x");
	for (int i = 0; i < UINT16_MAX + 5; i++) {
		get(f->a, q, 1, 0, &call);
		nack(f->a, &call);
	}
	expect(f->a, q, "x", &call);
	assert_int_equal(call.deliveries[0], UINT16_MAX);
}

static void test_counts_follow_the_items(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "12 345 6 7890");
	struct queue_counts counts = counts_of(f->a, q);
	assert_int_equal(counts.ready, 4);
	assert_int_equal(counts.bytes, 10);
	assert_int_equal(counts.put, 4);
	assert_int_equal(counts.handles, 1);

	get(f->a, q, 3, 0, &call);
	assert_int_equal(lease_ack(f->a, call.leases, 1, f->now, &error), RELEVO_OK);
	assert_int_equal(lease_nack(f->a, call.leases + 1, 1, SECONDS(9), false, f->now, &error),
			 RELEVO_OK);
	counts = counts_of(f->a, q);
	assert_int_equal(counts.ready, 1);
	assert_int_equal(counts.leased, 1);
	assert_int_equal(counts.delayed, 1);
	assert_int_equal(counts.bytes, 8);
	assert_int_equal(counts.acknowledged, 1);
}

static void test_an_empty_item_is_an_item(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	const uint32_t sizes[] = { 0, 0 };
	struct put_request request = { .handle = q, .sizes = sizes, .count = 2 };
	get(f->a, q, 1, 0, &call); /* for its answer function */
	struct call two = { .waiter = call.waiter };
	queue_put(f->a, &request, f->now, &two.waiter);
	assert_answer(&two, RELEVO_OK);
	assert_int_equal(two.accepted, 2);
	get(f->a, q, 9, 0, &call);
	assert_answer(&call, RELEVO_OK);
	assert_int_equal(call.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_items_come_in_the_order_of_puts),
		fixture_test(test_items_of_several_sessions_share_one_line),
		fixture_test(test_what_comes_back_goes_before_what_is_new),
		fixture_test(test_single_items_come_back_between_others),
		fixture_test(test_a_get_stops_before_it_exceeds_its_bytes),
		fixture_test(test_a_get_gives_one_item_however_large),
		fixture_test(test_unread_items_do_not_count_as_delivered),
		fixture_test(test_the_delivery_count_stays_at_its_maximum),
		fixture_test(test_counts_follow_the_items),
		fixture_test(test_an_empty_item_is_an_item),
	};
	return cmocka_run_group_tests_name("engine/order", tests, NULL, NULL);
}
