/* Whether a pool is served: waiting for it, and what happens to those who wait when it ends. */
#include "support/pools.h"

#include <pthread.h>
#include <relevo/manage.h>
#include <relevo/pool_async.h>
#include <relevo/pool_list.h>
#include <relevo/worker.h>
#include <signal.h>

static const struct relevo_pool_options shared = { .name = "p", .shared = true };

static int wait_at_gate(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	gate_open(&pool_begun);
	gate_pass(&pool_go_on);
	return relevo_reply_set(reply, argument->data, argument->size);
}

static int served_setup(void **state)
{
	if (pool_setup_with_memory(state, 1) == NULL)
		return -1;
	return relevo_function_register("wait at gate", wait_at_gate, NULL);
}

#define served_unit_test(function)                                                                 \
	cmocka_unit_test_setup_teardown(function, served_setup, pool_teardown_with_memory)

static void serve(void *argument)
{
	const struct pool_scene *scene = argument;
	const struct relevo_worker_options options = { .processes = 1, .shared = true };
	child_check(relevo_worker_serve(scene->broker.url, "p", &options) == RELEVO_OK);
}

static void stop(pid_t server)
{
	assert_int_equal(kill(server, SIGTERM), 0);
	child_join(server);
}

/* ---- waiting ------------------------------------------------------------------- */

static void it_is_waited_for_in_time(void **state)
{
	struct pool_scene *scene = *state;
	relevo_session *session = scene->session;
	assert_fails(relevo_pool_wait_served(session, "p", 0), RELEVO_TIMED_OUT, "\"p\"");
	assert_fails(relevo_pool_wait_served(session, "p", 20), RELEVO_TIMED_OUT, "\"p\"");
	assert_ok(relevo_pool_wait_unserved(session, "p", 0));
	assert_status(relevo_pool_wait_served(session, "", 0), RELEVO_BAD_NAME);
	assert_status(relevo_pool_wait_served(session, NULL, 0), RELEVO_BAD_ARGUMENT);
	assert_fails(relevo_pool_wait_unserved(session, "p", -2), RELEVO_BAD_ARGUMENT, "-2");
	pid_t server = child_start(serve, scene);
	assert_ok(relevo_pool_wait_served(session, "p", TEST_PATIENCE));
	assert_ok(relevo_pool_wait_served(session, "p", 0));
	/* That of another pool is none. */
	assert_status(relevo_pool_wait_served(session, "p/q", 0), RELEVO_TIMED_OUT);
	assert_fails(relevo_pool_wait_unserved(session, "p", 20), RELEVO_TIMED_OUT, "\"p\"");
	stop(server);
	assert_ok(relevo_pool_wait_unserved(session, "p", 0));
}

struct waiter {
	relevo_session *session;
	bool served;
	int status;
	pthread_t thread;
};

static void *wait_for_it(void *argument)
{
	struct waiter *waiter = argument;
	waiter->status = waiter->served
				 ? relevo_pool_wait_served(waiter->session, "p", TEST_PATIENCE)
				 : relevo_pool_wait_unserved(waiter->session, "p", TEST_PATIENCE);
	return NULL;
}

struct look {
	relevo_session *session;
	const char *prefix;
	uint64_t wanted, getters;
};

static int count_getters(const struct relevo_queue_info *info, void *user)
{
	struct look *look = user;
	look->getters += info->getters;
	return 0;
}

static bool has_getters(void *argument)
{
	struct look *look = argument;
	look->getters = 0;
	assert_ok(relevo_queue_list(look->session, look->prefix, count_getters, look));
	return look->getters == look->wanted;
}

/* What such calls wait for is a queue: see pool_served.c. */
static void wait_for_waiters(const struct pool_scene *scene, const char *prefix, uint64_t count)
{
	struct look look = { scene->session, prefix, count, 0 };
	assert_true(eventually(has_getters, &look));
}

enum { WAITERS = 3 };

static void begin(struct waiter waiters[WAITERS], const struct pool_scene *scene, bool served)
{
	for (int i = 0; i < WAITERS; i++) {
		waiters[i] = (struct waiter){ session_open(scene->broker.url), served, 0, 0 };
		pthread_create(&waiters[i].thread, NULL, wait_for_it, &waiters[i]);
	}
}

static void expect_woken(struct waiter waiters[WAITERS])
{
	for (int i = 0; i < WAITERS; i++) {
		pthread_join(waiters[i].thread, NULL);
		assert_ok(waiters[i].status);
		assert_ok(relevo_session_close(waiters[i].session));
	}
}

