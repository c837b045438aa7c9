#include "net/loop.h"

#include "support/test.h"

#include "base/list.h"
#include "support/leaks.h"

#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A loop with two sources that tell what happens to them. */
struct fixture {
	struct loop *loop;
	int fds[2];
	struct loop_source *sources[2];
	int calls[2];
	int rounds;
	int last_round; /* stop after so many */
	int remove;     /* by the first callback: which source; -1: none */
	nsec_t deadline;
};

static void on_event(struct fixture *fixture, int which)
{
	fixture->calls[which]++;
	if (fixture->remove < 0)
		return;
	loop_remove(fixture->sources[fixture->remove]);
	fixture->sources[fixture->remove] = NULL;
	fixture->remove = -1;
}

static void on_first(void *context, uint32_t events)
{
	assert_true((events & EPOLLIN) != 0);
	on_event(context, 0);
}

static void on_second(void *context, uint32_t events)
{
	assert_true((events & EPOLLIN) != 0);
	on_event(context, 1);
}

static nsec_t next_deadline(void *context)
{
	const struct fixture *fixture = context;
	return fixture->deadline;
}

static void finish_round(void *context)
{
	struct fixture *fixture = context;
	if (++fixture->rounds >= fixture->last_round)
		loop_stop(fixture->loop);
}

static void open_fixture(struct fixture *fixture)
{
	*fixture = (struct fixture){ .remove = -1, .last_round = 1, .deadline = NSEC_NEVER };
	assert_int_equal(loop_open(&fixture->loop, NULL), RELEVO_OK);
	for (int i = 0; i < 2; i++) {
		fixture->fds[i] = eventfd(1, EFD_CLOEXEC);
		assert_true(fixture->fds[i] >= 0);
		fixture->sources[i] = loop_add(fixture->loop, fixture->fds[i], EPOLLIN,
					       i == 0 ? on_first : on_second, fixture);
		assert_non_null(fixture->sources[i]);
	}
}

static void run(struct fixture *fixture)
{
	const struct loop_hooks hooks = { fixture, next_deadline, finish_round };
	assert_int_equal(loop_run(fixture->loop, &hooks, NULL), RELEVO_OK);
}

static void close_fixture(struct fixture *fixture)
{
	for (int i = 0; i < 2; i++) {
		loop_remove(fixture->sources[i]);
		close(fixture->fds[i]);
	}
	loop_close(fixture->loop);
}

static void test_every_ready_source_is_called_once_a_round(void **state)
{
	struct fixture fixture;
	(void)state;
	open_fixture(&fixture);
	fixture.last_round = 3;
	run(&fixture);
	assert_int_equal(fixture.calls[0], 3);
	assert_int_equal(fixture.calls[1], 3);
	close_fixture(&fixture);
}

static void test_a_source_may_remove_itself(void **state)
{
	struct fixture fixture;
	(void)state;
	open_fixture(&fixture);
	fixture.remove = 0;
	fixture.deadline = 0;
	fixture.last_round = 3;
	loop_watch(fixture.sources[1], 0);
	run(&fixture);
	assert_int_equal(fixture.calls[0], 1);
	assert_int_equal(fixture.calls[1], 0);
	close_fixture(&fixture);
}

static void test_a_source_that_another_removes_is_not_called(void **state)
{
	struct fixture fixture;
	(void)state;
	/* Both are ready. Whichever is called first removes the other. */
	for (int victim = 0; victim < 2; victim++) {
		open_fixture(&fixture);
		fixture.remove = victim;
		fixture.last_round = 2;
		run(&fixture);
		assert_int_equal(fixture.calls[1 - victim], 2);
		/* It was called before it was removed, if at all. */
		assert_in_range(fixture.calls[victim], 0, 1);
		assert_null(fixture.sources[victim]);
		close_fixture(&fixture);
	}
}

static void test_a_source_that_is_not_watched_is_silent(void **state)
{
	struct fixture fixture;
	(void)state;
	open_fixture(&fixture);
	loop_watch(fixture.sources[0], 0);
	run(&fixture);
	assert_int_equal(fixture.calls[0], 0);
	assert_int_equal(fixture.calls[1], 1);
	close_fixture(&fixture);
}

static void test_a_deadline_that_has_passed_does_not_wait(void **state)
{
	struct fixture fixture;
	(void)state;
	open_fixture(&fixture);
	loop_watch(fixture.sources[0], 0);
	loop_watch(fixture.sources[1], 0);
	fixture.deadline = 0;
	fixture.last_round = 5;
	nsec_t before = clock_now();
	run(&fixture);
	assert_true(clock_now() - before < NSEC_PER_SEC);
	close_fixture(&fixture);
}

/* ---- timers ------------------------------------------------------------ */

struct alarm {
	struct loop_timer timer;
	struct loop *loop;
	int *order; /* counts those that have fired */
	int place;
	bool last; /* ends the loop */
};

static void on_alarm(struct loop_timer *timer)
{
	struct alarm *alarm = container_of(timer, struct alarm, timer);
	alarm->place = ++*alarm->order;
	assert_true(loop_now(alarm->loop) >= alarm->timer.node.key);
	if (alarm->last)
		loop_stop(alarm->loop);
}

static void test_timers_fire_in_order_and_once(void **state)
{
	static const uint32_t msec[] = { 20, 5, 10, 15 };
	static const int places[] = { 3, 1, 2, 0 };
	struct fixture fixture;
	struct alarm alarms[4] = { 0 };
	int order = 0;
	(void)state;
	open_fixture(&fixture);
	loop_watch(fixture.sources[0], 0);
	loop_watch(fixture.sources[1], 0);
	nsec_t now = clock_now();
	for (int i = 0; i < 4; i++) {
		alarms[i] = (struct alarm){ { .fire = on_alarm }, fixture.loop, &order, 0, false };
		/* Set again, it keeps the latest deadline only. */
		assert_true(loop_set_timer(fixture.loop, &alarms[i].timer, now));
		assert_true(loop_set_timer(fixture.loop, &alarms[i].timer,
					   clock_deadline(now, msec[i])));
	}
	loop_cancel_timer(fixture.loop, &alarms[3].timer);
	loop_cancel_timer(fixture.loop, &alarms[3].timer);
	alarms[0].last = true;
	fixture.last_round = INT_MAX;
	run(&fixture);
	for (int i = 0; i < 4; i++)
		assert_int_equal(alarms[i].place, places[i]);
	close_fixture(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_every_ready_source_is_called_once_a_round),
		leaks_unit_test(test_a_source_may_remove_itself),
		leaks_unit_test(test_a_source_that_another_removes_is_not_called),
		leaks_unit_test(test_a_source_that_is_not_watched_is_silent),
		leaks_unit_test(test_a_deadline_that_has_passed_does_not_wait),
		leaks_unit_test(test_timers_fire_in_order_and_once),
	};
	return cmocka_run_group_tests_name("net/loop", tests, NULL, NULL);
}
