/* The same over tcp://, as between hosts. */
#include "support/queues.h"

#include <pthread.h>

static struct scene the_scene;

static int tcp_setup(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	if (leaks_setup(state) != 0)
		return -1;
	test_broker_start(&the_scene.broker, arguments);
	the_scene.session = session_open(the_scene.broker.more);
	the_scene.queue = queue_open(the_scene.session, "q");
	*state = &the_scene;
	return 0;
}

static int tcp_teardown(void **state)
{
	relevo_queue_close(the_scene.queue);
	int status = relevo_session_close(the_scene.session);
	test_broker_stop(&the_scene.broker);
	return status == RELEVO_OK ? leaks_teardown(state) : -1;
}

/* The transport starts once in a process, and keeps what it opens then. */
static int start_transport(void **state)
{
	int status = tcp_setup(state);
	relevo_queue_close(the_scene.queue);
	relevo_session_close(the_scene.session);
	test_broker_stop(&the_scene.broker);
	return status;
}

static void no_broker_names_the_address(void **state)
{
	(void)state;
	relevo_session *session;
	assert_fails(relevo_session_open("tcp://127.0.0.1:1", NULL, &session), RELEVO_NO_BROKER,
		     "127.0.0.1:1");
	assert_fails(relevo_session_open("tcp://no.such.host.invalid:1", NULL, &session),
		     RELEVO_NO_BROKER, "no.such.host.invalid");
}

static void items_pass(void **state)
{
	struct scene *scene = *state;
	static const size_t sizes[] = { 0, 1, 127, 128, 16384, 65536, 65537, 2097153, 33554432 };
	uint8_t *bytes = malloc(33554432);
	assert_non_null(bytes);
	for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		relevo_item item;
		pattern_fill(bytes, sizes[i], i);
		assert_ok(relevo_queue_put(scene->queue, bytes, sizes[i], TEST_PATIENCE));
		assert_ok(relevo_queue_get(scene->queue, TEST_PATIENCE, &item));
		assert_int_equal(item.size, sizes[i]);
		assert_true(pattern_holds(item.data, sizes[i], i));
		relevo_item_free(&item);
	}
	free(bytes);
}

static void many_items_keep_their_order(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 20000 };
	for (uint32_t i = 0; i < COUNT; i++)
		assert_ok(relevo_queue_put(scene->queue, &i, sizeof i, RELEVO_FOREVER));
	for (uint32_t next = 0; next < COUNT;) {
		relevo_item items[200];
		size_t got;
		assert_ok(relevo_queue_get_many(scene->queue, TEST_PATIENCE, items, 200, &got));
		for (size_t i = 0; i < got; i++) {
			uint32_t number;
			memcpy(&number, items[i].data, sizeof number);
			assert_int_equal(number, next++);
			relevo_item_free(&items[i]);
		}
	}
}

static void both_addresses_lead_to_the_same_queues(void **state)
{
	struct scene *scene = *state;
	relevo_session *local = session_open(scene->broker.url);
	relevo_queue *theirs = queue_open(local, "q");
	put_text(theirs, "from here");
	expect_text(scene->queue, "from here");
	put_text(scene->queue, "from there");
	expect_text(theirs, "from there");
	relevo_queue_close(theirs);
	assert_ok(relevo_session_close(local));
}

static void waits_end_in_time(void **state)
{
	struct scene *scene = *state;
	relevo_item item;
	relevo_queue *bounded = queue_open_bounded(scene->session, "bounded", 1);
	int64_t before = test_now();
	assert_status(relevo_queue_get(scene->queue, 100, &item), RELEVO_TIMED_OUT);
	assert_between(test_now() - before, 99, 1100);
	assert_ok(relevo_queue_put(bounded, "1", 1, 0));
	assert_status(relevo_queue_put(bounded, "2", 1, 0), RELEVO_TIMED_OUT);
	before = test_now();
	assert_status(relevo_queue_put(bounded, "2", 1, 100), RELEVO_TIMED_OUT);
	assert_between(test_now() - before, 99, 1100);
	expect_empty(scene->queue);
	relevo_queue_close(bounded);
}

