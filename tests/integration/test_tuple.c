/* Tuples with handles in them, through queues, to another session. */
#include "support/kinds.h"

/* They are the very same, whatever the session. */
static void use_all(const struct kinds *ours, const struct kinds *theirs)
{
	const int32_t seven = 7;
	int32_t number = 0;
	put_text(ours->queue, "for them");
	expect_text(theirs->queue, "for them");
	assert_ok(relevo_lock_acquire(ours->lock, 0, NULL));
	assert_status(relevo_lock_acquire(theirs->lock, 0, NULL), RELEVO_TIMED_OUT);
	assert_ok(relevo_rlock_acquire(ours->rlock, 0, NULL));
	assert_status(relevo_rlock_acquire(theirs->rlock, 0, NULL), RELEVO_TIMED_OUT);
	assert_ok(relevo_semaphore_acquire(ours->semaphore, 0, NULL));
	assert_status(relevo_semaphore_acquire(theirs->semaphore, 0, NULL), RELEVO_TIMED_OUT);
	assert_ok(relevo_condition_acquire(ours->condition, 0, NULL));
	assert_status(relevo_condition_acquire(theirs->condition, 0, NULL), RELEVO_TIMED_OUT);
	assert_ok(relevo_event_set(ours->event));
	assert_ok(relevo_event_wait(theirs->event, TEST_PATIENCE));
	assert_ok(relevo_barrier_abort(ours->barrier));
	assert_status(relevo_barrier_wait(theirs->barrier, 0, NULL), RELEVO_BROKEN);
	assert_ok(relevo_value_set(ours->value, &seven, sizeof seven));
	assert_ok(relevo_value_get(theirs->value, &number, sizeof number));
	assert_int_equal(number, 7);
	number = 0;
	assert_ok(relevo_array_set(ours->array, 2, &seven, sizeof seven));
	assert_ok(relevo_array_get(theirs->array, 2, &number, sizeof number));
	assert_int_equal(number, 7);
	strcpy(relevo_shared_data(ours->shared), "in place");
	assert_string_equal(relevo_shared_data(theirs->shared), "in place");
}

static void every_object_can_be_passed(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *letters = queue_open_existing(other, relevo_queue_name(scene->queue));
	relevo_tuple *tuple = NULL, *got = NULL;
	struct kinds ours, theirs;
	size_t index;
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(kinds_open(&ours, scene->session, NULL));
	assert_ok(kinds_to_tuple(&ours, tuple));
	assert_ok(relevo_queue_put_tuple(scene->queue, tuple, RELEVO_FOREVER));
	assert_ok(relevo_queue_get_tuple(letters, TEST_PATIENCE, &got));
	assert_ok(relevo_tuple_find(got, "shared", &index));
	assert_int_equal(index, KINDS - 1);
	assert_ok(kinds_from_tuple(&theirs, other, got));
	use_all(&ours, &theirs);
	kinds_close(&theirs);
	kinds_close(&ours);
	relevo_tuple_free(got);
	relevo_tuple_free(tuple);
	relevo_queue_close(letters);
	assert_ok(relevo_session_close(other));
}

static void what_is_gone_is_not_replaced(void **state)
{
	struct scene *scene = *state;
	relevo_tuple *tuple = NULL;
	relevo_event *event = NULL, *other = NULL, *opened = NULL;
	relevo_shared *shared = NULL, *again = NULL, *memory = NULL;
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(relevo_event_open(scene->session, "e", NULL, &event));
	assert_ok(relevo_shared_open(scene->session, "m", 10, NULL, &shared));
	assert_ok(relevo_tuple_add_event(tuple, NULL, event));
	assert_ok(relevo_tuple_add_shared(tuple, NULL, shared));
	assert_ok(relevo_event_delete(scene->session, "e"));
	assert_ok(relevo_shared_delete(scene->session, "m"));
	assert_fails(relevo_tuple_event(tuple, 0, scene->session, NULL, &opened), RELEVO_GONE,
		     "the event \"e\" is gone");
	assert_ok(relevo_event_open(scene->session, "e", NULL, &other));
	assert_ok(relevo_shared_open(scene->session, "m", 10, NULL, &again));
	assert_status(relevo_tuple_event(tuple, 0, scene->session, NULL, &opened), RELEVO_GONE);
	assert_status(relevo_tuple_shared(tuple, 1, scene->session, NULL, &memory), RELEVO_GONE);
	assert_fails(relevo_tuple_event(tuple, 1, scene->session, NULL, &opened),
		     RELEVO_BAD_ARGUMENT, "value 1 is a shared");
	relevo_tuple_free(tuple);
	relevo_event_close(event);
	relevo_event_close(other);
	relevo_shared_close(shared);
	relevo_shared_close(again);
}

static void what_a_queue_cannot_carry(void **state)
{
	struct scene *scene = *state;
	relevo_tuple *tuple = NULL, *got = NULL;
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(relevo_tuple_add_descriptor(tuple, NULL, STDIN_FILENO));
	assert_fails(relevo_queue_put_tuple(scene->queue, tuple, 0), RELEVO_CANNOT_ENCODE,
		     "value 0 is a descriptor");
	relevo_tuple_free(tuple);
	expect_empty(scene->queue);
	put_text(scene->queue, "no tuple");
	assert_status(relevo_queue_get_tuple(scene->queue, TEST_PATIENCE, &got), RELEVO_BAD_FRAME);
	assert_status(relevo_queue_get_tuple(scene->queue, 0, &got), RELEVO_TIMED_OUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(every_object_can_be_passed),
		scene_unit_test(what_is_gone_is_not_replaced),
		scene_unit_test(what_a_queue_cannot_carry),
	};
	return cmocka_run_group_tests_name("tuple", tests, NULL, NULL);
}
