/* What multiprocessing.Lock promises. */
#include "conformance/role.h"

struct play {
	struct stage *stage;
	relevo_lock *lock;
	struct gate on, off;
	int *shared;
};

static const struct props play_props = {
	sizeof(struct play),
	{
		PROP(STAGE, struct play, stage),
		PROP(LOCK, struct play, lock),
		PROP(GATE, struct play, on),
		PROP(GATE, struct play, off),
		PROP(MEMORY, struct play, shared),
	},
};

static struct play begin(void **state, const struct relevo_lock_options *options)
{
	struct play play = { .stage = *state };
	assert_ok(relevo_lock_open(play.stage->session, NULL, options, &play.lock));
	gate_make(&play.on);
	gate_make(&play.off);
	play.shared = props_memory(sizeof *play.shared);
	return play;
}

static void end(struct play *play)
{
	relevo_lock_close(play->lock);
	gate_close(&play->on);
	gate_close(&play->off);
}

static void acquire_and_release(relevo_lock *lock)
{
	assert_ok(relevo_lock_acquire(lock, RELEVO_FOREVER, NULL));
	assert_ok(relevo_lock_release(lock));
}

/* ---- lock_basic ------------------------------------------------------- */

static void not_recursive(relevo_lock *lock)
{
	struct relevo_grant first, second;
	assert_ok(relevo_lock_acquire(lock, RELEVO_FOREVER, &first));
	assert_fails(relevo_lock_acquire(lock, 0, NULL), RELEVO_TIMED_OUT, "was not free in time");
	assert_ok(relevo_lock_release(lock));
	assert_fails(relevo_lock_release(lock), RELEVO_OVER_RELEASE, "nobody holds the lock");
	assert_ok(relevo_lock_acquire(lock, 0, &second));
	assert_true(second.token > first.token);
	assert_false(first.owner_died || second.owner_died);
	assert_ok(relevo_lock_release(lock));
	assert_status(relevo_lock_acquire(lock, -2, NULL), RELEVO_BAD_ARGUMENT);
}

static void release_it(void *argument)
{
	struct play *play = argument;
	child_check(relevo_lock_release(play->lock) == RELEVO_OK);
}

static void another_process_releases(struct play *play)
{
	relevo_lock *other;
	assert_ok(relevo_lock_acquire(play->lock, RELEVO_FOREVER, NULL));
	role_join(role_start(release_it, &play_props, play));
	/* And what the next one holds is not the first one's any more. */
	assert_ok(relevo_lock_open(play->stage->session, relevo_lock_name(play->lock),
				   &(struct relevo_lock_options){ .mode = RELEVO_OPEN_EXISTING },
				   &other));
	assert_ok(relevo_lock_acquire(other, 0, NULL));
	assert_fails(relevo_lock_release(play->lock), RELEVO_NOT_OWNER, "not held");
	assert_status(relevo_lock_acquire(play->lock, 0, NULL), RELEVO_TIMED_OUT);
	assert_ok(relevo_lock_release(other));
	relevo_lock_close(other);
}

static void hold_it(void *argument)
{
	struct play *play = argument;
	relevo_lock *lock = play->lock;
	child_check(relevo_lock_acquire(lock, RELEVO_FOREVER, NULL) == RELEVO_OK);
	gate_open(&play->on);
	gate_pass(&play->off);
	child_check(relevo_lock_release(lock) == RELEVO_OK);
}

static void acquire_takes_its_time(struct play *play)
{
	relevo_process *child = role_start(hold_it, &play_props, play);
	gate_pass(&play->on);
	int64_t start = test_now();
	assert_status(relevo_lock_acquire(play->lock, 300, NULL), RELEVO_TIMED_OUT);
	assert_gave_up(start, 300);
	start = test_now();
	assert_status(relevo_lock_acquire(play->lock, 0, NULL), RELEVO_TIMED_OUT);
	assert_between(test_now() - start, 0, 100);
	gate_open(&play->off);
	acquire_and_release(play->lock);
	role_join(child);
}

static int leave_by_return(relevo_lock *lock)
{
	RELEVO_SCOPED(held, lock, RELEVO_FOREVER);
	return held.status;
}

static void leave_by_goto(relevo_lock *lock)
{
	int status;
	RELEVO_WITH(lock, &status)
	{
		goto out;
	}
	fail_msg("the block was passed over");
out:
	assert_ok(status);
}

static void scopes_release(relevo_lock *lock)
{
	int status = RELEVO_GONE;
	int rounds = 0;
	RELEVO_WITH(lock, &status)
	{
		assert_status(relevo_lock_acquire(lock, 0, NULL), RELEVO_TIMED_OUT);
		rounds++;
	}
	assert_ok(status);
	acquire_and_release(lock);
	RELEVO_WITH(lock, &status)
	{
		if (rounds++ == 1)
			break;
		fail_msg("break did not leave the block");
	}
	acquire_and_release(lock);
	RELEVO_WITH(lock, &status)
	{
		if (rounds++ == 2)
			continue;
		fail_msg("continue did not end the block");
	}
	assert_int_equal(rounds, 3);
	acquire_and_release(lock);
	assert_ok(leave_by_return(lock));
	acquire_and_release(lock);
	leave_by_goto(lock);
	acquire_and_release(lock);
}

