/* Pools served by other programs. */
#include "support/pools.h"

#include <pthread.h>
#include <signal.h>

static struct pool_scene the_scene;

static int serve_setup(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	if (leaks_setup(state) != 0)
		return -1;
	test_broker_start(&the_scene.broker, arguments);
	the_scene.session = session_open(the_scene.broker.url);
	the_scene.pool = NULL;
	*state = &the_scene;
	return 0;
}

static int serve_teardown(void **state)
{
	relevo_pool_close(the_scene.pool);
	int status = relevo_session_close(the_scene.session);
	test_broker_stop(&the_scene.broker);
	int leaks = leaks_teardown(state);
	if (process_children(getpid(), NULL, 0) != 0)
		return -1;
	return status == RELEVO_OK ? leaks : -1;
}

#define serve_unit_test(function)                                                                  \
	cmocka_unit_test_setup_teardown(function, serve_setup, serve_teardown)

static struct gate begun, go_on;

static int square(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number;
	(void)user;
	memcpy(&number, argument->data, sizeof number);
	uint64_t result = (uint64_t)number * number;
	return relevo_reply_set(reply, &result, sizeof result);
}

static int wait_at_gate(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	gate_open(&begun);
	gate_pass(&go_on);
	return relevo_reply_set(reply, argument->data, argument->size);
}

struct serving {
	const char *url;
	int processes;
	int expected;
	bool give_up;
	const char *key; /* for tcp://; NULL: none */
	bool signalled;  /* again and again, also when it has served and is about to end */
};

static void serve(void *argument)
{
	const struct serving *serving = argument;
	struct relevo_worker_options options = { .processes = serving->processes,
						 .give_up = serving->give_up };
	if (serving->key != NULL)
		options.key = (struct relevo_bytes){ serving->key, strlen(serving->key) };
	child_check(relevo_function_register("square", square, NULL) == RELEVO_OK);
	child_check(relevo_function_register("wait", wait_at_gate, NULL) == RELEVO_OK);
	if (serving->signalled)
		signal(SIGTERM, SIG_IGN);
	int status = relevo_worker_serve(serving->url, "p", &options);
	if (status != serving->expected)
		fprintf(stderr, "serving ended with %s: %s\n", relevo_error_name(status),
			relevo_error_detail());
	child_check(status == serving->expected);
	/* The program's own handlers are back. */
	struct sigaction action;
	sigaction(SIGTERM, NULL, &action);
	child_check(action.sa_handler == (serving->signalled ? SIG_IGN : SIG_DFL));
}

static void close_pool(struct pool_scene *scene)
{
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
}

/* Until so many workers wait for tasks. */
static void wait_for_workers(relevo_session *session, uint64_t count)
{
	relevo_queue *tasks = queue_open_existing(session, "pool/p");
	wait_for_getters(tasks, count);
	relevo_queue_close(tasks);
}

static void serves_until_the_pool_is_closed(void **state)
{
	struct pool_scene *scene = *state;
	struct serving local = { scene->broker.url, 2, RELEVO_OK };
	struct serving remote = { scene->broker.more, 2, RELEVO_OK };
	pool_open(scene, RELEVO_POOL_NO_WORKERS);
	assert_int_equal(relevo_pool_workers(scene->pool, NULL, 0), 0);
	pid_t child = child_start(serve, &local);
	expect_squares(scene->pool, 1000, NULL);
	pid_t second = child_start(serve, &remote);
	wait_for_workers(scene->session, 4);
	expect_squares(scene->pool, 1000, &(struct relevo_map_options){ .chunk = 1 });
	close_pool(scene);
	child_join(child);
	child_join(second);
}

static void serves_over_tcp(void **state)
{
	struct pool_scene *scene = *state;
	struct serving remote = { scene->broker.more, 2, RELEVO_OK };
	pool_open(scene, RELEVO_POOL_NO_WORKERS);
	pid_t child = child_start(serve, &remote);
	expect_squares(scene->pool, 2000, NULL);
	close_pool(scene);
	child_join(child);
}

/* In bytes that are no file's. */
static void serves_with_a_key(void **state)
{
	(void)state;
	static const char key[] = "a key of enough bytes";
	struct pool_scene scene = { 0 };
	char folder[64], path[80];
	test_folder_make(folder);
	snprintf(path, sizeof path, "%s/key", folder);
	test_key_write(path, key);
	const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", "--key-file", path,
					  NULL };
	test_broker_start(&scene.broker, arguments);
	scene.session = session_open(scene.broker.url);
	pool_open(&scene, RELEVO_POOL_NO_WORKERS);
	struct serving remote = { scene.broker.more, 2, RELEVO_OK, .key = key };
	struct serving stranger = { scene.broker.more, 1, RELEVO_AUTH_FAILED };
	child_join(child_start(serve, &stranger));
	pid_t child = child_start(serve, &remote);
	expect_squares(scene.pool, 100, NULL);
	close_pool(&scene);
	child_join(child);
	assert_ok(relevo_session_close(scene.session));
	test_broker_stop(&scene.broker);
	test_folder_remove(folder);
}

