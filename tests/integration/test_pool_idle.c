/* Pools: whoever waits does nothing until there is something to do, and then at once. */
#include "support/pools.h"

#include <pthread.h>
#include <relevo/pool_async.h>
#include <relevo/pool_imap.h>
#include <signal.h>

/* How long nobody may do anything, in ms: longer than any pause between two looks. */
enum { QUIET = 1500, WAITERS = 3 };

static int wait_at_gate(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	gate_open(&pool_begun);
	gate_pass(&pool_go_on);
	return relevo_reply_set(reply, argument->data, argument->size);
}

static int idle_setup(void **state)
{
	if (pool_setup_with_memory(state, 1) == NULL)
		return -1;
	relevo_function_register("wait at gate", wait_at_gate, NULL);
	return 0;
}

#define idle_unit_test(function)                                                                   \
	cmocka_unit_test_setup_teardown(function, idle_setup, pool_teardown_with_memory)

/* ---- waiting ---------------------------------------------------------------- */

struct waiter {
	relevo_pool *pool;
	int status;
	struct relevo_result result;
	pthread_t thread;
};

static void *map(void *argument)
{
	struct waiter *waiter = argument;
	waiter->status = map_numbers(waiter->pool, "wait at gate", 1, NULL, &waiter->result);
	return NULL;
}

static int next_of_one(struct relevo_bytes *argument, void *user)
{
	bool *given = user;
	if (*given)
		return RELEVO_END_OF_STREAM;
	*given = true;
	*argument = (struct relevo_bytes){ "x", 1 };
	return RELEVO_OK;
}

static void *iterate(void *argument)
{
	struct waiter *waiter = argument;
	bool given = false;
	const struct relevo_input input = { next_of_one, &given };
	relevo_imap *imap;
	child_check(relevo_pool_imap(waiter->pool, "wait at gate", &input, NULL, &imap) ==
		    RELEVO_OK);
	waiter->status = relevo_imap_next(imap, RELEVO_FOREVER, &waiter->result);
	relevo_imap_free(imap);
	return NULL;
}

static void *wait_for_job(void *argument)
{
	struct waiter *waiter = argument;
	const struct relevo_bytes one = { "x", 1 };
	const struct relevo_result *results;
	relevo_job *job;
	child_check(relevo_pool_apply_async(waiter->pool, "wait at gate", &one, NULL, &job) ==
		    RELEVO_OK);
	child_check(relevo_job_get(job, RELEVO_FOREVER, &results, NULL) == RELEVO_OK);
	waiter->status = results[0].status;
	relevo_job_free(job);
	return NULL;
}

/* All three kinds, and the workers are in the middle of it. */
static void begin_waiting(struct waiter waiters[WAITERS], relevo_pool *pool)
{
	static void *(*const bodies[WAITERS])(void *) = { map, iterate, wait_for_job };
	memset(waiters, 0, WAITERS * sizeof *waiters);
	for (int i = 0; i < WAITERS; i++) {
		waiters[i].pool = pool;
		pthread_create(&waiters[i].thread, NULL, bodies[i], &waiters[i]);
	}
	for (int i = 0; i < WAITERS; i++)
		gate_pass(&pool_begun);
}

static void expect_ended(struct waiter waiters[WAITERS], int status)
{
	for (int i = 0; i < WAITERS; i++) {
		thread_join(waiters[i].thread, "who waits is not told of the end");
		assert_status(waiters[i].status, status);
		relevo_results_free(&waiters[i].result, 1);
	}
}

/* ---- what the kernel says ------------------------------------------------------ */

struct look {
	pid_t pids[8];
	size_t count;
	long before;
};

/* This process, the keeper, and the workers. */
static struct look look_at(relevo_pool *pool)
{
	struct look look = { .pids = { getpid() }, .count = 1 };
	int workers[WAITERS];
	assert_int_equal(relevo_pool_workers(pool, workers, WAITERS), WAITERS);
	look.pids[look.count++] = process_parent(workers[0]);
	for (int i = 0; i < WAITERS; i++)
		look.pids[look.count++] = workers[i];
	return look;
}

