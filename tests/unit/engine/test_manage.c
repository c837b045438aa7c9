/* Emptying queues, and looking at them. */
#include "fixture.h"
#include "queues/manage.h"

#include <stdio.h>
#include <string.h>

static void test_purge_leaves_what_somebody_holds(void **state)
{
	struct fixture *f = *state;
	struct call held = { 0 }, call = { 0 };
	struct error error;
	uint64_t count;
	uint32_t q = open_plain(f->a, "q");
	struct put_request later = { .handle = q, .not_before = SECONDS(9) };
	put_now(f->a, q, "1 2 3");
	put_request(f->a, &later, "4", &call);
	get(f->a, q, 1, 0, &held);
	assert_int_equal(queue_purge(f->a, q, f->now, &count, &error), RELEVO_OK);
	assert_int_equal(count, 3);
	assert_int_equal(engine_next_deadline(f->engine), NSEC_NEVER);
	nack(f->a, &held);
	expect(f->a, q, "1", &call);
	ack(f->a, &call);
	assert_int_equal(f->engine->items.alive, 0);
}

static void test_purge_takes_what_is_unread(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint64_t count;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1 2 3 4 5 6 7 8 9");
	get_ahead(f->a, q, 4, &call);
	assert_int_equal(call.count, 5);
	assert_int_equal(counts_of(f->a, q).ready, 8);
	assert_int_equal(queue_purge(f->a, q, f->now, &count, &error), RELEVO_OK);
	assert_int_equal(count, 8);
	assert_int_equal(counts_of(f->a, q).ready, 0);
	assert_int_equal(lease_ack(f->a, call.leases, 1, f->now, &error), RELEVO_OK);
	assert_int_equal(lease_ack(f->a, call.leases + 1, 1, f->now, &error), RELEVO_NOT_OWNER);
}

static uint64_t move(struct fixture *f, const char *from, const char *to, uint64_t most)
{
	const struct move_request request = { .from = from, .to = to, .max_items = most };
	struct call call = { 0 };
	move_items(f->a, &request, f->now, &call);
	assert_answer(&call, RELEVO_OK);
	return call.accepted;
}

static void test_items_move_in_order(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 }, getter = { 0 };
	uint32_t q = open_plain(f->a, "q"), p = open_plain(f->a, "p");
	put_now(f->a, q, "1 2 3 4 5");
	put_now(f->a, p, "0");
	get(f->a, q, 2, 0, &call);
	nack(f->a, &call);
	assert_int_equal(move(f, "q", "p", 3), 3);
	get(f->a, p, 4, 0, &call);
	assert_items(&call, "0 1 2 3");
	assert_int_equal(call.deliveries[1], 1);
	ack(f->a, &call);
	/* Whoever waits for them gets them. */
	get(f->c, open_plain(f->c, "p"), 5, NSEC_NEVER, &getter);
	assert_int_equal(move(f, "q", "p", 0), 2);
	assert_items(&getter, "4 5");
	ack(f->c, &getter);
	assert_int_equal(move(f, "q", "p", 0), 0);
}

static void test_a_move_stops_where_there_is_no_room(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q"), p = open_bounded(f->a, "p", 2);
	put_now(f->a, q, "1 2 3");
	assert_int_equal(move(f, "q", "p", 0), 2);
	expect(f->a, q, "3", &call);
	ack(f->a, &call);
	expect(f->a, p, "1 2", &call);
	ack(f->a, &call);
}

static void test_room_is_made_for_putters(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 }, putter = { 0 };
	uint32_t q = open_bounded(f->a, "q", 1), p = open_plain(f->a, "p");
	put_now(f->a, q, "1");
	put(f->a, q, "2", NSEC_NEVER, &putter);
	assert_int_equal(move(f, "q", "p", 0), 1);
	assert_answer(&putter, RELEVO_OK);
	expect(f->a, p, "1", &call);
	ack(f->a, &call);
	expect(f->a, q, "2", &call);
	ack(f->a, &call);
}

static void test_a_move_that_fails_loses_nothing(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	const struct move_request request = { .from = "q", .to = "p" };
	uint32_t q = open_plain(f->a, "q");
	open_plain(f->a, "p");
	put_now(f->a, q, "1 2");
	f->recorder.added_status = RELEVO_SYSTEM;
	move_items(f->a, &request, f->now, &call);
	assert_answer(&call, RELEVO_SYSTEM);
	assert_text(call.text, "\"p\" does not take an item");
	assert_int_equal(call.accepted, 0);
	f->recorder.added_status = RELEVO_OK;
	expect(f->a, q, "1 2", &call);
	ack(f->a, &call);
}