static void leases_go_back_with_their_session(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.more);
	relevo_queue *theirs = queue_open(other, "q");
	relevo_item item;
	size_t got;
	put_text(theirs, "x");
	assert_ok(relevo_queue_lease(theirs, TEST_PATIENCE, &item, 1, &got));
	relevo_item_free(&item);
	relevo_queue_close(theirs);
	assert_ok(relevo_session_close(other));
	assert_ok(relevo_queue_lease(scene->queue, TEST_PATIENCE, &item, 1, &got));
	assert_int_equal(item.deliveries, 2);
	assert_ok(relevo_queue_ack(scene->queue, &item, 1));
	relevo_item_free(&item);
}

struct getter {
	relevo_queue *queue;
	int status;
	int count;
};

enum { ITEMS = 2000 };

static void *get_items(void *argument)
{
	struct getter *getter = argument;
	while (getter->count < ITEMS && getter->status == RELEVO_OK) {
		relevo_item item;
		getter->status = relevo_queue_get(getter->queue, TEST_PATIENCE, &item);
		getter->count += getter->status == RELEVO_OK;
		relevo_item_free(&item);
	}
	return NULL;
}

static void threads_share_the_session(void **state)
{
	struct scene *scene = *state;
	struct getter getters[4];
	pthread_t threads[4];
	for (int i = 0; i < 4; i++) {
		getters[i] = (struct getter){ .queue = scene->queue };
		pthread_create(&threads[i], NULL, get_items, &getters[i]);
	}
	for (int i = 0; i < 4 * ITEMS; i++)
		assert_ok(relevo_queue_put(scene->queue, "x", 1, RELEVO_FOREVER));
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(getters[i].status, RELEVO_OK);
	}
	expect_empty(scene->queue);
}

/* ---- fork -------------------------------------------------------------- */

static void use_across_fork(void *argument)
{
	struct scene *scene = argument;
	relevo_item item;
	relevo_session *session;
	struct relevo_queue_state counts;
	child_check(relevo_queue_put(scene->queue, "x", 1, 0) == RELEVO_FORKED);
	child_check(strstr(relevo_error_detail(), "fork") != NULL);
	child_check(strstr(relevo_error_detail(), "tcp://") != NULL);
	child_check(relevo_queue_get(scene->queue, 1000, &item) == RELEVO_FORKED);
	child_check(relevo_queue_inspect(scene->queue, &counts) == RELEVO_FORKED);
	child_check(relevo_session_flush(scene->session, 1000) == RELEVO_FORKED);
	child_check(relevo_queue_delete(scene->session, "q") == RELEVO_FORKED);
	/* Nor can it open one of its own; a local socket works. */
	child_check(relevo_session_open(scene->broker.more, NULL, &session) == RELEVO_FORKED);
	child_check(relevo_session_open(scene->broker.url, NULL, &session) == RELEVO_OK);
	child_check(relevo_session_close(session) == RELEVO_OK);
	relevo_queue_close(scene->queue);
	child_check(relevo_session_close(scene->session) == RELEVO_OK);
}

static void a_forked_child_is_told(void **state)
{
	struct scene *scene = *state;
	put_text(scene->queue, "parent's");
	child_join(child_start(use_across_fork, scene));
	expect_text(scene->queue, "parent's");
}

int main(void)
{
#define tcp_unit_test(function) cmocka_unit_test_setup_teardown(function, tcp_setup, tcp_teardown)
	const struct CMUnitTest tests[] = {
		tcp_unit_test(items_pass),
		tcp_unit_test(many_items_keep_their_order),
		tcp_unit_test(both_addresses_lead_to_the_same_queues),
		tcp_unit_test(waits_end_in_time),
		tcp_unit_test(leases_go_back_with_their_session),
		tcp_unit_test(threads_share_the_session),
		tcp_unit_test(a_forked_child_is_told),
		/* Last: the transport closes what failed later, at its leisure. */
		cmocka_unit_test(no_broker_names_the_address),
	};
	return cmocka_run_group_tests_name("tcp", tests, start_transport, NULL);
}