static long count_sleeps(const struct look *look)
{
	long count = 0;
	for (size_t i = 0; i < look->count; i++)
		count += process_sleeps(look->pids[i]);
	return count;
}

/* Nobody has done anything for a moment: what was begun has come to rest. */
static bool rests(void *argument)
{
	struct look *look = argument;
	long count = count_sleeps(look);
	bool same = count == look->before;
	look->before = count;
	process_ends(getppid(), 50);
	return same && count_sleeps(look) == count;
}

/* ---- tests ---------------------------------------------------------------------- */

static void waiting_costs_nothing(void **state)
{
	struct pool_scene *scene = *state;
	struct waiter waiters[WAITERS];
	pool_open(scene, WAITERS);
	begin_waiting(waiters, scene->pool);
	struct look look = look_at(scene->pool);
	assert_true(eventually(rests, &look));
	long before = count_sleeps(&look);
	assert_false(process_ends(getppid(), QUIET));
	assert_int_equal(count_sleeps(&look), before);
	for (int i = 0; i < WAITERS; i++)
		gate_open(&pool_go_on);
	expect_ended(waiters, RELEVO_OK);
}

static void all_who_wait_see_the_end(void **state)
{
	struct pool_scene *scene = *state;
	struct waiter waiters[WAITERS];
	for (int round = 0; round < 5; round++) {
		pool_open(scene, WAITERS);
		begin_waiting(waiters, scene->pool);
		assert_ok(relevo_pool_terminate(scene->pool));
		expect_ended(waiters, RELEVO_GONE);
		relevo_pool_close(scene->pool);
		scene->pool = NULL;
	}
}

/* Nobody of those who wait is in a call that would notice it. */
static void refused_tasks_are_told_at_once(void **state)
{
	struct pool_scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	const struct relevo_map_options options = { .chunk = 1 };
	struct relevo_result results[10];
	relevo_pool *attached;
	pool_open(scene, 1);
	assert_ok(relevo_pool_attach(other, "p", &attached));
	assert_ok(relevo_pool_terminate(scene->pool));
	assert_status(map_numbers(attached, "square", 10, &options, results), RELEVO_GONE);
	relevo_pool_close(attached);
	assert_ok(relevo_session_close(other));
}

/* What the thread waits for has no time, and then there is something that has. */
static void a_time_is_kept_that_comes_later(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_bytes one = { "x", 1 };
	const struct relevo_async_options hour = { .map.timeout = 3600000 };
	const struct relevo_async_options soon = { .map.timeout = 100 };
	const struct relevo_result *results;
	relevo_job *jobs[3];
	pool_open(scene, 1);
	assert_ok(relevo_pool_apply_async(scene->pool, "wait at gate", &one, NULL, &jobs[0]));
	gate_pass(&pool_begun);
	assert_ok(relevo_pool_apply_async(scene->pool, "wait at gate", &one, &hour, &jobs[1]));
	assert_ok(relevo_pool_apply_async(scene->pool, "wait at gate", &one, &soon, &jobs[2]));
	assert_ok(relevo_job_get(jobs[2], TEST_PATIENCE, &results, NULL));
	assert_status(results[0].status, RELEVO_TIMED_OUT);
	gate_open(&pool_go_on);
	gate_open(&pool_go_on);
	for (int i = 0; i < 2; i++) {
		assert_ok(relevo_job_get(jobs[i], TEST_PATIENCE, &results, NULL));
		assert_status(results[0].status, RELEVO_OK);
	}
	for (int i = 0; i < 3; i++)
		relevo_job_free(jobs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		idle_unit_test(waiting_costs_nothing),
		idle_unit_test(all_who_wait_see_the_end),
		idle_unit_test(refused_tasks_are_told_at_once),
		idle_unit_test(a_time_is_kept_that_comes_later),
	};
	return cmocka_run_group_tests_name("pool_idle", tests, NULL, NULL);
}
