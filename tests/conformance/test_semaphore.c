/* What multiprocessing.Semaphore and BoundedSemaphore promise. */
#include "conformance/role.h"

#include <stdatomic.h>

static relevo_semaphore *open_with(struct stage *stage, uint32_t value, bool bounded)
{
	relevo_semaphore *semaphore = NULL;
	const struct relevo_semaphore_options options = { .value = value, .bounded = bounded };
	assert_ok(relevo_semaphore_open(stage->session, NULL, &options, &semaphore));
	return semaphore;
}

static uint64_t value_of(relevo_semaphore *semaphore)
{
	uint64_t value = UINT64_MAX;
	assert_ok(relevo_semaphore_value(semaphore, &value));
	return value;
}

static void acquire(relevo_semaphore *semaphore, uint64_t left)
{
	assert_ok(relevo_semaphore_acquire(semaphore, RELEVO_FOREVER, NULL));
	assert_int_equal(value_of(semaphore), left);
}

static void release(relevo_semaphore *semaphore, uint64_t left)
{
	assert_ok(relevo_semaphore_release(semaphore));
	assert_int_equal(value_of(semaphore), left);
}

/* Down to 0, where nothing is to be had, and up again. */
static void down_and_up(relevo_semaphore *semaphore)
{
	assert_int_equal(value_of(semaphore), 2);
	acquire(semaphore, 1);
	acquire(semaphore, 0);
	int64_t start = test_now();
	assert_fails(relevo_semaphore_acquire(semaphore, 0, NULL), RELEVO_TIMED_OUT,
		     "not free in time");
	assert_between(test_now() - start, 0, 100);
	start = test_now();
	assert_status(relevo_semaphore_acquire(semaphore, 300, NULL), RELEVO_TIMED_OUT);
	assert_gave_up(start, 300);
	assert_int_equal(value_of(semaphore), 0);
	release(semaphore, 1);
	release(semaphore, 2);
}

/* How many are inside, and were at most. */
struct crowd {
	atomic_int inside, most;
};

struct play {
	struct stage *stage;
	relevo_semaphore *semaphore;
	struct gate on;
	struct crowd *crowd;
};

static const struct props play_props = {
	sizeof(struct play),
	{
		PROP(STAGE, struct play, stage),
		PROP(SEMAPHORE, struct play, semaphore),
		PROP(GATE, struct play, on),
		PROP(MEMORY, struct play, crowd),
	},
};

static void pass_through(void *argument)
{
	struct play *play = argument;
	relevo_semaphore *semaphore = play->semaphore;
	child_check(relevo_semaphore_acquire(semaphore, RELEVO_FOREVER, NULL) == RELEVO_OK);
	int inside = atomic_fetch_add(&play->crowd->inside, 1) + 1;
	int most = atomic_load(&play->crowd->most);
	while (inside > most && !atomic_compare_exchange_weak(&play->crowd->most, &most, inside))
		;
	hold_still(200);
	atomic_fetch_sub(&play->crowd->inside, 1);
	child_check(relevo_semaphore_release(semaphore) == RELEVO_OK);
}

static void never_more_than_two(struct stage *stage)
{
	enum { CHILDREN = 6 };
	struct play play = {
		.stage = stage,
		.semaphore = open_with(stage, 2, false),
		.crowd = props_memory(sizeof *play.crowd),
	};
	relevo_process *pids[CHILDREN];
	int64_t start = test_now();
	for (int i = 0; i < CHILDREN; i++)
		pids[i] = role_start(pass_through, &play_props, &play);
	for (int i = 0; i < CHILDREN; i++)
		role_join(pids[i]);
	assert_true(test_now() - start >= 599);
	assert_int_equal(atomic_load(&play.crowd->most), 2);
	assert_int_equal(value_of(play.semaphore), 2);
	relevo_semaphore_close(play.semaphore);
}

static void semaphore_counts(void **state)
{
	struct stage *stage = *state;
	relevo_semaphore *semaphore = open_with(stage, 2, false);
	down_and_up(semaphore);
	release(semaphore, 3);
	release(semaphore, 4);
	relevo_semaphore_close(semaphore);

	semaphore = open_with(stage, 2, true);
	down_and_up(semaphore);
	assert_fails(relevo_semaphore_release(semaphore), RELEVO_OVER_RELEASE,
		     "is at its bound of 2");
	assert_int_equal(value_of(semaphore), 2);
	relevo_semaphore_close(semaphore);

	never_more_than_two(stage);
}

static void give_three(void *argument)
{
	struct play *play = argument;
	relevo_semaphore *semaphore = play->semaphore;
	for (int i = 0; i < 3; i++)
		child_check(relevo_semaphore_release(semaphore) == RELEVO_OK);
	gate_pass(&play->on);
}

/* As a signal: one process gives, another takes, and neither does the other. */
static void semaphore_as_signal(void **state)
{
	struct play play = { .stage = *state };
	gate_make(&play.on);
	play.semaphore = open_with(play.stage, 0, false);
	for (int round = 0; round < 3; round++) {
		relevo_process *child = role_start(give_three, &play_props, &play);
		for (int i = 0; i < 3; i++)
			assert_ok(relevo_semaphore_acquire(play.semaphore, TEST_PATIENCE, NULL));
		gate_open(&play.on);
		role_join(child);
		assert_int_equal(value_of(play.semaphore), 0);
	}
	relevo_semaphore_close(play.semaphore);
	gate_close(&play.on);
}

static void take_and_leave(void *argument)
{
	struct play *play = argument;
	relevo_semaphore *semaphore = play->semaphore;
	child_check(relevo_semaphore_acquire(semaphore, RELEVO_FOREVER, NULL) == RELEVO_OK);
	stage_leave(play->stage);
}

/* A child that ends normally keeps its permit, if asked; the parent gives it back. */
static void semaphore_kept(void **state)
{
	struct play play = { .stage = *state };
	const struct relevo_semaphore_options options = {
		.value = 1,
		.bounded = true,
		.keep = true,
	};
	assert_ok(relevo_semaphore_open(play.stage->session, NULL, &options, &play.semaphore));
	role_join(role_start(take_and_leave, &play_props, &play));
	assert_int_equal(value_of(play.semaphore), 0);
	release(play.semaphore, 1);
	assert_status(relevo_semaphore_release(play.semaphore), RELEVO_OVER_RELEASE);
	relevo_semaphore_close(play.semaphore);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		ROLE_CASE(semaphore_counts),
		ROLE_CASE(semaphore_as_signal),
		ROLE_CASE(semaphore_kept),
	};
	return cmocka_run_group_tests_name("semaphore", tests, cast_prepare, NULL);
}