static void scope_passed_over(struct play *play)
{
	int status;
	assert_ok(relevo_lock_acquire(play->lock, RELEVO_FOREVER, NULL));
	{
		RELEVO_SCOPED(held, play->lock, 0);
		assert_status(held.status, RELEVO_TIMED_OUT);
	}
	/* It has released nothing. */
	assert_status(relevo_lock_acquire(play->lock, 0, NULL), RELEVO_TIMED_OUT);
	assert_ok(relevo_lock_delete(play->stage->session, relevo_lock_name(play->lock)));
	RELEVO_WITH(play->lock, &status)
	{
		fail_msg("a block was run without its lock");
	}
	assert_status(status, RELEVO_GONE);
}

static void lock_basic(void **state)
{
	struct play play = begin(state, NULL);
	not_recursive(play.lock);
	another_process_releases(&play);
	acquire_takes_its_time(&play);
	scopes_release(play.lock);
	scope_passed_over(&play);
	end(&play);
}

/* ---- lock_kept -------------------------------------------------------- */

static void take_it_away(void *argument)
{
	struct play *play = argument;
	relevo_lock *lock = play->lock;
	child_check(relevo_lock_acquire(lock, RELEVO_FOREVER, NULL) == RELEVO_OK);
	stage_leave(play->stage);
}

/* A process that ends normally leaves its lock locked, if that is asked for. */
static void lock_kept(void **state)
{
	const struct relevo_lock_options options = { .keep = true };
	struct play play = begin(state, &options);
	role_join(role_start(take_it_away, &play_props, &play));
	assert_status(relevo_lock_acquire(play.lock, 0, NULL), RELEVO_TIMED_OUT);
	assert_ok(relevo_lock_release(play.lock));
	assert_status(relevo_lock_release(play.lock), RELEVO_OVER_RELEASE);
	acquire_and_release(play.lock);
	end(&play);
}

/* Otherwise it is free, and nobody has died. */
static void lock_not_kept(void **state)
{
	struct relevo_grant grant;
	struct play play = begin(state, NULL);
	role_join(role_start(take_it_away, &play_props, &play));
	assert_ok(relevo_lock_acquire(play.lock, 0, &grant));
	assert_false(grant.owner_died);
	assert_ok(relevo_lock_release(play.lock));
	end(&play);
}

/* ---- lock_released_ahead ---------------------------------------------- */

static void lock_released_ahead(void **state)
{
	const struct relevo_lock_options options = { .release_ahead = true };
	struct play play = begin(state, &options);
	for (int i = 0; i < 100; i++) {
		assert_ok(relevo_lock_acquire(play.lock, 0, NULL));
		assert_ok(relevo_lock_release(play.lock));
	}
	/* What the handle does not hold is released by asking. */
	assert_status(relevo_lock_release(play.lock), RELEVO_OVER_RELEASE);
	relevo_process *child = role_start(hold_it, &play_props, &play);
	gate_pass(&play.on);
	gate_open(&play.off);
	acquire_and_release(play.lock);
	role_join(child);
	end(&play);
}

/* ---- lock_excludes ---------------------------------------------------- */

enum { SLOW_CHILDREN = 4, FAST_CHILDREN = 8, ROUNDS = 1000 };

static void add_slowly(void *argument)
{
	struct play *play = argument;
	relevo_lock *lock = play->lock;
	child_check(relevo_lock_acquire(lock, RELEVO_FOREVER, NULL) == RELEVO_OK);
	int before = *play->shared;
	hold_still(500);
	*play->shared = before + 1;
	child_check(relevo_lock_release(lock) == RELEVO_OK);
}

static void add_quickly(void *argument)
{
	struct play *play = argument;
	relevo_lock *lock = play->lock;
	for (int i = 0; i < ROUNDS; i++) {
		child_check(relevo_lock_acquire(lock, RELEVO_FOREVER, NULL) == RELEVO_OK);
		*(volatile int *)play->shared += 1;
		child_check(relevo_lock_release(lock) == RELEVO_OK);
	}
}

static void run_all(struct play *play, int children, void (*body)(void *argument))
{
	relevo_process *pids[FAST_CHILDREN];
	*play->shared = 0;
	for (int i = 0; i < children; i++)
		pids[i] = role_start(body, &play_props, play);
	for (int i = 0; i < children; i++)
		role_join(pids[i]);
}

static void lock_excludes(void **state)
{
	struct play play = begin(state, NULL);
	int64_t start = test_now();
	run_all(&play, SLOW_CHILDREN, add_slowly);
	assert_int_equal(*play.shared, SLOW_CHILDREN);
	/* 2.6 s on an idle machine. */
	assert_between(test_now() - start, 2000, 3600);
	run_all(&play, FAST_CHILDREN, add_quickly);
	assert_int_equal(*play.shared, FAST_CHILDREN * ROUNDS);
	end(&play);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		ROLE_CASE(lock_basic),    ROLE_CASE(lock_excludes),       ROLE_CASE(lock_kept),
		ROLE_CASE(lock_not_kept), ROLE_CASE(lock_released_ahead),
	};
	return cmocka_run_group_tests_name("lock", tests, cast_prepare, NULL);
}
