/* Workers, keepers and owners of pools are killed. */
#include "support/pools.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* What functions share with the test: they run in other processes. */
static struct shared {
	int ran[1000]; /* how often each number was pool_begun */
	int done;
} * shared;

static uint32_t number_of(const struct relevo_bytes *argument)
{
	uint32_t number;
	memcpy(&number, argument->data, sizeof number);
	return number;
}

static int answer(const struct relevo_bytes *argument, relevo_reply *reply)
{
	__atomic_fetch_add(&shared->done, 1, __ATOMIC_SEQ_CST);
	return relevo_reply_set(reply, argument->data, argument->size);
}

/* Waits at the gate when it runs number 0 for the first time. */
static int wait_once(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number = number_of(argument);
	(void)user;
	if (__atomic_fetch_add(&shared->ran[number], 1, __ATOMIC_SEQ_CST) == 0 && number == 0) {
		gate_open(&pool_begun);
		gate_pass(&pool_go_on);
	}
	return answer(argument, reply);
}

static int kill_at_7(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number = number_of(argument);
	(void)user;
	__atomic_fetch_add(&shared->ran[number], 1, __ATOMIC_SEQ_CST);
	if (number == 7)
		kill(getpid(), SIGKILL);
	return answer(argument, reply);
}

static int exit_at_7(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number = number_of(argument);
	(void)user;
	if (__atomic_fetch_add(&shared->ran[number], 1, __ATOMIC_SEQ_CST) == 0 && number == 7)
		exit(0);
	return answer(argument, reply);
}

static int linger(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number = number_of(argument);
	int64_t until = test_now() + 2;
	(void)user;
	__atomic_fetch_add(&shared->ran[number], 1, __ATOMIC_SEQ_CST);
	while (test_now() < until)
		continue;
	return answer(argument, reply);
}

static int killed_setup(void **state)
{
	shared = pool_setup_with_memory(state, sizeof *shared);
	if (shared == NULL)
		return -1;
	relevo_function_register("wait once", wait_once, NULL);
	relevo_function_register("kill at 7", kill_at_7, NULL);
	relevo_function_register("exit at 7", exit_at_7, NULL);
	relevo_function_register("linger", linger, NULL);
	return 0;
}

#define killed_unit_test(function)                                                                 \
	cmocka_unit_test_setup_teardown(function, killed_setup, pool_teardown_with_memory)

/* ---- maps in a thread -------------------------------------------------- */

struct mapping {
	relevo_pool *pool;
	const char *function;
	size_t count, chunk;
	int status;
	struct relevo_result results[1000];
	pthread_t thread;
};

static struct mapping the_mapping;

static void *map(void *argument)
{
	struct mapping *mapping = argument;
	struct relevo_map_options options = { .chunk = mapping->chunk, .timeout = 60000 };
	mapping->status = map_numbers(mapping->pool, mapping->function, mapping->count, &options,
				      mapping->results);
	return NULL;
}

static struct mapping *begin(struct pool_scene *scene, const char *function, size_t count,
			     size_t chunk)
{
	the_mapping = (struct mapping){ scene->pool, function, count, chunk };
	pthread_create(&the_mapping.thread, NULL, map, &the_mapping);
	return &the_mapping;
}

/* Each result there, right, and in its place. */
static void expect_all_but(struct mapping *mapping, size_t but)
{
	thread_join(mapping->thread, "the map has no end");
	assert_int_equal(mapping->status, RELEVO_OK);
	for (size_t i = 0; i < mapping->count; i++) {
		if (i == but)
			continue;
		assert_int_equal(mapping->results[i].status, RELEVO_OK);
		assert_int_equal(mapping->results[i].size, 4);
		assert_int_equal(*(uint32_t *)mapping->results[i].data, i);
	}
}

static void free_results(struct mapping *mapping)
{
	relevo_results_free(mapping->results, mapping->count);
}

/* ---- workers ----------------------------------------------------------- */

static void the_task_of_a_killed_worker_is_run_again(void **state)
{
	struct pool_scene *scene = *state;
	int pid;
	pool_open(scene, 1);
	assert_int_equal(relevo_pool_workers(scene->pool, &pid, 1), 1);
	struct mapping *mapping = begin(scene, "wait once", 20, 1);
	gate_pass(&pool_begun);
	assert_int_equal(kill(pid, SIGKILL), 0);
	expect_all_but(mapping, SIZE_MAX);
	assert_int_equal(mapping->results[0].attempts, 2);
	assert_int_not_equal(mapping->results[0].worker_pid, pid);
	assert_int_equal(shared->ran[0], 2);
	for (int i = 1; i < 20; i++) {
		assert_int_equal(mapping->results[i].attempts, 1);
		assert_int_equal(shared->ran[i], 1);
	}
	free_results(mapping);
	/* It has been replaced. */
	int next;
	assert_int_equal(relevo_pool_workers(scene->pool, &next, 1), 1);
	assert_int_not_equal(next, pid);
}