/* By the worker that comes, and by the death of the last one. */
static void all_who_wait_are_woken(void **state)
{
	struct pool_scene *scene = *state;
	struct waiter waiters[WAITERS];
	begin(waiters, scene, true);
	wait_for_waiters(scene, "pool-awaited/p", WAITERS);
	pid_t server = child_start(serve, scene);
	expect_woken(waiters);
	begin(waiters, scene, false);
	wait_for_waiters(scene, "pool-worker/p/", WAITERS);
	child_kill(server);
	expect_woken(waiters);
	wait_for_waiters(scene, "pool-awaited/p", 0);
}

/* ---- the end of a pool -------------------------------------------------------- */

struct calling {
	relevo_pool *pool;
	struct relevo_result result;
	int status;
	char why[256];
	pthread_t thread;
};

static void *call(void *argument)
{
	struct calling *calling = argument;
	calling->status = relevo_pool_apply(calling->pool, "wait at gate", "x", 1, RELEVO_FOREVER,
					    &calling->result);
	snprintf(calling->why, sizeof calling->why, "%s", relevo_error_detail());
	return NULL;
}

static bool has_a_task(void *tasks)
{
	return counts_of(tasks).ready > 0;
}

/* Of a pool that nobody serves yet. */
static void begin_call(struct calling *calling, relevo_session *looking, relevo_session *session)
{
	*calling = (struct calling){ 0 };
	assert_ok(relevo_pool_open(session, &shared, &calling->pool));
	assert_int_equal(pthread_create(&calling->thread, NULL, call, calling), 0);
	relevo_queue *tasks = queue_open_existing(looking, "pool/p");
	assert_true(eventually(has_a_task, tasks));
	relevo_queue_close(tasks);
}

/* It belongs to nobody; but somebody has deleted it. */
static void the_end_of_a_shared_pool_is_told(void **state)
{
	struct pool_scene *scene = *state;
	relevo_session *session = session_open(scene->broker.url);
	struct calling calling;
	begin_call(&calling, scene->session, session);
	assert_ok(relevo_queue_delete(scene->session, "pool/p"));
	pthread_join(calling.thread, NULL);
	assert_status(calling.status, RELEVO_GONE);
	assert_string_equal(calling.why, "the pool \"p\" has ended");
	relevo_pool_close(calling.pool);
	assert_ok(relevo_session_close(session));
}

static void *free_pool(void *argument)
{
	struct pool_scene *scene = argument;
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	return NULL;
}

static bool is_gone(void *session)
{
	relevo_pool *pool;
	int status = relevo_pool_attach(session, "p", &pool);
	if (status == RELEVO_OK)
		relevo_pool_close(pool);
	return status == RELEVO_NOT_FOUND;
}

/*
 * A pool that is freed has ended for others, while its worker is in the middle of a task. Who
 * makes another one of its name meanwhile keeps that, with what was submitted.
 */
static void a_pool_that_ends_leaves_the_next_alone(void **state)
{
	struct pool_scene *scene = *state;
	relevo_session *session = session_open(scene->broker.url);
	relevo_session *looking = session_open(scene->broker.url);
	const struct relevo_bytes one = { "x", 1 };
	struct calling calling;
	relevo_job *job;
	pthread_t freeing;
	pool_open(scene, 1);
	assert_ok(relevo_pool_apply_async(scene->pool, "wait at gate", &one, NULL, &job));
	gate_pass(&pool_begun);
	assert_int_equal(pthread_create(&freeing, NULL, free_pool, scene), 0);
	assert_true(eventually(is_gone, session));
	begin_call(&calling, looking, session);
	gate_open(&pool_go_on);
	pthread_join(freeing, NULL);
	relevo_job_free(job);
	pid_t server = child_start(serve, scene);
	gate_open(&pool_go_on);
	pthread_join(calling.thread, NULL);
	assert_ok(calling.status);
	assert_ok(calling.result.status);
	gate_pass(&pool_begun);
	relevo_results_free(&calling.result, 1);
	stop(server);
	relevo_pool_close(calling.pool);
	assert_ok(relevo_session_close(looking));
	assert_ok(relevo_session_close(session));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		served_unit_test(it_is_waited_for_in_time),
		served_unit_test(all_who_wait_are_woken),
		served_unit_test(the_end_of_a_shared_pool_is_told),
		served_unit_test(a_pool_that_ends_leaves_the_next_alone),
	};
	return cmocka_run_group_tests_name("pool_served", tests, NULL, NULL);
}
