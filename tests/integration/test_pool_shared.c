/* Pools that belong to nobody. */
#include "support/host.h"
#include "support/pools.h"

#include <signal.h>

static const struct relevo_pool_options shared = { .name = "p", .shared = true };

static struct gate begun, go_on;

static int shared_setup(void **state)
{
	int status = pool_setup(state);
	gate_make(&begun);
	gate_make(&go_on);
	return status;
}

static int shared_teardown(void **state)
{
	gate_close(&begun);
	gate_close(&go_on);
	return pool_teardown(state);
}

#define shared_unit_test(function)                                                                 \
	cmocka_unit_test_setup_teardown(function, shared_setup, shared_teardown)

static int wait_at_gate(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	gate_open(&begun);
	gate_pass(&go_on);
	return relevo_reply_set(reply, argument->data, argument->size);
}

static int pause_for_ever(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)argument, (void)reply, (void)user;
	gate_open(&begun);
	while (pause() < 0)
		;
	return RELEVO_OK;
}

/* ---- servers --------------------------------------------------------------- */

static void serve_at(const char *url, int processes)
{
	const struct relevo_worker_options options = { .processes = processes, .shared = true };
	child_check(relevo_function_register("wait", wait_at_gate, NULL) == RELEVO_OK);
	child_check(relevo_function_register("pause", pause_for_ever, NULL) == RELEVO_OK);
	int status = relevo_worker_serve(url, "p", &options);
	if (status != RELEVO_OK)
		fprintf(stderr, "serving ended: %s\n", relevo_error_detail());
	child_check(status == RELEVO_OK);
}

static void serve_one(void *argument)
{
	const struct pool_scene *scene = argument;
	serve_at(scene->broker.url, 1);
}

static void serve_two(void *argument)
{
	const struct pool_scene *scene = argument;
	serve_at(scene->broker.url, 2);
}

static void stop(pid_t server)
{
	assert_int_equal(kill(server, SIGTERM), 0);
	child_join(server);
}

/* ---- looking ---------------------------------------------------------------- */

struct look {
	relevo_session *session;
	bool found;
	struct relevo_pool_info info;
	uint64_t workers;
};

static int keep_info(const struct relevo_pool_info *info, void *user)
{
	struct look *look = user;
	if (strcmp(info->name, "p") != 0)
		return 0;
	look->found = true;
	look->info = *info;
	return 0;
}

static struct look look_at(relevo_session *session)
{
	struct look look = { .session = session };
	assert_ok(relevo_pool_list(session, "p", keep_info, &look));
	return look;
}

static bool has_workers(void *argument)
{
	const struct look *wanted = argument;
	struct look look = look_at(wanted->session);
	return look.found && look.info.workers == wanted->workers;
}

static void wait_for_workers(relevo_session *session, uint64_t count)
{
	struct look wanted = { .session = session, .workers = count };
	assert_true(eventually(has_workers, &wanted));
}

static bool is_gone(void *argument)
{
	return !look_at(argument).found;
}

/* ---- tests ------------------------------------------------------------------ */

static void several_may_open_it(void **state)
{
	struct pool_scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_pool *second, *third;
	assert_ok(relevo_pool_open(scene->session, &shared, &scene->pool));
	assert_ok(relevo_pool_open(other, &shared, &second));
	assert_ok(relevo_pool_attach(other, "p", &third));
	assert_int_equal(relevo_pool_workers(scene->pool, NULL, 0), 0);
	pid_t server = child_start(serve_two, scene);
	expect_squares(scene->pool, 100, NULL);
	expect_squares(second, 100, NULL);
	/* The end of one is not that of the others. */
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	expect_squares(second, 100, NULL);
	assert_ok(relevo_pool_terminate(second));
	relevo_pool_close(second);
	expect_squares(third, 100, NULL);
	relevo_pool_close(third);
	stop(server);
	assert_true(eventually(is_gone, other));
	assert_ok(relevo_session_close(other));
}

