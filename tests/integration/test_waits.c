/* Many threads of one process, each in a wait of its own. */
#include "support/queues.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

enum { KINDS = 8, EACH = 8, WAITS = KINDS * EACH };

/* What each waits for, of the waiter's session, and the other one's side of it. */
struct wait {
	const struct kind *kind;
	int number;
	bool goes; /* what it waits for is deleted */
	relevo_session *others;
	union {
		struct {
			relevo_queue *queue, *their_queue;
			relevo_item held;
		};
		struct {
			relevo_lock *lock, *their_lock;
		};
		struct {
			relevo_event *event, *their_event;
		};
		struct {
			relevo_barrier *barrier, *their_barrier;
		};
		struct {
			relevo_condition *condition, *their_condition;
		};
		struct {
			relevo_value *value, *their_value;
		};
	};
	char name[16];
	pthread_t thread;
	int status;
	atomic_bool done;
};

struct kind {
	const char *name;
	void (*open)(struct wait *wait, relevo_session *own);
	int (*run)(struct wait *wait); /* in the thread */
	void (*end)(struct wait *wait);
	void (*close)(struct wait *wait);
};

/* ---- queues ----------------------------------------------------------- */

static void open_queue(struct wait *wait, relevo_session *own)
{
	wait->queue = queue_open(own, wait->name);
	wait->their_queue = queue_open(wait->others, wait->name);
}

static void close_queue(struct wait *wait)
{
	relevo_queue_close(wait->queue);
	relevo_queue_close(wait->their_queue);
}

static int get(struct wait *wait)
{
	relevo_item item;
	int number;
	int status = relevo_queue_get(wait->queue, TEST_PATIENCE, &item);
	if (status != RELEVO_OK)
		return status;
	memcpy(&number, item.data, sizeof number);
	relevo_item_free(&item);
	return number == wait->number ? RELEVO_OK : RELEVO_BAD_STATE;
}

static void let_get(struct wait *wait)
{
	if (wait->goes)
		assert_ok(relevo_queue_delete(wait->others, wait->name));
	else
		assert_ok(relevo_queue_put(wait->their_queue, &wait->number, sizeof wait->number,
					   RELEVO_FOREVER));
}

static void open_full(struct wait *wait, relevo_session *own)
{
	wait->queue = queue_open_bounded(own, wait->name, 1);
	wait->their_queue = queue_open_bounded(wait->others, wait->name, 1);
	put_text(wait->queue, "first");
}

static int put(struct wait *wait)
{
	return relevo_queue_put(wait->queue, "second", 6, TEST_PATIENCE);
}

static void let_put(struct wait *wait)
{
	if (wait->goes)
		assert_ok(relevo_queue_delete(wait->others, wait->name));
	else
		expect_text(wait->their_queue, "first");
}

static void open_held(struct wait *wait, relevo_session *own)
{
	size_t got;
	open_queue(wait, own);
	put_text(wait->their_queue, "held");
	assert_ok(relevo_queue_lease(wait->their_queue, TEST_PATIENCE, &wait->held, 1, &got));
}

static int join(struct wait *wait)
{
	return relevo_queue_join(wait->queue, TEST_PATIENCE);
}

static void let_join(struct wait *wait)
{
	if (wait->goes)
		assert_ok(relevo_queue_delete(wait->others, wait->name));
	else
		assert_ok(relevo_queue_ack(wait->their_queue, &wait->held, 1));
	relevo_item_free(&wait->held);
}

/* ---- locks and conditions --------------------------------------------- */

static void open_lock(struct wait *wait, relevo_session *own)
{
	assert_ok(relevo_lock_open(own, wait->name, NULL, &wait->lock));
	assert_ok(relevo_lock_open(wait->others, wait->name, NULL, &wait->their_lock));
	assert_ok(relevo_lock_acquire(wait->their_lock, TEST_PATIENCE, NULL));
	wait->goes = false;
}

static int acquire(struct wait *wait)
{
	int status = relevo_lock_acquire(wait->lock, TEST_PATIENCE, NULL);
	return status == RELEVO_OK ? relevo_lock_release(wait->lock) : status;
}

static void let_acquire(struct wait *wait)
{
	assert_ok(relevo_lock_release(wait->their_lock));
}

