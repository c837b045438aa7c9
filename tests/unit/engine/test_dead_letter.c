/* Items that nobody is given any more where they are. */
#include "fixture.h"
#include "queues/manage.h"

static uint32_t open_with(struct fixture *f, uint32_t max_deliveries, const char *dead_letter)
{
	const struct queue_options options = {
		.max_deliveries = max_deliveries,
		.dead_letter = dead_letter,
	};
	return open_queue(f->a, "q", &options);
}

static void reject(struct engine_peer *peer, const struct call *call)
{
	struct error error;
	assert_int_equal(lease_reject(peer, call->leases, call->count, 0, &error), RELEVO_OK);
}

static void test_too_many_deliveries(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_with(f, 2, "dead");
	put_now(f->a, q, "1 2");
	for (int i = 0; i < 2; i++) {
		get(f->a, q, 1, 0, &call);
		assert_items(&call, "1");
		nack(f->a, &call);
	}
	assert_int_equal(counts_of(f->a, q).dead_lettered, 1);
	expect(f->a, q, "2", &call);
	ack(f->a, &call);
	/* There it begins anew. */
	uint32_t dead = open_plain(f->a, "dead");
	expect(f->a, dead, "1", &call);
	assert_int_equal(call.deliveries[0], 1);
	ack(f->a, &call);
}

static void test_a_death_counts_too(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_with(f, 1, "dead");
	put_now(f->a, q, "1");
	const struct queue_options same = { .max_deliveries = 1, .dead_letter = "dead" };
	get(f->b, open_queue(f->b, "q", &same), 1, 0, &call);
	gone(f, &f->b);
	expect(f->a, q, "", &call);
	expect(f->a, open_plain(f->a, "dead"), "1", &call);
	ack(f->a, &call);
}

static void test_a_delay_is_not_waited_for(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_with(f, 1, "dead");
	put_now(f->a, q, "1");
	get(f->a, q, 1, 0, &call);
	assert_int_equal(lease_nack(f->a, call.leases, 1, SECONDS(9), false, 0, &error), RELEVO_OK);
	expect(f->a, open_plain(f->a, "dead"), "1", &call);
	ack(f->a, &call);
}

static void test_what_was_not_read_was_not_delivered(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_with(f, 1, "dead");
	put_now(f->a, q, "1");
	get(f->a, q, 1, 0, &call);
	assert_int_equal(lease_nack(f->a, call.leases, 1, 0, true, 0, &error), RELEVO_OK);
	expect(f->a, q, "1", &call);
	ack(f->a, &call);
}

static void test_rejected_items_go_at_once(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_with(f, 0, "dead");
	put_now(f->a, q, "1 2");
	get(f->a, q, 1, 0, &call);
	reject(f->a, &call);
	assert_int_equal(lease_reject(f->a, call.leases, 1, 0, &error), RELEVO_NOT_OWNER);
	expect(f->a, q, "2", &call);
	ack(f->a, &call);
	expect(f->a, open_plain(f->a, "dead"), "1", &call);
	ack(f->a, &call);
	assert_int_equal(counts_of(f->a, q).dead_lettered, 1);
	assert_int_equal(counts_of(f->a, q).bytes, 0);
}

static void test_without_such_a_queue_they_are_dropped(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_with(f, 1, NULL);
	put_now(f->a, q, "1 2");
	get(f->a, q, 1, 0, &call);
	nack(f->a, &call);
	get(f->a, q, 1, 0, &call);
	assert_items(&call, "2");
	reject(f->a, &call);
	expect(f->a, q, "", &call);
	assert_int_equal(counts_of(f->a, q).dead_lettered, 2);
	assert_int_equal(f->engine->items.alive, 0);
}

static void test_whoever_waits_for_dead_letters_gets_them(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 }, undertaker = { 0 };
	uint32_t q = open_with(f, 0, "dead");
	get(f->c, open_plain(f->c, "dead"), 1, NSEC_NEVER, &undertaker);
	put_now(f->a, q, "1");
	get(f->a, q, 1, 0, &call);
	reject(f->a, &call);
	assert_items(&undertaker, "1");
	ack(f->c, &undertaker);
}

