/* What multiprocessing.RLock promises. */
#include "conformance/role.h"

#include <pthread.h>

struct play {
	struct stage *stage;
	relevo_rlock *lock;
};

static const struct props play_props = {
	sizeof(struct play),
	{
		PROP(STAGE, struct play, stage),
		PROP(RLOCK, struct play, lock),
	},
};

/* It is somebody else's: neither to be had nor to be released. */
static void meddle(relevo_rlock *lock)
{
	child_check(relevo_rlock_acquire(lock, 0, NULL) == RELEVO_TIMED_OUT);
	child_check(relevo_rlock_release(lock) == RELEVO_NOT_OWNER);
	int64_t start = test_now();
	child_check(relevo_rlock_acquire(lock, 100, NULL) == RELEVO_TIMED_OUT);
	child_check(test_now() - start >= 99);
}

static void meddling_child(void *argument)
{
	struct play *play = argument;
	meddle(play->lock);
}

static void *meddling_thread(void *argument)
{
	struct play *play = argument;
	meddle(play->lock);
	return NULL;
}

static void others_are_kept_out(struct play *play)
{
	pthread_t thread;
	role_join(role_start(meddling_child, &play_props, play));
	assert_int_equal(pthread_create(&thread, NULL, meddling_thread, play), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void *holding_thread(void *argument)
{
	struct play *play = argument;
	for (int i = 0; i < 100; i++) {
		child_check(relevo_rlock_acquire(play->lock, RELEVO_FOREVER, NULL) == RELEVO_OK);
		child_check(relevo_rlock_release(play->lock) == RELEVO_OK);
	}
	return NULL;
}

static void rlock_basic(void **state)
{
	struct play play = { .stage = *state };
	struct relevo_grant first, again;
	pthread_t thread;
	assert_ok(relevo_rlock_open(play.stage->session, NULL, NULL, &play.lock));
	assert_ok(relevo_rlock_acquire(play.lock, RELEVO_FOREVER, &first));
	assert_ok(relevo_rlock_acquire(play.lock, 0, &again));
	assert_ok(relevo_rlock_acquire(play.lock, 10, NULL));
	assert_int_equal(first.token, again.token);
	for (int depth = 3; depth > 0; depth--) {
		others_are_kept_out(&play);
		assert_ok(relevo_rlock_release(play.lock));
	}
	assert_fails(relevo_rlock_release(play.lock), RELEVO_NOT_OWNER, "does not hold the lock");
	assert_int_equal(pthread_create(&thread, NULL, holding_thread, &play), 0);
	holding_thread(&play);
	assert_int_equal(pthread_join(thread, NULL), 0);
	relevo_rlock_close(play.lock);
}

static void acquire_and_end(void *argument)
{
	struct play *play = argument;
	relevo_rlock *lock = play->lock;
	child_check(relevo_rlock_acquire(lock, RELEVO_FOREVER, NULL) == RELEVO_OK);
	child_check(relevo_rlock_release(lock) == RELEVO_OK);
}

/* A child of the thread that holds it holds nothing. */
static void in_the_child(void *argument)
{
	struct play *play = argument;
	relevo_rlock *lock = play->lock;
	child_check(relevo_rlock_release(lock) == RELEVO_NOT_OWNER);
	child_check(relevo_rlock_acquire(lock, 0, NULL) == RELEVO_TIMED_OUT);
}

static void rlock_across_fork(void **state)
{
	struct play play = { .stage = *state };
	assert_ok(relevo_rlock_open(play.stage->session, NULL, NULL, &play.lock));
	role_join(role_start(acquire_and_end, &play_props, &play));
	assert_ok(relevo_rlock_acquire(play.lock, 0, NULL));
	role_join(role_start(in_the_child, &play_props, &play));
	assert_ok(relevo_rlock_release(play.lock));
	assert_status(relevo_rlock_release(play.lock), RELEVO_NOT_OWNER);
	relevo_rlock_close(play.lock);
}

/* Scopes nest, as the lock does. */
static void rlock_scopes(void **state)
{
	struct stage *stage = *state;
	relevo_rlock *lock;
	int outer, inner = RELEVO_GONE;
	assert_ok(relevo_rlock_open(stage->session, NULL, NULL, &lock));
	RELEVO_WITH(lock, &outer)
	{
		RELEVO_WITH(lock, &inner)
		{
			assert_ok(relevo_rlock_acquire(lock, 0, NULL));
			assert_ok(relevo_rlock_release(lock));
		}
		assert_ok(relevo_rlock_release(lock));
		assert_ok(relevo_rlock_acquire(lock, 0, NULL));
	}
	assert_ok(outer);
	assert_ok(inner);
	assert_status(relevo_rlock_release(lock), RELEVO_NOT_OWNER);
	relevo_rlock_close(lock);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		ROLE_CASE(rlock_basic),
		ROLE_CASE(rlock_across_fork),
		STAGE_CASE(rlock_scopes),
	};
	return cmocka_run_group_tests_name("rlock", tests, cast_prepare, NULL);
}