static void close_lock(struct wait *wait)
{
	relevo_lock_close(wait->lock);
	relevo_lock_close(wait->their_lock);
}

static void open_condition(struct wait *wait, relevo_session *own)
{
	assert_ok(relevo_condition_open(own, wait->name, NULL, &wait->condition));
	assert_ok(relevo_condition_open(wait->others, wait->name, NULL, &wait->their_condition));
	wait->goes = false;
}

static int await_notice(struct wait *wait)
{
	int status = relevo_condition_acquire(wait->condition, TEST_PATIENCE, NULL);
	if (status != RELEVO_OK)
		return status;
	status = relevo_condition_wait(wait->condition, TEST_PATIENCE);
	int released = relevo_condition_release(wait->condition);
	return status == RELEVO_OK ? released : status;
}

/* A notice before it waits is forgotten. */
static bool notify_once(void *argument)
{
	struct wait *wait = argument;
	assert_ok(relevo_condition_acquire(wait->their_condition, TEST_PATIENCE, NULL));
	assert_ok(relevo_condition_notify(wait->their_condition, 1));
	assert_ok(relevo_condition_release(wait->their_condition));
	return atomic_load(&wait->done);
}

static void notify(struct wait *wait)
{
	assert_true(eventually(notify_once, wait));
}

static void close_condition(struct wait *wait)
{
	relevo_condition_close(wait->condition);
	relevo_condition_close(wait->their_condition);
}

/* ---- events, barriers, values ----------------------------------------- */

static void open_event(struct wait *wait, relevo_session *own)
{
	assert_ok(relevo_event_open(own, wait->name, NULL, &wait->event));
	assert_ok(relevo_event_open(wait->others, wait->name, NULL, &wait->their_event));
}

static int await_event(struct wait *wait)
{
	return relevo_event_wait(wait->event, TEST_PATIENCE);
}

static void set_event(struct wait *wait)
{
	if (wait->goes)
		assert_ok(relevo_event_delete(wait->others, wait->name));
	else
		assert_ok(relevo_event_set(wait->their_event));
}

static void close_event(struct wait *wait)
{
	relevo_event_close(wait->event);
	relevo_event_close(wait->their_event);
}

static void open_barrier(struct wait *wait, relevo_session *own)
{
	const struct relevo_barrier_options two = { .parties = 2 };
	assert_ok(relevo_barrier_open(own, wait->name, &two, &wait->barrier));
	assert_ok(relevo_barrier_open(wait->others, wait->name, &two, &wait->their_barrier));
}

static int meet(struct wait *wait)
{
	uint32_t index;
	return relevo_barrier_wait(wait->barrier, TEST_PATIENCE, &index);
}

static void come_too(struct wait *wait)
{
	uint32_t index;
	if (wait->goes)
		assert_ok(relevo_barrier_delete(wait->others, wait->name));
	else
		assert_ok(relevo_barrier_wait(wait->their_barrier, TEST_PATIENCE, &index));
}

static void close_barrier(struct wait *wait)
{
	relevo_barrier_close(wait->barrier);
	relevo_barrier_close(wait->their_barrier);
}

static void open_value(struct wait *wait, relevo_session *own)
{
	const struct relevo_value_options number = { .type = RELEVO_TYPE_INT64 };
	assert_ok(relevo_value_open(own, wait->name, &number, &wait->value));
	assert_ok(relevo_value_open(wait->others, wait->name, &number, &wait->their_value));
}

static int await_value(struct wait *wait)
{
	int64_t number = wait->number + 1;
	return relevo_value_wait_until(wait->value, RELEVO_COMPARISON_EQUAL, &number, sizeof number,
				       TEST_PATIENCE);
}

static void set_value(struct wait *wait)
{
	int64_t number = wait->number + 1;
	if (wait->goes)
		assert_ok(relevo_value_delete(wait->others, wait->name));
	else
		assert_ok(relevo_value_set(wait->their_value, &number, sizeof number));
}

static void close_value(struct wait *wait)
{
	relevo_value_close(wait->value);
	relevo_value_close(wait->their_value);
}

/* ---- all of them ------------------------------------------------------ */

