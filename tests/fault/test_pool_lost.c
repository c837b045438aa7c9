/* Workers lose their connection, their descriptors or themselves, brokers go and come back. */
#include "support/pools.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { TASKS = 40, WORKERS = 2 };

/* What functions share with the test: they run in other processes. */
static struct shared {
	int ran;         /* how often number 7 has been begun */
	int pid;         /* who began it first */
	int runs[TASKS]; /* of each number, where they are counted */
} * shared;

/* Whether it is number 7, for the first time. */
static bool is_due(const struct relevo_bytes *argument)
{
	uint32_t number;
	memcpy(&number, argument->data, sizeof number);
	if (number != 7)
		return false;
	if (__atomic_fetch_add(&shared->ran, 1, __ATOMIC_SEQ_CST) > 0)
		return false;
	shared->pid = getpid();
	return true;
}

static int answer(const struct relevo_bytes *argument, relevo_reply *reply)
{
	return relevo_reply_set(reply, argument->data, argument->size);
}

enum { MOST_DESCRIPTORS = 256 };

/* Connections that the worker had before its first task: for that it gets a watcher. */
static bool known[MOST_DESCRIPTORS];

static int note_sockets(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	struct stat file;
	(void)argument;
	(void)reply;
	(void)user;
	for (int fd = 3; fd < MOST_DESCRIPTORS; fd++)
		known[fd] = fstat(fd, &file) == 0 && S_ISSOCK(file.st_mode);
	return RELEVO_OK;
}

enum { OF_WORKER = 1, OF_WATCHER = 2 };

static void cut(int which)
{
	int found = 0;
	for (int fd = 3; fd < MOST_DESCRIPTORS; fd++) {
		int whose = known[fd] ? OF_WORKER : OF_WATCHER;
		found += (whose & which) != 0 && shutdown(fd, SHUT_RDWR) == 0;
	}
	child_check(found > 0);
}

static int cut_all(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	if (is_due(argument))
		cut(OF_WORKER | OF_WATCHER);
	return answer(argument, reply);
}

/* Its session hears of it before the function returns. */
static int cut_and_say(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number;
	(void)user;
	memcpy(&number, argument->data, sizeof number);
	__atomic_add_fetch(&shared->runs[number], 1, __ATOMIC_SEQ_CST);
	if (is_due(argument)) {
		cut(OF_WORKER);
		child_check(relevo_reply_progress(reply, "", 0) != RELEVO_OK);
	}
	return answer(argument, reply);
}

static int cut_watcher(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	if (is_due(argument))
		cut(OF_WATCHER);
	return answer(argument, reply);
}

static int close_all(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	if (is_due(argument))
		closefrom(3);
	return answer(argument, reply);
}

/* And leave none, for nobody. */
static int open_all(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	const struct rlimit few = { 64, 64 };
	(void)user;
	child_check(setrlimit(RLIMIT_NOFILE, &few) == 0);
	while (dup(STDERR_FILENO) >= 0)
		continue;
	shared->pid = getpid();
	return answer(argument, reply);
}

static int come_back_twice(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	if (is_due(argument))
		child_check(fork() >= 0);
	return answer(argument, reply);
}

static int lost_setup(void **state)
{
	shared = pool_setup_with_memory(state, sizeof *shared);
	if (shared == NULL)
		return -1;
	relevo_function_register("note sockets", note_sockets, NULL);
	relevo_function_register("cut all", cut_all, NULL);
	relevo_function_register("cut and say", cut_and_say, NULL);
	relevo_function_register("cut watcher", cut_watcher, NULL);
	relevo_function_register("close all", close_all, NULL);
	relevo_function_register("open all", open_all, NULL);
	relevo_function_register("come back twice", come_back_twice, NULL);
	return 0;
}

#define lost_unit_test(function)                                                                   \
	cmocka_unit_test_setup_teardown(function, lost_setup, pool_teardown_with_memory)

/* ---- one worker --------------------------------------------------------------------- */

