/* Locks, semaphores and conditions whose holders and waiters die or give up. */
#include "support/queues.h"
#include "support/random.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* What was held is free again within this time, in ms. */
enum { FREE_AGAIN = 2000 };

struct play {
	relevo_session *session;
	relevo_lock *lock;
	relevo_semaphore *semaphore;
	relevo_condition *condition;
	struct gate on, done;
};

static struct play begin(void **state)
{
	const struct scene *scene = *state;
	struct play play = { .session = scene->session };
	const struct relevo_semaphore_options two = { .value = 2, .bounded = true };
	assert_ok(relevo_lock_open(play.session, "lock", NULL, &play.lock));
	assert_ok(relevo_semaphore_open(play.session, "semaphore", &two, &play.semaphore));
	assert_ok(relevo_condition_open(play.session, "condition", NULL, &play.condition));
	gate_make(&play.on);
	gate_make(&play.done);
	return play;
}

static void end(struct play *play)
{
	relevo_condition_close(play->condition);
	relevo_semaphore_close(play->semaphore);
	relevo_lock_close(play->lock);
	gate_close(&play->on);
	gate_close(&play->done);
}

/* ---- owners ----------------------------------------------------------- */

static void own_for_ever(void *argument)
{
	struct play *play = argument;
	child_check(relevo_lock_acquire(play->lock, RELEVO_FOREVER, NULL) == RELEVO_OK);
	gate_open(&play->on);
	pause();
}

static pid_t start_owner(struct play *play)
{
	pid_t pid = child_start(own_for_ever, play);
	gate_pass(&play->on);
	return pid;
}

static void a_killed_owner_is_told_once(void **state)
{
	struct play play = begin(state);
	struct relevo_grant grant;
	child_kill(start_owner(&play));
	assert_ok(relevo_lock_acquire(play.lock, FREE_AGAIN, &grant));
	assert_true(grant.owner_died);
	assert_ok(relevo_lock_release(play.lock));
	assert_ok(relevo_lock_acquire(play.lock, 0, &grant));
	assert_false(grant.owner_died);
	assert_ok(relevo_lock_release(play.lock));
	end(&play);
}

static void *acquire_soon(void *argument)
{
	struct play *play = argument;
	struct relevo_grant grant;
	gate_open(&play->on);
	child_check(relevo_lock_acquire(play->lock, TEST_PATIENCE, &grant) == RELEVO_OK);
	child_check(grant.owner_died);
	child_check(relevo_lock_release(play->lock) == RELEVO_OK);
	return NULL;
}

static void who_waits_gets_it_when_the_owner_is_killed(void **state)
{
	struct play play = begin(state);
	pthread_t thread;
	pid_t owner = start_owner(&play);
	assert_int_equal(pthread_create(&thread, NULL, acquire_soon, &play), 0);
	gate_pass(&play.on);
	int64_t start = test_now();
	child_kill(owner);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_between(test_now() - start, 0, FREE_AGAIN);
	end(&play);
}

static void follow_the_dead(void *argument)
{
	struct play *play = argument;
	struct relevo_grant grant;
	child_check(relevo_lock_acquire(play->lock, FREE_AGAIN, &grant) == RELEVO_OK);
	child_check(grant.owner_died);
	gate_open(&play->on);
	pause();
}

static void every_death_is_told(void **state)
{
	struct play play = begin(state);
	child_kill(start_owner(&play));
	for (int i = 0; i < 5; i++) {
		pid_t pid = child_start(follow_the_dead, &play);
		gate_pass(&play.on);
		child_kill(pid);
	}
	end(&play);
}

