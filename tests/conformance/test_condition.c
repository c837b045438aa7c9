/* What multiprocessing.Condition promises. */
#include "conformance/role.h"

#include <pthread.h>

enum { PROCESSES = 3, THREADS = 3, WAITERS = PROCESSES + THREADS };

/* Written under the condition's lock only. */
struct books {
	int woken, timed_out, value;
};

struct play {
	struct stage *stage;
	relevo_condition *condition;
	int64_t timeout;
	struct gate waiting, woken;
	struct books *books;
	relevo_process *processes[PROCESSES];
	pthread_t threads[THREADS];
	int process_count, thread_count;
};

static const struct props play_props = {
	sizeof(struct play),
	{
		PROP(STAGE, struct play, stage),
		PROP(CONDITION, struct play, condition),
		PROP(GATE, struct play, waiting),
		PROP(GATE, struct play, woken),
		PROP(MEMORY, struct play, books),
	},
};

static struct play begin(void **state)
{
	struct play play = { .stage = *state, .timeout = RELEVO_FOREVER };
	assert_ok(relevo_condition_open(play.stage->session, NULL, NULL, &play.condition));
	gate_make(&play.waiting);
	gate_make(&play.woken);
	play.books = props_memory(sizeof *play.books);
	return play;
}

static void end(struct play *play)
{
	relevo_condition_close(play->condition);
	gate_close(&play->waiting);
	gate_close(&play->woken);
}

static void acquire(struct play *play)
{
	assert_ok(relevo_condition_acquire(play->condition, TEST_PATIENCE, NULL));
}

static void release(struct play *play)
{
	assert_ok(relevo_condition_release(play->condition));
}

/* ---- those who wait --------------------------------------------------- */

static void wait_once(struct play *play, relevo_condition *condition)
{
	child_check(relevo_condition_acquire(condition, RELEVO_FOREVER, NULL) == RELEVO_OK);
	gate_open(&play->waiting);
	int64_t start = test_now();
	int status = relevo_condition_wait(condition, play->timeout);
	/* The lock is held, whatever came of it. */
	if (status == RELEVO_OK)
		play->books->woken++;
	else
		play->books->timed_out++;
	if (status == RELEVO_TIMED_OUT)
		child_check(test_now() - start >= play->timeout - 1);
	else
		child_check(status == RELEVO_OK);
	child_check(relevo_condition_release(condition) == RELEVO_OK);
	gate_open(&play->woken);
}

static void waiting_process(void *argument)
{
	struct play *play = argument;
	wait_once(play, play->condition);
}

static void *waiting_thread(void *argument)
{
	struct play *play = argument;
	wait_once(play, play->condition);
	return NULL;
}

/* Afterwards all of them wait: whoever has opened the gate has the lock, and gives
 * it away by waiting only. */
static void start_waiters(struct play *play, int processes, int threads)
{
	play->process_count = processes;
	play->thread_count = threads;
	*play->books = (struct books){ 0 };
	for (int i = 0; i < processes; i++)
		play->processes[i] = role_start(waiting_process, &play_props, play);
	for (int i = 0; i < threads; i++)
		assert_int_equal(pthread_create(&play->threads[i], NULL, waiting_thread, play), 0);
	for (int i = 0; i < processes + threads; i++)
		gate_pass(&play->waiting);
	acquire(play);
	release(play);
}

static void join_waiters(struct play *play)
{
	for (int i = 0; i < play->process_count; i++)
		role_join(play->processes[i]);
	for (int i = 0; i < play->thread_count; i++)
		assert_int_equal(pthread_join(play->threads[i], NULL), 0);
}

static void notify(struct play *play, size_t count)
{
	acquire(play);
	assert_ok(relevo_condition_notify(play->condition, count));
	release(play);
}

/* So many have woken, and after a while there are no more of them. */
static void expect_woken(struct play *play, int new, int all)
{
	for (int i = 0; i < new; i++)
		gate_pass(&play->woken);
	hold_still(50);
	acquire(play);
	assert_int_equal(play->books->woken, all);
	release(play);
}

/* Nothing is left over for a wait that begins now. */
static void expect_clean_books(struct play *play)
{
	acquire(play);
	int64_t start = test_now();
	assert_status(relevo_condition_wait(play->condition, 300), RELEVO_TIMED_OUT);
	assert_gave_up(start, 300);
	release(play);
}

/* ---- the cases -------------------------------------------------------- */

static void without_the_lock(struct play *play)
{
	assert_fails(relevo_condition_wait(play->condition, 1000), RELEVO_NOT_OWNER, "is not held");
	assert_status(relevo_condition_wait(play->condition, 0), RELEVO_NOT_OWNER);
	assert_status(relevo_condition_notify(play->condition, 1), RELEVO_NOT_OWNER);
	assert_status(relevo_condition_notify_all(play->condition), RELEVO_NOT_OWNER);
	assert_status(relevo_condition_release(play->condition), RELEVO_NOT_OWNER);
}

