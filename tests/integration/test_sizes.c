/* Items of sizes at every edge, on each way that they can take, over each transport. */
#include "support/queues.h"

enum { LIMIT = 4 * 1024 * 1024 };

static const size_t sizes[] = {
	0,     1,     127,     128,     16383,   16384,     65535,
	65536, 65537, 2097151, 2097152, 2097153, LIMIT - 1, LIMIT,
};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

static struct scene the_scene;
static uint8_t bytes[LIMIT + 1];

static int begin(void **state, bool over_tcp)
{
	static const char *const arguments[] = { "--max-item", "4M", "--listen",
						 "tcp://127.0.0.1:0", NULL };
	/* The transport starts once in a process, and keeps what it opens then. */
	if (!over_tcp && leaks_setup(state) != 0)
		return -1;
	test_broker_start(&the_scene.broker, arguments);
	the_scene.session = session_open(over_tcp ? the_scene.broker.more : the_scene.broker.url);
	the_scene.queue = queue_open(the_scene.session, "q");
	*state = &the_scene;
	return 0;
}

static int setup(void **state)
{
	return begin(state, false);
}

static int setup_tcp(void **state)
{
	return begin(state, true);
}

static int end(void)
{
	relevo_queue_close(the_scene.queue);
	int status = relevo_session_close(the_scene.session);
	test_broker_stop(&the_scene.broker);
	return status == RELEVO_OK ? 0 : -1;
}

static int teardown(void **state)
{
	return end() == 0 ? leaks_teardown(state) : -1;
}

static int teardown_tcp(void **state)
{
	(void)state;
	return end();
}

#define sizes_test(function)                                                                       \
	{                                                                                          \
#function, function, setup, teardown, NULL                                         \
	}
#define sizes_tcp_test(function)                                                                   \
	{                                                                                          \
#function "_tcp", function, setup_tcp, teardown_tcp, NULL                          \
	}

static void put_size(relevo_queue *queue, uint32_t i)
{
	pattern_fill(bytes, sizes[i], i);
	assert_ok(relevo_queue_put(queue, bytes, sizes[i], TEST_PATIENCE));
}

static void check_size(relevo_item *item, uint32_t i)
{
	assert_int_equal(item->size, sizes[i]);
	assert_true(pattern_holds(item->data, sizes[i], i));
	relevo_item_free(item);
}

static void put_and_get(void **state)
{
	struct scene *scene = *state;
	relevo_item item;
	for (uint32_t i = 0; i < SIZES; i++) {
		put_size(scene->queue, i);
		assert_ok(relevo_queue_get(scene->queue, TEST_PATIENCE, &item));
		check_size(&item, i);
	}
	assert_status(relevo_queue_put(scene->queue, bytes, LIMIT + 1, TEST_PATIENCE),
		      RELEVO_TOO_LARGE);
	assert_int_equal(counts_of(scene->queue).put, SIZES);
}

static void put_many_and_get_many(void **state)
{
	struct scene *scene = *state;
	struct relevo_bytes items[SIZES];
	relevo_item received[SIZES];
	size_t accepted, got;
	for (uint32_t i = 0; i < SIZES; i++) {
		uint8_t *copy = malloc(sizes[i] + 1);
		assert_non_null(copy);
		pattern_fill(copy, sizes[i], i);
		items[i] = (struct relevo_bytes){ copy, sizes[i] };
	}
	assert_ok(relevo_queue_put_many(scene->queue, items, SIZES, TEST_PATIENCE, &accepted));
	assert_int_equal(accepted, SIZES);
	for (uint32_t taken = 0; taken < SIZES;) {
		assert_ok(relevo_queue_get_many(scene->queue, TEST_PATIENCE, received,
						SIZES - taken, &got));
		for (size_t i = 0; i < got; i++)
			check_size(&received[i], taken++);
	}
	for (uint32_t i = 0; i < SIZES; i++)
		free((void *)items[i].data);
	const struct relevo_bytes excess[] = { { "x", 1 }, { bytes, LIMIT + 1 } };
	assert_status(relevo_queue_put_many(scene->queue, excess, 2, TEST_PATIENCE, &accepted),
		      RELEVO_TOO_LARGE);
	assert_int_equal(counts_of(scene->queue).put, SIZES);
}

static void lease_from_one_or_any(void **state)
{
	struct scene *scene = *state;
	relevo_queue *const both[] = { queue_open(scene->session, "other"), scene->queue };
	relevo_item item;
	size_t got, which;
	for (uint32_t i = 0; i < SIZES; i++) {
		put_size(scene->queue, i);
		assert_ok(relevo_queue_lease(scene->queue, TEST_PATIENCE, &item, 1, &got));
		assert_ok(relevo_queue_nack(scene->queue, &item, 1, 0));
		check_size(&item, i);
		assert_ok(relevo_queue_lease_any(both, 2, TEST_PATIENCE, &item, 1, &which, &got));
		assert_ok(relevo_queue_nack(scene->queue, &item, 1, 0));
		check_size(&item, i);
		assert_ok(relevo_queue_get_any(both, 2, TEST_PATIENCE, &item, &which));
		assert_int_equal(which, 1);
		check_size(&item, i);
	}
	relevo_queue_close(both[0]);
}

static void peek_and_move(void **state)
{
	struct scene *scene = *state;
	relevo_queue *other = queue_open(scene->session, "other");
	relevo_item item;
	for (uint32_t i = 0; i < SIZES; i++) {
		struct relevo_place place = { 0 };
		size_t got;
		uint64_t moved;
		put_size(scene->queue, i);
		assert_ok(relevo_queue_peek(scene->queue, &place, &item, 1, &got));
		check_size(&item, i);
		assert_ok(relevo_queue_move(scene->session, "q", "other", 0, &moved));
		assert_int_equal(moved, 1);
		assert_ok(relevo_queue_get(other, TEST_PATIENCE, &item));
		check_size(&item, i);
	}
	relevo_queue_close(other);
}

static void dead_letters(void **state)
{
	struct scene *scene = *state;
	const struct relevo_queue_options options = { .dead_letter = "dead" };
	relevo_queue *queue, *dead = queue_open(scene->session, "dead");
	relevo_item item;
	assert_ok(relevo_queue_open(scene->session, "mortal", &options, &queue));
	for (uint32_t i = 0; i < SIZES; i++) {
		size_t got;
		put_size(queue, i);
		assert_ok(relevo_queue_lease(queue, TEST_PATIENCE, &item, 1, &got));
		assert_ok(relevo_queue_reject(queue, &item, 1));
		relevo_item_free(&item);
		assert_ok(relevo_queue_get(dead, TEST_PATIENCE, &item));
		check_size(&item, i);
	}
	relevo_queue_close(queue);
	relevo_queue_close(dead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		sizes_test(put_and_get),
		sizes_test(put_many_and_get_many),
		sizes_test(lease_from_one_or_any),
		sizes_test(peek_and_move),
		sizes_test(dead_letters),
		/* Behind these nng still closes something now and then. */
		sizes_tcp_test(put_and_get),
		sizes_tcp_test(put_many_and_get_many),
		sizes_tcp_test(lease_from_one_or_any),
		sizes_tcp_test(peek_and_move),
		sizes_tcp_test(dead_letters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
