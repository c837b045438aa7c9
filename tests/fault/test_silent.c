/* A broker that says nothing: every call ends in time, and says what is known of it. */
#include "support/queues.h"
#include "support/silence.h"

#include <relevo/manage.h>

/* In ms: of calls that have a time-out, and of those that have the session's. */
enum { TIME = 200, SESSION_TIME = 400 };

static relevo_session *session;
static relevo_queue *queue, *bounded;
static relevo_event *event;
static relevo_value *value;
static relevo_lock *lock, *ours;
static relevo_semaphore *semaphore;
static relevo_condition *condition;
static relevo_barrier *barrier;
static relevo_item leased;

/* ---- the calls --------------------------------------------------------------------- */

static int put(void)
{
	return relevo_queue_put(bounded, "x", 1, TIME);
}

static int put_many(void)
{
	const struct relevo_bytes items[] = { { "x", 1 }, { "y", 1 } };
	size_t accepted;
	return relevo_queue_put_many(bounded, items, 2, TIME, &accepted);
}

static int get(void)
{
	relevo_item item;
	return relevo_queue_get(queue, TIME, &item);
}

static int lease_any(void)
{
	relevo_item item;
	relevo_queue *const queues[] = { queue, bounded };
	return relevo_queue_get_any(queues, 2, TIME, &item, NULL);
}

static int acknowledge(void)
{
	return relevo_queue_ack(queue, &leased, 1);
}

static int give_back(void)
{
	return relevo_queue_nack(queue, &leased, 1, 0);
}

static int count(void)
{
	struct relevo_queue_state counts;
	return relevo_queue_inspect(queue, &counts);
}

static int join(void)
{
	return relevo_queue_join(bounded, TIME);
}

static int shut_down(void)
{
	return relevo_queue_shutdown(bounded, RELEVO_SHUTDOWN_DRAIN);
}

static int purge(void)
{
	uint64_t purged;
	return relevo_queue_purge(bounded, &purged);
}

static int move(void)
{
	uint64_t moved;
	return relevo_queue_move(session, "bounded", "queue", 1, &moved);
}

static int create(void)
{
	relevo_queue *made;
	return relevo_queue_open(session, "new", NULL, &made);
}

static int find(void)
{
	const struct relevo_queue_options existing = { .mode = RELEVO_OPEN_EXISTING };
	relevo_queue *found;
	return relevo_queue_open(session, "queue", &existing, &found);
}

static int delete (void)
{
	return relevo_queue_delete(session, "queue");
}

static int set(void)
{
	return relevo_event_set(event);
}

static int is_set(void)
{
	bool it_is;
	return relevo_event_is_set(event, &it_is);
}

static int wait_for_event(void)
{
	return relevo_event_wait(event, TIME);
}

static int add(void)
{
	int64_t one = 1, result;
	return relevo_value_add(value, &one, &result, sizeof one);
}

static int acquire(void)
{
	return relevo_lock_acquire(lock, TIME, NULL);
}

static int release(void)
{
	return relevo_lock_release(ours);
}

static int release_semaphore(void)
{
	return relevo_semaphore_release(semaphore);
}

static int wait_for_condition(void)
{
	return relevo_condition_wait(condition, TIME);
}

static int wait_at_barrier(void)
{
	return relevo_barrier_wait(barrier, TIME, NULL);
}

static int abort_barrier(void)
{
	return relevo_barrier_abort(barrier);
}

static int open_pipe(void)
{
	relevo_pipe *pipe;
	return relevo_pipe_open(session, "pipe", RELEVO_DIRECTION_BOTH, TIME, &pipe);
}

static int flush(void)
{
	return relevo_session_flush(session, TIME);
}

