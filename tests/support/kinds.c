/* Objects of every kind, for tests of what keeps them. */
#include "support/kinds.h"

void kinds_open(struct kinds *kinds, relevo_session *session)
{
	const struct relevo_value_options number = { .type = RELEVO_TYPE_INT32 };
	const struct relevo_array_options numbers = { .type = RELEVO_TYPE_INT32, .count = 4 };
	const struct relevo_barrier_options one = { .parties = 1 };
	*kinds = (struct kinds){ .session = session };
	assert_ok(relevo_queue_open(session, NULL, NULL, &kinds->queue));
	assert_ok(relevo_lock_open(session, NULL, NULL, &kinds->lock));
	assert_ok(relevo_rlock_open(session, NULL, NULL, &kinds->rlock));
	assert_ok(relevo_semaphore_open(session, NULL, NULL, &kinds->semaphore));
	assert_ok(relevo_condition_open(session, NULL, NULL, &kinds->condition));
	assert_ok(relevo_event_open(session, NULL, NULL, &kinds->event));
	assert_ok(relevo_barrier_open(session, NULL, &one, &kinds->barrier));
	assert_ok(relevo_value_open(session, NULL, &number, &kinds->value));
	assert_ok(relevo_array_open(session, NULL, &numbers, &kinds->array));
	assert_ok(relevo_shared_open(session, NULL, 16, NULL, &kinds->shared));
	put_text(kinds->queue, "parent's");
	strcpy(relevo_shared_data(kinds->shared), "shared");
}

void kinds_close(struct kinds *kinds)
{
	relevo_queue_close(kinds->queue);
	relevo_lock_close(kinds->lock);
	relevo_rlock_close(kinds->rlock);
	relevo_semaphore_close(kinds->semaphore);
	relevo_condition_close(kinds->condition);
	relevo_event_close(kinds->event);
	relevo_barrier_close(kinds->barrier);
	relevo_value_close(kinds->value);
	relevo_array_close(kinds->array);
	relevo_shared_close(kinds->shared);
}

static void use_tokens(const struct kinds *kinds)
{
	child_check(relevo_lock_acquire(kinds->lock, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(relevo_lock_release(kinds->lock) == RELEVO_OK);
	child_check(relevo_rlock_acquire(kinds->rlock, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(relevo_rlock_release(kinds->rlock) == RELEVO_OK);
	child_check(relevo_semaphore_acquire(kinds->semaphore, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(relevo_semaphore_release(kinds->semaphore) == RELEVO_OK);
	child_check(relevo_condition_acquire(kinds->condition, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(relevo_condition_notify_all(kinds->condition) == RELEVO_OK);
	child_check(relevo_condition_release(kinds->condition) == RELEVO_OK);
}

void kinds_use(const struct kinds *kinds)
{
	const int32_t number = 5;
	relevo_item item;
	child_check(relevo_queue_get(kinds->queue, TEST_PATIENCE, &item) == RELEVO_OK);
	child_check(strcmp(item.data, "parent's") == 0);
	relevo_item_free(&item);
	use_tokens(kinds);
	child_check(relevo_event_set(kinds->event) == RELEVO_OK);
	child_check(relevo_barrier_wait(kinds->barrier, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(relevo_value_set(kinds->value, &number, sizeof number) == RELEVO_OK);
	child_check(relevo_array_set(kinds->array, 3, &number, sizeof number) == RELEVO_OK);
	child_check(strcmp(relevo_shared_data(kinds->shared), "shared") == 0);
}

void kinds_note(const struct kinds *kinds, relevo_session *session, struct kind_names *names)
{
	names->session = session;
	snprintf(names->queue, sizeof names->queue, "%s", relevo_queue_name(kinds->queue));
	snprintf(names->lock, sizeof names->lock, "%s", relevo_lock_name(kinds->lock));
	snprintf(names->event, sizeof names->event, "%s", relevo_event_name(kinds->event));
	snprintf(names->shared, sizeof names->shared, "%s", relevo_shared_name(kinds->shared));
}

/* How many of these four can be opened. */
static int count_there(const struct kind_names *names)
{
	relevo_queue *queue = NULL;
	relevo_lock *lock = NULL;
	relevo_event *event = NULL;
	relevo_shared *shared = NULL;
	const struct relevo_queue_options queue_there = { .mode = RELEVO_OPEN_EXISTING };
	const struct relevo_lock_options lock_there = { .mode = RELEVO_OPEN_EXISTING };
	const struct relevo_event_options event_there = { .mode = RELEVO_OPEN_EXISTING };
	const struct relevo_shared_options shared_there = { .mode = RELEVO_OPEN_EXISTING };
	int count = relevo_queue_open(names->session, names->queue, &queue_there, &queue) == 0;
	count += relevo_lock_open(names->session, names->lock, &lock_there, &lock) == 0;
	count += relevo_event_open(names->session, names->event, &event_there, &event) == 0;
	count += relevo_shared_open(names->session, names->shared, 0, &shared_there, &shared) == 0;
	relevo_queue_close(queue);
	relevo_lock_close(lock);
	relevo_event_close(event);
	relevo_shared_close(shared);
	return count;
}

bool kinds_are_there(const struct kind_names *names)
{
	return count_there(names) == 4;
}

bool kinds_are_gone(void *names)
{
	return count_there(names) == 0;
}
