/* Ending the waits of a session from another thread, and closing it. */
#include "support/kinds.h"

#include <pthread.h>
#include <signal.h>

enum { ROUNDS = 50, THREADS = 16 };

/* What the threads of a test wait for: nothing of it comes. */
struct objects {
	relevo_queue *empty, *full, *other, *joined;
	relevo_barrier *meeting; /* of two */
	struct kinds kinds;
};

static struct objects objects_open(relevo_session *session)
{
	struct objects all = { .empty = queue_open(session, "empty"),
			       .full = queue_open_bounded(session, "full", 1),
			       .other = queue_open(session, "other"),
			       .joined = queue_open(session, "joined") };
	put_text(all.full, "first");
	put_text(all.joined, "never done");
	int status = kinds_open(&all.kinds, session, "the");
	assert_true(status == RELEVO_OK || status == RELEVO_NOT_LOCAL);
	assert_ok(relevo_semaphore_acquire(all.kinds.semaphore, 0, NULL));
	const struct relevo_barrier_options two = { .parties = 2 };
	assert_ok(relevo_barrier_open(session, "meeting", &two, &all.meeting));
	return all;
}

static void objects_close(struct objects *all)
{
	relevo_queue_close(all->empty);
	relevo_queue_close(all->full);
	relevo_queue_close(all->other);
	relevo_queue_close(all->joined);
	relevo_barrier_close(all->meeting);
	kinds_close(&all->kinds);
}

/* ---- each kind of wait ------------------------------------------------------ */

static int got_one(int status, relevo_item *item)
{
	if (status == RELEVO_OK)
		relevo_item_free(item);
	return status;
}

static int wait_get(struct objects *all)
{
	relevo_item item;
	return got_one(relevo_queue_get(all->empty, RELEVO_FOREVER, &item), &item);
}

static int wait_get_for_a_while(struct objects *all)
{
	relevo_item item;
	return got_one(relevo_queue_get(all->empty, 10 * TEST_PATIENCE, &item), &item);
}

static int wait_lease(struct objects *all)
{
	relevo_item items[4];
	size_t got;
	int status = relevo_queue_lease(all->empty, RELEVO_FOREVER, items, 4, &got);
	for (size_t i = 0; i < got; i++)
		relevo_item_free(&items[i]);
	return status;
}

static int wait_get_any(struct objects *all)
{
	relevo_queue *const two[] = { all->empty, all->other };
	relevo_item item;
	size_t which;
	return got_one(relevo_queue_get_any(two, 2, RELEVO_FOREVER, &item, &which), &item);
}

static int wait_put(struct objects *all)
{
	return relevo_queue_put(all->full, "second", 6, RELEVO_FOREVER);
}

static int wait_join(struct objects *all)
{
	return relevo_queue_join(all->joined, RELEVO_FOREVER);
}

static int wait_lock(struct objects *all)
{
	return relevo_lock_acquire(all->kinds.lock, RELEVO_FOREVER, NULL);
}

static int wait_rlock(struct objects *all)
{
	return relevo_rlock_acquire(all->kinds.rlock, RELEVO_FOREVER, NULL);
}

static int wait_semaphore(struct objects *all)
{
	return relevo_semaphore_acquire(all->kinds.semaphore, RELEVO_FOREVER, NULL);
}

/* It has the lock again, and gives it back. */
static int wait_condition(struct objects *all)
{
	child_check(relevo_condition_acquire(all->kinds.condition, TEST_PATIENCE, NULL) ==
		    RELEVO_OK);
	int status = relevo_condition_wait(all->kinds.condition, RELEVO_FOREVER);
	child_check(relevo_condition_release(all->kinds.condition) == RELEVO_OK);
	return status;
}

static int wait_event(struct objects *all)
{
	return relevo_event_wait(all->kinds.event, RELEVO_FOREVER);
}

static int wait_barrier(struct objects *all)
{
	return relevo_barrier_wait(all->meeting, RELEVO_FOREVER, NULL);
}

static int wait_value(struct objects *all)
{
	const int32_t one = 1;
	return relevo_value_wait_until(all->kinds.value, RELEVO_COMPARISON_EQUAL, &one, sizeof one,
				       RELEVO_FOREVER);
}