static void test_what_cannot_be_moved(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t shut = open_plain(f->a, "shut");
	const struct queue_options lock = {
		.kind = QUEUE_LOCK, .bounded = true, .capacity = 1, .tokens = 1
	};
	open_plain(f->a, "q");
	open_queue(f->a, "lock", &lock);
	assert_int_equal(queue_shut_down(f->a, shut, QUEUE_DRAINING, f->now, &error), RELEVO_OK);
	const struct {
		struct move_request request;
		int status;
		const char *text;
	} cases[] = {
		{ { "q", "q", 0 }, RELEVO_BAD_ARGUMENT, "there already" },
		{ { "no", "q", 0 }, RELEVO_NOT_FOUND, "\"no\"" },
		{ { "q", "no", 0 }, RELEVO_NOT_FOUND, "\"no\"" },
		{ { "q", "", 0 }, RELEVO_BAD_NAME, "" },
		{ { "lock", "q", 0 },
		  RELEVO_BAD_ARGUMENT,
		  "\"lock\" is a lock, not a queue of items" },
		{ { "q", "shut", 0 }, RELEVO_SHUT_DOWN, "\"shut\"" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		move_items(f->a, &cases[i].request, f->now, &call);
		assert_answer(&call, cases[i].status);
		assert_text(call.text, cases[i].text);
	}
}

static void test_queues_are_listed_by_name(void **state)
{
	struct fixture *f = *state;
	struct queue_summary summaries[4];
	uint32_t count;
	put_now(f->a, open_plain(f->a, "b"), "1 2");
	open_plain(f->a, "c");
	open_plain(f->a, "a");
	open_plain(f->a, "bb");
	struct list_request request = { .prefix = "", .after = "", .max = 3 };
	count = queue_list(f->engine, &request, summaries);
	assert_int_equal(count, 3);
	assert_string_equal(summaries[0].name, "a");
	assert_string_equal(summaries[1].name, "b");
	assert_int_equal(summaries[1].counts.ready, 2);
	assert_string_equal(summaries[2].name, "bb");
	request.after = "bb";
	count = queue_list(f->engine, &request, summaries);
	assert_int_equal(count, 1);
	assert_string_equal(summaries[0].name, "c");
	request = (struct list_request){ .prefix = "b", .after = "", .max = 4 };
	count = queue_list(f->engine, &request, summaries);
	assert_int_equal(count, 2);
}

/* The words of the items, in pages of so many. */
static void assert_seen(struct fixture *f, uint32_t q, uint32_t page, const char *words)
{
	static struct peek peek;
	struct peek_request request = { .handle = q, .max_items = page, .max_bytes = 1000 };
	struct error error;
	char seen[256] = "";
	for (;;) {
		assert_int_equal(queue_peek(f->a, &request, f->now, &peek, &error), RELEVO_OK);
		assert_true(peek.count <= page);
		if (peek.count == 0)
			break;
		for (uint32_t i = 0; i < peek.count; i++) {
			size_t used = strlen(seen);
			snprintf(seen + used, sizeof seen - used, "%s%.*s", used > 0 ? " " : "",
				 (int)peek.items[i]->size, (const char *)peek.items[i]->body);
		}
		request.after = peek.last;
	}
	assert_string_equal(seen, words);
}

static void test_peek_sees_items_in_their_order(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	struct put_request mortal = { .handle = q, .expires = SECONDS(100) };
	put_now(f->a, q, "1 2 3");
	put_request(f->a, &mortal, "4", &call);
	put_now(f->a, q, "5");
	get(f->a, q, 2, 0, &call);
	nack(f->a, &call);
	for (uint32_t page = 1; page < 7; page++)
		assert_seen(f, q, page, "1 2 3 4 5");
	assert_int_equal(counts_of(f->a, q).leased, 0);
	expect(f->a, q, "1 2 3 4 5", &call);
	assert_seen(f, q, 3, "");
	ack(f->a, &call);
}

static void test_peek_sees_ranks(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	const struct queue_options options = { .order = QUEUE_PRIORITY };
	uint32_t q = open_queue(f->a, "q", &options);
	static const int priorities[] = { 3, 1, 2, 3, 1 };
	for (int i = 0; i < 5; i++) {
		struct put_request request = { .handle = q, .priority = priorities[i] };
		char word[4];
		snprintf(word, sizeof word, "%d%c", priorities[i], 'a' + i);
		put_request(f->a, &request, word, &call);
	}
	for (uint32_t page = 1; page < 7; page++)
		assert_seen(f, q, page, "3a 3d 2c 1b 1e");
	expect(f->a, q, "3a 3d 2c 1b 1e", &call);
	ack(f->a, &call);
}

static void test_peek_sees_what_is_unread(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "1 2 3 4 5 6 7 8");
	get_ahead(f->a, q, 3, &call);
	assert_items(&call, "1 2 3 4");
	assert_seen(f, q, 2, "2 3 4 5 6 7 8");
}

static void test_peek_stays_within_bytes(void **state)
{
	struct fixture *f = *state;
	static struct peek peek;
	struct error error;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "twelve bytes12 x y");
	struct peek_request request = { .handle = q, .max_items = 9, .max_bytes = 5 };
	assert_int_equal(queue_peek(f->a, &request, f->now, &peek, &error), RELEVO_OK);
	assert_int_equal(peek.count, 1);
	request.after = peek.last;
	request.max_bytes = 8;
	assert_int_equal(queue_peek(f->a, &request, f->now, &peek, &error), RELEVO_OK);
	assert_int_equal(peek.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_purge_leaves_what_somebody_holds),
		fixture_test(test_purge_takes_what_is_unread),
		fixture_test(test_items_move_in_order),
		fixture_test(test_a_move_stops_where_there_is_no_room),
		fixture_test(test_room_is_made_for_putters),
		fixture_test(test_a_move_that_fails_loses_nothing),
		fixture_test(test_what_cannot_be_moved),
		fixture_test(test_queues_are_listed_by_name),
		fixture_test(test_peek_sees_items_in_their_order),
		fixture_test(test_peek_sees_ranks),
		fixture_test(test_peek_sees_what_is_unread),
		fixture_test(test_peek_stays_within_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
