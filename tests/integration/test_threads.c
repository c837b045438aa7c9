/* One session, many threads. */
#include "support/queues.h"

#include <pthread.h>

enum { WAITERS = 64 };

struct waiter {
	relevo_queue *queue;
	int status;
	char text[16];
};

static void *wait_for_own_item(void *argument)
{
	struct waiter *waiter = argument;
	relevo_item item;
	waiter->status = relevo_queue_get(waiter->queue, TEST_PATIENCE, &item);
	if (waiter->status == RELEVO_OK)
		snprintf(waiter->text, sizeof waiter->text, "%s", (const char *)item.data);
	relevo_item_free(&item);
	return NULL;
}

static void each_of_64_waits_gets_its_own(void **state)
{
	struct scene *scene = *state;
	struct waiter waiters[WAITERS];
	pthread_t threads[WAITERS];
	relevo_session *other = session_open(scene->broker.url);
	for (int i = 0; i < WAITERS; i++) {
		char name[16];
		snprintf(name, sizeof name, "queue %d", i);
		waiters[i] = (struct waiter){ .queue = queue_open(scene->session, name) };
		pthread_create(&threads[i], NULL, wait_for_own_item, &waiters[i]);
	}
	for (int i = WAITERS - 1; i >= 0; i--) {
		char name[16], text[16];
		snprintf(name, sizeof name, "queue %d", i);
		snprintf(text, sizeof text, "item %d", i);
		relevo_queue *queue = queue_open(other, name);
		put_text(queue, text);
		relevo_queue_close(queue);
	}
	for (int i = 0; i < WAITERS; i++) {
		char text[16];
		snprintf(text, sizeof text, "item %d", i);
		pthread_join(threads[i], NULL);
		assert_int_equal(waiters[i].status, RELEVO_OK);
		assert_string_equal(waiters[i].text, text);
		relevo_queue_close(waiters[i].queue);
	}
	assert_ok(relevo_session_close(other));
}

static void different_timeouts_of_different_threads(void **state)
{
	struct scene *scene = *state;
	struct waiter forever = { .queue = scene->queue };
	pthread_t thread;
	pthread_create(&thread, NULL, wait_for_own_item, &forever);
	wait_for_getters(scene->queue, 1);
	/* The other thread reads, this one's time is its own all the same. */
	for (int i = 1; i < 5; i++) {
		relevo_queue *queue = queue_open(scene->session, NULL);
		relevo_item item;
		int64_t before = test_now();
		assert_status(relevo_queue_get(queue, 20 * i, &item), RELEVO_TIMED_OUT);
		assert_between(test_now() - before, 20 * i - 1, 20 * i + 1000);
		relevo_queue_close(queue);
	}
	put_text(scene->queue, "x");
	pthread_join(thread, NULL);
	assert_int_equal(forever.status, RELEVO_OK);
}

/* ---- nothing lost, nothing doubled ------------------------------------- */

enum { PUTTERS = 4, GETTERS = 4, EACH = 3000, ALL = PUTTERS * EACH };

struct traffic {
	relevo_queue *queue;
	int first; /* of a putter's numbers */
	unsigned char *seen;
	int status;
	bool leased;
	int64_t pause; /* ms: the longest from one of a getter's items to the next */
};

static void *put_numbers(void *argument)
{
	struct traffic *traffic = argument;
	for (int i = 0; i < EACH && traffic->status == RELEVO_OK; i++) {
		int number = traffic->first + i;
		traffic->status =
			relevo_queue_put(traffic->queue, &number, sizeof number, RELEVO_FOREVER);
	}
	return NULL;
}

static int take(struct traffic *traffic, int *number)
{
	relevo_item item = { 0 };
	size_t got;
	int status;
	if (traffic->leased)
		status = relevo_queue_lease(traffic->queue, TEST_PATIENCE, &item, 1, &got);
	else
		status = relevo_queue_get(traffic->queue, TEST_PATIENCE, &item);
	if (status == RELEVO_OK && traffic->leased)
		status = relevo_queue_ack(traffic->queue, &item, 1);
	if (status == RELEVO_OK)
		memcpy(number, item.data, sizeof *number);
	relevo_item_free(&item);
	return status;
}

/* Until it meets a negative number. */
static void *get_numbers(void *argument)
{
	struct traffic *traffic = argument;
	int64_t last = test_now();
	for (;;) {
		int number = -1;
		traffic->status = take(traffic, &number);
		int64_t now = test_now();
		if (now - last > traffic->pause)
			traffic->pause = now - last;
		last = now;
		if (traffic->status != RELEVO_OK || number < 0)
			return NULL;
		__atomic_fetch_add(&traffic->seen[number], 1, __ATOMIC_RELAXED);
	}
}

/* How often each number may have been seen. What comes ahead may come twice to a process that is
 * held up for a second: with less than half of that, nothing does. */
static int most_seen(const struct traffic *getters, bool ahead)
{
	for (int i = 0; i < GETTERS; i++) {
		if (ahead && getters[i].pause > 500)
			return GETTERS;
	}
	return 1;
}