typedef int wait_function(struct objects *all);

/* A barrier breaks when one who waits for it gives up. */
static const struct {
	wait_function *wait;
	int status;
} waits[] = {
	{ wait_get, RELEVO_INTERRUPTED },       { wait_get_for_a_while, RELEVO_INTERRUPTED },
	{ wait_lease, RELEVO_INTERRUPTED },     { wait_get_any, RELEVO_INTERRUPTED },
	{ wait_put, RELEVO_INTERRUPTED },       { wait_join, RELEVO_INTERRUPTED },
	{ wait_lock, RELEVO_INTERRUPTED },      { wait_rlock, RELEVO_INTERRUPTED },
	{ wait_semaphore, RELEVO_INTERRUPTED }, { wait_condition, RELEVO_INTERRUPTED },
	{ wait_event, RELEVO_INTERRUPTED },     { wait_value, RELEVO_INTERRUPTED },
	{ wait_barrier, RELEVO_BROKEN },
};

enum { WAITS = sizeof waits / sizeof *waits };

struct waiter {
	struct objects *all;
	wait_function *wait;
	pthread_t thread;
	int status;
};

static void *waiter_run(void *argument)
{
	struct waiter *waiter = argument;
	waiter->status = waiter->wait(waiter->all);
	return NULL;
}

static void waiter_start(struct waiter *waiter, struct objects *all, wait_function *wait)
{
	*waiter = (struct waiter){ .all = all, .wait = wait, .status = -1 };
	assert_int_equal(pthread_create(&waiter->thread, NULL, waiter_run, waiter), 0);
}

static void waiter_expect(struct waiter *waiter, int status)
{
	assert_int_equal(pthread_join(waiter->thread, NULL), 0);
	assert_status(waiter->status, status);
}

/* ---- who waits at the broker ------------------------------------------------ */

struct expected {
	relevo_session *session; /* that asks */
	const char *name;        /* of the one that is looked at */
	uint64_t calls, found;
};

/* A pipe that is opened waits in a session of its own, of the same name. */
static int count_calls(const struct relevo_session_info *info, void *user)
{
	struct expected *expected = user;
	if (strcmp(info->name, expected->name) == 0)
		expected->found += info->waits;
	return 0;
}

static bool all_wait(void *argument)
{
	struct expected *expected = argument;
	expected->found = 0;
	return relevo_session_list(expected->session, count_calls, expected) == RELEVO_OK &&
	       expected->found >= expected->calls;
}

static void expect_waiting(relevo_session *observer, const char *name, uint64_t calls)
{
	struct expected expected = { observer, name, calls, 0 };
	assert_true(eventually(all_wait, &expected));
}

static relevo_session *session_named(const char *url, const char *name)
{
	const struct relevo_session_options options = { .name = name };
	relevo_session *session = NULL;
	assert_ok(relevo_session_open(url, &options, &session));
	return session;
}

/* ---- tests ------------------------------------------------------------------- */

static void all_come_back_from(struct scene *scene, const char *url)
{
	relevo_session *session = session_named(url, "victim");
	relevo_lock *lock = NULL;
	relevo_rlock *rlock = NULL;
	struct objects all = objects_open(session);
	struct waiter waiters[WAITS];
	assert_ok(relevo_lock_open(scene->session, "the lock", NULL, &lock));
	assert_ok(relevo_rlock_open(scene->session, "the rlock", NULL, &rlock));
	assert_ok(relevo_lock_acquire(lock, 0, NULL));
	assert_ok(relevo_rlock_acquire(rlock, 0, NULL));
	for (int i = 0; i < WAITS; i++)
		waiter_start(&waiters[i], &all, waits[i].wait);
	expect_waiting(scene->session, "victim", WAITS);
	int64_t start = test_now();
	assert_ok(relevo_session_interrupt(session));
	for (int i = 0; i < WAITS; i++)
		waiter_expect(&waiters[i], waits[i].status);
	assert_true(test_now() - start < TEST_PATIENCE / 2);
	/* The item that had no room did not come, nor does a lock go to nobody. */
	relevo_queue *full = queue_open_existing(scene->session, "full");
	expect_text(full, "first");
	expect_empty(full);
	assert_ok(relevo_lock_release(lock));
	assert_ok(relevo_lock_acquire(lock, 0, NULL));
	relevo_queue_close(full);
	relevo_rlock_close(rlock);
	relevo_lock_close(lock);
	objects_close(&all);
	assert_ok(relevo_session_close(session));
}

