/* Queues: names, options, lifetimes, counts, deletion. */
#include "support/queues.h"

#include <pthread.h>
#include <semaphore.h>

static int open_with(struct scene *scene, const char *name, struct relevo_queue_options options)
{
	relevo_queue *queue = NULL;
	int status = relevo_queue_open(scene->session, name, &options, &queue);
	assert_true((status == RELEVO_OK) == (queue != NULL));
	relevo_queue_close(queue);
	return status;
}

/* ---- names ------------------------------------------------------------- */

static void a_name_has_1_to_255_bytes(void **state)
{
	struct scene *scene = *state;
	char name[257];
	memset(name, 'n', 256);
	name[256] = '\0';
	assert_fails(open_with(scene, name, (struct relevo_queue_options){ 0 }), RELEVO_BAD_NAME,
		     "255");
	name[255] = '\0';
	assert_ok(open_with(scene, name, (struct relevo_queue_options){ 0 }));
	assert_ok(relevo_queue_delete(scene->session, name));
	assert_status(open_with(scene, "", (struct relevo_queue_options){ 0 }), RELEVO_BAD_NAME);
}

static void a_name_is_utf8_without_control_characters(void **state)
{
	struct scene *scene = *state;
	static const char *const bad[] = {
		"a\nb",     "\x7f",     "\x01",         "a\xff",
		"\xc3",     "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80",
		"\xe2\x82",
	};
	static const char *const good[] = { "Grüße", "日本語", "a b/c:d", "\U0001F3C3", "'\"\\" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_status(open_with(scene, bad[i], (struct relevo_queue_options){ 0 }),
			      RELEVO_BAD_NAME);
		assert_status(relevo_queue_delete(scene->session, bad[i]), RELEVO_BAD_NAME);
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		relevo_queue *queue = queue_open(scene->session, good[i]);
		assert_string_equal(relevo_queue_name(queue), good[i]);
		relevo_queue_close(queue);
		assert_ok(relevo_queue_delete(scene->session, good[i]));
	}
}

static void without_a_name_each_queue_is_new(void **state)
{
	struct scene *scene = *state;
	relevo_queue *first = queue_open(scene->session, NULL);
	relevo_queue *second = queue_open(scene->session, NULL);
	assert_string_not_equal(relevo_queue_name(first), relevo_queue_name(second));
	relevo_session *other = session_open(scene->broker.url);
	struct relevo_queue_options existing = { .mode = RELEVO_OPEN_EXISTING };
	relevo_queue *same;
	assert_ok(relevo_queue_open(other, relevo_queue_name(first), &existing, &same));
	put_text(first, "by its name");
	expect_text(same, "by its name");
	char name[300];
	snprintf(name, sizeof name, "%s", relevo_queue_name(first));
	relevo_queue_close(same);
	assert_ok(relevo_session_close(other));
	relevo_queue_close(first);
	relevo_queue_close(second);
	/* Unused, it is gone. */
	assert_status(open_with(scene, name, existing), RELEVO_NOT_FOUND);
}

/* ---- options ----------------------------------------------------------- */

static void open_modes(void **state)
{
	struct scene *scene = *state;
	struct relevo_queue_options existing = { .mode = RELEVO_OPEN_EXISTING };
	struct relevo_queue_options create = { .mode = RELEVO_OPEN_NEW };
	assert_fails(open_with(scene, "new", existing), RELEVO_NOT_FOUND, "\"new\"");
	assert_ok(open_with(scene, "new", create));
	assert_fails(open_with(scene, "new", create), RELEVO_EXISTS, "\"new\"");
	assert_ok(open_with(scene, "new", existing));
	assert_ok(open_with(scene, "new", (struct relevo_queue_options){ 0 }));
	assert_ok(relevo_queue_delete(scene->session, "new"));
}

