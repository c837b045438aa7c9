/* Getting from the first ready of several queues. */
#include "support/queues.h"

#include <pthread.h>
#include <unistd.h>

/* Three queues, the scene's the last of them. */
struct choice {
	struct scene *scene;
	relevo_queue *queues[3];
};

static struct choice the_choice;

static int setup(void **state)
{
	struct choice *choice = &the_choice;
	if (scene_setup(state) != 0)
		return -1;
	choice->scene = *state;
	choice->queues[0] = queue_open(choice->scene->session, "a");
	choice->queues[1] = queue_open(choice->scene->session, "b");
	choice->queues[2] = choice->scene->queue;
	*state = choice;
	return 0;
}

static int teardown(void **state)
{
	struct choice *choice = *state;
	relevo_queue_close(choice->queues[0]);
	relevo_queue_close(choice->queues[1]);
	*state = choice->scene;
	return scene_teardown(state);
}

static void expect_from(struct choice *choice, size_t place, const char *text)
{
	relevo_item item;
	size_t which;
	assert_ok(relevo_queue_get_any(choice->queues, 3, TEST_PATIENCE, &item, &which));
	assert_int_equal(which, place);
	assert_string_equal(item.data, text);
	assert_int_equal(item.lease, 0);
	relevo_item_free(&item);
}

static void the_first_ready_serves(void **state)
{
	struct choice *choice = *state;
	relevo_item item;
	assert_status(relevo_queue_get_any(choice->queues, 3, 0, &item, NULL), RELEVO_TIMED_OUT);
	put_text(choice->queues[1], "b");
	put_text(choice->queues[2], "q");
	put_text(choice->queues[0], "a");
	expect_from(choice, 0, "a");
	expect_from(choice, 1, "b");
	expect_from(choice, 2, "q");
	int64_t before = test_now();
	assert_status(relevo_queue_get_any(choice->queues, 3, 100, &item, NULL), RELEVO_TIMED_OUT);
	assert_between(test_now() - before, 99, 1100);
}

/* Those that came ahead of being asked for are not passed over. */
static void items_that_are_here_already_come_first(void **state)
{
	struct choice *choice = *state;
	for (int i = 0; i < 20; i++)
		put_text(choice->queues[1], "b");
	expect_text(choice->queues[1], "b");
	for (int i = 1; i < 20; i++)
		expect_from(choice, 1, "b");
	put_text(choice->queues[2], "q");
	expect_from(choice, 2, "q");
	assert_int_equal(counts_of(choice->queues[1]).acknowledged, 20);
}

static void *put_later(void *argument)
{
	struct choice *choice = argument;
	wait_for_getters(choice->queues[2], 1);
	put_text(choice->queues[2], "late");
	return NULL;
}

static void it_waits_for_all_of_them(void **state)
{
	struct choice *choice = *state;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, put_later, choice), 0);
	expect_from(choice, 2, "late");
	pthread_join(thread, NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(counts_of(choice->queues[i]).getters, 0);
}

static void a_child_chooses_too(void **state)
{
	struct choice *choice = *state;
	put_text(choice->queues[1], "for the child");
	assert_ok(relevo_session_flush(choice->scene->session, TEST_PATIENCE));
	pid_t child = fork();
	if (child == 0) {
		relevo_item item;
		size_t which = 9;
		int status = relevo_queue_get_any(choice->queues, 3, TEST_PATIENCE, &item, &which);
		if (status == RELEVO_OK)
			status = relevo_session_close(choice->scene->session);
		_exit(status == RELEVO_OK && which == 1 ? 0 : 1);
	}
	assert_int_equal(test_wait(child), 0);
	assert_int_equal(counts_of(choice->queues[1]).acknowledged, 1);
}

static void a_queue_that_goes_ends_the_call(void **state)
{
	struct choice *choice = *state;
	relevo_item item;
	assert_ok(relevo_queue_delete(choice->scene->session, "b"));
	assert_fails(relevo_queue_get_any(choice->queues, 3, RELEVO_FOREVER, &item, NULL),
		     RELEVO_GONE, "\"b\"");
}