static void all_come_back(void **state)
{
	struct scene *scene = *state;
	all_come_back_from(scene, scene->broker.url);
}

static void all_come_back_over_tcp(void **state)
{
	struct scene *scene = *state;
	all_come_back_from(scene, scene->broker.more);
}

/* What needs nobody else goes on, so that all can be put in order. */
static void later_calls(void **state)
{
	struct scene *scene = *state;
	relevo_session *session = session_named(scene->broker.url, "victim");
	struct objects all = objects_open(session);
	relevo_queue *seen = queue_open(scene->session, "other");
	bool set = false;
	relevo_item item;
	assert_ok(relevo_lock_acquire(all.kinds.lock, 0, NULL));
	assert_ok(relevo_session_interrupt(session));
	assert_ok(relevo_session_interrupt(session));
	assert_fails(relevo_queue_get(all.empty, 0, &item), RELEVO_INTERRUPTED, "interrupted");
	for (int i = 0; i < WAITS; i++) {
		/* Which cannot wait without the lock. */
		if (waits[i].wait == wait_condition)
			continue;
		assert_status(waits[i].wait(&all), waits[i].status);
	}
	put_text(all.other, "still put");
	assert_ok(relevo_session_flush(session, TEST_PATIENCE));
	expect_text(seen, "still put");
	assert_ok(relevo_event_set(all.kinds.event));
	assert_ok(relevo_event_is_set(all.kinds.event, &set));
	assert_true(set);
	assert_ok(relevo_lock_release(all.kinds.lock));
	relevo_queue_close(seen);
	objects_close(&all);
	assert_ok(relevo_session_close(session));
}

/* Items that come while their getters are sent home are neither lost nor doubled. */
static void nothing_is_lost(void **state)
{
	struct scene *scene = *state;
	relevo_queue *from = queue_open(scene->session, "empty");
	uint32_t put = 0, got = 0;
	relevo_item item;
	for (int round = 0; round < ROUNDS; round++) {
		relevo_session *session = session_named(scene->broker.url, "victim");
		struct objects all = { .empty = queue_open_existing(session, "empty") };
		struct waiter waiters[THREADS];
		for (int i = 0; i < THREADS; i++)
			waiter_start(&waiters[i], &all, wait_get);
		if (round % 2 == 0)
			expect_waiting(scene->session, "victim", THREADS);
		for (int i = 0; i < THREADS / 2; i++, put++)
			put_text(from, "item");
		assert_ok(relevo_session_interrupt(session));
		for (int i = 0; i < THREADS; i++) {
			pthread_join(waiters[i].thread, NULL);
			got += waiters[i].status == RELEVO_OK;
			assert_true(waiters[i].status == RELEVO_OK ||
				    waiters[i].status == RELEVO_INTERRUPTED);
		}
		relevo_queue_close(all.empty);
		assert_ok(relevo_session_close(session));
		while (relevo_queue_get(from, 0, &item) == RELEVO_OK) {
			relevo_item_free(&item);
			got++;
		}
		assert_int_equal(got, put);
	}
	relevo_queue_close(from);
}

struct meeting {
	relevo_session *session;
	char name[16];
	pthread_t thread;
	int status;
};

static void *meet_nobody(void *argument)
{
	struct meeting *meeting = argument;
	relevo_pipe *pipe = NULL;
	meeting->status = relevo_pipe_open(meeting->session, meeting->name, RELEVO_DIRECTION_BOTH,
					   RELEVO_FOREVER, &pipe);
	return NULL;
}

static void meetings_start(struct meeting *meetings, relevo_session *session)
{
	for (int i = 0; i < THREADS; i++) {
		meetings[i] = (struct meeting){ .session = session };
		snprintf(meetings[i].name, sizeof meetings[i].name, "pipe%d", i);
		assert_int_equal(
			pthread_create(&meetings[i].thread, NULL, meet_nobody, &meetings[i]), 0);
	}
}