static void a_stopped_owner_keeps_it_and_a_deadline_takes_it(void **state)
{
	struct play play = begin(state);
	const struct relevo_lock_options options = { .lease = 300 };
	struct relevo_grant grant;
	pid_t owner = start_owner(&play);
	kill(owner, SIGSTOP);
	assert_status(relevo_lock_acquire(play.lock, 300, NULL), RELEVO_TIMED_OUT);
	child_kill(owner);
	relevo_lock_close(play.lock);

	assert_ok(relevo_lock_open(play.session, "timed", &options, &play.lock));
	owner = start_owner(&play);
	kill(owner, SIGSTOP);
	int64_t start = test_now();
	assert_ok(relevo_lock_acquire(play.lock, FREE_AGAIN, &grant));
	assert_true(grant.owner_died);
	assert_between(test_now() - start, 0, 300 + 1000);
	/* Now it is ours that runs out. */
	pid_t next = start_owner(&play);
	assert_status(relevo_lock_release(play.lock), RELEVO_NOT_OWNER);
	child_kill(owner);
	child_kill(next);
	end(&play);
}

/* ---- forked children -------------------------------------------------- */

static void hold_nothing(void *argument)
{
	struct play *play = argument;
	child_check(relevo_lock_acquire(play->lock, 0, NULL) == RELEVO_TIMED_OUT);
	child_check(relevo_session_close(play->session) == RELEVO_OK);
}

static void scoped_child(struct play *play)
{
	RELEVO_SCOPED(held, play->lock, RELEVO_FOREVER);
	pid_t pid = fork();
	if (pid == 0) {
		relevo_scope_end(&held);
		_exit(EXIT_SUCCESS);
	}
	child_join(pid);
	child_join(child_start(hold_nothing, play));
}

static void a_forked_child_does_not_inherit_the_lock(void **state)
{
	struct play play = begin(state);
	assert_ok(relevo_lock_acquire(play.lock, RELEVO_FOREVER, NULL));
	child_join(child_start(hold_nothing, &play));
	/* The child has come and gone, and it is still held here. */
	child_join(child_start(hold_nothing, &play));
	assert_ok(relevo_lock_release(play.lock));
	scoped_child(&play);
	assert_status(relevo_lock_release(play.lock), RELEVO_OVER_RELEASE);
	end(&play);
}

/* ---- waiters ---------------------------------------------------------- */

static void wait_for_the_lock(void *argument)
{
	struct play *play = argument;
	gate_open(&play->on);
	child_check(relevo_lock_acquire(play->lock, RELEVO_FOREVER, NULL) == RELEVO_OK);
	pause();
}

static void a_killed_waiter_is_passed_over(void **state)
{
	struct play play = begin(state);
	struct relevo_grant grant;
	assert_ok(relevo_lock_acquire(play.lock, RELEVO_FOREVER, NULL));
	pid_t waiter = child_start(wait_for_the_lock, &play);
	gate_pass(&play.on);
	child_kill(waiter);
	assert_ok(relevo_lock_release(play.lock));
	assert_ok(relevo_lock_acquire(play.lock, FREE_AGAIN, &grant));
	assert_ok(relevo_lock_release(play.lock));
	end(&play);
}

struct handing_over {
	struct play *play;
	pid_t waiter;
};

/* Release the lock while its waiter is stopped: if that one stood in line by then,
 * it has the lock now. */
static bool hand_over(void *argument)
{
	struct handing_over *over = argument;
	kill(over->waiter, SIGSTOP);
	assert_ok(relevo_lock_release(over->play->lock));
	bool done = relevo_lock_acquire(over->play->lock, 0, NULL) == RELEVO_TIMED_OUT;
	if (!done)
		kill(over->waiter, SIGCONT);
	return done;
}

static void a_waiter_killed_at_the_grant_passes_it_on(void **state)
{
	struct play play = begin(state);
	struct relevo_grant grant;
	struct handing_over over = { .play = &play };
	assert_ok(relevo_lock_acquire(play.lock, FREE_AGAIN, NULL));
	over.waiter = child_start(wait_for_the_lock, &play);
	gate_pass(&play.on);
	assert_true(eventually(hand_over, &over));
	child_kill(over.waiter);
	assert_ok(relevo_lock_acquire(play.lock, FREE_AGAIN, &grant));
	assert_true(grant.owner_died);
	assert_ok(relevo_lock_release(play.lock));
	end(&play);
}