static const struct kind kinds[KINDS] = {
	{ "get", open_queue, get, let_get, close_queue },
	{ "put", open_full, put, let_put, close_queue },
	{ "join", open_held, join, let_join, close_queue },
	{ "lock", open_lock, acquire, let_acquire, close_lock },
	{ "condition", open_condition, await_notice, notify, close_condition },
	{ "event", open_event, await_event, set_event, close_event },
	{ "barrier", open_barrier, meet, come_too, close_barrier },
	{ "value", open_value, await_value, set_value, close_value },
};

static void *run_wait(void *argument)
{
	struct wait *wait = argument;
	wait->status = wait->kind->run(wait);
	atomic_store(&wait->done, true);
	return NULL;
}

static void start_all(struct wait *waits, const struct scene *scene, relevo_session *others)
{
	for (int i = 0; i < WAITS; i++) {
		struct wait *wait = &waits[i];
		*wait = (struct wait){ .kind = &kinds[i % KINDS], .number = i, .others = others };
		/* Every other one of each kind. */
		wait->goes = i / KINDS % 2 == 1;
		snprintf(wait->name, sizeof wait->name, "%s-%d", wait->kind->name, i);
		wait->kind->open(wait, scene->session);
	}
	for (int i = 0; i < WAITS; i++)
		assert_int_equal(pthread_create(&waits[i].thread, NULL, run_wait, &waits[i]), 0);
}

/* End this one, and no other. */
static void end_wait(struct wait *wait)
{
	assert_false(atomic_load(&wait->done));
	wait->kind->end(wait);
	pthread_join(wait->thread, NULL);
	if (wait->status != (wait->goes ? RELEVO_GONE : RELEVO_OK))
		fail_msg("%s ended with %s", wait->name, relevo_error_name(wait->status));
}

static void end_all(struct wait *waits)
{
	/* In another order than that in which they began. */
	for (int i = 0; i < WAITS; i++)
		end_wait(&waits[(i * 37 + 11) % WAITS]);
	for (int i = 0; i < WAITS; i++)
		waits[i].kind->close(&waits[i]);
}

static void each_of_64_different_waits_ends_by_its_own_event(void **state)
{
	struct scene *scene = *state;
	struct wait waits[WAITS];
	relevo_session *others = session_open(scene->broker.url);
	start_all(waits, scene, others);
	end_all(waits);
	assert_ok(relevo_session_close(others));
}

/* ---- what it costs to wait -------------------------------------------- */

struct cost {
	int64_t own_usec, own_switches;
	int64_t broker_usec, broker_switches;
};

static struct cost cost_so_far(const struct scene *scene)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (struct cost){
		.own_usec = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) +
			    usage.ru_utime.tv_usec + usage.ru_stime.tv_usec,
		.own_switches = usage.ru_nvcsw,
		.broker_usec = (int64_t)(test_broker_cpu(&scene->broker) / 1000),
		.broker_switches = test_broker_status(&scene->broker, "voluntary_ctxt_switches"),
	};
}

/* One second of waiting, beside the others. If each looked ten times a second that were
 * hundreds of switches. */
static bool second_is_idle(void *argument)
{
	struct scene *scene = argument;
	relevo_item item;
	struct cost before = cost_so_far(scene);
	assert_status(relevo_queue_get(scene->queue, 1000, &item), RELEVO_TIMED_OUT);
	struct cost after = cost_so_far(scene);
	return after.own_usec - before.own_usec < 100000 &&
	       after.own_switches - before.own_switches < 100 &&
	       after.broker_usec - before.broker_usec < 100000 &&
	       after.broker_switches - before.broker_switches < 50;
}

static void waiting_costs_nothing(void **state)
{
	struct scene *scene = *state;
	struct wait waits[WAITS];
	relevo_session *others = session_open(scene->broker.url);
	start_all(waits, scene, others);
	/* At first some of them are still on their way. */
	bool idle = second_is_idle(scene) || second_is_idle(scene) || second_is_idle(scene);
	end_all(waits);
	assert_ok(relevo_session_close(others));
	assert_true(idle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(each_of_64_different_waits_ends_by_its_own_event),
		scene_unit_test(waiting_costs_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
