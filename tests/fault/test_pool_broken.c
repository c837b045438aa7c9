/* Arguments that kill their workers: the others of the chunk do not share their fate. */
#include "support/pools.h"

#include <relevo/pool_async.h>
#include <relevo/pool_imap.h>
#include <relevo/pool_tuple.h>
#include <relevo/worker.h>
#include <signal.h>

enum { COUNT = 10 };

/* What functions share with the test: they run in other processes. */
static struct shared {
	bool kills[COUNT];
	int runs[COUNT]; /* of each number */
} * shared;

static void run(uint32_t number, pid_t victim)
{
	__atomic_add_fetch(&shared->runs[number], 1, __ATOMIC_SEQ_CST);
	if (!shared->kills[number])
		return;
	kill(victim, SIGKILL);
	pause();
}

static int die(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number;
	(void)user;
	memcpy(&number, argument->data, sizeof number);
	run(number, getpid());
	return relevo_reply_set(reply, &number, sizeof number);
}

/* In a server and its workers: the server. */
static pid_t server;

/* With the whole group of workers, so that nobody knows how. */
static int die_together(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number;
	(void)user;
	memcpy(&number, argument->data, sizeof number);
	run(number, server);
	return relevo_reply_set(reply, &number, sizeof number);
}

static int die_of_tuple(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	relevo_tuple *tuple;
	int64_t number = 0;
	(void)user;
	child_check(relevo_argument_tuple(argument, &tuple) == RELEVO_OK);
	child_check(relevo_tuple_int(tuple, 0, &number) == RELEVO_OK);
	relevo_tuple_free(tuple);
	uint32_t small = (uint32_t)number;
	run(small, getpid());
	return relevo_reply_set(reply, &small, sizeof small);
}

static int broken_setup(void **state)
{
	shared = pool_setup_with_memory(state, sizeof *shared);
	if (shared == NULL)
		return -1;
	relevo_function_register("die", die, NULL);
	relevo_function_register("die together", die_together, NULL);
	relevo_function_register("die of tuple", die_of_tuple, NULL);
	return 0;
}

#define broken_unit_test(function)                                                                 \
	cmocka_unit_test_setup_teardown(function, broken_setup, pool_teardown_with_memory)

/* ---- the forms of a call --------------------------------------------------------- */

struct call {
	relevo_pool *pool;
	const char *function;
	size_t chunk;
	struct relevo_result results[COUNT];
};

static uint32_t numbers[COUNT] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

static void by_map(struct call *call)
{
	const struct relevo_map_options options = { .chunk = call->chunk };
	assert_ok(map_numbers(call->pool, call->function, COUNT, &options, call->results));
}

static void by_starmap(struct call *call)
{
	const struct relevo_map_options options = { .chunk = call->chunk };
	relevo_tuple *tuples[COUNT];
	for (int i = 0; i < COUNT; i++) {
		assert_ok(relevo_tuple_new(&tuples[i]));
		assert_ok(relevo_tuple_add_int(tuples[i], NULL, i));
	}
	assert_ok(relevo_pool_starmap(call->pool, "die of tuple",
				      (const relevo_tuple *const *)tuples, COUNT, &options,
				      call->results));
	for (int i = 0; i < COUNT; i++)
		relevo_tuple_free(tuples[i]);
}

static int next_number(struct relevo_bytes *argument, void *user)
{
	size_t *next = user;
	if (*next == COUNT)
		return RELEVO_END_OF_STREAM;
	*argument = (struct relevo_bytes){ &numbers[*next], sizeof numbers[0] };
	++*next;
	return RELEVO_OK;
}

static void iterate(struct call *call, bool unordered)
{
	const struct relevo_imap_options options = { .chunk = call->chunk, .unordered = unordered };
	size_t next = 0;
	const struct relevo_input input = { next_number, &next };
	struct relevo_result result;
	relevo_imap *imap;
	assert_ok(relevo_pool_imap(call->pool, call->function, &input, &options, &imap));
	for (size_t i = 0; i < COUNT; i++) {
		assert_ok(relevo_imap_next(imap, TEST_PATIENCE, &result));
		assert_true(unordered || result.index == i);
		assert_null(call->results[result.index].data);
		call->results[result.index] = result;
	}
	assert_status(relevo_imap_next(imap, TEST_PATIENCE, &result), RELEVO_END_OF_STREAM);
	relevo_imap_free(imap);
}

static void by_imap(struct call *call)
{
	iterate(call, false);
}

static void by_unordered_imap(struct call *call)
{
	iterate(call, true);
}

