/* What a queue can be told when it is made, and what can be said of an item. */
#include "support/queues.h"

static relevo_queue *open_with(struct scene *scene, const char *name,
			       const struct relevo_queue_options *options)
{
	relevo_queue *queue = NULL;
	assert_ok(relevo_queue_open(scene->session, name, options, &queue));
	return queue;
}

static void put_with(relevo_queue *queue, const char *text,
		     const struct relevo_put_options *options)
{
	assert_ok(relevo_queue_put_with(queue, text, strlen(text), options, RELEVO_FOREVER));
}

static void lease_one(relevo_queue *queue, relevo_item *item)
{
	size_t got;
	assert_ok(relevo_queue_lease(queue, TEST_PATIENCE, item, 1, &got));
	assert_int_equal(got, 1);
}

static void items_come_by_priority(void **state)
{
	struct scene *scene = *state;
	relevo_queue *queue = open_with(
		scene, "p", &(struct relevo_queue_options){ .order = RELEVO_ORDER_PRIORITY });
	put_text(queue, "plain");
	put_with(queue, "low", &(struct relevo_put_options){ .priority = INT32_MIN });
	put_with(queue, "high", &(struct relevo_put_options){ .priority = INT32_MAX });
	put_with(queue, "also plain", NULL);
	expect_text(queue, "high");
	expect_text(queue, "plain");
	expect_text(queue, "also plain");
	expect_text(queue, "low");
	expect_empty(queue);
	relevo_queue_close(queue);
}

static void items_come_by_cost(void **state)
{
	struct scene *scene = *state;
	relevo_queue *queue = open_with(
		scene, "s", &(struct relevo_queue_options){ .order = RELEVO_ORDER_SHORTEST });
	put_with(queue, "long", &(struct relevo_put_options){ .cost = 1000000 });
	put_with(queue, "short", &(struct relevo_put_options){ .cost = 1 });
	expect_text(queue, "short");
	expect_text(queue, "long");
	relevo_queue_close(queue);
}

static void a_flood_does_not_starve_others(void **state)
{
	struct scene *scene = *state;
	const struct relevo_queue_options fair = { .order = RELEVO_ORDER_FAIR };
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *ours = open_with(scene, "f", &fair), *theirs = NULL;
	assert_ok(relevo_queue_open(other, "f", &fair, &theirs));
	for (int i = 0; i < 1000; i++)
		put_text(ours, "flood");
	assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
	put_text(theirs, "small");
	assert_ok(relevo_session_flush(other, TEST_PATIENCE));
	expect_text(theirs, "flood");
	expect_text(theirs, "small");
	relevo_queue_close(theirs);
	assert_ok(relevo_session_close(other));
	relevo_queue_close(ours);
}

static void a_full_queue_rejects_or_drops(void **state)
{
	struct scene *scene = *state;
	relevo_queue *rejecting = open_with(
		scene, "r",
		&(struct relevo_queue_options){ .capacity = 1, .full = RELEVO_FULL_REJECT });
	relevo_queue *dropping = open_with(
		scene, "d",
		&(struct relevo_queue_options){ .capacity = 2, .full = RELEVO_FULL_DROP_OLDEST });
	put_text(rejecting, "1");
	assert_fails(relevo_queue_put(rejecting, "2", 1, RELEVO_FOREVER), RELEVO_FULL, "\"r\"");
	for (int i = 0; i < 5; i++)
		put_text(dropping, i < 3 ? "old" : "new");
	expect_text(dropping, "new");
	expect_text(dropping, "new");
	expect_empty(dropping);
	assert_int_equal(counts_of(dropping).dropped, 3);
	relevo_queue_close(rejecting);
	relevo_queue_close(dropping);
}

static void bytes_have_a_limit(void **state)
{
	struct scene *scene = *state;
	relevo_queue *queue =
		open_with(scene, "b", &(struct relevo_queue_options){ .capacity_bytes = 10 });
	put_text(queue, "12345678");
	assert_status(relevo_queue_put(queue, "123", 3, 0), RELEVO_TIMED_OUT);
	assert_status(relevo_queue_put(queue, "123", 3, 50), RELEVO_TIMED_OUT);
	assert_fails(relevo_queue_put(queue, "12345678901", 11, RELEVO_FOREVER), RELEVO_TOO_LARGE,
		     "has room for 10");
	put_text(queue, "12");
	expect_text(queue, "12345678");
	expect_text(queue, "12");
	relevo_queue_close(queue);
}

