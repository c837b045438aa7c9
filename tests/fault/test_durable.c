/* What was confirmed of durable objects is there after the broker was killed, as it was. */
#include "support/queues.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct place {
	struct test_broker broker;
	char folder[64]; /* has the data */
};

static int setup_with_data(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	char data[96];
	assert_non_null(place);
	test_folder_make(place->folder);
	snprintf(data, sizeof data, "%s/data", place->folder);
	test_broker_start(&place->broker, (const char *const[]){ "--data", data, NULL });
	*state = place;
	return 0;
}

static int teardown_with_data(void **state)
{
	struct place *place = *state;
	test_broker_stop(&place->broker);
	test_folder_remove(place->folder);
	free(place);
	return 0;
}

#define durable_unit_test(function)                                                                \
	cmocka_unit_test_setup_teardown(function, setup_with_data, teardown_with_data)

static relevo_queue *open_with(relevo_session *session, const char *name,
			       const struct relevo_queue_options *options)
{
	struct relevo_queue_options whole = *options;
	relevo_queue *queue;
	whole.durable = true;
	assert_ok(relevo_queue_open(session, name, &whole, &queue));
	return queue;
}

static relevo_queue *open_durable(relevo_session *session, const char *name)
{
	return open_with(session, name, &(struct relevo_queue_options){ 0 });
}

/* A new broker on the same folder, and a new session with it. */
static relevo_session *kill_and_start(struct place *place, relevo_session *session)
{
	broker_kill(&place->broker);
	if (session != NULL)
		relevo_session_close(session);
	broker_again(&place->broker);
	return session_open(place->broker.url);
}

static void put_numbers(relevo_queue *queue, int from, int to)
{
	for (int i = from; i < to; i++)
		assert_ok(relevo_queue_put(queue, &i, sizeof i, 5000));
}

static int next_number(relevo_queue *queue, uint32_t *deliveries)
{
	relevo_item item;
	int number;
	assert_ok(relevo_queue_get(queue, 5000, &item));
	assert_int_equal(item.size, sizeof number);
	memcpy(&number, item.data, sizeof number);
	if (deliveries != NULL)
		*deliveries = item.deliveries;
	relevo_item_free(&item);
	return number;
}

/* ---- items ------------------------------------------------------------------ */

static void items_are_there_in_order(void **state)
{
	struct place *place = *state;
	relevo_session *session = session_open(place->broker.url);
	relevo_queue *queue = open_durable(session, "d");
	put_numbers(queue, 0, 1000);
	assert_ok(relevo_session_flush(session, 5000));
	relevo_queue_close(queue);
	session = kill_and_start(place, session);
	queue = open_durable(session, "d");
	assert_int_equal(counts_of(queue).ready, 1000);
	for (int i = 0; i < 1000; i++) {
		uint32_t deliveries;
		assert_int_equal(next_number(queue, &deliveries), i);
		assert_int_equal(deliveries, 1);
	}
	expect_empty(queue);
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
}

static void what_was_acknowledged_does_not_come_back(void **state)
{
	struct place *place = *state;
	relevo_session *session = session_open(place->broker.url);
	relevo_queue *queue = open_durable(session, "d");
	relevo_item items[10];
	size_t got;
	put_numbers(queue, 0, 10);
	for (size_t count = 0; count < 10; count += got)
		assert_ok(relevo_queue_lease(queue, 5000, items + count, 10 - count, &got));
	/* Every other one. */
	for (int i = 0; i < 10; i += 2)
		assert_ok(relevo_queue_ack(queue, items + i, 1));
	for (int i = 0; i < 10; i++)
		relevo_item_free(&items[i]);
	relevo_queue_close(queue);
	session = kill_and_start(place, session);
	queue = open_durable(session, "d");
	for (int i = 1; i < 10; i += 2) {
		uint32_t deliveries;
		assert_int_equal(next_number(queue, &deliveries), i);
		/* It was held when the broker died. */
		assert_int_equal(deliveries, 2);
	}
	expect_empty(queue);
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
}