static void map_all(struct pool_scene *scene, const char *function)
{
	static struct relevo_result results[TASKS];
	const struct relevo_map_options options = { .chunk = 1, .timeout = TEST_PATIENCE };
	assert_ok(map_numbers(scene->pool, function, TASKS, &options, results));
	for (uint32_t i = 0; i < TASKS; i++) {
		assert_status(results[i].status, RELEVO_OK);
		assert_int_equal(*(uint32_t *)results[i].data, i);
	}
	relevo_results_free(results, TASKS);
}

/* All workers are there, and the one that ran number 7 first is none of them. */
static bool is_replaced(void *argument)
{
	const struct pool_scene *scene = argument;
	int pids[WORKERS] = { 0 };
	size_t count = relevo_pool_workers(scene->pool, pids, WORKERS);
	return count == WORKERS && pids[0] != shared->pid && pids[1] != shared->pid;
}

static void expect_replaced(struct pool_scene *scene, const char *function)
{
	const struct relevo_pool_options options = {
		.processes = WORKERS,
		.initializer = "note sockets",
	};
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
	map_all(scene, function);
	assert_true(eventually(is_replaced, scene));
	map_all(scene, "echo");
}

static void a_connection_is_cut(void **state)
{
	expect_replaced(*state, "cut all");
	assert_int_equal(shared->ran, 2);
}

/* The rest of its chunk is another's by then: it does not go on with that, connected again. */
static void a_connection_is_cut_where_nothing_is_run_twice(void **state)
{
	struct pool_scene *scene = *state;
	static struct relevo_result results[TASKS];
	const struct relevo_pool_options once = {
		.processes = WORKERS,
		.initializer = "note sockets",
		.max_attempts = 1,
	};
	const struct relevo_map_options options = { .chunk = TASKS, .timeout = TEST_PATIENCE };
	assert_ok(relevo_pool_open(scene->session, &once, &scene->pool));
	assert_ok(map_numbers(scene->pool, "cut and say", TASKS, &options, results));
	for (uint32_t i = 0; i < TASKS; i++)
		assert_status(results[i].status, i == 7 ? RELEVO_WORKER_DIED : RELEVO_OK);
	relevo_results_free(results, TASKS);
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	for (int i = 0; i < TASKS; i++)
		assert_int_equal(shared->runs[i], 1);
}

/* Its task is done, and it is replaced before somebody needs it. */
static void the_connection_of_a_watcher_is_cut(void **state)
{
	expect_replaced(*state, "cut watcher");
	assert_int_equal(shared->ran, 1);
}

/* The worker is replaced, or has connected again before it had to know. */
static void a_function_closes_all_descriptors(void **state)
{
	struct pool_scene *scene = *state;
	pool_open(scene, WORKERS);
	map_all(scene, "close all");
	assert_int_equal(shared->ran, 2);
	map_all(scene, "echo");
}

static const struct relevo_map_options limited = { .task.timeout = 60000 };

/* One without a limit needs no more than there was; the next does. */
static void a_function_opens_all_descriptors(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result result;
	pool_open(scene, 1);
	assert_ok(map_numbers(scene->pool, "open all", 1, NULL, &result));
	assert_ok(result.status);
	relevo_results_free(&result, 1);
	assert_ok(map_numbers(scene->pool, "echo", 1, &limited, &result));
	assert_ok(result.status);
	assert_int_equal(result.attempts, 1);
	assert_int_not_equal(result.worker_pid, shared->pid);
	relevo_results_free(&result, 1);
}

/* Where each of them has none, another one is of no use. */
static void no_worker_has_descriptors(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_pool_options options = { .processes = 1, .initializer = "open all" };
	struct relevo_result result;
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
	assert_ok(map_numbers(scene->pool, "echo", 1, &limited, &result));
	assert_status(result.status, RELEVO_NO_DESCRIPTORS);
	assert_non_null(strstr(result.data, "\"echo\" cannot be watched: "));
	relevo_results_free(&result, 1);
}

static bool is_without_children(void *argument)
{
	pid_t child;
	return process_children(*(const pid_t *)argument, &child, 1) == 0;
}

/* One answer, and neither of them is taken for the other. */
static void a_function_returns_in_a_child_too(void **state)
{
	struct pool_scene *scene = *state;
	pool_open(scene, WORKERS);
	map_all(scene, "come back twice");
	assert_int_equal(shared->ran, 1);
	map_all(scene, "echo");
	int pids[WORKERS];
	assert_int_equal(relevo_pool_workers(scene->pool, pids, WORKERS), WORKERS);
	for (int i = 0; i < WORKERS; i++) {
		pid_t worker = pids[i];
		assert_true(process_runs(worker));
		assert_true(eventually(is_without_children, &worker));
	}
}

