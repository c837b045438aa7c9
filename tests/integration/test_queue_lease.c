/* Leases: acknowledging, giving back, running out. */
#include "support/queues.h"

static void lease_one(relevo_queue *queue, relevo_item *item)
{
	size_t got;
	assert_ok(relevo_queue_lease(queue, TEST_PATIENCE, item, 1, &got));
	assert_int_equal(got, 1);
	assert_int_not_equal(item->lease, 0);
}

static void an_acknowledged_item_is_gone(void **state)
{
	struct scene *scene = *state;
	relevo_item item;
	put_text(scene->queue, "x");
	lease_one(scene->queue, &item);
	assert_int_equal(counts_of(scene->queue).leased, 1);
	assert_ok(relevo_queue_ack(scene->queue, &item, 1));
	assert_int_equal(item.lease, 0);
	struct relevo_queue_state counts = counts_of(scene->queue);
	assert_int_equal(counts.leased + counts.ready + counts.delayed + counts.bytes, 0);
	relevo_item_free(&item);
}

static void a_second_acknowledgement_is_not_the_owners(void **state)
{
	struct scene *scene = *state;
	relevo_item item, same;
	put_text(scene->queue, "x");
	lease_one(scene->queue, &item);
	same = item;
	assert_ok(relevo_queue_ack(scene->queue, &item, 1));
	assert_status(relevo_queue_ack(scene->queue, &same, 1), RELEVO_NOT_OWNER);
	same.lease = 4711;
	assert_status(relevo_queue_nack(scene->queue, &same, 1, 0), RELEVO_NOT_OWNER);
	/* Nothing is held any more: nothing to do. */
	assert_ok(relevo_queue_ack(scene->queue, &item, 1));
	relevo_item_free(&item);
}

static void the_others_are_acknowledged_all_the_same(void **state)
{
	struct scene *scene = *state;
	relevo_item items[3];
	size_t got;
	put_text(scene->queue, "a");
	put_text(scene->queue, "b");
	put_text(scene->queue, "c");
	assert_ok(relevo_queue_lease(scene->queue, 0, items, 3, &got));
	assert_int_equal(got, 3);
	relevo_item copy = items[1];
	assert_ok(relevo_queue_ack(scene->queue, &copy, 1));
	assert_status(relevo_queue_ack(scene->queue, items, 3), RELEVO_NOT_OWNER);
	assert_int_equal(counts_of(scene->queue).acknowledged, 3);
	assert_int_equal(counts_of(scene->queue).leased, 0);
	for (int i = 0; i < 3; i++)
		relevo_item_free(&items[i]);
}

static void somebody_elses_lease_is_not_the_owners(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *theirs = queue_open(other, "q");
	relevo_item item, copy;
	put_text(scene->queue, "x");
	lease_one(scene->queue, &item);
	copy = item;
	assert_status(relevo_queue_ack(theirs, &copy, 1), RELEVO_NOT_OWNER);
	assert_int_equal(counts_of(scene->queue).leased, 1);
	assert_ok(relevo_queue_ack(scene->queue, &item, 1));
	relevo_item_free(&item);
	relevo_queue_close(theirs);
	assert_ok(relevo_session_close(other));
}

static void given_back_items_return_to_their_place(void **state)
{
	struct scene *scene = *state;
	relevo_item items[3];
	size_t got;
	put_text(scene->queue, "a");
	put_text(scene->queue, "b");
	put_text(scene->queue, "c");
	put_text(scene->queue, "d");
	assert_ok(relevo_queue_lease(scene->queue, 0, items, 3, &got));
	/* The later one first. */
	assert_ok(relevo_queue_nack(scene->queue, &items[2], 1, 0));
	assert_ok(relevo_queue_nack(scene->queue, &items[0], 1, 0));
	assert_int_equal(items[0].lease, 0);
	relevo_item again;
	lease_one(scene->queue, &again);
	assert_string_equal(again.data, "a");
	assert_int_equal(again.deliveries, 2);
	assert_ok(relevo_queue_nack(scene->queue, &again, 1, 0));
	relevo_item_free(&again);
	lease_one(scene->queue, &again);
	assert_int_equal(again.deliveries, 3);
	assert_ok(relevo_queue_ack(scene->queue, &again, 1));
	relevo_item_free(&again);
	expect_text(scene->queue, "c");
	expect_text(scene->queue, "d");
	assert_ok(relevo_queue_ack(scene->queue, &items[1], 1));
	for (int i = 0; i < 3; i++)
		relevo_item_free(&items[i]);
}