struct mapping {
	relevo_pool *pool;
	size_t count;
	int status;
	struct relevo_result results[8];
	pthread_t thread;
};

static void *map_wait(void *argument)
{
	struct mapping *mapping = argument;
	struct relevo_map_options options = { .chunk = 1, .timeout = TEST_PATIENCE };
	mapping->status =
		map_numbers(mapping->pool, "wait", mapping->count, &options, mapping->results);
	return NULL;
}

static void begin_mapping(struct mapping *mapping, struct pool_scene *scene, size_t count)
{
	*mapping = (struct mapping){ .pool = scene->pool, .count = count };
	gate_make(&begun);
	gate_make(&go_on);
	pthread_create(&mapping->thread, NULL, map_wait, mapping);
}

static void end_mapping(struct mapping *mapping)
{
	pthread_join(mapping->thread, NULL);
	assert_int_equal(mapping->status, RELEVO_OK);
	for (size_t i = 0; i < mapping->count; i++) {
		assert_int_equal(mapping->results[i].status, RELEVO_OK);
		assert_int_equal(*(uint32_t *)mapping->results[i].data, i);
		assert_int_equal(mapping->results[i].attempts, 1);
	}
	relevo_results_free(mapping->results, mapping->count);
	gate_close(&begun);
	gate_close(&go_on);
}

/* A second program joins while a map runs, and takes its part. */
static void workers_may_join_later(void **state)
{
	struct pool_scene *scene = *state;
	struct mapping mapping;
	struct serving local = { scene->broker.url, 1, RELEVO_OK };
	pool_open(scene, RELEVO_POOL_NO_WORKERS);
	begin_mapping(&mapping, scene, 2);
	pid_t first = child_start(serve, &local);
	gate_pass(&begun);
	pid_t second = child_start(serve, &local);
	gate_pass(&begun);
	gate_open(&go_on);
	gate_open(&go_on);
	end_mapping(&mapping);
	close_pool(scene);
	child_join(first);
	child_join(second);
}

/* SIGTERM while a task runs: it is finished, its results arrive, serving ends. */
static void a_signal_drains(void **state)
{
	struct pool_scene *scene = *state;
	const char *urls[] = { scene->broker.url, scene->broker.more };
	pool_open(scene, RELEVO_POOL_NO_WORKERS);
	for (int i = 0; i < 4; i++) {
		struct mapping mapping;
		struct serving serving = { urls[i % 2], 2, RELEVO_OK };
		begin_mapping(&mapping, scene, 1);
		pid_t child = child_start(serve, &serving);
		gate_pass(&begun);
		assert_int_equal(kill(child, i < 2 ? SIGTERM : SIGINT), 0);
		gate_open(&go_on);
		end_mapping(&mapping);
		child_join(child);
	}
}

static void an_idle_server_ends_on_a_signal(void **state)
{
	struct pool_scene *scene = *state;
	struct serving serving = { scene->broker.url, 3, RELEVO_OK };
	pool_open(scene, RELEVO_POOL_NO_WORKERS);
	pid_t child = child_start(serve, &serving);
	expect_squares(scene->pool, 10, NULL);
	int64_t before = test_now();
	assert_int_equal(kill(child, SIGTERM), 0);
	child_join(child);
	assert_between(test_now() - before, 0, 2000);
	/* Others may serve it afterwards. */
	child = child_start(serve, &serving);
	expect_squares(scene->pool, 10, NULL);
	close_pool(scene);
	child_join(child);
}

static void a_second_signal_ends_at_once(void **state)
{
	struct pool_scene *scene = *state;
	struct mapping mapping;
	struct serving serving = { scene->broker.url, 1, RELEVO_OK, .signalled = true };
	pool_open(scene, RELEVO_POOL_NO_WORKERS);
	begin_mapping(&mapping, scene, 1);
	pid_t child = child_start(serve, &serving);
	gate_pass(&begun);
	assert_int_equal(kill(child, SIGTERM), 0);
	/* Its task never ends by itself: the second one must reach it as a second
	 * one, so it is sent until it has. */
	do
		kill(child, SIGTERM);
	while (!process_ends(child, 10));
	assert_int_equal(child_wait(child), 0);
	/* Another takes over what it had. */
	pid_t next = child_start(serve, &serving);
	gate_pass(&begun);
	gate_open(&go_on);
	pthread_join(mapping.thread, NULL);
	assert_int_equal(mapping.status, RELEVO_OK);
	assert_int_equal(mapping.results[0].attempts, 2);
	relevo_results_free(mapping.results, 1);
	gate_close(&begun);
	gate_close(&go_on);
	close_pool(scene);
	child_join(next);
}