static void opening_an_existing_queue_takes_its_options(void **state)
{
	struct scene *scene = *state;
	struct relevo_queue_options options = {
		.capacity = 1,
		.lease = 60000,
		.lifetime = RELEVO_LIFETIME_UNTIL_UNUSED,
	};
	relevo_queue *maker, *user;
	assert_ok(relevo_queue_open(scene->session, "bounded", &options, &maker));
	struct relevo_queue_options existing = { .mode = RELEVO_OPEN_EXISTING };
	assert_ok(relevo_queue_open(scene->session, "bounded", &existing, &user));
	assert_ok(relevo_queue_put(user, "x", 1, 0));
	assert_status(relevo_queue_put(user, "x", 1, 0), RELEVO_TIMED_OUT);
	relevo_queue_close(maker);
	relevo_queue_close(user);
}

static void other_options_than_the_queues_are_named(void **state)
{
	struct scene *scene = *state;
	assert_fails(open_with(scene, "q", (struct relevo_queue_options){ .capacity = 5 }),
		     RELEVO_OPTION_MISMATCH, "capacity");
	assert_fails(open_with(scene, "q", (struct relevo_queue_options){ .lease = 5 }),
		     RELEVO_OPTION_MISMATCH, "lease");
	assert_fails(open_with(scene, "q",
			       (struct relevo_queue_options){
				       .lifetime = RELEVO_LIFETIME_UNTIL_UNUSED }),
		     RELEVO_OPTION_MISMATCH, "lifetime");
	assert_fails(
		open_with(scene, "q",
			  (struct relevo_queue_options){ .capacity = RELEVO_CAPACITY_RENDEZVOUS }),
		RELEVO_OPTION_MISMATCH, "capacity");
}

static void bad_options_are_named(void **state)
{
	struct scene *scene = *state;
	assert_fails(open_with(scene, "x", (struct relevo_queue_options){ .capacity = -2 }),
		     RELEVO_BAD_ARGUMENT, "-2");
	assert_fails(open_with(scene, "x", (struct relevo_queue_options){ .lease = -1 }),
		     RELEVO_BAD_ARGUMENT, "lease");
	assert_fails(open_with(scene, "x", (struct relevo_queue_options){ .lease = INT64_MAX }),
		     RELEVO_BAD_ARGUMENT, "lease");
	assert_fails(open_with(scene, "x", (struct relevo_queue_options){ .mode = 3 }),
		     RELEVO_BAD_ARGUMENT, "mode");
	assert_fails(open_with(scene, "x", (struct relevo_queue_options){ .lifetime = 3 }),
		     RELEVO_BAD_ARGUMENT, "lifetime");
	assert_fails(open_with(scene, NULL,
			       (struct relevo_queue_options){ .mode = RELEVO_OPEN_EXISTING }),
		     RELEVO_BAD_ARGUMENT, "name");
}

static void negative_timeouts_are_refused(void **state)
{
	struct scene *scene = *state;
	relevo_item item;
	size_t got = 99;
	assert_fails(relevo_queue_get(scene->queue, -2, &item), RELEVO_BAD_ARGUMENT, "-2");
	assert_fails(relevo_queue_put(scene->queue, "x", 1, -3), RELEVO_BAD_ARGUMENT, "-3");
	assert_fails(relevo_queue_lease(scene->queue, INT64_MIN, &item, 1, &got),
		     RELEVO_BAD_ARGUMENT, "negative");
	assert_int_equal(got, 0);
	expect_empty(scene->queue);
}

static void huge_timeouts_wait_long(void **state)
{
	struct scene *scene = *state;
	relevo_item item;
	put_text(scene->queue, "x");
	assert_ok(relevo_queue_get(scene->queue, INT64_MAX, &item));
	relevo_item_free(&item);
	put_text(scene->queue, "x");
	assert_ok(relevo_queue_get(scene->queue, UINT32_MAX, &item));
	relevo_item_free(&item);
}

/* ---- lifetimes --------------------------------------------------------- */

static void a_kept_queue_keeps_its_items(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *queue = queue_open(other, "kept");
	put_text(queue, "first");
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(other));
	queue = queue_open(scene->session, "kept");
	expect_text(queue, "first");
	relevo_queue_close(queue);
}