static void what_cannot_be_is_refused(void **state)
{
	struct choice *choice = *state;
	relevo_item item;
	relevo_session *other = session_open(choice->scene->broker.url);
	relevo_queue *mixed[] = { choice->queues[0], queue_open(other, "b") };
	assert_status(relevo_queue_get_any(mixed, 0, 0, &item, NULL), RELEVO_BAD_ARGUMENT);
	assert_fails(relevo_queue_get_any(mixed, 2, 0, &item, NULL), RELEVO_BAD_ARGUMENT,
		     "of two sessions");
	assert_status(relevo_queue_get_any(choice->queues, 3, -2, &item, NULL),
		      RELEVO_BAD_ARGUMENT);
	relevo_queue_close(mixed[1]);
	assert_ok(relevo_session_close(other));
}

/* Served at the instant it gives up: every item comes once. */
static void giving_up_loses_nothing(void **state)
{
	struct choice *choice = *state;
	enum { ROUNDS = 300 };
	uint32_t taken = 0;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		relevo_item item;
		const struct relevo_put_options soon = { .delay = 1 + i % 3 };
		assert_ok(relevo_queue_put_with(choice->queues[i % 3], &i, sizeof i, &soon,
						RELEVO_FOREVER));
		int status = relevo_queue_get_any(choice->queues, 3, 1 + i % 4, &item, NULL);
		if (status == RELEVO_OK) {
			taken++;
			relevo_item_free(&item);
		} else {
			assert_status(status, RELEVO_TIMED_OUT);
		}
	}
	while (taken < ROUNDS) {
		relevo_item item;
		assert_ok(relevo_queue_get_any(choice->queues, 3, TEST_PATIENCE, &item, NULL));
		relevo_item_free(&item);
		taken++;
	}
	assert_ok(relevo_session_flush(choice->scene->session, TEST_PATIENCE));
	for (int i = 0; i < 3; i++) {
		struct relevo_queue_state counts = counts_of(choice->queues[i]);
		assert_int_equal(counts.acknowledged, ROUNDS / 3);
		assert_int_equal(counts.ready + counts.leased + counts.delayed, 0);
	}
}

/* What a leasing get from any of them brings, all "x" of the queue at `place`. */
static size_t lease_any(struct choice *choice, relevo_item *items, size_t count, size_t place)
{
	size_t got, which;
	assert_ok(relevo_queue_lease_any(choice->queues, 3, TEST_PATIENCE, items, count, &which,
					 &got));
	assert_int_equal(which, place);
	for (size_t i = 0; i < got; i++) {
		assert_string_equal(items[i].data, "x");
		assert_int_not_equal(items[i].lease, 0);
	}
	return got;
}

static void free_items(relevo_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		relevo_item_free(&items[i]);
}

static void leased_ones_wait_for_their_acknowledgement(void **state)
{
	struct choice *choice = *state;
	relevo_item items[8];
	for (int i = 0; i < 5; i++)
		put_text(choice->queues[1], "x");
	put_text(choice->queues[2], "x");
	/* No more than asked for, and all of one queue. */
	assert_int_equal(lease_any(choice, items, 2, 1), 2);
	assert_int_equal(lease_any(choice, items + 2, 6, 1), 3);
	assert_int_equal(counts_of(choice->queues[1]).leased, 5);
	assert_ok(relevo_queue_ack(choice->queues[1], items, 4));
	assert_ok(relevo_queue_nack(choice->queues[1], items + 4, 1, 0));
	free_items(items, 5);
	assert_int_equal(lease_any(choice, items, 8, 1), 1);
	assert_int_equal(items[0].deliveries, 2);
	assert_ok(relevo_queue_ack(choice->queues[1], items, 1));
	free_items(items, 1);
	assert_int_equal(lease_any(choice, items, 8, 2), 1);
	assert_ok(relevo_queue_ack(choice->queues[2], items, 1));
	free_items(items, 1);
	assert_int_equal(counts_of(choice->queues[1]).acknowledged, 5);
	assert_int_equal(counts_of(choice->queues[2]).acknowledged, 1);
}