static void items_come_not_before_their_delay(void **state)
{
	struct scene *scene = *state;
	int64_t before = test_now();
	put_with(scene->queue, "later", &(struct relevo_put_options){ .delay = 200 });
	put_text(scene->queue, "now");
	expect_text(scene->queue, "now");
	expect_empty(scene->queue);
	expect_text(scene->queue, "later");
	assert_between(test_now() - before, 199, TEST_PATIENCE);
}

/* A delay, a time to live and a lease of half a year are those, not what 32 bits keep of them. */
static void half_a_year_is_kept(void **state)
{
	struct scene *scene = *state;
	const int64_t half_a_year = INT64_C(15552000000);
	const struct relevo_queue_options options = { .lease = half_a_year, .ttl = half_a_year };
	relevo_queue *queue;
	relevo_item item = { 0 };
	assert_ok(relevo_queue_open(scene->session, "patient", &options, &queue));
	put_with(queue, "later", &(struct relevo_put_options){ .delay = half_a_year });
	put_with(queue, "now", &(struct relevo_put_options){ .ttl = half_a_year });
	lease_one(queue, &item);
	assert_ok(relevo_queue_extend(queue, &item, 1, half_a_year));
	assert_ok(relevo_queue_nack(queue, &item, 1, half_a_year));
	relevo_item_free(&item);
	assert_int_equal(counts_of(queue).delayed, 2);
	assert_int_equal(counts_of(queue).ready, 0);
	relevo_queue_close(queue);
}

static void items_expire(void **state)
{
	struct scene *scene = *state;
	const struct relevo_queue_options options = { .ttl = 50, .dead_letter = "dead" };
	relevo_queue *queue = open_with(scene, "t", &options);
	relevo_queue *dead = open_with(scene, "dead", NULL);
	put_text(queue, "expired");
	put_with(queue, "keeps", &(struct relevo_put_options){ .ttl = 3600000 });
	/* It comes to whoever waits for dead letters. */
	expect_text(dead, "expired");
	expect_text(queue, "keeps");
	assert_int_equal(counts_of(queue).expired, 1);
	relevo_queue_close(queue);
	relevo_queue_close(dead);
}

static void dead_letters_keep_what_was_said_of_them(void **state)
{
	struct scene *scene = *state;
	const struct relevo_queue_options options = { .max_deliveries = 2, .dead_letter = "dead" };
	relevo_queue *queue = open_with(scene, "m", &options);
	relevo_queue *dead = open_with(scene, "dead", NULL);
	relevo_item item;
	put_with(queue, "poison", &(struct relevo_put_options){ .reply_to = "q" });
	for (int i = 1; i <= 2; i++) {
		lease_one(queue, &item);
		assert_int_equal(item.deliveries, i);
		assert_ok(relevo_queue_nack(queue, &item, 1, 0));
		relevo_item_free(&item);
	}
	expect_empty(queue);
	lease_one(dead, &item);
	assert_string_equal(item.data, "poison");
	assert_string_equal(relevo_item_reply_to(&item), "q");
	assert_int_equal(item.deliveries, 1);
	assert_ok(relevo_queue_ack(dead, &item, 1));
	relevo_item_free(&item);
	assert_int_equal(counts_of(queue).dead_lettered, 1);
	relevo_queue_close(queue);
	relevo_queue_close(dead);
}

static void rejected_items_are_dead_letters(void **state)
{
	struct scene *scene = *state;
	relevo_queue *queue =
		open_with(scene, "j", &(struct relevo_queue_options){ .dead_letter = "dead" });
	relevo_queue *dead = open_with(scene, "dead", NULL);
	relevo_item item, again;
	put_text(queue, "bad");
	lease_one(queue, &item);
	again = item;
	assert_ok(relevo_queue_reject(queue, &item, 1));
	assert_int_equal(item.lease, 0);
	assert_status(relevo_queue_reject(queue, &again, 1), RELEVO_NOT_OWNER);
	relevo_item_free(&item);
	expect_text(dead, "bad");
	expect_empty(queue);
	relevo_queue_close(queue);
	relevo_queue_close(dead);
}