static void deliveries_are_counted_on(void **state)
{
	struct place *place = *state;
	relevo_session *session = session_open(place->broker.url);
	const struct relevo_queue_options options = { .max_deliveries = 3, .dead_letter = "dead" };
	relevo_queue *queue = open_with(session, "d", &options);
	relevo_item item;
	size_t got;
	put_numbers(queue, 0, 1);
	assert_ok(relevo_queue_lease(queue, 5000, &item, 1, &got));
	assert_ok(relevo_queue_nack(queue, &item, 1, 0));
	relevo_item_free(&item);
	for (uint32_t i = 2; i <= 3; i++) {
		relevo_queue_close(queue);
		session = kill_and_start(place, session);
		queue = open_with(session, "d", &options);
		assert_ok(relevo_queue_lease(queue, 5000, &item, 1, &got));
		assert_int_equal(item.deliveries, i);
		assert_ok(relevo_queue_nack(queue, &item, 1, 0));
		relevo_item_free(&item);
	}
	relevo_queue_close(queue);
	/* That was the last time; it went where the options say, which is durable, too. */
	session = kill_and_start(place, session);
	queue = open_durable(session, "dead");
	assert_int_equal(next_number(queue, NULL), 0);
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
}

static void an_item_has_all_it_was_put_with(void **state)
{
	struct place *place = *state;
	relevo_session *session = session_open(place->broker.url);
	const struct relevo_queue_options options = { .order = RELEVO_ORDER_PRIORITY };
	const struct relevo_header header = { .name = "kind", .value = "a", .size = 1 };
	const struct relevo_put_options low = { .priority = -5, .key = "once", .key_size = 4 };
	const struct relevo_put_options high = {
		.priority = 7, .reply_to = "answers", .headers = &header, .header_count = 1
	};
	const struct relevo_put_options later = { .delay = 100000 };
	const struct relevo_put_options brief = { .ttl = 1 };
	relevo_queue *queue = open_with(session, "d", &options);
	relevo_item item;
	size_t size;
	assert_ok(relevo_queue_put_with(queue, "low", 3, &low, 5000));
	assert_ok(relevo_queue_put_with(queue, "high", 4, &high, 5000));
	assert_ok(relevo_queue_put_with(queue, "later", 5, &later, 5000));
	assert_ok(relevo_queue_put_with(queue, "brief", 5, &brief, 5000));
	assert_ok(relevo_session_flush(session, 5000));
	relevo_queue_close(queue);
	session = kill_and_start(place, session);
	queue = open_with(session, "d", &options);
	assert_ok(relevo_queue_put_with(queue, "again", 5, &low, 5000));
	assert_ok(relevo_session_flush(session, 5000));
	assert_int_equal(counts_of(queue).delayed, 1);
	assert_int_equal(counts_of(queue).duplicates, 1);
	assert_ok(relevo_queue_get(queue, 5000, &item));
	assert_memory_equal(item.data, "high", 4);
	assert_string_equal(relevo_item_reply_to(&item), "answers");
	assert_memory_equal(relevo_item_header(&item, "kind", &size), "a", 1);
	relevo_item_free(&item);
	assert_ok(relevo_queue_get(queue, 5000, &item));
	assert_memory_equal(item.data, "low", 3);
	relevo_item_free(&item);
	expect_empty(queue);
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
}

/* What was told to have moved has, and each is in one queue. */
static void what_was_moved_stays_there(void **state)
{
	struct place *place = *state;
	relevo_session *session = session_open(place->broker.url);
	relevo_queue *from = open_durable(session, "from"), *to = open_durable(session, "to");
	uint64_t count;
	put_numbers(from, 0, 5000);
	assert_ok(relevo_session_flush(session, 5000));
	assert_ok(relevo_queue_move(session, "from", "to", 4000, &count));
	assert_int_equal(count, 4000);
	relevo_queue_close(from);
	relevo_queue_close(to);
	session = kill_and_start(place, session);
	from = open_durable(session, "from");
	to = open_durable(session, "to");
	assert_int_equal(counts_of(from).ready, 1000);
	assert_int_equal(counts_of(to).ready, 4000);
	assert_int_equal(next_number(to, NULL), 0);
	assert_int_equal(next_number(from, NULL), 4000);
	relevo_queue_close(from);
	relevo_queue_close(to);
	assert_ok(relevo_session_close(session));
}