static void serving_no_pool(void *argument)
{
	const struct pool_scene *scene = argument;
	const char *urls[] = { scene->broker.url, scene->broker.more };
	struct relevo_worker_options options = { .processes = 1, .give_up = true };
	for (int i = 0; i < 2; i++) {
		child_check(relevo_worker_serve(urls[i], "none", &options) == RELEVO_NOT_FOUND);
		child_check(strstr(relevo_error_detail(), "none") != NULL);
	}
	child_check(relevo_worker_serve("ipc:///nowhere", "p", &options) == RELEVO_NO_BROKER);
	child_check(strstr(relevo_error_detail(), "/nowhere") != NULL);
	child_check(relevo_worker_serve("nonsense", "p", &options) == RELEVO_BAD_ADDRESS);
	child_check(relevo_worker_serve(urls[0], "", &options) == RELEVO_BAD_NAME);
	child_check(relevo_worker_serve(urls[0], NULL, &options) == RELEVO_BAD_ARGUMENT);
	options.processes = -1;
	child_check(relevo_worker_serve(urls[0], "p", &options) == RELEVO_BAD_ARGUMENT);
	child_check(strstr(relevo_error_detail(), "-1") != NULL);
}

static void serving_what_is_not_there_fails(void **state)
{
	child_join(child_start(serving_no_pool, *state));
}

static void who_gives_up_ends_with_the_broker(void **state)
{
	struct pool_scene *scene = *state;
	struct test_broker broker;
	relevo_session *session;
	relevo_pool *pool;
	struct relevo_pool_options options = { .name = "p", .processes = RELEVO_POOL_NO_WORKERS };
	(void)scene;
	test_broker_start(&broker, NULL);
	session = session_open(broker.url);
	assert_ok(relevo_pool_open(session, &options, &pool));
	struct serving serving = { broker.url, 2, RELEVO_DISCONNECTED, .give_up = true };
	pid_t child = child_start(serve, &serving);
	/* One that is about to connect would say that there is no broker. */
	wait_for_workers(session, 2);
	expect_squares(pool, 10, NULL);
	broker_kill(&broker);
	child_join(child);
	test_folder_remove(broker.folder);
	struct relevo_result result;
	assert_int_not_equal(relevo_pool_apply(pool, "square", "1234", 4, 1000, &result),
			     RELEVO_OK);
	relevo_pool_close(pool);
	assert_status(relevo_session_close(session), RELEVO_DISCONNECTED);
}

static void serving_from_a_program_with_a_tcp_session(void *argument)
{
	struct pool_scene *scene = argument;
	relevo_session *session;
	relevo_pool *pool;
	struct relevo_pool_options pool_options = { .name = "other", .processes = 1 };
	struct relevo_worker_options options = { .processes = 1 };
	child_check(relevo_session_open(scene->broker.more, NULL, &session) == RELEVO_OK);
	child_check(relevo_worker_serve(scene->broker.more, "p", &options) == RELEVO_FORKED);
	child_check(relevo_error_detail()[0] != '\0');
	/* Nor can its pool have local workers. */
	child_check(relevo_pool_open(session, &pool_options, &pool) == RELEVO_FORKED);
	child_check(relevo_error_detail()[0] != '\0');
	pool_options.processes = RELEVO_POOL_NO_WORKERS;
	child_check(relevo_pool_open(session, &pool_options, &pool) == RELEVO_OK);
	relevo_pool_close(pool);
	child_check(process_children(getpid(), NULL, 0) == 0);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

static void workers_cannot_inherit_tcp(void **state)
{
	struct pool_scene *scene = *state;
	pool_open(scene, RELEVO_POOL_NO_WORKERS);
	child_join(child_start(serving_from_a_program_with_a_tcp_session, scene));
}

/* The server is told, though that was no child of it, and so are those who started the server. */
static void a_killed_keeper_is_told(void **state)
{
	struct pool_scene *scene = *state;
	struct serving local = { scene->broker.url, 1, RELEVO_SYSTEM };
	pid_t worker;
	pool_open(scene, RELEVO_POOL_NO_WORKERS);
	pid_t server = child_start(serve, &local);
	wait_for_workers(scene->session, 1);
	assert_int_equal(process_workers(server, &worker, 1), 1);
	assert_int_equal(kill(process_parent(worker), SIGKILL), 0);
	child_join(server);
	assert_true(process_ends(worker, TEST_PATIENCE));
	close_pool(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		serve_unit_test(serves_until_the_pool_is_closed),
		serve_unit_test(serves_over_tcp),
		serve_unit_test(serves_with_a_key),
		serve_unit_test(workers_may_join_later),
		serve_unit_test(a_signal_drains),
		serve_unit_test(an_idle_server_ends_on_a_signal),
		serve_unit_test(a_second_signal_ends_at_once),
		serve_unit_test(serving_what_is_not_there_fails),
		serve_unit_test(who_gives_up_ends_with_the_broker),
		serve_unit_test(a_killed_keeper_is_told),
		serve_unit_test(workers_cannot_inherit_tcp),
	};
	return cmocka_run_group_tests_name("pool_serve", tests, NULL, NULL);
}