static void meetings_expect(struct meeting *meetings, int status)
{
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(meetings[i].thread, NULL), 0);
		assert_status(meetings[i].status, status);
	}
}

/* Not while others are in calls; those that were interrupted are waited for. */
static void closing_minds_the_others(void **state)
{
	struct scene *scene = *state;
	for (int round = 0; round < ROUNDS; round++) {
		relevo_session *session = session_named(scene->broker.url, "victim");
		struct meeting meetings[THREADS];
		meetings_start(meetings, session);
		expect_waiting(scene->session, "victim", THREADS);
		assert_fails(relevo_session_close(session), RELEVO_BAD_STATE, "were not");
		assert_ok(relevo_session_flush(session, TEST_PATIENCE));
		assert_ok(relevo_session_interrupt(session));
		assert_ok(relevo_session_close(session));
		meetings_expect(meetings, RELEVO_INTERRUPTED);
	}
}

/* What waits for nobody but a broker that stands still ends, too. */
static void a_broker_that_stands_still(void **state)
{
	struct scene *scene = *state;
	relevo_session *session = session_named(scene->broker.url, "victim");
	struct objects all = objects_open(session);
	struct waiter getter, putter;
	waiter_start(&getter, &all, wait_get);
	waiter_start(&putter, &all, wait_put);
	expect_waiting(scene->session, "victim", 2);
	process_stop(scene->broker.pid);
	int64_t start = test_now();
	assert_ok(relevo_session_interrupt(session));
	waiter_expect(&getter, RELEVO_INTERRUPTED);
	waiter_expect(&putter, RELEVO_UNANSWERED);
	assert_true(test_now() - start < 5000);
	process_go_on(scene->broker.pid);
	objects_close(&all);
	assert_ok(relevo_session_close(session));
}

struct child {
	relevo_queue *queue;
	struct gate *forked;
};

static void get_in_child(void *argument)
{
	const struct child *child = argument;
	relevo_item item;
	gate_open(child->forked);
	child_check(relevo_queue_get(child->queue, TEST_PATIENCE, &item) == RELEVO_OK);
	relevo_item_free(&item);
}

/* A child that has its copy of what wakes the parent's threads sleeps on. */
static void children_do_not_hear_of_it(void **state)
{
	struct scene *scene = *state;
	relevo_session *session = session_named(scene->broker.url, "victim");
	struct objects all = { .empty = queue_open(session, "empty") };
	relevo_queue *from = queue_open(scene->session, "empty");
	struct gate forked;
	struct waiter waiter;
	struct child child = { all.empty, &forked };
	gate_make(&forked);
	waiter_start(&waiter, &all, wait_get);
	wait_for_getters(from, 1);
	pid_t pid = child_start(get_in_child, &child);
	gate_pass(&forked);
	wait_for_getters(from, 2);
	assert_ok(relevo_session_interrupt(session));
	waiter_expect(&waiter, RELEVO_INTERRUPTED);
	wait_for_getters(from, 1);
	put_text(from, "for the child");
	child_join(pid);
	relevo_queue_close(from);
	relevo_queue_close(all.empty);
	gate_close(&forked);
	assert_ok(relevo_session_close(session));
}

static int setup(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	return scene_setup_with(state, arguments);
}

/* The transport starts once in a process, and keeps what it opens then. */
static int start_transport(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	struct test_broker broker;
	(void)state;
	test_broker_start(&broker, arguments);
	int status = relevo_session_close(session_open(broker.more));
	test_broker_stop(&broker);
	return status;
}

#define INTERRUPT_TEST(function) cmocka_unit_test_setup_teardown(function, setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		INTERRUPT_TEST(all_come_back),
		INTERRUPT_TEST(later_calls),
		INTERRUPT_TEST(nothing_is_lost),
		INTERRUPT_TEST(closing_minds_the_others),
		INTERRUPT_TEST(a_broker_that_stands_still),
		INTERRUPT_TEST(children_do_not_hear_of_it),
		INTERRUPT_TEST(all_come_back_over_tcp),
	};
	return cmocka_run_group_tests_name("session_interrupt", tests, start_transport, NULL);
}