static void tasks_wait_for_a_server(void **state)
{
	struct pool_scene *scene = *state;
	relevo_job *job;
	const struct relevo_result *results;
	assert_ok(relevo_pool_open(scene->session, &shared, &scene->pool));
	const struct relevo_bytes argument = { "word", 4 };
	assert_ok(relevo_pool_apply_async(scene->pool, "echo", &argument, NULL, &job));
	assert_status(relevo_job_wait(job, 50), RELEVO_TIMED_OUT);
	assert_int_equal(look_at(scene->session).info.waiting, 1);
	pid_t server = child_start(serve_one, scene);
	assert_ok(relevo_job_get(job, TEST_PATIENCE, &results, NULL));
	assert_string_equal(results[0].data, "word");
	relevo_job_free(job);
	stop(server);
}

/* The last server is killed in the middle; the next takes up what it had. */
static void tasks_survive_the_last_server(void **state)
{
	struct pool_scene *scene = *state;
	relevo_job *job;
	const struct relevo_result *results;
	const struct relevo_bytes arguments[] = { { "a", 1 }, { "b", 1 } };
	const struct relevo_async_options options = { .map.chunk = 1 };
	size_t count;
	assert_ok(relevo_pool_open(scene->session, &shared, &scene->pool));
	pid_t server = child_start(serve_one, scene);
	assert_ok(relevo_pool_map_async(scene->pool, "wait", arguments, 2, &options, &job));
	gate_pass(&begun);
	child_kill(server);
	wait_for_workers(scene->session, 0);
	assert_false(relevo_job_ready(job));
	server = child_start(serve_one, scene);
	gate_open(&go_on);
	gate_open(&go_on);
	assert_ok(relevo_job_get(job, TEST_PATIENCE, &results, &count));
	assert_int_equal(count, 2);
	assert_string_equal(results[0].data, "a");
	assert_int_equal(results[0].attempts, 2);
	assert_string_equal(results[1].data, "b");
	relevo_job_free(job);
	stop(server);
}

static void submit_many(void *argument)
{
	const struct pool_scene *scene = argument;
	struct relevo_bytes arguments[50] = { { "", 0 } };
	relevo_session *session;
	relevo_pool *pool;
	relevo_job *job;
	struct relevo_async_options options = { .map.chunk = 1 };
	child_check(relevo_session_open(scene->broker.url, NULL, &session) == RELEVO_OK);
	child_check(relevo_pool_attach(session, "p", &pool) == RELEVO_OK);
	child_check(relevo_pool_map_async(pool, "pause", arguments, 50, &options, &job) ==
		    RELEVO_OK);
	pause();
}

/* Fifty tasks that never end, of a caller that is killed: both the one that runs and those
 * that wait are out of the way soon. */
static void a_dead_caller_blocks_nobody(void **state)
{
	struct pool_scene *scene = *state;
	relevo_pool *pool;
	assert_ok(relevo_pool_open(scene->session, &shared, &pool));
	scene->pool = pool;
	pid_t server = child_start(serve_one, scene);
	pid_t caller = child_start(submit_many, scene);
	gate_pass(&begun);
	child_kill(caller);
	expect_squares(pool, 10, NULL);
	struct look look = look_at(scene->session);
	assert_int_equal(look.info.waiting, 0);
	/* None of the others has begun. */
	char byte;
	struct relevo_result result;
	assert_ok(relevo_pool_apply(pool, "echo", "x", 1, TEST_PATIENCE, &result));
	relevo_results_free(&result, 1);
	stop(server);
	close(begun.ends[1]);
	begun.ends[1] = -1;
	assert_int_equal(read(begun.ends[0], &byte, 1), 0);
}

static void it_is_there_as_long_as_it_is_served(void **state)
{
	struct pool_scene *scene = *state;
	relevo_pool *pool;
	assert_status(relevo_pool_attach(scene->session, "p", &pool), RELEVO_NOT_FOUND);
	pid_t server = child_start(serve_two, scene);
	wait_for_workers(scene->session, 2);
	assert_ok(relevo_pool_attach(scene->session, "p", &pool));
	expect_squares(pool, 10, NULL);
	relevo_pool_close(pool);
	wait_for_workers(scene->session, 2);
	stop(server);
	assert_true(eventually(is_gone, scene->session));
}