/* ---- semaphores ------------------------------------------------------- */

static void take_both(void *argument)
{
	struct play *play = argument;
	for (int i = 0; i < 2; i++)
		child_check(relevo_semaphore_acquire(play->semaphore, 0, NULL) == RELEVO_OK);
	gate_open(&play->on);
	pause();
}

static void permits_of_a_killed_holder_come_back(void **state)
{
	struct play play = begin(state);
	struct relevo_grant grant;
	uint64_t value;
	pid_t holder = child_start(take_both, &play);
	gate_pass(&play.on);
	assert_status(relevo_semaphore_acquire(play.semaphore, 0, NULL), RELEVO_TIMED_OUT);
	child_kill(holder);
	for (int i = 0; i < 2; i++) {
		assert_ok(relevo_semaphore_acquire(play.semaphore, FREE_AGAIN, &grant));
		assert_true(grant.owner_died);
	}
	for (int i = 0; i < 2; i++)
		assert_ok(relevo_semaphore_release(play.semaphore));
	assert_status(relevo_semaphore_release(play.semaphore), RELEVO_OVER_RELEASE);
	assert_ok(relevo_semaphore_value(play.semaphore, &value));
	assert_int_equal(value, 2);
	assert_ok(relevo_semaphore_acquire(play.semaphore, 0, &grant));
	assert_false(grant.owner_died);
	assert_ok(relevo_semaphore_release(play.semaphore));
	end(&play);
}

/* ---- conditions ------------------------------------------------------- */

static void await_notice(void *argument)
{
	struct play *play = argument;
	child_check(relevo_condition_acquire(play->condition, RELEVO_FOREVER, NULL) == RELEVO_OK);
	gate_open(&play->on);
	child_check(relevo_condition_wait(play->condition, RELEVO_FOREVER) == RELEVO_OK);
	child_check(relevo_condition_release(play->condition) == RELEVO_OK);
	gate_open(&play->done);
}

/* Afterwards it stands in line: it gave the lock away by waiting only. */
static pid_t start_waiter(struct play *play)
{
	pid_t pid = child_start(await_notice, play);
	gate_pass(&play->on);
	assert_ok(relevo_condition_acquire(play->condition, RELEVO_FOREVER, NULL));
	assert_ok(relevo_condition_release(play->condition));
	return pid;
}

static void notify_one(struct play *play)
{
	assert_ok(relevo_condition_acquire(play->condition, FREE_AGAIN, NULL));
	assert_ok(relevo_condition_notify(play->condition, 1));
	assert_ok(relevo_condition_release(play->condition));
}

static void expect_nothing_left(struct play *play)
{
	assert_ok(relevo_condition_acquire(play->condition, FREE_AGAIN, NULL));
	assert_status(relevo_condition_wait(play->condition, 100), RELEVO_TIMED_OUT);
	assert_ok(relevo_condition_release(play->condition));
}

static void a_killed_waiter_of_a_condition_is_not_notified(void **state)
{
	struct play play = begin(state);
	pid_t doomed = start_waiter(&play);
	pid_t other = start_waiter(&play);
	child_kill(doomed);
	notify_one(&play);
	gate_pass(&play.done);
	child_join(other);
	expect_nothing_left(&play);
	end(&play);
}

/* Stopped, it is notified and cannot go on; killed, another one goes on for it. */
static void a_waiter_killed_at_the_notice_passes_it_on(void **state)
{
	struct play play = begin(state);
	pid_t doomed = start_waiter(&play);
	pid_t other = start_waiter(&play);
	kill(doomed, SIGSTOP);
	notify_one(&play);
	assert_false(process_ends(other, 100));
	child_kill(doomed);
	gate_pass(&play.done);
	child_join(other);
	expect_nothing_left(&play);
	end(&play);
}