static void a_task_that_kills_its_workers_is_given_up(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_pool_options options = { .name = "p", .processes = 2, .max_attempts = 2 };
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
	struct mapping *mapping = begin(scene, "kill at 7", 20, 1);
	expect_all_but(mapping, 7);
	assert_int_equal(mapping->results[7].status, RELEVO_WORKER_DIED);
	assert_int_equal(mapping->results[7].attempts, 2);
	assert_non_null(strstr(mapping->results[7].data, "\"kill at 7\""));
	assert_int_equal(shared->ran[7], 2);
	free_results(mapping);
	expect_squares(scene->pool, 100, NULL);
}

static void by_default_it_is_tried_three_times(void **state)
{
	struct pool_scene *scene = *state;
	pool_open(scene, 2);
	struct mapping *mapping = begin(scene, "kill at 7", 8, 1);
	expect_all_but(mapping, 7);
	assert_int_equal(mapping->results[7].status, RELEVO_WORKER_DIED);
	assert_int_equal(shared->ran[7], 3);
	free_results(mapping);
}

static void a_worker_that_exits_is_replaced(void **state)
{
	struct pool_scene *scene = *state;
	pool_open(scene, 1);
	struct mapping *mapping = begin(scene, "exit at 7", 20, 1);
	expect_all_but(mapping, SIZE_MAX);
	assert_int_equal(mapping->results[7].attempts, 2);
	assert_int_equal(shared->ran[7], 2);
	free_results(mapping);
}