static void a_lease_is_extended(void **state)
{
	struct scene *scene = *state;
	relevo_queue *queue = open_with(scene, "e", &(struct relevo_queue_options){ .lease = 300 });
	relevo_item item;
	put_text(queue, "long work");
	lease_one(queue, &item);
	assert_ok(relevo_queue_extend(queue, &item, 1, 3600000));
	assert_int_not_equal(item.lease, 0);
	relevo_item none;
	assert_status(relevo_queue_get(queue, 600, &none), RELEVO_TIMED_OUT);
	assert_ok(relevo_queue_extend(queue, &item, 1, 0));
	expect_text(queue, "long work");
	assert_status(relevo_queue_extend(queue, &item, 1, 0), RELEVO_NOT_OWNER);
	assert_status(relevo_queue_extend(queue, &item, 1, -1), RELEVO_BAD_ARGUMENT);
	relevo_item_free(&item);
	relevo_queue_close(queue);
}

static void one_session_gets(void **state)
{
	struct scene *scene = *state;
	const struct relevo_queue_options options = { .exclusive = true };
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *ours = open_with(scene, "x", &options), *theirs = NULL;
	assert_ok(relevo_queue_open(other, "x", &options, &theirs));
	relevo_item item;
	put_text(theirs, "for us");
	expect_text(ours, "for us");
	assert_fails(relevo_queue_get(theirs, RELEVO_FOREVER, &item), RELEVO_DENIED, "\"x\"");
	relevo_queue_close(ours);
	/* The handle is closed without an answer: this call comes after it. */
	assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
	put_text(theirs, "for them");
	expect_text(theirs, "for them");
	relevo_queue_close(theirs);
	assert_ok(relevo_session_close(other));
}

static void duplicates_do_not_enter(void **state)
{
	struct scene *scene = *state;
	const struct relevo_put_options keyed = { .key = "k\0k", .key_size = 3 };
	const struct relevo_put_options other = { .key = "k\0j", .key_size = 3 };
	put_with(scene->queue, "first", &keyed);
	put_with(scene->queue, "again", &keyed);
	put_with(scene->queue, "other", &other);
	expect_text(scene->queue, "first");
	expect_text(scene->queue, "other");
	expect_empty(scene->queue);
	assert_int_equal(counts_of(scene->queue).duplicates, 1);
	put_with(scene->queue, "anew", &keyed);
	expect_text(scene->queue, "anew");
}

static void headers_travel_with_an_item(void **state)
{
	struct scene *scene = *state;
	static const struct relevo_header headers[] = {
		{ "type", "text/plain", 10 },
		{ "empty", NULL, 0 },
		{ "bytes", "\0\1\377", 3 },
		{ "type", "second", 6 },
	};
	const struct relevo_put_options options = {
		.reply_to = "answers",
		.headers = headers,
		.header_count = 4,
	};
	relevo_item items[3];
	size_t got, count, size;
	put_text(scene->queue, "without");
	put_with(scene->queue, "with", &options);
	put_text(scene->queue, "without");
	assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
	assert_ok(relevo_queue_get_many(scene->queue, TEST_PATIENCE, items, 3, &got));
	assert_int_equal(got, 3);
	assert_null(relevo_item_reply_to(&items[0]));
	assert_null(relevo_item_headers(&items[2], &count));
	assert_int_equal(count, 0);
	assert_string_equal(relevo_item_reply_to(&items[1]), "answers");
	assert_string_equal(relevo_item_header(&items[1], "type", NULL), "text/plain");
	assert_string_equal(relevo_item_header(&items[1], "empty", &size), "");
	assert_int_equal(size, 0);
	assert_memory_equal(relevo_item_header(&items[1], "bytes", &size), "\0\1\377", 3);
	assert_int_equal(size, 3);
	assert_null(relevo_item_header(&items[1], "no such", NULL));
	assert_string_equal(relevo_item_headers(&items[1], &count)[3].value, "second");
	assert_int_equal(count, 4);
	for (int i = 0; i < 3; i++)
		relevo_item_free(&items[i]);
}