static void until_unused_ends_with_the_last_handle(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	struct relevo_queue_options options = { .lifetime = RELEVO_LIFETIME_UNTIL_UNUSED };
	relevo_queue *first, *second;
	assert_ok(relevo_queue_open(scene->session, "unused", &options, &first));
	assert_ok(relevo_queue_open(other, "unused", &options, &second));
	relevo_queue_close(first);
	put_text(second, "x");
	assert_ok(relevo_session_flush(scene->session, 1000));
	assert_int_equal(counts_of(second).handles, 1);
	assert_ok(relevo_session_flush(other, 1000));
	relevo_queue_close(second);
	assert_ok(relevo_session_close(other));
	options.mode = RELEVO_OPEN_EXISTING;
	assert_status(open_with(scene, "unused", options), RELEVO_NOT_FOUND);
}

static void with_session_ends_with_its_creator(void **state)
{
	struct scene *scene = *state;
	relevo_session *creator = session_open(scene->broker.url);
	struct relevo_queue_options options = { .lifetime = RELEVO_LIFETIME_SESSION };
	relevo_queue *made, *used;
	relevo_item item;
	assert_ok(relevo_queue_open(creator, "session's", &options, &made));
	assert_ok(relevo_queue_open(scene->session, "session's", &options, &used));
	relevo_queue_close(made);
	put_text(used, "x");
	expect_text(used, "x");
	assert_ok(relevo_session_close(creator));
	assert_status(relevo_queue_get(used, 1000, &item), RELEVO_GONE);
	relevo_queue_close(used);
}

/* ---- counts ------------------------------------------------------------ */

static void counts_tell_what_there_is(void **state)
{
	struct scene *scene = *state;
	relevo_item items[4] = { 0 };
	size_t got;
	for (int i = 0; i < 5; i++)
		put_text(scene->queue, "12345");
	struct relevo_queue_state counts = counts_of(scene->queue);
	assert_int_equal(counts.ready, 5);
	assert_int_equal(counts.put, 5);
	assert_int_equal(counts.bytes, 25);
	assert_int_equal(counts.handles, 1);
	assert_ok(relevo_queue_lease(scene->queue, 0, items, 4, &got));
	assert_int_equal(got, 4);
	assert_ok(relevo_queue_ack(scene->queue, items, 1));
	assert_ok(relevo_queue_nack(scene->queue, items + 1, 1, 60000));
	assert_ok(relevo_queue_nack(scene->queue, items + 2, 1, 0));
	counts = counts_of(scene->queue);
	assert_int_equal(counts.ready, 2);
	assert_int_equal(counts.leased, 1);
	assert_int_equal(counts.delayed, 1);
	assert_int_equal(counts.acknowledged, 1);
	assert_int_equal(counts.bytes, 20);
	for (int i = 0; i < 4; i++)
		relevo_item_free(&items[i]);
}

/* ---- deletion ---------------------------------------------------------- */

struct waiting {
	relevo_queue *queue;
	bool putting;
	int status;
};

static void *wait_on_queue(void *argument)
{
	struct waiting *waiting = argument;
	relevo_item item;
	waiting->status = waiting->putting
				  ? relevo_queue_put(waiting->queue, "y", 1, RELEVO_FOREVER)
				  : relevo_queue_get(waiting->queue, RELEVO_FOREVER, &item);
	return NULL;
}

static void deletion_ends_whoever_waits(void **state)
{
	struct scene *scene = *state;
	for (int putting = 0; putting < 2; putting++) {
		relevo_queue *queue = queue_open_bounded(scene->session, "doomed", 1);
		struct waiting waiting[3];
		pthread_t threads[3];
		if (putting)
			assert_ok(relevo_queue_put(queue, "x", 1, 0));
		for (int i = 0; i < 3; i++) {
			waiting[i] = (struct waiting){ queue, putting, RELEVO_OK };
			pthread_create(&threads[i], NULL, wait_on_queue, &waiting[i]);
		}
		if (putting)
			wait_for_putters(queue, 3);
		else
			wait_for_getters(queue, 3);
		assert_ok(relevo_queue_delete(scene->session, "doomed"));
		for (int i = 0; i < 3; i++) {
			pthread_join(threads[i], NULL);
			assert_int_equal(waiting[i].status, RELEVO_GONE);
		}
		relevo_queue_close(queue);
	}
}

