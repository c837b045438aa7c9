/* Tuples with handles in them, through queues, to another session. */
#include "support/queues.h"

/* Each kind of object, added and opened again in another session. */
struct objects {
	relevo_queue *queue;
	relevo_lock *lock;
	relevo_rlock *rlock;
	relevo_semaphore *semaphore;
	relevo_condition *condition;
	relevo_event *event;
	relevo_barrier *barrier;
	relevo_value *value;
	relevo_array *array;
	relevo_shared *shared;
};

static void open_all(relevo_session *session, struct objects *made)
{
	const struct relevo_barrier_options parties = { .parties = 2 };
	const struct relevo_value_options number = { .type = RELEVO_TYPE_INT32 };
	const struct relevo_array_options numbers = { .type = RELEVO_TYPE_DOUBLE, .count = 3 };
	assert_ok(relevo_queue_open(session, NULL, NULL, &made->queue));
	assert_ok(relevo_lock_open(session, NULL, NULL, &made->lock));
	assert_ok(relevo_rlock_open(session, NULL, NULL, &made->rlock));
	assert_ok(relevo_semaphore_open(session, NULL, NULL, &made->semaphore));
	assert_ok(relevo_condition_open(session, NULL, NULL, &made->condition));
	assert_ok(relevo_event_open(session, NULL, NULL, &made->event));
	assert_ok(relevo_barrier_open(session, NULL, &parties, &made->barrier));
	assert_ok(relevo_value_open(session, NULL, &number, &made->value));
	assert_ok(relevo_array_open(session, NULL, &numbers, &made->array));
	assert_ok(relevo_shared_open(session, NULL, 100, NULL, &made->shared));
}

static void close_all(struct objects *made)
{
	relevo_queue_close(made->queue);
	relevo_lock_close(made->lock);
	relevo_rlock_close(made->rlock);
	relevo_semaphore_close(made->semaphore);
	relevo_condition_close(made->condition);
	relevo_event_close(made->event);
	relevo_barrier_close(made->barrier);
	relevo_value_close(made->value);
	relevo_array_close(made->array);
	relevo_shared_close(made->shared);
}

static void add_all(relevo_tuple *tuple, const struct objects *made)
{
	assert_ok(relevo_tuple_add_queue(tuple, "queue", made->queue));
	assert_ok(relevo_tuple_add_lock(tuple, NULL, made->lock));
	assert_ok(relevo_tuple_add_rlock(tuple, NULL, made->rlock));
	assert_ok(relevo_tuple_add_semaphore(tuple, NULL, made->semaphore));
	assert_ok(relevo_tuple_add_condition(tuple, NULL, made->condition));
	assert_ok(relevo_tuple_add_event(tuple, NULL, made->event));
	assert_ok(relevo_tuple_add_barrier(tuple, NULL, made->barrier));
	assert_ok(relevo_tuple_add_value(tuple, NULL, made->value));
	assert_ok(relevo_tuple_add_array(tuple, NULL, made->array));
	assert_ok(relevo_tuple_add_shared(tuple, NULL, made->shared));
}

static void take_all(const relevo_tuple *tuple, relevo_session *session, struct objects *got)
{
	assert_ok(relevo_tuple_queue(tuple, 0, session, NULL, &got->queue));
	assert_ok(relevo_tuple_lock(tuple, 1, session, NULL, &got->lock));
	assert_ok(relevo_tuple_rlock(tuple, 2, session, NULL, &got->rlock));
	assert_ok(relevo_tuple_semaphore(tuple, 3, session, NULL, &got->semaphore));
	assert_ok(relevo_tuple_condition(tuple, 4, session, NULL, &got->condition));
	assert_ok(relevo_tuple_event(tuple, 5, session, NULL, &got->event));
	assert_ok(relevo_tuple_barrier(tuple, 6, session, NULL, &got->barrier));
	assert_ok(relevo_tuple_value(tuple, 7, session, NULL, &got->value));
	assert_ok(relevo_tuple_array(tuple, 8, session, NULL, &got->array));
	assert_ok(relevo_tuple_shared(tuple, 9, session, NULL, &got->shared));
}

/* They are the very same, whatever the session. */
static void use_all(struct objects *ours, struct objects *theirs)
{
	const int32_t seven = 7;
	const double half = 0.5;
	int32_t number = 0;
	double real = 0;
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
	assert_ok(relevo_array_set(ours->array, 2, &half, sizeof half));
	assert_ok(relevo_array_get(theirs->array, 2, &real, sizeof real));
	assert_true(real == 0.5);
	strcpy(relevo_shared_data(ours->shared), "in place");
	assert_string_equal(relevo_shared_data(theirs->shared), "in place");
}

static void every_object_can_be_passed(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *letters = queue_open_existing(other, relevo_queue_name(scene->queue));
	relevo_tuple *tuple = NULL, *got = NULL;
	struct objects ours, theirs;
	size_t index;
	assert_ok(relevo_tuple_new(&tuple));
	open_all(scene->session, &ours);
	add_all(tuple, &ours);
	assert_ok(relevo_queue_put_tuple(scene->queue, tuple, RELEVO_FOREVER));
	assert_ok(relevo_queue_get_tuple(letters, TEST_PATIENCE, &got));
	assert_ok(relevo_tuple_find(got, "queue", &index));
	assert_int_equal(index, 0);
	take_all(got, other, &theirs);
	use_all(&ours, &theirs);
	close_all(&theirs);
	close_all(&ours);
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