/* Items that came ahead may be called back at any time, so that they cannot be leased as
 * they are; they are not passed over either. */
static void those_that_came_ahead_are_leased_too(void **state)
{
	struct choice *choice = *state;
	relevo_item items[20];
	size_t got = 0;
	for (int i = 0; i < 20; i++)
		put_text(choice->queues[1], "x");
	expect_text(choice->queues[1], "x");
	while (got < 19)
		got += lease_any(choice, items + got, 20 - got, 1);
	for (int i = 0; i < 19; i++)
		assert_int_equal(items[i].deliveries, 1);
	assert_ok(relevo_queue_ack(choice->queues[1], items, 19));
	free_items(items, 19);
	assert_int_equal(counts_of(choice->queues[1]).acknowledged, 20);
}

static void leases_end_with_their_session(void **state)
{
	struct choice *choice = *state;
	put_text(choice->queues[2], "x");
	assert_ok(relevo_session_flush(choice->scene->session, TEST_PATIENCE));
	pid_t child = fork();
	if (child == 0) {
		relevo_item item;
		size_t got, which;
		int status = relevo_queue_lease_any(choice->queues, 3, TEST_PATIENCE, &item, 1,
						    &which, &got);
		_exit(status == RELEVO_OK && got == 1 && which == 2 ? 0 : 1);
	}
	assert_int_equal(test_wait(child), 0);
	relevo_item item;
	assert_int_equal(lease_any(choice, &item, 1, 2), 1);
	assert_int_equal(item.deliveries, 2);
	assert_ok(relevo_queue_reject(choice->queues[2], &item, 1));
	relevo_item_free(&item);
}

static void a_leasing_choice_that_cannot_be_is_refused(void **state)
{
	struct choice *choice = *state;
	relevo_queue *const *all = choice->queues;
	relevo_item item;
	size_t got = 9;
	assert_status(relevo_queue_lease_any(all, 0, 0, &item, 1, NULL, &got), RELEVO_BAD_ARGUMENT);
	assert_fails(relevo_queue_lease_any(all, 65, 0, &item, 1, NULL, &got), RELEVO_BAD_ARGUMENT,
		     "from 65 queues");
	assert_status(relevo_queue_lease_any(all, 3, -2, &item, 1, NULL, &got),
		      RELEVO_BAD_ARGUMENT);
	assert_status(relevo_queue_lease_any(all, 3, 0, &item, 1, NULL, &got), RELEVO_TIMED_OUT);
	assert_int_equal(got, 0);
	assert_status(relevo_queue_lease_any(all, 3, 20, &item, 1, NULL, &got), RELEVO_TIMED_OUT);
	/* Of none, there is nothing to wait for. */
	assert_ok(relevo_queue_lease_any(all, 3, RELEVO_FOREVER, NULL, 0, NULL, &got));
	/* A single queue is a choice of one. */
	put_text(choice->queues[2], "x");
	assert_ok(relevo_queue_lease_any(&all[2], 1, TEST_PATIENCE, &item, 1, NULL, &got));
	assert_ok(relevo_queue_ack(choice->queues[2], &item, 1));
	relevo_item_free(&item);
	assert_ok(relevo_queue_delete(choice->scene->session, "b"));
	assert_fails(relevo_queue_lease_any(all, 3, RELEVO_FOREVER, &item, 1, NULL, &got),
		     RELEVO_GONE, "\"b\"");
}

#define choice_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		choice_test(the_first_ready_serves),
		choice_test(items_that_are_here_already_come_first),
		choice_test(it_waits_for_all_of_them),
		choice_test(a_child_chooses_too),
		choice_test(a_queue_that_goes_ends_the_call),
		choice_test(what_cannot_be_is_refused),
		choice_test(giving_up_loses_nothing),
		choice_test(leased_ones_wait_for_their_acknowledgement),
		choice_test(those_that_came_ahead_are_leased_too),
		choice_test(leases_end_with_their_session),
		choice_test(a_leasing_choice_that_cannot_be_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