/* Nobody else waits: then it is as if nobody had. */
static void the_notice_of_the_last_waiter_is_forgotten(void **state)
{
	struct play play = begin(state);
	pid_t doomed = start_waiter(&play);
	kill(doomed, SIGSTOP);
	notify_one(&play);
	child_kill(doomed);
	expect_nothing_left(&play);
	pid_t other = start_waiter(&play);
	assert_false(process_ends(other, 100));
	notify_one(&play);
	child_join(other);
	end(&play);
}

/* It has the notice, waits for the lock and dies: its notice goes on. */
static void a_waiter_killed_before_it_has_the_lock_passes_it_on(void **state)
{
	struct play play = begin(state);
	pid_t doomed = start_waiter(&play);
	pid_t other = start_waiter(&play);
	assert_ok(relevo_condition_acquire(play.condition, RELEVO_FOREVER, NULL));
	assert_ok(relevo_condition_notify(play.condition, 1));
	/* We hold the lock all the while. */
	assert_false(process_ends(doomed, 100));
	child_kill(doomed);
	assert_ok(relevo_condition_release(play.condition));
	gate_pass(&play.done);
	child_join(other);
	expect_nothing_left(&play);
	end(&play);
}

/* ---- time-outs at the last moment ------------------------------------- */

enum { ROUNDS = 2000, TIMEOUT = 3 };

/* Some time around the time-out of the other side, to the microsecond. */
static void dither(struct random *random)
{
	const struct timespec time = {
		.tv_nsec = 1500000 + (long)random_below(random, 3000000),
	};
	ppoll(NULL, 0, &time, NULL);
}

/* Returns how often it came to that. */
static void *acquire_in_time(void *argument)
{
	struct play *play = argument;
	intptr_t acquired = 0;
	for (int i = 0; i < ROUNDS; i++) {
		gate_pass(&play->on);
		struct relevo_grant grant;
		int status = relevo_lock_acquire(play->lock, TIMEOUT, &grant);
		if (status == RELEVO_OK) {
			child_check(!grant.owner_died);
			child_check(relevo_lock_release(play->lock) == RELEVO_OK);
			acquired++;
		} else {
			child_check(status == RELEVO_TIMED_OUT);
		}
		gate_open(&play->done);
	}
	return (void *)acquired;
}

static void giving_up_at_the_grant_loses_and_doubles_nothing(void **state)
{
	struct play play = begin(state);
	struct random random = { 20 };
	relevo_session *session = session_open(relevo_session_url(play.session));
	relevo_lock *lock;
	pthread_t thread;
	assert_ok(relevo_lock_open(session, "lock", NULL, &lock));
	assert_int_equal(pthread_create(&thread, NULL, acquire_in_time, &play), 0);
	uint64_t last = 0;
	for (int i = 0; i < ROUNDS; i++) {
		struct relevo_grant grant;
		assert_ok(relevo_lock_acquire(lock, 0, &grant));
		assert_true(grant.token > last && !grant.owner_died);
		last = grant.token;
		gate_open(&play.on);
		dither(&random);
		assert_ok(relevo_lock_release(lock));
		gate_pass(&play.done);
	}
	void *acquired;
	assert_int_equal(pthread_join(thread, &acquired), 0);
	/* The times were well chosen. */
	assert_between((intptr_t)acquired, 1, ROUNDS - 1);
	relevo_lock_close(lock);
	assert_ok(relevo_session_close(session));
	end(&play);
}

/* Somebody who waits for notices, in rounds. */
struct waiter {
	relevo_session *session;
	relevo_condition *condition;
	int64_t timeout;
	pthread_t thread;
	struct gate begin, waiting, done;
	int woken; /* under the lock */
};

static void *wait_in_rounds(void *argument)
{
	struct waiter *waiter = argument;
	relevo_condition *condition = waiter->condition;
	for (int i = 0; i < ROUNDS; i++) {
		gate_pass(&waiter->begin);
		child_check(relevo_condition_acquire(condition, RELEVO_FOREVER, NULL) == RELEVO_OK);
		gate_open(&waiter->waiting);
		int status = relevo_condition_wait(condition, waiter->timeout);
		child_check(status == RELEVO_OK || status == RELEVO_TIMED_OUT);
		waiter->woken += status == RELEVO_OK;
		child_check(relevo_condition_release(condition) == RELEVO_OK);
		gate_open(&waiter->done);
	}
	return NULL;
}

