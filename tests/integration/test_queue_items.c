/* Items: their sizes, their content, their order, many at a time. */
#include "support/queues.h"

enum { LIMIT = 4 * 1024 * 1024 };

static int limited_setup(void **state)
{
	static struct scene scene;
	static const char *const arguments[] = { "--max-item", "4M", NULL };
	if (leaks_setup(state) != 0)
		return -1;
	test_broker_start(&scene.broker, arguments);
	scene.session = session_open(scene.broker.url);
	scene.queue = queue_open(scene.session, "q");
	*state = &scene;
	return 0;
}

static int limited_teardown(void **state)
{
	struct scene *scene = *state;
	relevo_queue_close(scene->queue);
	assert_ok(relevo_session_close(scene->session));
	test_broker_stop(&scene->broker);
	return leaks_teardown(state);
}

#define limited_unit_test(function)                                                                \
	cmocka_unit_test_setup_teardown(function, limited_setup, limited_teardown)

static const size_t sizes[] = {
	0,     1,     2,     127,     128,     129,     255,     256,     16383,   16384,     16385,
	65535, 65536, 65537, 1048575, 1048576, 1048577, 2097151, 2097152, 2097153, LIMIT - 1, LIMIT,
};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

static void expect_pattern(const relevo_item *item, size_t size, uint32_t seed)
{
	assert_int_equal(item->size, size);
	assert_true(pattern_holds(item->data, size, seed));
	assert_int_equal(((const char *)item->data)[size], 0);
	assert_int_equal((uintptr_t)item->data % _Alignof(max_align_t), 0);
	assert_int_equal(item->deliveries, 1);
}

static void round_trips(relevo_queue *queue)
{
	uint8_t *bytes = malloc(LIMIT);
	assert_non_null(bytes);
	for (size_t i = 0; i < SIZES; i++) {
		relevo_item item;
		pattern_fill(bytes, sizes[i], (uint32_t)i);
		assert_ok(relevo_queue_put(queue, bytes, sizes[i], TEST_PATIENCE));
		assert_ok(relevo_queue_get(queue, TEST_PATIENCE, &item));
		expect_pattern(&item, sizes[i], (uint32_t)i);
		assert_int_equal(item.lease, 0);
		relevo_item_free(&item);
		relevo_item_free(&item);
	}
	free(bytes);
}

static void items_of_every_size_pass(void **state)
{
	struct scene *scene = *state;
	round_trips(scene->queue);
}

static void items_of_every_size_pass_a_bounded_queue(void **state)
{
	struct scene *scene = *state;
	relevo_queue *bounded = queue_open_bounded(scene->session, "bounded", 1);
	round_trips(bounded);
	relevo_queue_close(bounded);
}

/* All in one call each, so that they stand in few frames. */
static void many_sizes_in_one_call(void **state)
{
	struct scene *scene = *state;
	struct relevo_bytes items[SIZES];
	relevo_item received[SIZES];
	size_t accepted, taken = 0;
	for (size_t i = 0; i < SIZES; i++) {
		uint8_t *bytes = malloc(sizes[i] + 1);
		assert_non_null(bytes);
		pattern_fill(bytes, sizes[i], (uint32_t)i);
		items[i] = (struct relevo_bytes){ bytes, sizes[i] };
	}
	assert_ok(relevo_queue_put_many(scene->queue, items, SIZES, TEST_PATIENCE, &accepted));
	assert_int_equal(accepted, SIZES);
	while (taken < SIZES) {
		size_t got;
		assert_ok(relevo_queue_get_many(scene->queue, TEST_PATIENCE, received + taken,
						SIZES - taken, &got));
		assert_in_range(got, 1, SIZES - taken);
		taken += got;
	}
	for (size_t i = 0; i < SIZES; i++) {
		expect_pattern(&received[i], sizes[i], (uint32_t)i);
		free((void *)items[i].data);
	}
	/* In any order: each of them lives until it is freed. */
	for (size_t i = 0; i < SIZES; i++)
		relevo_item_free(&received[(i * 7) % SIZES]);
}

static void too_large_is_refused_and_the_next_is_fine(void **state)
{
	struct scene *scene = *state;
	relevo_queue *bounded = queue_open_bounded(scene->session, "bounded", 10);
	uint8_t *bytes = calloc(1, LIMIT + 1);
	assert_non_null(bytes);
	assert_int_equal(relevo_session_max_item(scene->session), LIMIT);
	relevo_queue *queues[] = { scene->queue, bounded };
	for (int i = 0; i < 2; i++) {
		assert_fails(relevo_queue_put(queues[i], bytes, LIMIT + 1, RELEVO_FOREVER),
			     RELEVO_TOO_LARGE, "4194304");
		assert_status(relevo_queue_put(queues[i], bytes, SIZE_MAX / 2, RELEVO_FOREVER),
			      RELEVO_TOO_LARGE);
		expect_empty(queues[i]);
		put_text(queues[i], "next");
		expect_text(queues[i], "next");
	}
	relevo_queue_close(bounded);
	free(bytes);
}

static void one_too_large_among_many_stops_all(void **state)
{
	struct scene *scene = *state;
	uint8_t *bytes = calloc(1, LIMIT + 1);
	size_t accepted = 99;
	assert_non_null(bytes);
	struct relevo_bytes items[] = { { "a", 1 }, { "b", 1 }, { bytes, LIMIT + 1 } };
	assert_fails(relevo_queue_put_many(scene->queue, items, 3, 0, &accepted), RELEVO_TOO_LARGE,
		     "item 2");
	assert_int_equal(accepted, 0);
	expect_empty(scene->queue);
	free(bytes);
}