static void condition_notify_one(void **state)
{
	struct play play = begin(state);
	without_the_lock(&play);
	start_waiters(&play, 1, 1);
	expect_woken(&play, 0, 0);
	notify(&play, 1);
	expect_woken(&play, 1, 1);
	notify(&play, 1);
	expect_woken(&play, 1, 2);
	join_waiters(&play);
	expect_clean_books(&play);
	end(&play);
}

static void condition_notify_all(void **state)
{
	struct play play = begin(state);
	play.timeout = 500;
	start_waiters(&play, PROCESSES, THREADS);
	for (int i = 0; i < WAITERS; i++)
		gate_pass(&play.woken);
	join_waiters(&play);
	assert_int_equal(play.books->timed_out, WAITERS);
	play.timeout = RELEVO_FOREVER;
	start_waiters(&play, PROCESSES, THREADS);
	expect_woken(&play, 0, 0);
	acquire(&play);
	assert_ok(relevo_condition_notify_all(play.condition));
	release(&play);
	expect_woken(&play, WAITERS, WAITERS);
	join_waiters(&play);
	expect_clean_books(&play);
	end(&play);
}

static void condition_notify_n(void **state)
{
	struct play play = begin(state);
	start_waiters(&play, PROCESSES, THREADS);
	expect_woken(&play, 0, 0);
	notify(&play, 2);
	expect_woken(&play, 2, 2);
	notify(&play, 4);
	expect_woken(&play, 4, 6);
	join_waiters(&play);
	notify(&play, 3);
	expect_clean_books(&play);
	notify(&play, 0);
	end(&play);
}

static int value_is_four(void *user, bool *holds)
{
	*holds = ((struct play *)user)->books->value == 4;
	return RELEVO_OK;
}

static int never(void *user, bool *holds)
{
	(void)user;
	(void)holds;
	return RELEVO_OK;
}

static void count_to_four(void *argument)
{
	struct play *play = argument;
	relevo_condition *condition = play->condition;
	for (int i = 0; i < 4; i++) {
		hold_still(20);
		child_check(relevo_condition_acquire(condition, RELEVO_FOREVER, NULL) == RELEVO_OK);
		play->books->value++;
		child_check(relevo_condition_notify(condition, 1) == RELEVO_OK);
		child_check(relevo_condition_release(condition) == RELEVO_OK);
	}
}

static void notify_three_times(void *argument)
{
	struct play *play = argument;
	relevo_condition *condition = play->condition;
	for (int i = 0; i < 3; i++) {
		hold_still(60);
		child_check(relevo_condition_acquire(condition, RELEVO_FOREVER, NULL) == RELEVO_OK);
		child_check(relevo_condition_notify(condition, 1) == RELEVO_OK);
		child_check(relevo_condition_release(condition) == RELEVO_OK);
	}
}

static void condition_wait_for(void **state)
{
	struct play play = begin(state);
	assert_status(relevo_condition_wait_for(play.condition, value_is_four, &play, 0),
		      RELEVO_NOT_OWNER);
	acquire(&play);
	relevo_process *child = role_start(count_to_four, &play_props, &play);
	assert_ok(relevo_condition_wait_for(play.condition, value_is_four, &play, TEST_PATIENCE));
	assert_int_equal(play.books->value, 4);
	/* What holds already is not waited for. */
	assert_ok(relevo_condition_wait_for(play.condition, value_is_four, &play, 0));
	release(&play);
	role_join(child);

	acquire(&play);
	child = role_start(notify_three_times, &play_props, &play);
	int64_t start = test_now();
	assert_status(relevo_condition_wait_for(play.condition, never, NULL, 500),
		      RELEVO_TIMED_OUT);
	assert_gave_up(start, 500);
	release(&play);
	role_join(child);
	end(&play);
}

struct look {
	int looks, fails_at, status;
};

static int fail_at_last(void *user, bool *holds)
{
	struct look *look = user;
	*holds = ++look->looks >= look->fails_at;
	return *holds ? look->status : RELEVO_OK;
}

/* One that asks relevo, which refuses. */
static int fail_within(void *user, bool *holds)
{
	(void)holds;
	return relevo_condition_open(user, "", NULL, &(relevo_condition *){ NULL });
}

