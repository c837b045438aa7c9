/* Pollers: holders that die, and brokers that are lost. */
#include "support/polling.h"

#include <signal.h>
#include <unistd.h>

struct play {
	struct scene *scene;
	relevo_lock *lock;
	struct gate on;
};

static void own_for_ever(void *argument)
{
	struct play *play = argument;
	child_check(relevo_lock_acquire(play->lock, RELEVO_FOREVER, NULL) == RELEVO_OK);
	gate_open(&play->on);
	pause();
}

static void the_next_owner_hears_of_a_death(void **state)
{
	struct play play = { .scene = *state };
	relevo_poller *poller;
	gate_make(&play.on);
	assert_ok(relevo_lock_open(play.scene->session, "lock", NULL, &play.lock));
	assert_ok(relevo_poller_new(&poller));
	pid_t owner = child_start(own_for_ever, &play);
	gate_pass(&play.on);
	assert_ok(relevo_poller_add_lock(poller, play.lock, NULL));
	assert_false(polling_readable(poller, 100));
	child_kill(owner);
	struct relevo_ready ready = polling_next(poller, NULL);
	assert_ok(ready.status);
	assert_true(ready.grant.owner_died);
	assert_ok(relevo_lock_release(play.lock));
	/* Who is not told passes it on. */
	owner = child_start(own_for_ever, &play);
	gate_pass(&play.on);
	assert_ok(relevo_poller_add_lock(poller, play.lock, NULL));
	child_kill(owner);
	assert_true(polling_readable(poller, TEST_PATIENCE));
	/* Another call reads that it was granted. */
	(void)counts_of(play.scene->queue);
	assert_ok(relevo_poller_remove(poller, play.lock));
	struct relevo_grant grant;
	assert_ok(relevo_lock_acquire(play.lock, TEST_PATIENCE, &grant));
	assert_true(grant.owner_died);
	assert_ok(relevo_lock_release(play.lock));
	relevo_poller_free(poller);
	relevo_lock_close(play.lock);
	gate_close(&play.on);
}

/* The loop that was told of an item, and got it not, dies. */
static void look_and_die(void *argument)
{
	struct play *play = argument;
	relevo_poller *poller;
	child_check(relevo_poller_new(&poller) == RELEVO_OK);
	child_check(relevo_poller_add_queue(poller, play->scene->queue, NULL) == RELEVO_OK);
	struct relevo_ready ready;
	size_t count;
	child_check(relevo_poller_wait(poller, TEST_PATIENCE, &ready, 1, &count) == RELEVO_OK);
	gate_open(&play->on);
	pause();
}

static void an_item_outlives_the_loop_that_was_told(void **state)
{
	struct play play = { .scene = *state };
	gate_make(&play.on);
	pid_t child = child_start(look_and_die, &play);
	put_text(play.scene->queue, "x");
	gate_pass(&play.on);
	child_kill(child);
	expect_text(play.scene->queue, "x");
	gate_close(&play.on);
}

/* Each object is told, and can be waited for again with another broker. */
static void a_lost_broker_is_told_for_each(void **state)
{
	struct scene *scene = *state;
	const void *objects[3];
	relevo_poller *poller;
	relevo_event *event;
	relevo_lock *lock;
	assert_ok(relevo_poller_new(&poller));
	assert_ok(relevo_event_open(scene->session, "e", NULL, &event));
	assert_ok(relevo_lock_open(scene->session, "l", NULL, &lock));
	assert_ok(relevo_lock_acquire(lock, TEST_PATIENCE, NULL));
	assert_ok(relevo_poller_add_queue(poller, scene->queue, &objects[0]));
	assert_ok(relevo_poller_add_event(poller, event, &objects[1]));
	assert_ok(relevo_poller_add_lock(poller, lock, &objects[2]));
	broker_kill(&scene->broker);
	for (int i = 0; i < 3; i++) {
		struct relevo_ready ready = polling_next(poller, NULL);
		assert_status(ready.status, RELEVO_DISCONNECTED);
		*(const void **)ready.user = ready.object;
	}
	assert_true(objects[0] == scene->queue && objects[1] == event && objects[2] == lock);
	assert_int_equal(polling_expect_nothing(poller), 0);
	assert_true(relevo_poller_add_queue(poller, scene->queue, NULL) != RELEVO_OK);
	broker_again(&scene->broker);
	/* The session finds it; what it kept is lost. */
	assert_status(relevo_poller_add_queue(poller, scene->queue, NULL), RELEVO_GONE);
	relevo_queue *again = queue_open(scene->session, "again");
	assert_ok(relevo_poller_add_queue(poller, again, NULL));
	put_text(again, "x");
	polling_expect(poller, again, RELEVO_OK);
	expect_text(again, "x");
	relevo_queue_close(again);
	polling_expect_nothing(poller);
	relevo_poller_free(poller);
	relevo_lock_close(lock);
	relevo_event_close(event);
}

/* What lies here unread ends with the connection, and is handed out by nobody here. */
static void what_was_told_ends_with_the_broker(void **state)
{
	struct scene *scene = *state;
	relevo_poller *poller;
	relevo_item item;
	assert_ok(relevo_poller_new(&poller));
	assert_ok(relevo_poller_add_queue(poller, scene->queue, NULL));
	put_text(scene->queue, "x");
	assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
	polling_expect(poller, scene->queue, RELEVO_OK);
	broker_kill(&scene->broker);
	while (polling_next(poller, NULL).status == RELEVO_OK)
		continue;
	assert_true(relevo_queue_get(scene->queue, 0, &item) != RELEVO_OK);
	broker_again(&scene->broker);
	relevo_queue *again = queue_open(scene->session, "again");
	polling_expect_nothing(poller);
	relevo_queue_close(again);
	relevo_poller_free(poller);
}

/* It takes nothing and says nothing: that holds up no loop. */
static void a_stopped_broker_holds_up_no_loop(void **state)
{
	struct scene *scene = *state;
	relevo_poller *poller;
	struct relevo_ready ready;
	size_t count;
	assert_ok(relevo_poller_new(&poller));
	assert_ok(relevo_poller_add_queue(poller, scene->queue, NULL));
	process_stop(scene->broker.pid);
	int64_t start = test_now();
	assert_status(relevo_poller_wait(poller, 0, &ready, 1, &count), RELEVO_TIMED_OUT);
	assert_ok(relevo_poller_remove(poller, scene->queue));
	assert_ok(relevo_poller_add_queue(poller, scene->queue, NULL));
	assert_status(relevo_poller_wait(poller, 100, &ready, 1, &count), RELEVO_TIMED_OUT);
	assert_between(test_now() - start, 90, 1000);
	process_go_on(scene->broker.pid);
	put_text(scene->queue, "x");
	polling_expect(poller, scene->queue, RELEVO_OK);
	expect_text(scene->queue, "x");
	relevo_poller_free(poller);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(the_next_owner_hears_of_a_death),
		scene_unit_test(an_item_outlives_the_loop_that_was_told),
		scene_unit_test(a_lost_broker_is_told_for_each),
		scene_unit_test(what_was_told_ends_with_the_broker),
		scene_unit_test(a_stopped_broker_holds_up_no_loop),
	};
	return cmocka_run_group_tests_name("poller", tests, NULL, NULL);
}