static void start_waiting(struct waiter *waiter, const char *url, int64_t timeout)
{
	*waiter = (struct waiter){ .session = session_open(url), .timeout = timeout };
	assert_ok(relevo_condition_open(waiter->session, "condition", NULL, &waiter->condition));
	gate_make(&waiter->begin);
	gate_make(&waiter->waiting);
	gate_make(&waiter->done);
	assert_int_equal(pthread_create(&waiter->thread, NULL, wait_in_rounds, waiter), 0);
}

static void stop_waiting(struct waiter *waiter)
{
	assert_int_equal(pthread_join(waiter->thread, NULL), 0);
	relevo_condition_close(waiter->condition);
	assert_ok(relevo_session_close(waiter->session));
	gate_close(&waiter->begin);
	gate_close(&waiter->waiting);
	gate_close(&waiter->done);
}

static void have_it_wait(struct waiter *waiter)
{
	gate_open(&waiter->begin);
	gate_pass(&waiter->waiting);
}

/* How often it has been woken so far. */
static int woken(struct play *play, const struct waiter *waiter)
{
	assert_ok(relevo_condition_acquire(play->condition, RELEVO_FOREVER, NULL));
	int count = waiter->woken;
	assert_ok(relevo_condition_release(play->condition));
	return count;
}

/*
 * Two wait, the first with a time-out that is over about when the notice comes, the
 * second for ever: exactly one of them wakes.
 */
static void giving_up_at_the_notice_loses_and_doubles_nothing(void **state)
{
	struct play play = begin(state);
	struct random random = { 21 };
	struct waiter first, second;
	start_waiting(&first, relevo_session_url(play.session), TIMEOUT);
	start_waiting(&second, relevo_session_url(play.session), RELEVO_FOREVER);
	int second_woken = 0;
	for (int i = 0; i < ROUNDS; i++) {
		int before = first.woken;
		have_it_wait(&first);
		have_it_wait(&second);
		dither(&random);
		notify_one(&play);
		gate_pass(&first.done);
		if (woken(&play, &first) != before) {
			/* A doubled notice would be on its way by now. */
			poll(NULL, 0, 2);
			assert_int_equal(woken(&play, &second), second_woken);
			notify_one(&play);
		}
		gate_pass(&second.done);
		second_woken++;
	}
	expect_nothing_left(&play);
	stop_waiting(&first);
	stop_waiting(&second);
	assert_int_equal(second.woken, ROUNDS);
	/* The times were well chosen: it has come to both. */
	assert_between(first.woken, 1, ROUNDS - 1);
	end(&play);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(a_killed_owner_is_told_once),
		scene_unit_test(who_waits_gets_it_when_the_owner_is_killed),
		scene_unit_test(every_death_is_told),
		scene_unit_test(a_stopped_owner_keeps_it_and_a_deadline_takes_it),
		scene_unit_test(a_forked_child_does_not_inherit_the_lock),
		scene_unit_test(a_killed_waiter_is_passed_over),
		scene_unit_test(a_waiter_killed_at_the_grant_passes_it_on),
		scene_unit_test(permits_of_a_killed_holder_come_back),
		scene_unit_test(a_killed_waiter_of_a_condition_is_not_notified),
		scene_unit_test(a_waiter_killed_at_the_notice_passes_it_on),
		scene_unit_test(the_notice_of_the_last_waiter_is_forgotten),
		scene_unit_test(a_waiter_killed_before_it_has_the_lock_passes_it_on),
		scene_unit_test(giving_up_at_the_grant_loses_and_doubles_nothing),
		scene_unit_test(giving_up_at_the_notice_loses_and_doubles_nothing),
	};
	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