static void idle_workers_that_are_killed_are_replaced(void **state)
{
	struct pool_scene *scene = *state;
	int pids[3];
	pool_open(scene, 3);
	assert_int_equal(relevo_pool_workers(scene->pool, pids, 3), 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(kill(pids[i], SIGKILL), 0);
	expect_squares(scene->pool, 100, NULL);
}

static void all_workers_are_killed_again_and_again(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_pool_options options = { .name = "p", .processes = 3, .max_attempts = 100 };
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
	struct mapping *mapping = begin(scene, "linger", 600, 3);
	for (int round = 1; round <= 5; round++) {
		int pids[3];
		while (__atomic_load_n(&shared->done, __ATOMIC_SEQ_CST) < 100 * round)
			sched_yield();
		size_t count = relevo_pool_workers(scene->pool, pids, 3);
		for (size_t i = 0; i < count && i < 3; i++)
			kill(pids[i], SIGKILL);
	}
	expect_all_but(mapping, SIZE_MAX);
	free_results(mapping);
}

/* ---- keeper ------------------------------------------------------------ */

static pid_t keeper_of(struct pool_scene *scene)
{
	int worker;
	assert_true(relevo_pool_workers(scene->pool, &worker, 1) > 0);
	return process_parent(worker);
}

static void a_map_ends_though_the_keeper_is_killed(void **state)
{
	struct pool_scene *scene = *state;
	int before[2], after[2];
	pool_open(scene, 2);
	assert_int_equal(relevo_pool_workers(scene->pool, before, 2), 2);
	struct mapping *mapping = begin(scene, "wait once", 20, 1);
	gate_pass(&pool_begun);
	assert_int_equal(kill(keeper_of(scene), SIGKILL), 0);
	expect_all_but(mapping, SIZE_MAX);
	free_results(mapping);
	/* Its workers ended with it. */
	for (int i = 0; i < 2; i++)
		assert_true(process_ends(before[i], 2000));
	assert_int_equal(relevo_pool_workers(scene->pool, after, 2), 2);
}

static void a_keeper_killed_between_maps_is_replaced(void **state)
{
	struct pool_scene *scene = *state;
	int pids[2];
	pool_open(scene, 2);
	expect_squares(scene->pool, 10, NULL);
	assert_int_equal(relevo_pool_workers(scene->pool, pids, 2), 2);
	assert_int_equal(kill(keeper_of(scene), SIGKILL), 0);
	/* None of its workers is left to do the next map. */
	for (int i = 0; i < 2; i++)
		assert_true(process_ends(pids[i], 2000));
	expect_squares(scene->pool, 100, NULL);
	expect_squares(scene->pool, 100, NULL);
	assert_int_equal(kill(keeper_of(scene), SIGKILL), 0);
}

/* ---- owner ------------------------------------------------------------- */

struct owner {
	const char *url;
	struct gate open;
	int pids; /* pipe that the ids of all its processes go to */
};

static void own_pool(void *argument)
{
	struct owner *owner = argument;
	relevo_session *session;
	relevo_pool *pool;
	struct relevo_pool_options options = { .name = "owned", .processes = 2 };
	int pids[3];
	child_check(relevo_session_open(owner->url, NULL, &session) == RELEVO_OK);
	child_check(relevo_pool_open(session, &options, &pool) == RELEVO_OK);
	child_check(relevo_pool_workers(pool, pids, 2) == 2);
	pids[2] = process_parent(pids[0]);
	child_check(pids[2] > 0);
	child_check(write(owner->pids, pids, sizeof pids) == sizeof pids);
	/* One worker is in mid-task. */
	struct relevo_result result;
	uint32_t zero = 0;
	relevo_pool_apply(pool, "wait once", &zero, sizeof zero, RELEVO_FOREVER, &result);
}

static void keeper_and_workers_end_with_the_owner(void **state)
{
	struct pool_scene *scene = *state;
	struct owner owner = { .url = scene->broker.url };
	int ends[2], pids[3];
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	owner.pids = ends[1];
	pid_t child = child_start(own_pool, &owner);
	assert_int_equal(read(ends[0], pids, sizeof pids), sizeof pids);
	gate_pass(&pool_begun);
	for (int i = 0; i < 3; i++)
		assert_true(process_runs(pids[i]));
	child_kill(child);
	int64_t before = test_now();
	for (int i = 0; i < 3; i++)
		assert_true(process_ends(pids[i], 2000));
	assert_between(test_now() - before, 0, 2000);
	/* The one orphan is the keeper: it has waited for its own. */
	while (waitpid(pids[2], NULL, WNOHANG) == 0 || waitpid(pids[0], NULL, WNOHANG) > 0 ||
	       waitpid(pids[1], NULL, WNOHANG) > 0)
		continue;
	/* The name is free. */
	relevo_pool *pool;
	struct relevo_pool_options options = { .name = "owned", .processes = 1 };
	assert_ok(relevo_pool_open(scene->session, &options, &pool));
	relevo_pool_close(pool);
	close(ends[0]);
	close(ends[1]);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void closing_ends_workers_that_do_not_finish(void **state)
{
	struct pool_scene *scene = *state;
	uint32_t zero = 0;
	const struct relevo_bytes argument = { &zero, sizeof zero };
	relevo_job *job;
	int pid;
	pool_open(scene, 1);
	assert_int_equal(relevo_pool_workers(scene->pool, &pid, 1), 1);
	assert_ok(relevo_pool_apply_async(scene->pool, "wait once", &argument, NULL, &job));
	relevo_job_free(job);
	gate_pass(&pool_begun);
	int64_t before = test_now();
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	assert_between(test_now() - before, 4999, 7000);
	assert_false(process_runs(pid));
}

/* ---- broker ------------------------------------------------------------ */

static void a_map_ends_when_the_broker_goes(void **state)
{
	struct pool_scene *scene = *state;
	struct test_broker broker;
	struct relevo_pool_options options = { .processes = 2 };
	relevo_session *session;
	relevo_pool *pool;
	(void)scene;
	test_broker_start(&broker, NULL);
	session = session_open(broker.url);
	assert_ok(relevo_pool_open(session, &options, &pool));
	the_mapping = (struct mapping){ pool, "wait once", 10, 1 };
	pthread_create(&the_mapping.thread, NULL, map, &the_mapping);
	gate_pass(&pool_begun);
	int64_t before = test_now();
	broker_kill(&broker);
	thread_join(the_mapping.thread, "the map does not hear of the broker's end");
	assert_int_equal(the_mapping.status, RELEVO_DISCONNECTED);
	assert_between(test_now() - before, 0, 2000);
	gate_open(&pool_go_on);
	relevo_pool_close(pool);
	assert_status(relevo_session_close(session), RELEVO_DISCONNECTED);
	test_folder_remove(broker.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		killed_unit_test(the_task_of_a_killed_worker_is_run_again),
		killed_unit_test(a_task_that_kills_its_workers_is_given_up),
		killed_unit_test(by_default_it_is_tried_three_times),
		killed_unit_test(a_worker_that_exits_is_replaced),
		killed_unit_test(idle_workers_that_are_killed_are_replaced),
		killed_unit_test(all_workers_are_killed_again_and_again),
		killed_unit_test(a_map_ends_though_the_keeper_is_killed),
		killed_unit_test(a_keeper_killed_between_maps_is_replaced),
		killed_unit_test(keeper_and_workers_end_with_the_owner),
		killed_unit_test(closing_ends_workers_that_do_not_finish),
		killed_unit_test(a_map_ends_when_the_broker_goes),
	};
	return cmocka_run_group_tests_name("pool_killed", tests, NULL, NULL);
}
