/* Workers are killed, stopped and exit at random moments, a thousand times. */
#include "support/pools.h"
#include "support/random.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>

#ifdef __SANITIZE_ADDRESS__
enum { EVENTS = 150 };
#else
enum { EVENTS = 1000 };
#endif

enum { WORKERS = 4, JOBS = 6, TASKS = 400, SEED = 20240229 };

/* What workers share with the test. */
static struct shared {
	int to_exit; /* tasks that shall end their process, of those that begin from now on */
	int exited;  /* that did */
	int done;    /* tasks */
	int awaited; /* tasks to be done before the next strike */
} * shared;

/* Takes a while, which depends on the number, and may end its worker. */
static int work(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number;
	(void)user;
	memcpy(&number, argument->data, sizeof number);
	if (__atomic_load_n(&shared->to_exit, __ATOMIC_SEQ_CST) > 0 &&
	    __atomic_fetch_sub(&shared->to_exit, 1, __ATOMIC_SEQ_CST) > 0) {
		__atomic_fetch_add(&shared->exited, 1, __ATOMIC_SEQ_CST);
		_exit((int)(number % 3));
	}
	if (number % 7 == 0)
		poll(NULL, 0, (int)(number % 4));
	number = number * 2654435761u;
	__atomic_fetch_add(&shared->done, 1, __ATOMIC_SEQ_CST);
	return relevo_reply_set(reply, &number, sizeof number);
}

static struct relevo_bytes *arguments_from(uint32_t *numbers)
{
	static struct relevo_bytes arguments[TASKS];
	for (uint32_t i = 0; i < TASKS; i++) {
		numbers[i] = i;
		arguments[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	}
	return arguments;
}

static relevo_job *submit(relevo_pool *pool, size_t chunk)
{
	static uint32_t numbers[TASKS];
	const struct relevo_async_options options = { .map.chunk = chunk };
	relevo_job *job;
	assert_ok(relevo_pool_map_async(pool, "work", arguments_from(numbers), TASKS, &options,
					&job));
	return job;
}

/* Each result is there, right, and in its place. Counts tasks that were run again. */
static void collect(relevo_job *job, size_t *again)
{
	const struct relevo_result *results;
	size_t count;
	assert_ok(relevo_job_get(job, TEST_PATIENCE, &results, &count));
	assert_int_equal(count, TASKS);
	for (uint32_t i = 0; i < TASKS; i++) {
		uint32_t value = 0;
		assert_string_equal(relevo_error_name(results[i].status), "OK");
		assert_int_equal(results[i].index, i);
		assert_int_equal(results[i].size, sizeof value);
		memcpy(&value, results[i].data, sizeof value);
		assert_int_equal(value, i * 2654435761u);
		*again += results[i].attempts > 1;
	}
	relevo_job_free(job);
}

/* Returns how many workers were hit from here. */
static int strike(relevo_pool *pool, struct random *random)
{
	int pids[WORKERS];
	size_t count = relevo_pool_workers(pool, pids, WORKERS);
	uint32_t what = random_below(random, 3);
	/* They are being replaced. */
	if (count == 0)
		return 0;
	if (what == 0) {
		__atomic_store_n(&shared->to_exit, 1, __ATOMIC_SEQ_CST);
		return 0;
	}
	int pid = pids[random_below(random, (uint32_t)count)];
	/* It may have been replaced meanwhile. */
	if (what == 1)
		return kill(pid, SIGKILL) == 0;
	int hit = kill(pid, SIGSTOP) == 0;
	poll(NULL, 0, (int)random_below(random, 4));
	kill(pid, SIGCONT);
	return hit;
}

static bool enough_done(void)
{
	return __atomic_load_n(&shared->done, __ATOMIC_SEQ_CST) >= shared->awaited;
}

/* So many more tasks are done, or all that were submitted. */
static void let_work(relevo_job *const *jobs, uint32_t tasks)
{
	shared->awaited = __atomic_load_n(&shared->done, __ATOMIC_SEQ_CST) + (int)tasks;
	int64_t deadline = test_now() + TEST_PATIENCE;
	bool all = false;
	while (!enough_done() && !all) {
		assert_true(test_now() < deadline);
		poll(NULL, 0, 1);
		all = true;
		for (int i = 0; i < JOBS; i++)
			all = all && relevo_job_ready(jobs[i]);
	}
}

static void every_task_has_its_result(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_pool_options options = {
		.name = "p",
		.processes = WORKERS,
		.max_attempts = 10000,
	};
	static const size_t chunks[] = { 1, 3, 8 };
	struct random random = { SEED };
	relevo_job *jobs[JOBS];
	size_t again = 0;
	int hit = 0;
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	assert_true(shared != MAP_FAILED);
	assert_ok(relevo_function_register("work", work, NULL));
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
	for (int i = 0; i < JOBS; i++)
		jobs[i] = submit(scene->pool, chunks[i % 3]);
	for (int next = 0; hit + __atomic_load_n(&shared->exited, __ATOMIC_SEQ_CST) < EVENTS;) {
		hit += strike(scene->pool, &random);
		let_work(jobs, random_below(&random, 12));
		if (!relevo_job_ready(jobs[next]))
			continue;
		collect(jobs[next], &again);
		jobs[next] = submit(scene->pool, chunks[random_below(&random, 3)]);
		next = (next + 1) % JOBS;
	}
	__atomic_store_n(&shared->to_exit, 0, __ATOMIC_SEQ_CST);
	for (int i = 0; i < JOBS; i++)
		collect(jobs[i], &again);
	/* It did harm. */
	assert_true(again > EVENTS / 20);
	expect_squares(scene->pool, 100, NULL);
	munmap(shared, sizeof *shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pool_unit_test(every_task_has_its_result),
	};
	return cmocka_run_group_tests_name("pool_storm", tests, NULL, NULL);
}