static void items_put_back_have_not_been_handed_out(void **state)
{
	struct scene *scene = *state;
	const struct relevo_queue_options options = { .max_deliveries = 1 };
	relevo_queue *queue;
	relevo_item items[2];
	size_t got;
	assert_ok(relevo_queue_open(scene->session, "once", &options, &queue));
	put_text(queue, "a");
	put_text(queue, "b");
	for (int i = 0; i < 3; i++) {
		assert_ok(relevo_queue_lease(queue, 0, items, 2, &got));
		assert_int_equal(got, 2);
		assert_string_equal(items[0].data, "a");
		assert_int_equal(items[0].deliveries, 1);
		assert_ok(relevo_queue_put_back(queue, items, 2));
		assert_int_equal(items[1].lease, 0);
		assert_status(relevo_queue_put_back(queue, items, 2), RELEVO_OK);
		relevo_item_free(&items[0]);
		relevo_item_free(&items[1]);
	}
	struct relevo_queue_state counts = counts_of(queue);
	assert_int_equal(counts.ready, 2);
	assert_int_equal(counts.redelivered, 0);
	assert_int_equal(counts.dead_lettered, 0);
	relevo_queue_close(queue);
}

static bool never_go_on(void *user)
{
	(void)user;
	return false;
}

/* The items are on their way when the call is given up and the session is closed. */
static void items_that_come_too_late_have_not_been_handed_out(void **state)
{
	struct scene *scene = *state;
	const struct relevo_session_options hasty = { .go_on = never_go_on };
	const struct relevo_queue_options options = { .max_deliveries = 1 };
	relevo_queue *queue;
	assert_ok(relevo_queue_open(scene->session, "once", &options, &queue));
	put_text(queue, "a");
	assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
	for (int i = 0; i < 10; i++) {
		relevo_session *session;
		relevo_item item;
		size_t got;
		assert_ok(relevo_session_open(scene->broker.url, &hasty, &session));
		relevo_queue *handle = queue_open_existing(session, "once");
		assert_status(relevo_queue_lease(handle, RELEVO_FOREVER, &item, 1, &got),
			      RELEVO_INTERRUPTED);
		relevo_queue_close(handle);
		assert_ok(relevo_session_close(session));
	}
	assert_int_equal(counts_of(queue).ready, 1);
	assert_int_equal(counts_of(queue).dead_lettered, 0);
	relevo_queue_close(queue);
}

/* It bounds what lies in the queue, not what somebody works on. */
static void leased_items_do_not_count_for_the_capacity(void **state)
{
	struct scene *scene = *state;
	const struct relevo_queue_options options[] = { { .capacity = 1 },
							{ .capacity_bytes = 1 } };
	for (int i = 0; i < 2; i++) {
		relevo_queue *queue;
		relevo_item item;
		assert_ok(relevo_queue_open(scene->session, NULL, &options[i], &queue));
		put_text(queue, "a");
		assert_status(relevo_queue_put(queue, "b", 1, 0), RELEVO_TIMED_OUT);
		lease_one(queue, &item);
		assert_ok(relevo_queue_put(queue, "b", 1, 0));
		/* One that comes back finds room all the same. */
		assert_ok(relevo_queue_nack(queue, &item, 1, 0));
		relevo_item_free(&item);
		assert_int_equal(counts_of(queue).ready, 2);
		assert_status(relevo_queue_put(queue, "c", 1, 0), RELEVO_TIMED_OUT);
		relevo_queue_close(queue);
	}
}

static void a_delay_is_kept(void **state)
{
	struct scene *scene = *state;
	relevo_item item;
	put_text(scene->queue, "later");
	lease_one(scene->queue, &item);
	int64_t before = test_now();
	assert_ok(relevo_queue_nack(scene->queue, &item, 1, 200));
	relevo_item_free(&item);
	expect_empty(scene->queue);
	assert_int_equal(counts_of(scene->queue).delayed, 1);
	lease_one(scene->queue, &item);
	assert_between(test_now() - before, 199, 1200);
	assert_string_equal(item.data, "later");
	assert_int_equal(item.deliveries, 2);
	assert_ok(relevo_queue_ack(scene->queue, &item, 1));
	relevo_item_free(&item);
	assert_fails(relevo_queue_nack(scene->queue, &item, 1, -1), RELEVO_BAD_ARGUMENT, "-1");
	assert_fails(relevo_queue_nack(scene->queue, &item, 1, INT64_MAX), RELEVO_BAD_ARGUMENT,
		     "delay");
}

static void a_lease_runs_out(void **state)
{
	struct scene *scene = *state;
	relevo_queue *queue;
	struct relevo_queue_options options = { .lease = 150 };
	relevo_item item, again;
	assert_ok(relevo_queue_open(scene->session, "short", &options, &queue));
	put_text(queue, "x");
	int64_t before = test_now();
	lease_one(queue, &item);
	expect_empty(queue);
	lease_one(queue, &again);
	assert_between(test_now() - before, 149, 1150);
	assert_int_equal(again.deliveries, 2);
	assert_int_equal(counts_of(queue).redelivered, 1);
	assert_status(relevo_queue_ack(queue, &item, 1), RELEVO_NOT_OWNER);
	assert_ok(relevo_queue_ack(queue, &again, 1));
	relevo_item_free(&item);
	relevo_item_free(&again);
	relevo_queue_close(queue);
}