static void a_deleted_queue_is_gone_for_its_handles(void **state)
{
	struct scene *scene = *state;
	relevo_queue *old = queue_open_bounded(scene->session, "doomed", 2);
	relevo_item item;
	struct relevo_queue_state counts;
	assert_ok(relevo_queue_put(old, "old", 3, 0));
	assert_ok(relevo_queue_delete(scene->session, "doomed"));
	assert_fails(relevo_queue_delete(scene->session, "doomed"), RELEVO_NOT_FOUND, "\"doomed\"");
	/* One of the same name is another one. */
	relevo_queue *new = queue_open(scene->session, "doomed");
	expect_empty(new);
	assert_status(relevo_queue_put(old, "x", 1, 0), RELEVO_GONE);
	assert_status(relevo_queue_get(old, 1000, &item), RELEVO_GONE);
	assert_fails(relevo_queue_inspect(old, &counts), RELEVO_GONE, "doomed");
	expect_empty(new);
	relevo_queue_close(old);
	relevo_queue_close(new);
}

struct failures {
	int count, status;
	char text[64];
};

static void note_failure(relevo_queue *queue, int status, const struct relevo_bytes *item,
			 void *user)
{
	struct failures *failures = user;
	(void)queue;
	failures->count++;
	failures->status = status;
	snprintf(failures->text, sizeof failures->text, "%.*s", (int)item->size,
		 (const char *)item->data);
}

static void a_put_that_fails_later_goes_to_the_callback(void **state)
{
	struct scene *scene = *state;
	struct failures failures = { 0 };
	struct relevo_queue_options options = { .on_error = note_failure, .user = &failures };
	relevo_queue *queue;
	assert_ok(relevo_queue_open(scene->session, "doomed", &options, &queue));
	assert_ok(relevo_queue_delete(scene->session, "doomed"));
	assert_ok(relevo_queue_put(queue, "lost one", 8, RELEVO_FOREVER));
	assert_ok(relevo_session_flush(scene->session, RELEVO_FOREVER));
	assert_int_equal(failures.count, 1);
	assert_int_equal(failures.status, RELEVO_GONE);
	assert_string_equal(failures.text, "lost one");
	assert_ok(relevo_queue_put(queue, "a", 1, RELEVO_FOREVER));
	assert_ok(relevo_queue_put(queue, "b", 1, RELEVO_FOREVER));
	assert_ok(relevo_queue_put(queue, "c", 1, RELEVO_FOREVER));
	assert_ok(relevo_session_flush(scene->session, RELEVO_FOREVER));
	assert_int_equal(failures.count, 4);
	assert_string_equal(failures.text, "c");
	relevo_queue_close(queue);
}

struct slow_failures {
	sem_t entered, go_on;
	int count;
};

static void note_slowly(relevo_queue *queue, int status, const struct relevo_bytes *item,
			void *user)
{
	struct slow_failures *failures = user;
	(void)queue, (void)item;
	assert_int_equal(status, RELEVO_GONE);
	sem_post(&failures->entered);
	assert_int_equal(sem_wait(&failures->go_on), 0);
	failures->count++;
}

struct flushing {
	relevo_queue *queue;
	relevo_session *session;
};

static void *put_and_flush(void *argument)
{
	struct flushing *flushing = argument;
	assert_ok(relevo_queue_put(flushing->queue, "late", 4, RELEVO_FOREVER));
	assert_ok(relevo_session_flush(flushing->session, RELEVO_FOREVER));
	return NULL;
}