/* ---- the broker, and the pool ---------------------------------------------------------- */

static void serve(void *argument)
{
	const struct pool_scene *scene = argument;
	const struct relevo_worker_options options = { .processes = WORKERS };
	child_check(relevo_worker_serve(scene->broker.url, "p", &options) == RELEVO_OK);
}

/* Somebody waits for the pool: after a loss one worker does, for all. */
static bool is_expected(void *argument)
{
	const struct relevo_queue_options existing = { .mode = RELEVO_OPEN_EXISTING };
	const struct pool_scene *scene = argument;
	struct relevo_queue_state counts = { 0 };
	relevo_queue *queue;
	if (relevo_queue_open(scene->session, "pool-expected/p", &existing, &queue) != RELEVO_OK)
		return false;
	counts = counts_of(queue);
	relevo_queue_close(queue);
	return counts.getters > 0;
}

static void a_pool_is_served_before_it_is_opened(void **state)
{
	struct pool_scene *scene = *state;
	pid_t server = child_start(serve, scene);
	assert_true(eventually(is_expected, scene));
	pool_open(scene, RELEVO_POOL_NO_WORKERS);
	map_all(scene, "echo");
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	child_join(server);
}

static void who_waits_for_a_pool_ends_on_a_signal(void **state)
{
	struct pool_scene *scene = *state;
	pid_t server = child_start(serve, scene);
	assert_true(eventually(is_expected, scene));
	assert_int_equal(kill(server, SIGTERM), 0);
	child_join(server);
}

static void end_session(struct pool_scene *scene)
{
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	assert_status(relevo_session_close(scene->session), RELEVO_DISCONNECTED);
	scene->session = NULL;
}

/* The workers are gone with the broker, and come back with another. */
static void servers_outlive_their_broker(void **state)
{
	struct pool_scene *scene = *state;
	pid_t server = child_start(serve, scene);
	pool_open(scene, RELEVO_POOL_NO_WORKERS);
	map_all(scene, "echo");
	for (int i = 0; i < 2; i++) {
		broker_kill(&scene->broker);
		end_session(scene);
		broker_again(&scene->broker);
		scene->session = session_open(scene->broker.url);
		assert_true(i > 0 || eventually(is_expected, scene));
		pool_open(scene, RELEVO_POOL_NO_WORKERS);
		map_all(scene, "echo");
	}
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	child_join(server);
}

static bool has_no_workers(void *argument)
{
	pid_t workers[WORKERS];
	return process_workers(*(pid_t *)argument, workers, WORKERS) < WORKERS;
}

static void who_waits_for_a_broker_ends_on_a_signal(void **state)
{
	struct pool_scene *scene = *state;
	pid_t server = child_start(serve, scene);
	pool_open(scene, RELEVO_POOL_NO_WORKERS);
	map_all(scene, "echo");
	broker_kill(&scene->broker);
	end_session(scene);
	assert_true(eventually(has_no_workers, &server));
	assert_int_equal(kill(server, SIGTERM), 0);
	child_join(server);
	broker_again(&scene->broker);
	scene->session = session_open(scene->broker.url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		lost_unit_test(a_connection_is_cut),
		lost_unit_test(a_connection_is_cut_where_nothing_is_run_twice),
		lost_unit_test(the_connection_of_a_watcher_is_cut),
		lost_unit_test(a_function_closes_all_descriptors),
		lost_unit_test(a_function_opens_all_descriptors),
		lost_unit_test(no_worker_has_descriptors),
		lost_unit_test(a_function_returns_in_a_child_too),
		lost_unit_test(a_pool_is_served_before_it_is_opened),
		lost_unit_test(who_waits_for_a_pool_ends_on_a_signal),
		lost_unit_test(servers_outlive_their_broker),
		lost_unit_test(who_waits_for_a_broker_ends_on_a_signal),
	};
	return cmocka_run_group_tests_name("pool_lost", tests, NULL, NULL);
}