static void leases_go_back_with_their_session(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *theirs = queue_open(other, "q");
	relevo_item items[2];
	size_t got;
	put_text(scene->queue, "a");
	put_text(scene->queue, "b");
	assert_ok(relevo_session_flush(scene->session, RELEVO_FOREVER));
	assert_ok(relevo_queue_lease(theirs, TEST_PATIENCE, items, 2, &got));
	assert_int_equal(got, 2);
	assert_ok(relevo_queue_ack(theirs, &items[0], 1));
	relevo_queue_close(theirs);
	assert_int_equal(counts_of(scene->queue).leased, 1);
	assert_ok(relevo_session_close(other));
	relevo_item item;
	lease_one(scene->queue, &item);
	assert_string_equal(item.data, "b");
	assert_int_equal(item.deliveries, 2);
	assert_ok(relevo_queue_ack(scene->queue, &item, 1));
	relevo_item_free(&item);
	/* Items outlive the session they came through. */
	assert_string_equal(items[1].data, "b");
	relevo_item_free(&items[0]);
	relevo_item_free(&items[1]);
}

static void a_got_item_is_acknowledged_when_the_session_ends(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *theirs = queue_open(other, "q");
	put_text(scene->queue, "a");
	expect_text(theirs, "a");
	relevo_queue_close(theirs);
	assert_ok(relevo_session_close(other));
	expect_empty(scene->queue);
	assert_int_equal(counts_of(scene->queue).acknowledged, 1);
}

static void an_acknowledgement_arrives_without_another_call(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *theirs = queue_open(other, "q");
	put_text(scene->queue, "a");
	expect_text(theirs, "a");
	relevo_queue *bounded = queue_open_bounded(scene->session, "bounded", 1);
	relevo_queue *their_bounded = queue_open_bounded(other, "bounded", 1);
	put_text(bounded, "1");
	expect_text(their_bounded, "1");
	put_text(bounded, "2");
	expect_text(their_bounded, "2");
	relevo_queue_close(bounded);
	relevo_queue_close(their_bounded);
	relevo_queue_close(theirs);
	assert_ok(relevo_session_close(other));
}

static int note_counts(const struct relevo_queue_info *info, void *user)
{
	uint64_t *counts = user;
	counts[0] = info->ready;
	counts[1] = info->leased;
	return 0;
}

/* More than the broker takes back in one turn. */
static void all_is_back_when_a_large_session_has_closed(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 20000, STEP = 1000 };
	uint64_t counts[2] = { 0 };
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *queue = queue_open(other, "q");
	relevo_item *items = calloc(COUNT, sizeof *items);
	assert_non_null(items);
	for (int i = 0; i < COUNT; i++)
		put_text(queue, "x");
	for (size_t got = 0, step; got < COUNT; got += step)
		assert_ok(relevo_queue_lease(queue, TEST_PATIENCE, items + got, STEP, &step));
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(other));
	assert_ok(relevo_queue_list(scene->session, "q", note_counts, counts));
	assert_int_equal(counts[0], COUNT);
	assert_int_equal(counts[1], 0);
	for (int i = 0; i < COUNT; i++)
		relevo_item_free(&items[i]);
	free(items);
}

/* More than one frame may name. */
static void thousands_are_given_back_in_one_call(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 20000, STEP = 1000 };
	relevo_item *items = calloc(COUNT, sizeof *items);
	assert_non_null(items);
	for (int i = 0; i < COUNT; i++)
		put_text(scene->queue, "x");
	for (size_t got = 0, step; got < COUNT; got += step)
		assert_ok(
			relevo_queue_lease(scene->queue, TEST_PATIENCE, items + got, STEP, &step));
	assert_ok(relevo_queue_extend(scene->queue, items, COUNT, TEST_PATIENCE));
	assert_int_equal(counts_of(scene->queue).leased, COUNT);
	assert_ok(relevo_queue_nack(scene->queue, items, COUNT, 0));
	assert_int_equal(counts_of(scene->queue).ready, COUNT);
	for (int i = 0; i < COUNT; i++)
		relevo_item_free(&items[i]);
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(all_is_back_when_a_large_session_has_closed),
		scene_unit_test(thousands_are_given_back_in_one_call),
		scene_unit_test(an_acknowledged_item_is_gone),
		scene_unit_test(a_second_acknowledgement_is_not_the_owners),
		scene_unit_test(the_others_are_acknowledged_all_the_same),
		scene_unit_test(somebody_elses_lease_is_not_the_owners),
		scene_unit_test(given_back_items_return_to_their_place),
		scene_unit_test(items_put_back_have_not_been_handed_out),
		scene_unit_test(items_that_come_too_late_have_not_been_handed_out),
		scene_unit_test(leased_items_do_not_count_for_the_capacity),
		scene_unit_test(a_delay_is_kept),
		scene_unit_test(a_lease_runs_out),
		scene_unit_test(leases_go_back_with_their_session),
		scene_unit_test(a_got_item_is_acknowledged_when_the_session_ends),
		scene_unit_test(an_acknowledgement_arrives_without_another_call),
	};
	return cmocka_run_group_tests_name("queue_lease", tests, NULL, NULL);
}