/* That ends the wait, with the lock held. */
static void condition_predicate_fails(void **state)
{
	struct play play = begin(state);
	struct look look = { .fails_at = 1, .status = RELEVO_CANCELLED };
	acquire(&play);
	assert_fails(relevo_condition_wait_for(play.condition, fail_at_last, &look, TEST_PATIENCE),
		     RELEVO_CANCELLED, relevo_condition_name(play.condition));
	assert_int_equal(look.looks, 1);
	/* A number of the program's own, once it was notified. */
	look = (struct look){ .fails_at = 3, .status = 4711 };
	relevo_process *child = role_start(notify_three_times, &play_props, &play);
	assert_int_equal(
		relevo_condition_wait_for(play.condition, fail_at_last, &look, TEST_PATIENCE),
		4711);
	assert_int_equal(look.looks, 3);
	assert_fails(relevo_condition_wait_for(play.condition, fail_within, play.stage->session,
					       TEST_PATIENCE),
		     RELEVO_BAD_NAME, "condition");
	release(&play);
	role_join(child);
	end(&play);
}

static void expect_waiters(const struct play *play, uint64_t expected)
{
	uint64_t count = 99;
	assert_ok(relevo_condition_waiters(play->condition, &count));
	assert_int_equal(count, expected);
}

/* Those that are woken and want the lock do not wait any more. */
static void condition_waiters(void **state)
{
	struct play play = begin(state);
	expect_waiters(&play, 0);
	start_waiters(&play, PROCESSES, THREADS);
	expect_waiters(&play, WAITERS);
	acquire(&play);
	assert_ok(relevo_condition_notify(play.condition, 2));
	expect_waiters(&play, WAITERS - 2);
	assert_ok(relevo_condition_notify_all(play.condition));
	expect_waiters(&play, 0);
	release(&play);
	join_waiters(&play);
	assert_int_equal(play.books->woken, WAITERS);
	end(&play);
}

/* test_wait_result, but for the signal. */
static void condition_wait_result(void **state)
{
	struct play play = begin(state);
	acquire(&play);
	assert_status(relevo_condition_wait(play.condition, 0), RELEVO_TIMED_OUT);
	assert_status(relevo_condition_wait(play.condition, 100), RELEVO_TIMED_OUT);
	relevo_process *child = role_start(notify_three_times, &play_props, &play);
	assert_ok(relevo_condition_wait(play.condition, 60000));
	release(&play);
	role_join(child);
	end(&play);
}

/* A wait gives up a recursive lock however often it was acquired. */
static void condition_with_deep_lock(void **state)
{
	struct play play = begin(state);
	acquire(&play);
	acquire(&play);
	acquire(&play);
	relevo_process *child = role_start(notify_three_times, &play_props, &play);
	assert_ok(relevo_condition_wait(play.condition, TEST_PATIENCE));
	for (int i = 0; i < 3; i++)
		release(&play);
	assert_status(relevo_condition_release(play.condition), RELEVO_NOT_OWNER);
	role_join(child);
	end(&play);
}

struct given {
	relevo_condition *condition;
	struct gate waiting;
	bool *changed;
};

static void *change(void *argument)
{
	struct given *given = argument;
	gate_pass(&given->waiting);
	child_check(relevo_condition_acquire(given->condition, RELEVO_FOREVER, NULL) == RELEVO_OK);
	*given->changed = true;
	child_check(relevo_condition_notify_all(given->condition) == RELEVO_OK);
	child_check(relevo_condition_release(given->condition) == RELEVO_OK);
	return NULL;
}

/* A plain lock that was given. */
static void condition_with_given_lock(void **state)
{
	struct stage *stage = *state;
	struct given given = { 0 };
	bool changed = false;
	relevo_lock *lock;
	pthread_t thread;
	assert_ok(relevo_lock_open(stage->session, NULL, NULL, &lock));
	const struct relevo_condition_options options = { .lock = lock };
	assert_ok(relevo_condition_open(stage->session, "given", &options, &given.condition));
	given.changed = &changed;
	gate_make(&given.waiting);
	assert_int_equal(pthread_create(&thread, NULL, change, &given), 0);
	assert_ok(relevo_lock_acquire(lock, RELEVO_FOREVER, NULL));
	gate_open(&given.waiting);
	while (!changed)
		assert_ok(relevo_condition_wait(given.condition, TEST_PATIENCE));
	assert_ok(relevo_lock_release(lock));
	assert_int_equal(pthread_join(thread, NULL), 0);
	gate_close(&given.waiting);
	relevo_condition_close(given.condition);
	relevo_lock_close(lock);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		ROLE_CASE(condition_notify_one),       ROLE_CASE(condition_notify_all),
		ROLE_CASE(condition_notify_n),         ROLE_CASE(condition_wait_for),
		ROLE_CASE(condition_predicate_fails),  ROLE_CASE(condition_waiters),
		ROLE_CASE(condition_wait_result),      ROLE_CASE(condition_with_deep_lock),
		STAGE_CASE(condition_with_given_lock),
	};
	return cmocka_run_group_tests_name("condition", tests, cast_prepare, NULL);
}