/* Whoever flushes finds all failures told, also those that another thread tells. */
static void a_flush_waits_for_callbacks(void **state)
{
	struct scene *scene = *state;
	struct slow_failures failures = { .count = 0 };
	struct relevo_queue_options options = { .on_error = note_slowly, .user = &failures };
	struct flushing flushing = { .session = scene->session };
	pthread_t thread;
	sem_init(&failures.entered, 0, 0);
	sem_init(&failures.go_on, 0, 0);
	assert_ok(relevo_queue_open(scene->session, "doomed", &options, &flushing.queue));
	assert_ok(relevo_queue_delete(scene->session, "doomed"));
	assert_int_equal(pthread_create(&thread, NULL, put_and_flush, &flushing), 0);
	assert_int_equal(sem_wait(&failures.entered), 0);
	assert_fails(relevo_session_flush(scene->session, 50), RELEVO_TIMED_OUT, "callback");
	sem_post(&failures.go_on);
	assert_ok(relevo_session_flush(scene->session, RELEVO_FOREVER));
	assert_int_equal(failures.count, 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	relevo_queue_close(flushing.queue);
}

static void a_quota_is_told(void **state)
{
	(void)state;
	struct test_broker broker;
	static const char *const arguments[] = { "--max-memory", "64M", "--max-queues", "3", NULL };
	enum { SIZE = 1000 * 1000, COUNT = 80 };
	test_broker_start(&broker, arguments);
	relevo_session *session = session_open(broker.url);
	struct failures failures = { 0 };
	struct relevo_queue_options options = { .on_error = note_failure, .user = &failures };
	relevo_queue *queue, *bounded = queue_open_bounded(session, "bounded", 10);
	assert_ok(relevo_queue_open(session, "full", &options, &queue));
	char *large = calloc(1, SIZE);
	assert_non_null(large);
	for (int i = 0; i < COUNT; i++)
		assert_ok(relevo_queue_put(queue, large, SIZE, RELEVO_FOREVER));
	assert_ok(relevo_session_flush(session, RELEVO_FOREVER));
	assert_int_equal(failures.status, RELEVO_QUOTA);
	assert_fails(relevo_queue_put(bounded, large, SIZE, 0), RELEVO_QUOTA, "67108864");
	struct relevo_queue_state counts = counts_of(queue);
	assert_int_equal(counts.ready + (uint64_t)failures.count, COUNT);
	assert_in_range(counts.ready, 60, 67);
	/* What is full can be emptied. */
	for (uint64_t i = 0; i < counts.ready; i++) {
		relevo_item item;
		assert_ok(relevo_queue_get(queue, TEST_PATIENCE, &item));
		assert_int_equal(item.size, SIZE);
		relevo_item_free(&item);
	}
	expect_empty(queue);
	assert_ok(relevo_queue_put(bounded, large, SIZE, 0));
	relevo_queue *third = queue_open(session, "third"), *fourth;
	assert_status(relevo_queue_open(session, "fourth", NULL, &fourth), RELEVO_QUOTA);
	relevo_queue_close(third);
	relevo_queue_close(queue);
	relevo_queue_close(bounded);
	free(large);
	assert_ok(relevo_session_close(session));
	test_broker_stop(&broker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(a_name_has_1_to_255_bytes),
		scene_unit_test(a_name_is_utf8_without_control_characters),
		scene_unit_test(without_a_name_each_queue_is_new),
		scene_unit_test(open_modes),
		scene_unit_test(opening_an_existing_queue_takes_its_options),
		scene_unit_test(other_options_than_the_queues_are_named),
		scene_unit_test(bad_options_are_named),
		scene_unit_test(negative_timeouts_are_refused),
		scene_unit_test(huge_timeouts_wait_long),
		scene_unit_test(a_kept_queue_keeps_its_items),
		scene_unit_test(until_unused_ends_with_the_last_handle),
		scene_unit_test(with_session_ends_with_its_creator),
		scene_unit_test(counts_tell_what_there_is),
		scene_unit_test(deletion_ends_whoever_waits),
		scene_unit_test(a_deleted_queue_is_gone_for_its_handles),
		scene_unit_test(a_put_that_fails_later_goes_to_the_callback),
		scene_unit_test(a_flush_waits_for_callbacks),
		leaks_unit_test(a_quota_is_told),
	};
	return cmocka_run_group_tests_name("queue_open", tests, NULL, NULL);
}