/* ---- listing ------------------------------------------------------------------ */

struct worker_list {
	size_t count;
	uint64_t pids[4];
	char host[65];
};

static int note_worker(const struct relevo_worker_info *info, void *user)
{
	struct worker_list *list = user;
	assert_in_range(list->count, 0, 3);
	list->pids[list->count++] = info->pid;
	snprintf(list->host, sizeof list->host, "%s", info->host);
	return list->count == 4 ? 77 : 0;
}

static int stop_at_once(const struct relevo_pool_info *info, void *user)
{
	(void)info, (void)user;
	return 99;
}

static void workers_and_callers_are_counted(void **state)
{
	struct pool_scene *scene = *state;
	char here[65] = "";
	struct worker_list list = { 0 };
	relevo_pool *nested;
	relevo_job *job;
	const struct relevo_pool_options inside = { .name = "p/inside", .processes = 1 };
	const struct relevo_bytes arguments[] = { { "a", 1 }, { "b", 1 }, { "c", 1 } };
	const struct relevo_async_options options = { .map.chunk = 1 };
	/* Before this has handles, which a child holds as well. */
	pid_t server = child_start(serve_two, scene);
	assert_ok(relevo_pool_open(scene->session, &inside, &nested));
	expect_squares(nested, 1, NULL);
	assert_ok(relevo_pool_open(scene->session, &shared, &scene->pool));
	wait_for_workers(scene->session, 2);
	assert_ok(relevo_pool_map_async(scene->pool, "wait", arguments, 3, &options, &job));
	gate_pass(&begun);
	gate_pass(&begun);
	struct look look = look_at(scene->session);
	assert_int_equal(look.info.waiting, 1);
	assert_int_equal(look.info.running, 2);
	assert_int_equal(look.info.callers, 1);
	assert_int_equal(look.info.done, 0);
	assert_ok(relevo_pool_list_workers(scene->session, "p", note_worker, &list));
	assert_int_equal(list.count, 2);
	gethostname(here, sizeof here - 1);
	assert_string_equal(list.host, here);
	pid_t children[4];
	assert_int_equal(process_workers(server, children, 4), 2);
	assert_true(list.pids[0] == (uint64_t)children[0] || list.pids[0] == (uint64_t)children[1]);
	assert_true(list.pids[0] != list.pids[1]);
	assert_int_equal(relevo_pool_list(scene->session, NULL, stop_at_once, NULL), 99);
	assert_status(relevo_pool_list_workers(scene->session, "", note_worker, &list),
		      RELEVO_BAD_NAME);
	for (int i = 0; i < 3; i++)
		gate_open(&go_on);
	assert_ok(relevo_job_wait(job, TEST_PATIENCE));
	relevo_job_free(job);
	relevo_pool_close(nested);
	stop(server);
}

/* ---- what does not go together ---------------------------------------------------- */

static void serve_wrongly(void *argument)
{
	const struct pool_scene *scene = argument;
	struct relevo_worker_options options = {
		.processes = 1,
		.shared = true,
		.order = RELEVO_ORDER_FAIR,
	};
	int status = relevo_worker_serve(scene->broker.url, "p", &options);
	child_check(status == RELEVO_OPTION_MISMATCH);
	child_check(strstr(relevo_error_detail(), "\"p\"") != NULL);
	child_check(relevo_worker_serve("ipc:///nowhere", "p", &options) == RELEVO_NO_BROKER);
	options.order = (enum relevo_order)9;
	child_check(relevo_worker_serve(scene->broker.url, "p", &options) == RELEVO_BAD_ARGUMENT);
}