static const struct silence_trial trials[] = {
	{ "put", put, TIME, RELEVO_UNANSWERED },
	{ "put many", put_many, TIME, RELEVO_UNANSWERED },
	{ "get", get, TIME, RELEVO_TIMED_OUT },
	{ "get from any", lease_any, TIME, RELEVO_TIMED_OUT },
	{ "give back", give_back, SESSION_TIME, RELEVO_UNANSWERED },
	{ "acknowledge", acknowledge, SESSION_TIME, RELEVO_UNANSWERED },
	{ "count", count, SESSION_TIME, RELEVO_TIMED_OUT },
	{ "join", join, TIME, RELEVO_TIMED_OUT },
	{ "purge", purge, SESSION_TIME, RELEVO_UNANSWERED },
	{ "move", move, SESSION_TIME, RELEVO_UNANSWERED },
	{ "shut down", shut_down, SESSION_TIME, RELEVO_UNANSWERED },
	{ "create", create, SESSION_TIME, RELEVO_UNANSWERED },
	{ "find", find, SESSION_TIME, RELEVO_TIMED_OUT },
	{ "delete", delete, SESSION_TIME, RELEVO_UNANSWERED },
	{ "set an event", set, SESSION_TIME, RELEVO_UNANSWERED },
	{ "look at an event", is_set, SESSION_TIME, RELEVO_TIMED_OUT },
	{ "wait for an event", wait_for_event, TIME, RELEVO_TIMED_OUT },
	{ "add", add, SESSION_TIME, RELEVO_UNANSWERED },
	{ "acquire", acquire, TIME, RELEVO_TIMED_OUT },
	{ "release", release, SESSION_TIME, RELEVO_UNANSWERED },
	{ "release a semaphore", release_semaphore, SESSION_TIME, RELEVO_UNANSWERED },
	{ "wait for a condition", wait_for_condition, 2 * TIME, RELEVO_UNANSWERED },
	{ "wait at a barrier", wait_at_barrier, TIME, RELEVO_UNANSWERED },
	{ "abort a barrier", abort_barrier, SESSION_TIME, RELEVO_UNANSWERED },
	{ "open a pipe", open_pipe, TIME, RELEVO_TIMED_OUT },
	{ "flush", flush, TIME, RELEVO_TIMED_OUT },
};

/* ---- scenes ------------------------------------------------------------------------ */

static struct silence silence;

static int setup(void **state, bool of_line)
{
	const struct relevo_session_options options = { .timeout = SESSION_TIME };
	const struct relevo_barrier_options two = { .parties = 2 };
	const struct relevo_value_options number = { .type = RELEVO_TYPE_INT64 };
	size_t got;
	if (scene_setup_with(state, of_line ? silence_of_line : NULL) != 0)
		return -1;
	struct scene *scene = *state;
	silence_prepare(&silence, &scene->broker, of_line);
	assert_ok(relevo_session_open(silence.url, &options, &session));
	queue = queue_open(session, "queue");
	bounded = queue_open_bounded(session, "bounded", 100);
	put_text(queue, "leased");
	assert_ok(relevo_queue_lease(queue, TEST_PATIENCE, &leased, 1, &got));
	assert_ok(relevo_event_open(session, "event", NULL, &event));
	assert_ok(relevo_value_open(session, "value", &number, &value));
	assert_ok(relevo_lock_open(session, "lock", NULL, &lock));
	assert_ok(relevo_lock_open(session, "ours", NULL, &ours));
	assert_ok(relevo_lock_acquire(ours, TEST_PATIENCE, NULL));
	assert_ok(relevo_semaphore_open(session, "semaphore", NULL, &semaphore));
	assert_ok(relevo_condition_open(session, "condition", NULL, &condition));
	assert_ok(relevo_condition_acquire(condition, TEST_PATIENCE, NULL));
	assert_ok(relevo_barrier_open(session, "barrier", &two, &barrier));
	return 0;
}

static int silent_setup(void **state)
{
	return setup(state, false);
}

static int line_setup(void **state)
{
	return setup(state, true);
}

/* A test that failed may have left the broker stopped. */
static int silent_teardown(void **state)
{
	silence_break(&silence);
	relevo_item_free(&leased);
	relevo_queue_close(queue);
	relevo_queue_close(bounded);
	relevo_event_close(event);
	relevo_value_close(value);
	relevo_lock_close(lock);
	relevo_lock_close(ours);
	relevo_semaphore_close(semaphore);
	relevo_condition_close(condition);
	relevo_barrier_close(barrier);
	relevo_session_close(session);
	silence_end(&silence);
	return scene_teardown(state);
}

#define silent_unit_test(function)                                                                 \
	cmocka_unit_test_setup_teardown(function, silent_setup, silent_teardown)

#define line_unit_test(function)                                                                   \
	cmocka_unit_test_setup_teardown(function, line_setup, silent_teardown)

/* ---- a broker that stands still ---------------------------------------------------- */

static void every_call_ends_in_time_and_says_what_is_known(void **state)
{
	(void)state;
	silence_fall(&silence);
	silence_try(trials, sizeof trials / sizeof trials[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		silent_unit_test(every_call_ends_in_time_and_says_what_is_known),
		line_unit_test(every_call_ends_in_time_and_says_what_is_known),
	};
	return cmocka_run_group_tests_name("silent", tests, silence_start_lines, NULL);
}