/* One after the other, by a reader whose items come ahead. */
static void headers_come_ahead_too(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 200 };
	for (int i = 0; i < COUNT; i++) {
		const struct relevo_header header = { "number", &i, sizeof i };
		put_with(scene->queue, "x",
			 &(struct relevo_put_options){ .headers = &header, .header_count = 1 });
	}
	for (int i = 0; i < COUNT; i++) {
		relevo_item item;
		assert_ok(relevo_queue_get(scene->queue, TEST_PATIENCE, &item));
		assert_memory_equal(relevo_item_header(&item, "number", NULL), &i, sizeof i);
		relevo_item_free(&item);
	}
}

static void what_cannot_be_is_refused(void **state)
{
	struct scene *scene = *state;
	static char large[70000];
	relevo_queue *queue = scene->queue;
	const struct relevo_header bad = { "", "x", 1 }, big = { "big", large, sizeof large };
	const struct {
		struct relevo_put_options options;
		int status;
		const char *text;
	} cases[] = {
		{ { .delay = -1 }, RELEVO_BAD_ARGUMENT, "a delay of -1 ms" },
		{ { .ttl = INT64_MAX }, RELEVO_BAD_ARGUMENT, "3155760000000, a hundred years" },
		{ { .key = large, .key_size = 256 }, RELEVO_TOO_LARGE, "a key of 256 bytes" },
		{ { .reply_to = "" }, RELEVO_BAD_NAME, "reply" },
		{ { .headers = &bad, .header_count = 1 }, RELEVO_BAD_NAME, "header" },
		{ { .headers = &big, .header_count = 1 }, RELEVO_TOO_LARGE, "65536" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_fails(relevo_queue_put_with(queue, "x", 1, &cases[i].options, 0),
			     cases[i].status, cases[i].text);
	expect_empty(queue);
}

static void options_that_cannot_be_are_refused(void **state)
{
	struct scene *scene = *state;
	const struct {
		struct relevo_queue_options options;
		int status;
		const char *text;
	} cases[] = {
		{ { .capacity_bytes = -1 }, RELEVO_BAD_ARGUMENT, "-1 bytes" },
		{ { .order = 4 }, RELEVO_BAD_ARGUMENT, "4 is no order" },
		{ { .full = 3 }, RELEVO_BAD_ARGUMENT, "3 is no full policy" },
		{ { .ttl = -1 }, RELEVO_BAD_ARGUMENT, "a TTL of -1 ms" },
		{ { .dead_letter = "n" }, RELEVO_BAD_ARGUMENT, "its own dead-letter queue" },
		{ { .dead_letter = "\n" }, RELEVO_BAD_NAME, "dead-letter queue" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		relevo_queue *queue = NULL;
		assert_fails(relevo_queue_open(scene->session, "n", &cases[i].options, &queue),
			     cases[i].status, cases[i].text);
	}
}

static void a_contradiction_is_named(void **state)
{
	struct scene *scene = *state;
	const struct relevo_queue_options other = { .order = RELEVO_ORDER_FAIR };
	relevo_queue *queue = NULL;
	assert_fails(relevo_queue_open(scene->session, "q", &other, &queue), RELEVO_OPTION_MISMATCH,
		     "the order fifo, not fair");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(items_come_by_priority),
		scene_unit_test(items_come_by_cost),
		scene_unit_test(a_flood_does_not_starve_others),
		scene_unit_test(a_full_queue_rejects_or_drops),
		scene_unit_test(bytes_have_a_limit),
		scene_unit_test(items_come_not_before_their_delay),
		scene_unit_test(half_a_year_is_kept),
		scene_unit_test(items_expire),
		scene_unit_test(dead_letters_keep_what_was_said_of_them),
		scene_unit_test(rejected_items_are_dead_letters),
		scene_unit_test(a_lease_is_extended),
		scene_unit_test(one_session_gets),
		scene_unit_test(duplicates_do_not_enter),
		scene_unit_test(headers_travel_with_an_item),
		scene_unit_test(headers_come_ahead_too),
		scene_unit_test(what_cannot_be_is_refused),
		scene_unit_test(options_that_cannot_be_are_refused),
		scene_unit_test(a_contradiction_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