static void run_traffic(relevo_queue *queue, bool ahead)
{
	static unsigned char seen[ALL];
	struct traffic putters[PUTTERS], getters[GETTERS];
	pthread_t putting[PUTTERS], getting[GETTERS];
	memset(seen, 0, sizeof seen);
	for (int i = 0; i < GETTERS; i++) {
		getters[i] = (struct traffic){ .queue = queue, .seen = seen, .leased = i % 2 };
		pthread_create(&getting[i], NULL, get_numbers, &getters[i]);
	}
	for (int i = 0; i < PUTTERS; i++) {
		putters[i] = (struct traffic){ .queue = queue, .first = i * EACH };
		pthread_create(&putting[i], NULL, put_numbers, &putters[i]);
	}
	for (int i = 0; i < PUTTERS; i++) {
		pthread_join(putting[i], NULL);
		assert_int_equal(putters[i].status, RELEVO_OK);
	}
	for (int i = 0; i < GETTERS; i++) {
		int end = -1;
		assert_ok(relevo_queue_put(queue, &end, sizeof end, TEST_PATIENCE));
	}
	for (int i = 0; i < GETTERS; i++) {
		pthread_join(getting[i], NULL);
		assert_int_equal(getters[i].status, RELEVO_OK);
	}
	for (int i = 0; i < ALL; i++)
		assert_in_range(seen[i], 1, most_seen(getters, ahead));
	expect_empty(queue);
}

static void nothing_is_lost_or_doubled(void **state)
{
	struct scene *scene = *state;
	run_traffic(scene->queue, true);
}

static void nothing_is_lost_or_doubled_in_strict_order(void **state)
{
	struct scene *scene = *state;
	const struct relevo_queue_options options = { .strict_order = true };
	relevo_queue *strict;
	assert_ok(relevo_queue_open(scene->session, "strict", &options, &strict));
	run_traffic(strict, false);
	relevo_queue_close(strict);
}

static void nothing_is_lost_or_doubled_in_a_bounded_queue(void **state)
{
	struct scene *scene = *state;
	relevo_queue *bounded = queue_open_bounded(scene->session, "bounded", 7);
	run_traffic(bounded, false);
	relevo_queue_close(bounded);
}

static void nothing_is_lost_or_doubled_in_a_rendezvous(void **state)
{
	struct scene *scene = *state;
	relevo_queue *meeting =
		queue_open_bounded(scene->session, "meeting", RELEVO_CAPACITY_RENDEZVOUS);
	run_traffic(meeting, false);
	relevo_queue_close(meeting);
}

/* ---- large and small beside each other --------------------------------- */

enum { LARGE = 3 * 1024 * 1024, LARGE_ROUNDS = 6 };

static void *send_large_around(void *argument)
{
	struct traffic *traffic = argument;
	uint8_t *bytes = malloc(LARGE);
	child_check(bytes != NULL);
	for (uint32_t i = 0; i < LARGE_ROUNDS && traffic->status == RELEVO_OK; i++) {
		relevo_item item = { 0 };
		pattern_fill(bytes, LARGE, i);
		traffic->status = relevo_queue_put(traffic->queue, bytes, LARGE, RELEVO_FOREVER);
		if (traffic->status == RELEVO_OK)
			traffic->status = relevo_queue_get(traffic->queue, TEST_PATIENCE, &item);
		if (traffic->status == RELEVO_OK)
			child_check(item.size == LARGE && pattern_holds(item.data, LARGE, i));
		relevo_item_free(&item);
	}
	free(bytes);
	return NULL;
}

static void large_items_of_many_threads(void **state)
{
	struct scene *scene = *state;
	static struct traffic traffic[4];
	pthread_t threads[4];
	for (int i = 0; i < 4; i++) {
		traffic[i] = (struct traffic){ .queue = queue_open(scene->session, NULL) };
		pthread_create(&threads[i], NULL, send_large_around, &traffic[i]);
	}
	run_traffic(scene->queue, true);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(traffic[i].status, RELEVO_OK);
		relevo_queue_close(traffic[i].queue);
	}
}

/* ---- what is put while others wait ------------------------------------- */

static void a_put_beside_a_waiting_thread_goes_out(void **state)
{
	struct scene *scene = *state;
	struct waiter waiter = { .queue = scene->queue };
	relevo_queue *answers = queue_open(scene->session, "answers");
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *theirs = queue_open(other, "answers");
	pthread_t thread;
	pthread_create(&thread, NULL, wait_for_own_item, &waiter);
	wait_for_getters(scene->queue, 1);
	for (int i = 0; i < 300; i++) {
		put_text(answers, "x");
		expect_text(theirs, "x");
	}
	put_text(scene->queue, "end");
	pthread_join(thread, NULL);
	assert_int_equal(waiter.status, RELEVO_OK);
	relevo_queue_close(answers);
	relevo_queue_close(theirs);
	assert_ok(relevo_session_close(other));
}

static void *open_and_close(void *argument)
{
	struct traffic *traffic = argument;
	const char *url = argument == NULL ? NULL : (const char *)traffic->seen;
	for (int i = 0; i < 30; i++) {
		relevo_session *session;
		relevo_queue *queue;
		child_check(relevo_session_open(url, NULL, &session) == RELEVO_OK);
		child_check(relevo_queue_open(session, "q", NULL, &queue) == RELEVO_OK);
		child_check(relevo_queue_put(queue, "x", 1, 0) == RELEVO_OK);
		relevo_queue_close(queue);
		child_check(relevo_session_close(session) == RELEVO_OK);
	}
	return NULL;
}

static void sessions_come_and_go_in_threads(void **state)
{
	struct scene *scene = *state;
	struct traffic traffic = { .seen = (unsigned char *)scene->broker.url };
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, open_and_close, &traffic);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(counts_of(scene->queue).ready, 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(each_of_64_waits_gets_its_own),
		scene_unit_test(different_timeouts_of_different_threads),
		scene_unit_test(nothing_is_lost_or_doubled),
		scene_unit_test(nothing_is_lost_or_doubled_in_strict_order),
		scene_unit_test(nothing_is_lost_or_doubled_in_a_bounded_queue),
		scene_unit_test(nothing_is_lost_or_doubled_in_a_rendezvous),
		scene_unit_test(large_items_of_many_threads),
		scene_unit_test(a_put_beside_a_waiting_thread_goes_out),
		scene_unit_test(sessions_come_and_go_in_threads),
	};
	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