static void options_have_to_fit(void **state)
{
	struct pool_scene *scene = *state;
	relevo_pool *pool;
	struct relevo_pool_options options = shared;
	assert_ok(relevo_pool_open(scene->session, &shared, &scene->pool));
	options.order = RELEVO_ORDER_PRIORITY;
	assert_fails(relevo_pool_open(scene->session, &options, &pool), RELEVO_OPTION_MISMATCH,
		     "\"p\"");
	child_join(child_start(serve_wrongly, scene));
	options = (struct relevo_pool_options){ .name = "p", .processes = RELEVO_POOL_NO_WORKERS };
	assert_status(relevo_pool_open(scene->session, &options, &pool), RELEVO_EXISTS);
	options = shared;
	options.processes = 1;
	assert_fails(relevo_pool_open(scene->session, &options, &pool), RELEVO_BAD_ARGUMENT,
		     "shared");
	options = shared;
	options.initializer = "square";
	assert_status(relevo_pool_open(scene->session, &options, &pool), RELEVO_BAD_ARGUMENT);
	options = shared;
	options.max_tasks_per_child = 1;
	assert_status(relevo_pool_open(scene->session, &options, &pool), RELEVO_BAD_ARGUMENT);
}

static void a_pool_with_an_owner_is_not_shared(void **state)
{
	struct pool_scene *scene = *state;
	relevo_pool *pool;
	pool_open(scene, 1);
	assert_fails(relevo_pool_open(scene->session, &shared, &pool), RELEVO_OPTION_MISMATCH,
		     "\"p\"");
	expect_squares(scene->pool, 10, NULL);
}

static void it_may_have_no_name(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_pool_options nameless = { .shared = true };
	relevo_pool *pool;
	assert_ok(relevo_pool_open(scene->session, &nameless, &scene->pool));
	assert_ok(relevo_pool_attach(scene->session, relevo_pool_name(scene->pool), &pool));
	relevo_pool_close(pool);
}

/* ---- another host -------------------------------------------------------------- */

static struct test_broker wide;

static void serve_there(void *argument)
{
	child_check(test_host_enter());
	serve_at(argument, 2);
}

static void call_there(void *argument)
{
	relevo_session *session;
	struct relevo_result result;
	relevo_pool *pool;
	child_check(test_host_enter());
	child_check(relevo_session_open(argument, NULL, &session) == RELEVO_OK);
	child_check(relevo_pool_open(session, &shared, &pool) == RELEVO_OK);
	child_check(relevo_pool_apply(pool, "echo", "far", 3, TEST_PATIENCE, &result) == RELEVO_OK);
	child_check(strcmp(result.data, "far") == 0);
	relevo_results_free(&result, 1);
	relevo_pool_close(pool);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

static void servers_and_callers_may_be_elsewhere(void **state)
{
	struct pool_scene *scene = *state;
	const struct test_host *host = test_host();
	char listen[80];
	if (host == NULL)
		skip();
	snprintf(listen, sizeof listen, "tcp://%s:0", host->here);
	const char *const arguments[] = { "--listen", listen, "--insecure-tcp", NULL };
	test_broker_start(&wide, arguments);
	relevo_session *session = session_open(wide.url);
	assert_ok(relevo_pool_open(session, &shared, &scene->pool));
	pid_t server = child_start(serve_there, wide.more);
	expect_squares(scene->pool, 500, NULL);
	child_join(child_start(call_there, wide.more));
	child_kill(server);
	wait_for_workers(session, 0);
	server = child_start(serve_there, wide.more);
	expect_squares(scene->pool, 500, NULL);
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	stop(server);
	assert_ok(relevo_session_close(session));
	test_broker_stop(&wide);
	test_host_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		shared_unit_test(several_may_open_it),
		shared_unit_test(tasks_wait_for_a_server),
		shared_unit_test(tasks_survive_the_last_server),
		shared_unit_test(a_dead_caller_blocks_nobody),
		shared_unit_test(it_is_there_as_long_as_it_is_served),
		shared_unit_test(workers_and_callers_are_counted),
		shared_unit_test(options_have_to_fit),
		shared_unit_test(a_pool_with_an_owner_is_not_shared),
		shared_unit_test(it_may_have_no_name),
		shared_unit_test(servers_and_callers_may_be_elsewhere),
	};
	return cmocka_run_group_tests_name("pool_shared", tests, NULL, NULL);
}