/* Dead letters need a place, whatever the queue's capacity says. */
static void test_a_full_queue_takes_them(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_with(f, 0, "dead");
	uint32_t dead = open_bounded(f->a, "dead", 1);
	put_now(f->a, dead, "0");
	put_now(f->a, q, "1");
	get(f->a, q, 1, 0, &call);
	reject(f->a, &call);
	expect(f->a, dead, "0 1", &call);
	ack(f->a, &call);
}

/* Nobody puts anything into it any more; but where else should they be. */
static void test_a_queue_that_is_shut_down_takes_them(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_with(f, 0, "dead");
	uint32_t dead = open_plain(f->a, "dead");
	put_now(f->a, q, "1");
	assert_int_equal(queue_shut_down(f->a, dead, QUEUE_DRAINING, f->now, &error), RELEVO_OK);
	get(f->a, dead, 1, 0, &call);
	assert_answer(&call, RELEVO_SHUT_DOWN);
	get(f->a, q, 1, 0, &call);
	reject(f->a, &call);
	get(f->a, dead, 1, 0, &call);
	assert_items(&call, "1");
	ack(f->a, &call);
	get(f->a, dead, 1, 0, &call);
	assert_answer(&call, RELEVO_SHUT_DOWN);
}

static void test_an_item_that_cannot_go_stays(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t q = open_with(f, 1, "dead");
	put_now(f->a, q, "1 2");
	f->recorder.created_status = RELEVO_SYSTEM;
	get(f->a, q, 2, 0, &call);
	assert_int_equal(lease_reject(f->a, call.leases, 1, 0, &error), RELEVO_SYSTEM);
	assert_text(error.text, "the dead-letter queue does not take its item");
	assert_int_equal(lease_nack(f->a, call.leases + 1, 1, 0, false, 0, &error), RELEVO_OK);
	assert_int_equal(counts_of(f->a, q).dead_lettered, 0);
	f->recorder.created_status = RELEVO_OK;
	expect(f->a, q, "1 2", &call);
	nack(f->a, &call);
	expect(f->a, open_plain(f->a, "dead"), "1 2", &call);
	ack(f->a, &call);
}

static void test_two_may_be_each_others(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	const struct queue_options back = { .max_deliveries = 1, .dead_letter = "q" };
	uint32_t q = open_with(f, 1, "p");
	uint32_t p = open_queue(f->a, "p", &back);
	put_now(f->a, q, "1");
	for (int i = 0; i < 5; i++) {
		expect(f->a, q, "1", &call);
		nack(f->a, &call);
		expect(f->a, p, "1", &call);
		nack(f->a, &call);
	}
	expect(f->a, q, "1", &call);
	ack(f->a, &call);
}

static void expect_refusal(struct fixture *f, const char *dead_letter, int status, const char *text)
{
	const struct queue_options options = { .dead_letter = dead_letter };
	struct queue_opened opened;
	struct error error;
	assert_int_equal(queue_open(f->a, "q", QUEUE_OPEN_OR_CREATE, &options, &opened, &error),
			 status);
	assert_text(error.text, text);
}

static void test_what_cannot_be_a_dead_letter_queue(void **state)
{
	struct fixture *f = *state;
	const struct queue_options lock = {
		.kind = QUEUE_LOCK, .bounded = true, .capacity = 1, .tokens = 1
	};
	open_queue(f->a, "lock", &lock);
	expect_refusal(f, "q", RELEVO_BAD_ARGUMENT, "cannot be its own dead-letter queue");
	expect_refusal(f, "lock", RELEVO_BAD_ARGUMENT, "\"lock\" takes no dead letters");
	expect_refusal(f, "\n", RELEVO_BAD_NAME, "dead-letter queue");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_too_many_deliveries),
		fixture_test(test_a_death_counts_too),
		fixture_test(test_a_delay_is_not_waited_for),
		fixture_test(test_what_was_not_read_was_not_delivered),
		fixture_test(test_rejected_items_go_at_once),
		fixture_test(test_without_such_a_queue_they_are_dropped),
		fixture_test(test_whoever_waits_for_dead_letters_gets_them),
		fixture_test(test_a_full_queue_takes_them),
		fixture_test(test_a_queue_that_is_shut_down_takes_them),
		fixture_test(test_an_item_that_cannot_go_stays),
		fixture_test(test_two_may_be_each_others),
		fixture_test(test_what_cannot_be_a_dead_letter_queue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