static void order_is_kept(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 20000 };
	relevo_item items[300];
	uint32_t next = 0;
	size_t got;
	for (uint32_t i = 0; i < COUNT; i++)
		assert_ok(relevo_queue_put(scene->queue, &i, sizeof i, RELEVO_FOREVER));
	while (next < COUNT) {
		assert_ok(relevo_queue_get_many(scene->queue, TEST_PATIENCE, items, 300, &got));
		for (size_t i = 0; i < got; i++) {
			uint32_t value;
			memcpy(&value, items[i].data, sizeof value);
			assert_int_equal(value, next++);
			relevo_item_free(&items[i]);
		}
	}
	expect_empty(scene->queue);
}

static void order_is_kept_between_the_kinds_of_puts(void **state)
{
	struct scene *scene = *state;
	struct relevo_bytes two[] = { { "1", 1 }, { "2", 1 } };
	char *large = malloc(LIMIT);
	assert_non_null(large);
	memset(large, 'L', LIMIT);
	assert_ok(relevo_queue_put(scene->queue, "0", 1, 0));
	assert_ok(relevo_queue_put_many(scene->queue, two, 2, 0, NULL));
	assert_ok(relevo_queue_put(scene->queue, large, LIMIT, 0));
	assert_ok(relevo_queue_put(scene->queue, "4", 1, 0));
	expect_text(scene->queue, "0");
	expect_text(scene->queue, "1");
	expect_text(scene->queue, "2");
	relevo_item item;
	assert_ok(relevo_queue_get(scene->queue, TEST_PATIENCE, &item));
	assert_int_equal(item.size, LIMIT);
	relevo_item_free(&item);
	expect_text(scene->queue, "4");
	free(large);
}

static void many_of_none_is_nothing(void **state)
{
	struct scene *scene = *state;
	size_t count = 99;
	assert_ok(relevo_queue_put_many(scene->queue, NULL, 0, 0, &count));
	assert_int_equal(count, 0);
	count = 99;
	assert_ok(relevo_queue_get_many(scene->queue, 0, NULL, 0, &count));
	assert_int_equal(count, 0);
	assert_ok(relevo_queue_ack(scene->queue, NULL, 0));
	assert_ok(relevo_queue_nack(scene->queue, NULL, 0, 0));
}

static void more_items_than_a_frame_takes(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 200000 };
	struct relevo_bytes *items = calloc(COUNT, sizeof *items);
	relevo_item *received = calloc(COUNT, sizeof *received);
	size_t accepted, taken = 0;
	assert_non_null(items);
	assert_non_null(received);
	for (size_t i = 0; i < COUNT; i++)
		items[i] = (struct relevo_bytes){ "", i % 2 };
	assert_ok(relevo_queue_put_many(scene->queue, items, COUNT, TEST_PATIENCE, &accepted));
	assert_int_equal(accepted, COUNT);
	while (taken < COUNT) {
		size_t got;
		assert_ok(relevo_queue_lease(scene->queue, TEST_PATIENCE, received + taken,
					     COUNT - taken, &got));
		taken += got;
	}
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(received[i].size, i % 2);
	assert_ok(relevo_queue_ack(scene->queue, received, COUNT));
	assert_int_equal(counts_of(scene->queue).acknowledged, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		relevo_item_free(&received[i]);
	free(items);
	free(received);
}

/* More than the window and all socket buffers, to a broker that has to keep it. */
static void large_backlog(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 40 };
	uint8_t *bytes = malloc(LIMIT);
	assert_non_null(bytes);
	for (uint32_t i = 0; i < COUNT; i++) {
		pattern_fill(bytes, LIMIT, i);
		assert_ok(relevo_queue_put(scene->queue, bytes, LIMIT, RELEVO_FOREVER));
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		relevo_item item;
		assert_ok(relevo_queue_get(scene->queue, TEST_PATIENCE, &item));
		expect_pattern(&item, LIMIT, i);
		relevo_item_free(&item);
	}
	free(bytes);
}

static int setup_little_memory(void **state)
{
	static const char *const arguments[] = { "--max-memory", "1M", NULL };
	return scene_setup_with(state, arguments);
}

/* A connection that the broker ends tells why, also to who only flushes. */
static void what_ended_the_connection_is_told(void **state)
{
	struct scene *scene = *state;
	enum { SIZE = 8 * 1024 * 1024 };
	void *bytes = calloc(1, SIZE);
	assert_non_null(bytes);
	relevo_session *session = session_open(scene->broker.url);
	relevo_queue *queue = queue_open_existing(session, "q");
	int status = relevo_queue_put(queue, bytes, SIZE, RELEVO_FOREVER);
	if (status == RELEVO_OK)
		status = relevo_session_flush(session, TEST_PATIENCE);
	assert_status(status, RELEVO_QUOTA);
	assert_non_null(strstr(relevo_error_detail(), "share of the broker's memory"));
	free(bytes);
	relevo_queue_close(queue);
	relevo_session_close(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		limited_unit_test(items_of_every_size_pass),
		limited_unit_test(items_of_every_size_pass_a_bounded_queue),
		limited_unit_test(many_sizes_in_one_call),
		limited_unit_test(too_large_is_refused_and_the_next_is_fine),
		limited_unit_test(one_too_large_among_many_stops_all),
		limited_unit_test(order_is_kept),
		limited_unit_test(order_is_kept_between_the_kinds_of_puts),
		limited_unit_test(many_of_none_is_nothing),
		limited_unit_test(more_items_than_a_frame_takes),
		limited_unit_test(large_backlog),
		cmocka_unit_test_setup_teardown(what_ended_the_connection_is_told,
						setup_little_memory, scene_teardown),
	};
	return cmocka_run_group_tests_name("queue_items", tests, NULL, NULL);
}