/* Its time to live and its key were for the queue that it left. */
static void a_dead_letter_has_left_its_limits_behind(void **state)
{
	struct place *place = *state;
	relevo_session *session = session_open(place->broker.url);
	const struct relevo_queue_options options = { .dead_letter = "dead" };
	const struct relevo_put_options brief = { .ttl = 1, .key = "once", .key_size = 4 };
	relevo_queue *queue = open_with(session, "d", &options);
	relevo_queue *dead = open_durable(session, "dead");
	relevo_item item;
	assert_ok(relevo_queue_put_with(queue, "x", 1, &brief, 5000));
	assert_ok(relevo_queue_join(queue, 5000));
	assert_int_equal(counts_of(dead).ready, 1);
	relevo_queue_close(queue);
	relevo_queue_close(dead);
	session = kill_and_start(place, session);
	dead = open_durable(session, "dead");
	assert_int_equal(counts_of(dead).ready, 1);
	assert_ok(relevo_queue_put_with(
		dead, "y", 1, &(struct relevo_put_options){ .key = "once", .key_size = 4 }, 5000));
	assert_ok(relevo_queue_get(dead, 5000, &item));
	assert_memory_equal(item.data, "x", 1);
	relevo_item_free(&item);
	assert_ok(relevo_queue_get(dead, 5000, &item));
	assert_memory_equal(item.data, "y", 1);
	relevo_item_free(&item);
	relevo_queue_close(dead);
	assert_ok(relevo_session_close(session));
}

/* The broker dies again and again at any moment; the session puts again what it did not hear of. */
static void what_is_put_again_enters_once(void **state)
{
	enum { PUTS = 300, EVERY = 30 };
	struct place *place = *state;
	relevo_session *session = session_open(place->broker.url);
	relevo_queue *queue = open_durable(session, "d");
	for (int i = 0; i < PUTS; i++) {
		assert_ok(relevo_queue_put(queue, &i, sizeof i, 5000));
		/* Sent, and perhaps on disk, but not confirmed, as far as anybody can tell. */
		if (i % EVERY == EVERY - 1) {
			broker_kill(&place->broker);
			broker_again(&place->broker);
		}
	}
	assert_ok(relevo_session_flush(session, 20000));
	assert_int_equal(counts_of(queue).ready, PUTS);
	for (int i = 0; i < PUTS; i++)
		assert_int_equal(next_number(queue, NULL), i);
	expect_empty(queue);
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
}

/* ---- more than is kept in memory ----------------------------------------------- */

enum { DEEP = 40000, DEEP_SIZE = 1024 };

static void put_deep(relevo_queue *queue, uint32_t from, uint32_t to)
{
	uint8_t bytes[DEEP_SIZE];
	for (uint32_t i = from; i < to; i++) {
		pattern_fill(bytes, sizeof bytes, i);
		assert_ok(relevo_queue_put(queue, bytes, sizeof bytes, 20000));
	}
}

static void get_deep(relevo_queue *queue, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		relevo_item item;
		assert_ok(relevo_queue_get(queue, 20000, &item));
		assert_int_equal(item.size, DEEP_SIZE);
		assert_true(pattern_holds(item.data, item.size, i));
		relevo_item_free(&item);
	}
}

/* With an acknowledgement that is waited for: then all before it are on disk, too. */
static void get_for_good(relevo_queue *queue, uint32_t seed)
{
	relevo_item item;
	size_t got;
	assert_ok(relevo_queue_lease(queue, 20000, &item, 1, &got));
	assert_true(pattern_holds(item.data, item.size, seed));
	assert_ok(relevo_queue_ack(queue, &item, 1));
	relevo_item_free(&item);
}

/* All of it can be looked at, on disk or not. */
static void see_deep(relevo_queue *queue, uint32_t from, uint32_t to)
{
	struct relevo_place place = { 0 };
	relevo_item items[100];
	size_t got;
	do {
		assert_ok(relevo_queue_peek(queue, &place, items, 100, &got));
		for (size_t i = 0; i < got; i++) {
			assert_true(pattern_holds(items[i].data, items[i].size, from++));
			relevo_item_free(&items[i]);
		}
	} while (got > 0);
	assert_int_equal(from, to);
}

static void a_deep_queue_is_read_back_in_order(void **state)
{
	struct place *place = *state;
	relevo_session *session = session_open(place->broker.url);
	relevo_queue *queue = open_durable(session, "deep");
	put_deep(queue, 0, DEEP);
	get_deep(queue, 0, DEEP / 4 - 1);
	get_for_good(queue, DEEP / 4 - 1);
	assert_ok(relevo_session_flush(session, 20000));
	assert_int_equal(counts_of(queue).bytes, (uint64_t)(DEEP - DEEP / 4) * DEEP_SIZE);
	relevo_queue_close(queue);
	session = kill_and_start(place, session);
	queue = open_durable(session, "deep");
	put_deep(queue, DEEP, DEEP + 10);
	see_deep(queue, DEEP / 4, DEEP + 10);
	assert_int_equal(counts_of(queue).ready, DEEP - DEEP / 4 + 10);
	get_deep(queue, DEEP / 4, DEEP + 10);
	expect_empty(queue);
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
}

