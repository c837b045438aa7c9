/* Leases: held, ended, expired, returned by death. */
#include "fixture.h"

#include <inttypes.h>
#include <stdio.h>

static void test_a_leased_item_is_nobody_elses(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct call other = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "x");
	expect(f->a, q, "x", &call);
	expect(f->c, open_plain(f->c, "q"), "", &other);
	ack(f->a, &call);
	expect(f->a, q, "", &call);
}

static void test_a_lease_ends_once(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "x");
	expect(f->a, q, "x", &call);
	ack(f->a, &call);
	assert_int_equal(lease_ack(f->a, call.leases, 1, f->now, &error), RELEVO_NOT_OWNER);
	char named[32];
	snprintf(named, sizeof named, "lease %" PRIu64 " ", call.leases[0]);
	assert_text(error.text, named);
	assert_int_equal(lease_nack(f->a, call.leases, 1, 0, false, f->now, &error),
			 RELEVO_NOT_OWNER);
}

static void test_a_slot_used_again_has_another_number(void **state)
{
	struct fixture *f = *state;
	struct call old = { 0 };
	struct call new = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "x y");
	get(f->a, q, 1, 0, &old);
	ack(f->a, &old);
	get(f->a, q, 1, 0, &new);
	assert_int_equal(old.leases[0] & 0xffffff, new.leases[0] & 0xffffff);
	assert_int_equal(lease_ack(f->a, old.leases, 1, f->now, &error), RELEVO_NOT_OWNER);
	ack(f->a, &new);
}

static void test_the_lease_of_another_session_is_not_ours(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "x");
	expect(f->a, q, "x", &call);
	assert_int_equal(lease_ack(f->b, call.leases, 1, f->now, &error), RELEVO_NOT_OWNER);
	ack(f->a, &call);
}

static void test_numbers_nobody_gave_out_are_refused(void **state)
{
	struct fixture *f = *state;
	const uint64_t numbers[] = { 0, 1, 0xffffff, UINT64_MAX, UINT64_C(1) << 24 };
	struct error error;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		assert_int_equal(lease_ack(f->a, &numbers[i], 1, f->now, &error), RELEVO_NOT_OWNER);
}

static void test_a_bad_lease_does_not_keep_the_others(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "x y");
	expect(f->a, q, "x y", &call);
	uint64_t leases[] = { call.leases[0], 12345, 67890, call.leases[1] };
	assert_int_equal(lease_ack(f->a, leases, 4, f->now, &error), RELEVO_NOT_OWNER);
	assert_text(error.text, "lease 12345 ");
	assert_int_equal(counts_of(f->a, q).acknowledged, 2);

	put_now(f->a, q, "z");
	expect(f->a, q, "z", &call);
	leases[0] = 12345;
	leases[1] = call.leases[0];
	assert_int_equal(lease_nack(f->a, leases, 2, 0, false, f->now, &error), RELEVO_NOT_OWNER);
	expect(f->a, q, "z", &call);
}

static void test_death_returns_items_to_their_places(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t of_a = open_plain(f->a, "q");
	uint32_t of_b = open_plain(f->b, "q");
	uint32_t of_c = open_plain(f->c, "q");
	put_now(f->c, of_c, "1 2 3 4 5 6");
	get(f->a, of_a, 2, 0, &call);
	get(f->b, of_b, 2, 0, &call);
	get(f->a, of_a, 1, 0, &call);
	gone(f, &f->a);
	expect(f->c, of_c, "1 2 5 6", &call);
	assert_int_equal(call.deliveries[0], 2);
	assert_int_equal(call.deliveries[3], 1);
	gone(f, &f->b);
	expect(f->c, of_c, "3 4", &call);
}

static void test_death_serves_who_waits(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct call waiting = { 0 };
	uint32_t of_a = open_plain(f->a, "q");
	uint32_t of_c = open_plain(f->c, "q");
	put_now(f->a, of_a, "x");
	get(f->a, of_a, 1, 0, &call);
	get(f->c, of_c, 1, NSEC_NEVER, &waiting);
	assert_waits(&waiting);
	gone(f, &f->a);
	assert_items(&waiting, "x");
	assert_int_equal(waiting.deliveries[0], 2);
}

