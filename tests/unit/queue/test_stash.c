/* How many items a handle asks for ahead, and what becomes of those that lie there too long. */
#include "queue/queue.h"
#include "queue/stash.h"
#include "support/broker.h"
#include "support/test.h"

#include <relevo/session.h>
#include <stdlib.h>
#include <string.h>

/* What is asked for by one that took `taken` items in about that time. */
static uint32_t asked_after(uint32_t before, uint32_t taken, nsec_t time)
{
	struct stash stash = { 0 };
	(void)stash_ask(&stash);
	stash.asked_for = before;
	stash.taken = taken;
	stash.last_ask = clock_now() - time;
	uint32_t asked = stash_ask(&stash);
	free(stash.items);
	return asked;
}

static void test_none_at_first(void **state)
{
	(void)state;
	struct stash stash = { 0 };
	assert_int_equal(stash_ask(&stash), 0);
	assert_false(stash.asked);
}

static void test_none_for_one_that_is_slow(void **state)
{
	(void)state;
	assert_int_equal(asked_after(100, 1, STASH_TIME), 0);
	assert_int_equal(asked_after(512, 10, 20 * STASH_TIME), 0);
}

static void test_half_of_the_time(void **state)
{
	(void)state;
	assert_in_range(asked_after(400, 400, STASH_TIME), 1, 200);
}

static void test_grows_step_by_step(void **state)
{
	(void)state;
	assert_in_range(asked_after(0, 1, 1), 1, 8);
	assert_in_range(asked_after(8, 9, 1), 1, 72);
	assert_in_range(asked_after(500, 501, 1), 1, STASH_MOST);
}

static void test_one_call_at_a_time(void **state)
{
	(void)state;
	struct stash stash = { .last_ask = clock_now(), .taken = 100 };
	assert_in_range(stash_ask(&stash), 1, 8);
	assert_int_equal(stash_ask(&stash), 0);
	free(stash.items);
}

/* ---- items that lie there -------------------------------------------------- */

enum { ITEMS = 20000 };

static int get_number(relevo_queue *queue)
{
	relevo_item item;
	int number;
	assert_int_equal(relevo_queue_get(queue, TEST_PATIENCE, &item), RELEVO_OK);
	assert_int_equal(item.size, sizeof number);
	assert_int_equal(item.deliveries, 1);
	memcpy(&number, item.data, sizeof number);
	relevo_item_free(&item);
	return number;
}

/* If there are items ahead, they were asked for so long ago that they may be somebody else's:
 * none is taken. Nobody else has the lock, or gives them back meanwhile. */
static bool let_lie(relevo_queue *queue)
{
	struct relevo_session *session = queue->handle.session;
	relevo_item item;
	pthread_mutex_lock(&session->lock);
	bool any = queue->stash.next < queue->stash.count;
	queue->stash.last_ask -= any ? NSEC_PER_SEC : 0;
	bool taken = stash_take(queue, &item);
	bool left = queue->stash.next < queue->stash.count;
	pthread_mutex_unlock(&session->lock);
	assert_false(taken);
	assert_false(left);
	return any;
}

static void test_what_lay_too_long_goes_back(void **state)
{
	struct test_broker broker;
	relevo_session *session;
	relevo_queue *queue;
	int found = 0;
	(void)state;
	test_broker_start(&broker, NULL);
	assert_int_equal(relevo_session_open(broker.url, NULL, &session), RELEVO_OK);
	assert_int_equal(relevo_queue_open(session, "q", NULL, &queue), RELEVO_OK);
	for (int i = 0; i < ITEMS; i++)
		assert_int_equal(relevo_queue_put(queue, &i, sizeof i, RELEVO_FOREVER), RELEVO_OK);
	for (int i = 0; i < ITEMS; i++) {
		assert_int_equal(get_number(queue), i);
		if (i % 50 == 0)
			found += let_lie(queue);
	}
	assert_true(found > 0);
	relevo_queue_close(queue);
	assert_int_equal(relevo_session_close(session), RELEVO_OK);
	test_broker_stop(&broker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none_at_first),
		cmocka_unit_test(test_none_for_one_that_is_slow),
		cmocka_unit_test(test_half_of_the_time),
		cmocka_unit_test(test_grows_step_by_step),
		cmocka_unit_test(test_one_call_at_a_time),
		cmocka_unit_test(test_what_lay_too_long_goes_back),
	};
	return cmocka_run_group_tests_name("client/stash", tests, NULL, NULL);
}