/* So much goes through that checkpoints are written, which name what stands before them; and the
 * broker dies again and again. */
static void a_busy_folder_can_be_opened(void **state)
{
	enum { ITEMS = 9000, SIZE = 16 * 1024, EVERY = 1500, DEPTH = 100 };
	static uint8_t bytes[SIZE];
	struct place *place = *state;
	relevo_session *session = session_open(place->broker.url);
	relevo_queue *queue = open_durable(session, "busy");
	for (uint32_t i = 0; i < ITEMS; i++) {
		pattern_fill(bytes, sizeof bytes, i);
		assert_ok(relevo_queue_put(queue, bytes, sizeof bytes, 20000));
		if (i >= DEPTH)
			get_for_good(queue, i - DEPTH);
		if (i % EVERY != EVERY - 1)
			continue;
		assert_ok(relevo_session_flush(session, 20000));
		broker_kill(&place->broker);
		broker_again(&place->broker);
	}
	assert_int_equal(counts_of(queue).ready, DEPTH);
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
}

/* ---- the others ------------------------------------------------------------------ */

static void what_was_deleted_stays_so(void **state)
{
	struct place *place = *state;
	relevo_session *session = session_open(place->broker.url);
	relevo_queue *queue = open_durable(session, "deleted");
	relevo_queue *purged = open_durable(session, "purged");
	relevo_queue *found;
	relevo_item item;
	uint64_t count;
	put_numbers(queue, 0, 3);
	put_numbers(purged, 0, 3);
	assert_ok(relevo_queue_purge(purged, &count));
	assert_int_equal(count, 3);
	assert_ok(relevo_queue_shutdown(purged, RELEVO_SHUTDOWN_DRAIN));
	relevo_queue_close(queue);
	relevo_queue_close(purged);
	assert_ok(relevo_queue_delete(session, "deleted"));
	session = kill_and_start(place, session);
	const struct relevo_queue_options existing = { .mode = RELEVO_OPEN_EXISTING };
	assert_int_equal(relevo_queue_open(session, "deleted", &existing, &found),
			 RELEVO_NOT_FOUND);
	purged = open_durable(session, "purged");
	assert_int_equal(counts_of(purged).ready, 0);
	assert_int_equal(relevo_queue_get(purged, 1000, &item), RELEVO_SHUT_DOWN);
	relevo_queue_close(purged);
	assert_ok(relevo_session_close(session));
}

static void values_and_events_are_there(void **state)
{
	struct place *place = *state;
	relevo_session *session = session_open(place->broker.url);
	const struct relevo_value_options number = { .type = RELEVO_TYPE_INT64, .durable = true };
	const struct relevo_event_options flag = { .durable = true };
	relevo_value *value;
	relevo_event *event;
	int64_t one = 1, now;
	bool set;
	assert_ok(relevo_value_open(session, "count", &number, &value));
	assert_ok(relevo_event_open(session, "done", &flag, &event));
	for (int i = 0; i < 5; i++)
		assert_ok(relevo_value_add(value, &one, NULL, sizeof one));
	assert_ok(relevo_event_set(event));
	relevo_value_close(value);
	relevo_event_close(event);
	session = kill_and_start(place, session);
	assert_ok(relevo_value_open(session, "count", &number, &value));
	assert_ok(relevo_event_open(session, "done", &flag, &event));
	assert_ok(relevo_value_get(value, &now, sizeof now));
	assert_int_equal(now, 5);
	assert_ok(relevo_event_is_set(event, &set));
	assert_true(set);
	relevo_value_close(value);
	relevo_event_close(event);
	assert_ok(relevo_session_close(session));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		durable_unit_test(items_are_there_in_order),
		durable_unit_test(what_was_acknowledged_does_not_come_back),
		durable_unit_test(deliveries_are_counted_on),
		durable_unit_test(an_item_has_all_it_was_put_with),
		durable_unit_test(what_was_moved_stays_there),
		durable_unit_test(a_dead_letter_has_left_its_limits_behind),
		durable_unit_test(what_is_put_again_enters_once),
		durable_unit_test(a_deep_queue_is_read_back_in_order),
		durable_unit_test(a_busy_folder_can_be_opened),
		durable_unit_test(what_was_deleted_stays_so),
		durable_unit_test(values_and_events_are_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