static void test_an_expired_lease_returns_its_item_only(void **state)
{
	struct fixture *f = *state;
	struct call early = { 0 };
	struct call late = { 0 };
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_leased(f->a, "q", 10);
	put_now(f->a, q, "x y");
	get(f->a, q, 1, 0, &early);
	tick_to(f, 5);
	get(f->a, q, 1, 0, &late);
	assert_int_equal(engine_next_deadline(f->engine), SECONDS(11));
	tick_to(f, 11);
	expect(f->a, q, "x", &call);
	assert_int_equal(call.deliveries[0], 2);
	assert_int_equal(lease_ack(f->a, early.leases, 1, f->now, &error), RELEVO_NOT_OWNER);
	ack(f->a, &late);
	assert_int_equal(counts_of(f->a, q).redelivered, 1);
}

static void test_an_acknowledged_lease_has_no_deadline(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_leased(f->a, "q", 10);
	put_now(f->a, q, "x");
	get(f->a, q, 1, 0, &call);
	ack(f->a, &call);
	assert_true(engine_next_deadline(f->engine) == NSEC_NEVER);
}

static void test_a_lease_without_limit_lasts(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "x");
	get(f->a, q, 1, 0, &call);
	assert_true(engine_tick(f->engine, SECONDS(1000000)) == NSEC_NEVER);
	f->now = SECONDS(1000000);
	ack(f->a, &call);
}

static void test_a_session_holds_no_more_than_its_limit(void **state)
{
	(void)state;
	const struct engine_config config = {
		.seed = 1,
		.peer_waiters = 10,
		.peer_leases = 70, /* more than one chunk of the table */
		.peer_handles = 10,
	};
	struct fixture *f = fixture_open(&config);
	struct call call = { 0 };
	struct call most = { 0 };
	struct call waiting = { 0 };
	uint32_t q = open_plain(f->a, "q");
	for (int i = 0; i < 75; i++)
		put_now(f->a, q, "x");
	for (int i = 0; i < 64; i++)
		get(f->a, q, 1, 0, &call);
	get(f->a, q, 20, 0, &most);
	assert_answer(&most, RELEVO_OK);
	assert_int_equal(most.count, 6);
	get(f->a, q, 1, 0, &call);
	assert_answer(&call, RELEVO_LIMIT);
	assert_text(call.text, "70 items");

	/* A getter that reaches the limit while it waits is told so, and does
	 * not stand in the way of others. */
	uint32_t of_c = open_plain(f->c, "q");
	uint32_t other = open_plain(f->a, "other");
	ack(f->a, &most);
	struct call rest = { 0 };
	expect(f->c, of_c, "x x x x x", &rest);
	get(f->a, q, 1, NSEC_NEVER, &call);
	get(f->c, of_c, 1, NSEC_NEVER, &waiting);
	put_now(f->a, other, "1 2 3 4 5 6");
	get(f->a, other, 6, 0, &most);
	assert_int_equal(most.count, 6);
	put_now(f->a, q, "y");
	assert_answer(&call, RELEVO_LIMIT);
	assert_items(&waiting, "y");
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_a_leased_item_is_nobody_elses),
		fixture_test(test_a_lease_ends_once),
		fixture_test(test_a_slot_used_again_has_another_number),
		fixture_test(test_the_lease_of_another_session_is_not_ours),
		fixture_test(test_numbers_nobody_gave_out_are_refused),
		fixture_test(test_a_bad_lease_does_not_keep_the_others),
		fixture_test(test_death_returns_items_to_their_places),
		fixture_test(test_death_serves_who_waits),
		fixture_test(test_an_expired_lease_returns_its_item_only),
		fixture_test(test_an_acknowledged_lease_has_no_deadline),
		fixture_test(test_a_lease_without_limit_lasts),
		cmocka_unit_test(test_a_session_holds_no_more_than_its_limit),
	};
	return cmocka_run_group_tests_name("engine/lease", tests, NULL, NULL);
}
