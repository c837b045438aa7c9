/* A broker is back at its address, without anything that the one before kept. */
#include "support/kinds.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>

/* ---- handles of the old broker -------------------------------------------- */

/* GONE, with the object's name, and why. */
#define assert_restarted(call, name)                                                               \
	do {                                                                                       \
		assert_fails(call, RELEVO_GONE, "\"" name "\"");                                   \
		assert_non_null(strstr(relevo_error_detail(), "restarted"));                       \
	} while (0)

static void expect_all_gone(const struct kinds *handles)
{
	relevo_item item;
	int32_t number = 1;
	uint32_t index;
	bool set;
	assert_restarted(relevo_queue_get(handles->queue, 1000, &item), "old queue");
	assert_restarted(relevo_queue_put(handles->queue, "x", 1, 1000), "old queue");
	assert_restarted(relevo_lock_acquire(handles->lock, 1000, NULL), "old lock");
	assert_restarted(relevo_rlock_acquire(handles->rlock, 1000, NULL), "old rlock");
	assert_restarted(relevo_semaphore_acquire(handles->semaphore, 1000, NULL), "old semaphore");
	assert_restarted(relevo_semaphore_release(handles->semaphore), "old semaphore");
	assert_restarted(relevo_condition_acquire(handles->condition, 1000, NULL),
			 "old condition.lock");
	assert_restarted(relevo_event_set(handles->event), "old event");
	assert_restarted(relevo_event_is_set(handles->event, &set), "old event");
	assert_restarted(relevo_barrier_wait(handles->barrier, 1000, &index), "old barrier");
	assert_restarted(relevo_value_set(handles->value, &number, sizeof number), "old value");
	assert_restarted(relevo_value_wait_until(handles->value, RELEVO_COMPARISON_EQUAL, &number,
						 sizeof number, 1000),
			 "old value");
	assert_restarted(relevo_array_set(handles->array, 0, &number, sizeof number), "old array");
}

/* Those of the old broker never mean the new ones of the same names. */
static void every_handle_says_that_its_object_is_gone(void **state)
{
	struct scene *scene = *state;
	struct kinds old, new;
	relevo_session *other;
	struct relevo_queue_state counts;
	assert_ok(kinds_open(&old, scene->session, "old"));
	memcpy(relevo_shared_data(old.shared), "kept", 5);
	broker_kill(&scene->broker);
	broker_again(&scene->broker);
	other = session_open(scene->broker.url);
	assert_ok(kinds_open(&new, other, "old"));
	/* The first call finds out that the connection is lost, or reconnects. */
	int status = relevo_session_flush(scene->session, 5000);
	assert_true(status == RELEVO_OK || status == RELEVO_DISCONNECTED);
	expect_all_gone(&old);
	/* Memory is the processes' own. */
	assert_string_equal(relevo_shared_data(old.shared), "kept");
	assert_string_equal(relevo_shared_data(new.shared), "");
	assert_ok(relevo_queue_inspect(new.queue, &counts));
	assert_int_equal(counts.put, 0);
	kinds_close(&old);
	kinds_close(&new);
	/* The session itself is as good as new. */
	assert_ok(kinds_open(&old, scene->session, "old"));
	put_text(old.queue, "works");
	expect_text(old.queue, "works");
	kinds_close(&old);
	assert_ok(relevo_session_close(other));
	relevo_queue_close(scene->queue);
	scene->queue = NULL;
}

static void use_inherited(void *argument)
{
	struct scene *scene = argument;
	relevo_item item;
	child_check(relevo_queue_get(scene->queue, 1000, &item) == RELEVO_GONE);
	child_check(strstr(relevo_error_detail(), "restarted") != NULL);
	relevo_queue_close(scene->queue);
	child_check(relevo_session_close(scene->session) == RELEVO_OK);
}

static void a_forked_child_is_told_too(void **state)
{
	struct scene *scene = *state;
	broker_kill(&scene->broker);
	broker_again(&scene->broker);
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *new = queue_open(other, "q");
	put_text(new, "not for old handles");
	assert_ok(relevo_session_flush(other, 5000));
	child_join(child_start(use_inherited, scene));
	expect_text(new, "not for old handles");
	relevo_queue_close(new);
	assert_ok(relevo_session_close(other));
	/* This one has not used its session since. */
	relevo_queue_close(scene->queue);
	scene->queue = NULL;
	assert_int_not_equal(relevo_session_flush(scene->session, 5000), -1);
}