static void by_async(struct call *call)
{
	const struct relevo_async_options options = { .map.chunk = call->chunk };
	struct relevo_bytes arguments[COUNT];
	const struct relevo_result *results;
	relevo_job *job;
	for (int i = 0; i < COUNT; i++)
		arguments[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	assert_ok(relevo_pool_map_async(call->pool, call->function, arguments, COUNT, &options,
					&job));
	assert_ok(relevo_job_get(job, TEST_PATIENCE, &results, NULL));
	for (int i = 0; i < COUNT; i++) {
		call->results[i] = results[i];
		call->results[i].data =
			memcpy(malloc(results[i].size + 1), results[i].data, results[i].size + 1);
	}
	relevo_job_free(job);
}

typedef void form(struct call *call);

static form *const forms[] = { by_map, by_starmap, by_imap, by_unordered_imap, by_async };

/* ---- what is expected --------------------------------------------------------------- */

/* Those that kill fail, and no other; none is run more often than it may be. */
static void expect_fates(const struct call *call, uint32_t most)
{
	for (uint32_t i = 0; i < COUNT; i++) {
		const struct relevo_result *result = &call->results[i];
		assert_int_equal(result->index, i);
		if (shared->kills[i]) {
			assert_int_equal(result->status, RELEVO_WORKER_DIED);
			assert_int_equal(shared->runs[i], most);
			/* It may have been handed out behind another one that killed. */
			assert_true(result->attempts >= most);
			continue;
		}
		assert_int_equal(result->status, RELEVO_OK);
		assert_int_equal(result->size, sizeof i);
		assert_memory_equal(result->data, &i, sizeof i);
		assert_true(shared->runs[i] >= 1);
		if (most == 1)
			assert_int_equal(shared->runs[i], 1);
	}
}

static void expect_told(const struct call *call)
{
	for (int i = 0; i < COUNT; i++) {
		if (shared->kills[i])
			assert_non_null(strstr(call->results[i].data, "killed by signal 9"));
	}
}

static void kill_with(const char *killers)
{
	memset(shared, 0, sizeof *shared);
	for (; *killers != '\0'; killers++)
		shared->kills[*killers - '0'] = true;
}

static void expect_only_culprits_fail(struct pool_scene *scene, form *call_by, uint32_t most)
{
	static const char *const killers[] = { "0", "5", "9", "27", "09" };
	static const size_t chunks[] = { 10, 4, 0 };
	struct call call = { .pool = scene->pool, .function = "die" };
	for (size_t k = 0; k < sizeof killers / sizeof killers[0]; k++) {
		for (size_t c = 0; c < sizeof chunks / sizeof chunks[0]; c++) {
			kill_with(killers[k]);
			call.chunk = chunks[c];
			call_by(&call);
			expect_fates(&call, most);
			expect_told(&call);
			relevo_results_free(call.results, COUNT);
		}
	}
}

static void only_culprits_fail(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_pool_options options = { .processes = 2, .max_attempts = 2 };
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		expect_only_culprits_fail(scene, forms[i], 2);
}

/* Where nothing may be run twice, nothing is, and what had not begun is run all the same. */
static void only_culprits_fail_where_none_is_run_twice(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_pool_options options = { .processes = 2, .max_attempts = 1 };
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		expect_only_culprits_fail(scene, forms[i], 1);
}

/* ---- of another program's workers --------------------------------------------------- */

static void serve(void *argument)
{
	const struct pool_scene *scene = argument;
	const struct relevo_worker_options options = { .processes = 1 };
	server = getpid();
	child_check(relevo_worker_serve(scene->broker.url, "far", &options) == RELEVO_OK);
}

/* As many servers as are killed, and one that is left. */
static void expect_survivor(struct pool_scene *scene, int killed)
{
	const struct relevo_pool_options options = {
		.name = "far",
		.processes = RELEVO_POOL_NO_WORKERS,
		.max_attempts = (uint32_t)killed,
	};
	pid_t servers[8];
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
	for (int i = 0; i <= killed; i++)
		servers[i] = child_start(serve, scene);
	struct call call = { .pool = scene->pool, .function = "die together", .chunk = COUNT };
	kill_with("4");
	by_map(&call);
	expect_fates(&call, (uint32_t)killed);
	relevo_results_free(call.results, COUNT);
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	int signalled = 0;
	for (int i = 0; i <= killed; i++)
		signalled += child_wait(servers[i]) == 128 + SIGKILL;
	assert_int_equal(signalled, killed);
}

static void whole_groups_die_of_a_culprit(void **state)
{
	expect_survivor(*state, 1);
	expect_survivor(*state, 2);
	expect_survivor(*state, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		broken_unit_test(only_culprits_fail),
		broken_unit_test(only_culprits_fail_where_none_is_run_twice),
		broken_unit_test(whole_groups_die_of_a_culprit),
	};
	return cmocka_run_group_tests_name("pool_broken", tests, NULL, NULL);
}
