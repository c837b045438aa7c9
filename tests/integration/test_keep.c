/* What locks, joinable queues and arrays keep, and what they are called when they do not. */
#include "support/queues.h"

#include <pthread.h>

/* ---- locks that stay locked --------------------------------------------------- */

static void leave_locked(void *argument)
{
	const struct scene *scene = argument;
	const struct relevo_lock_options options = { .keep = true };
	relevo_session *session;
	relevo_lock *lock;
	relevo_rlock *rlock;
	child_check(relevo_session_open(scene->broker.url, NULL, &session) == RELEVO_OK);
	child_check(relevo_lock_open(session, "lock", &options, &lock) == RELEVO_OK);
	child_check(relevo_rlock_open(session, "rlock", &options, &rlock) == RELEVO_OK);
	child_check(relevo_lock_acquire(lock, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(relevo_rlock_acquire(rlock, TEST_PATIENCE, NULL) == RELEVO_OK);
	relevo_lock_close(lock);
	relevo_rlock_close(rlock);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

/* An exit in order closes the handles first: that is no release. */
static void closing_the_handle_keeps_it_locked(void **state)
{
	struct scene *scene = *state;
	const struct relevo_lock_options options = { .keep = true };
	struct relevo_grant grant;
	relevo_lock *lock;
	relevo_rlock *rlock;
	assert_ok(relevo_lock_open(scene->session, "lock", &options, &lock));
	assert_ok(relevo_rlock_open(scene->session, "rlock", &options, &rlock));
	child_join(child_start(leave_locked, scene));
	assert_status(relevo_lock_acquire(lock, 0, NULL), RELEVO_TIMED_OUT);
	assert_status(relevo_rlock_acquire(rlock, 0, NULL), RELEVO_TIMED_OUT);
	assert_ok(relevo_lock_release(lock));
	assert_ok(relevo_lock_acquire(lock, 0, &grant));
	assert_false(grant.owner_died);
	relevo_rlock_close(rlock);
	relevo_lock_close(lock);
}

static void leave_unlocked(void *argument)
{
	const struct scene *scene = argument;
	relevo_session *session;
	relevo_lock *lock;
	child_check(relevo_session_open(scene->broker.url, NULL, &session) == RELEVO_OK);
	child_check(relevo_lock_open(session, "lock", NULL, &lock) == RELEVO_OK);
	child_check(relevo_lock_acquire(lock, TEST_PATIENCE, NULL) == RELEVO_OK);
	relevo_lock_close(lock);
	/* Not only when the session ends. */
	child_check(relevo_lock_open(session, "lock", NULL, &lock) == RELEVO_OK);
	child_check(relevo_lock_acquire(lock, 0, NULL) == RELEVO_OK);
	relevo_lock_close(lock);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

static void other_locks_are_released(void **state)
{
	struct scene *scene = *state;
	child_join(child_start(leave_unlocked, scene));
}

/* ---- items that are not done with ----------------------------------------------- */

static void take_without_doing(void *argument)
{
	const struct scene *scene = argument;
	const struct relevo_queue_options joinable = { .joinable = true };
	relevo_session *session;
	relevo_queue *queue;
	relevo_item item;
	child_check(relevo_session_open(scene->broker.url, NULL, &session) == RELEVO_OK);
	child_check(relevo_queue_open(session, "q", &joinable, &queue) == RELEVO_OK);
	child_check(relevo_queue_get(queue, TEST_PATIENCE, &item) == RELEVO_OK);
	relevo_item_free(&item);
	relevo_queue_close(queue);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

static void what_is_not_done_comes_back(void **state)
{
	struct scene *scene = *state;
	put_text(scene->queue, "task");
	assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
	child_join(child_start(take_without_doing, scene));
	expect_text(scene->queue, "task");
}

struct taken {
	relevo_queue *queue;
};

static void be_done_for_another(void *argument)
{
	const struct taken *taken = argument;
	child_check(relevo_queue_task_done(taken->queue) == RELEVO_BAD_STATE);
	child_check(strstr(relevo_error_detail(), "this process") != NULL);
}

static void nobody_is_done_for_another(void **state)
{
	struct scene *scene = *state;
	const struct relevo_queue_options joinable = { .joinable = true };
	struct taken taken;
	relevo_item item;
	assert_ok(relevo_queue_open(scene->session, "q", &joinable, &taken.queue));
	put_text(taken.queue, "task");
	assert_ok(relevo_queue_get(taken.queue, TEST_PATIENCE, &item));
	relevo_item_free(&item);
	child_join(child_start(be_done_for_another, &taken));
	assert_int_equal(counts_of(taken.queue).leased, 1);
	assert_ok(relevo_queue_task_done(taken.queue));
	assert_ok(relevo_queue_join(taken.queue, TEST_PATIENCE));
	relevo_queue_close(taken.queue);
}

/* ---- what they are called --------------------------------------------------------- */

static void messages_name_the_kind(void **state)
{
	struct scene *scene = *state;
	const struct relevo_lock_options existing = { .mode = RELEVO_OPEN_EXISTING };
	const struct relevo_lock_options new = { .mode = RELEVO_OPEN_NEW };
	const struct relevo_condition_options no_condition = { .mode = RELEVO_OPEN_EXISTING };
	relevo_lock *lock, *other;
	relevo_condition *condition;
	assert_fails(relevo_lock_open(scene->session, "l", &existing, &lock), RELEVO_NOT_FOUND,
		     "there is no lock \"l\"");
	assert_fails(relevo_condition_open(scene->session, "c", &no_condition, &condition),
		     RELEVO_NOT_FOUND, "there is no condition \"c\"");
	assert_ok(relevo_lock_open(scene->session, "l", NULL, &lock));
	assert_fails(relevo_lock_open(scene->session, "l", &new, &other), RELEVO_EXISTS,
		     "a lock \"l\"");
	assert_ok(relevo_lock_delete(scene->session, "l"));
	assert_fails(relevo_lock_acquire(lock, TEST_PATIENCE, NULL), RELEVO_GONE, "the lock \"l\"");
	relevo_lock_close(lock);
}

static void *acquire(void *argument)
{
	static char text[256];
	relevo_lock *lock = argument;
	if (relevo_lock_acquire(lock, TEST_PATIENCE, NULL) == RELEVO_GONE)
		snprintf(text, sizeof text, "%s", relevo_error_detail());
	return text;
}

static void whoever_waits_is_told_the_kind(void **state)
{
	struct scene *scene = *state;
	relevo_lock *lock, *waited;
	relevo_session *session = session_open(scene->broker.url);
	pthread_t thread;
	void *text;
	assert_ok(relevo_lock_open(session, "l", NULL, &lock));
	assert_ok(relevo_lock_open(scene->session, "l", NULL, &waited));
	assert_ok(relevo_lock_acquire(lock, TEST_PATIENCE, NULL));
	assert_int_equal(pthread_create(&thread, NULL, acquire, waited), 0);
	/* Whether it waits already or is late: both are told so. */
	assert_ok(relevo_lock_delete(session, "l"));
	pthread_join(thread, &text);
	assert_non_null(strstr(text, "the lock \"l\""));
	relevo_lock_close(waited);
	relevo_lock_close(lock);
	assert_ok(relevo_session_close(session));
}

/* ---- sizes -------------------------------------------------------------------------- */

static void an_array_may_be_empty(void **state)
{
	struct scene *scene = *state;
	const struct relevo_array_options none = { .type = RELEVO_TYPE_INT32 };
	const struct relevo_array_options existing = { .mode = RELEVO_OPEN_EXISTING };
	relevo_array *array, *same;
	int32_t number = 1;
	assert_ok(relevo_array_open(scene->session, "a", &none, &array));
	assert_ok(relevo_array_open(scene->session, "a", &existing, &same));
	assert_int_equal(relevo_array_count(same), 0);
	assert_ok(relevo_array_read(array, 0, 0, NULL, 0));
	assert_ok(relevo_array_write(array, 0, 0, NULL, 0));
	assert_status(relevo_array_get(array, 0, &number, sizeof number), RELEVO_BAD_ARGUMENT);
	assert_status(relevo_array_set(array, 0, &number, sizeof number), RELEVO_BAD_ARGUMENT);
	relevo_array_close(same);
	relevo_array_close(array);
}

static void a_larger_item_is_told_what_allows_it(void **state)
{
	struct scene *scene = *state;
	size_t size = relevo_session_max_item(scene->session) + 1;
	char *item = calloc(1, size);
	assert_non_null(item);
	assert_fails(relevo_queue_put(scene->queue, item, size, 0), RELEVO_TOO_LARGE, "--max-item");
	free(item);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(closing_the_handle_keeps_it_locked),
		scene_unit_test(other_locks_are_released),
		scene_unit_test(what_is_not_done_comes_back),
		scene_unit_test(nobody_is_done_for_another),
		scene_unit_test(messages_name_the_kind),
		scene_unit_test(whoever_waits_is_told_the_kind),
		scene_unit_test(an_array_may_be_empty),
		scene_unit_test(a_larger_item_is_told_what_allows_it),
	};
	return cmocka_run_group_tests_name("keep", tests, NULL, NULL);
}