/* Of the last of several that had the lock. */
static uint64_t last_token(const char *url, int holders)
{
	relevo_session *session = session_open(url);
	struct relevo_grant grant = { 0 };
	relevo_lock *lock;
	assert_ok(relevo_lock_open(session, "old lock", NULL, &lock));
	for (int i = 0; i < holders; i++) {
		assert_ok(relevo_lock_acquire(lock, TEST_PATIENCE, &grant));
		assert_ok(relevo_lock_release(lock));
	}
	relevo_lock_close(lock);
	assert_ok(relevo_session_close(session));
	return grant.token;
}

/* Who refuses small tokens may have seen those of the old broker. */
static void the_tokens_of_a_lock_do_not_begin_anew(void **state)
{
	struct scene *scene = *state;
	uint64_t old = last_token(scene->broker.url, 100);
	broker_kill(&scene->broker);
	broker_again(&scene->broker);
	assert_true(last_token(scene->broker.url, 1) > old);
	relevo_queue_close(scene->queue);
	scene->queue = NULL;
	/* This session has not been used since. */
	assert_int_not_equal(relevo_session_flush(scene->session, 5000), -1);
}

/* ---- losses that follow each other ------------------------------------------ */

enum { CONSUMERS = 4, LOSSES = 5 };

struct consumer {
	const char *url;
	struct gate *got; /* opened when it is connected, and with each item */
};

/* As a program does it that has work to do whatever happens. */
static bool consume(struct consumer *consumer, relevo_session *session)
{
	relevo_queue *queue;
	relevo_item item;
	if (relevo_queue_open(session, "work", NULL, &queue) != RELEVO_OK)
		return true;
	bool end = false;
	while (!end && relevo_queue_get(queue, RELEVO_FOREVER, &item) == RELEVO_OK) {
		end = strcmp(item.data, "end") == 0;
		gate_open(consumer->got);
		relevo_item_free(&item);
	}
	relevo_queue_close(queue);
	return !end;
}

static void go_on_whatever_happens(void *argument)
{
	struct consumer *consumer = argument;
	relevo_session *session = NULL;
	child_check(relevo_session_open(consumer->url, NULL, &session) == RELEVO_OK);
	gate_open(consumer->got);
	while (consume(consumer, session))
		poll(NULL, 0, 20);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

/* Five times in about two seconds, at moments when consumers wait, reconnect, open. */
static void lose_brokers(struct scene *scene, struct gate *got)
{
	for (int i = 0; i < LOSSES; i++) {
		relevo_queue *queue = queue_open(scene->session, "work");
		put_text(queue, "x");
		gate_pass(got);
		relevo_queue_close(queue);
		broker_kill(&scene->broker);
		poll(NULL, 0, 100 * i);
		broker_again(&scene->broker);
		poll(NULL, 0, 30 * i);
		/* What is lost is told once, or not noticed any more. */
		relevo_session_flush(scene->session, 5000);
	}
}

static void consumers_resume(struct scene *scene, const char *url)
{
	struct gate got;
	struct consumer consumer = { url, &got };
	pid_t children[CONSUMERS];
	gate_make(&got);
	for (int i = 0; i < CONSUMERS; i++)
		children[i] = child_start(go_on_whatever_happens, &consumer);
	for (int i = 0; i < CONSUMERS; i++)
		gate_pass(&got);
	lose_brokers(scene, &got);
	relevo_queue *queue = queue_open(scene->session, "work");
	for (int i = 0; i < CONSUMERS; i++)
		put_text(queue, "end");
	for (int i = 0; i < CONSUMERS; i++)
		child_join(children[i]);
	relevo_queue_close(queue);
	relevo_queue_close(scene->queue);
	scene->queue = NULL;
	gate_close(&got);
}

static void consumers_resume_after_several_losses(void **state)
{
	struct scene *scene = *state;
	consumers_resume(scene, scene->broker.url);
}

static void consumers_resume_after_several_losses_tcp(void **state)
{
	struct scene *scene = *state;
	consumers_resume(scene, scene->broker.more);
}

/* ---- the scene --------------------------------------------------------------- */

static int again_setup(void **state)
{
	static const char *const listen[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	return scene_setup_with(state, listen);
}

int main(void)
{
#define again_unit_test(function)                                                                  \
	cmocka_unit_test_setup_teardown(function, again_setup, scene_teardown)
	const struct CMUnitTest tests[] = {
		again_unit_test(every_handle_says_that_its_object_is_gone),
		again_unit_test(a_forked_child_is_told_too),
		again_unit_test(the_tokens_of_a_lock_do_not_begin_anew),
		again_unit_test(consumers_resume_after_several_losses),
		again_unit_test(consumers_resume_after_several_losses_tcp),
	};
	return cmocka_run_group_tests_name("broker_again", tests, NULL, NULL);
}
