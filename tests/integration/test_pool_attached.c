/* Callers of a pool that somebody else keeps: they hear of its end. Nobody serves it, so
 * all that is submitted waits. */
#include "support/pools.h"

#include <pthread.h>
#include <signal.h>

/* In ms: of who would wait for ever. */
enum { SOON = 10000 };

static relevo_session *session;
static relevo_pool *attached;

static int attached_setup(void **state)
{
	if (pool_setup(state) != 0)
		return -1;
	struct pool_scene *scene = *state;
	pool_open(scene, RELEVO_POOL_NO_WORKERS);
	session = session_open(scene->broker.url);
	assert_ok(relevo_pool_attach(session, "p", &attached));
	return 0;
}

static int attached_teardown(void **state)
{
	relevo_pool_close(attached);
	relevo_session_close(session);
	return pool_teardown(state);
}

#define attached_unit_test(function)                                                               \
	cmocka_unit_test_setup_teardown(function, attached_setup, attached_teardown)

struct waiting {
	relevo_queue *tasks;
	uint64_t count;
};

static bool are_there(void *argument)
{
	const struct waiting *waiting = argument;
	return counts_of(waiting->tasks).ready >= waiting->count;
}

static void wait_for_tasks_of(struct pool_scene *scene, const char *queue, uint64_t count)
{
	struct waiting waiting = { queue_open_existing(scene->session, queue), count };
	assert_true(eventually(are_there, &waiting));
	relevo_queue_close(waiting.tasks);
}

static void wait_for_tasks(struct pool_scene *scene, uint64_t count)
{
	wait_for_tasks_of(scene, "pool/p", count);
}

struct calling {
	relevo_pool *pool;
	int status;
	char why[256];
	pthread_t thread;
};

static void *call(void *argument)
{
	struct calling *calling = argument;
	struct relevo_result result;
	calling->status =
		relevo_pool_apply(calling->pool, "square", "", 0, RELEVO_FOREVER, &result);
	snprintf(calling->why, sizeof calling->why, "%s", relevo_error_detail());
	return NULL;
}

static void begin_call(struct calling *calling)
{
	*calling = (struct calling){ .pool = attached };
	assert_int_equal(pthread_create(&calling->thread, NULL, call, calling), 0);
}

static void expect_gone(struct calling *calling)
{
	thread_join(calling->thread, "the caller does not hear of the pool's end");
	assert_status(calling->status, RELEVO_GONE);
	assert_string_equal(calling->why, "the pool \"p\" has ended");
}

static void who_maps_hears_that_the_pool_was_terminated(void **state)
{
	struct pool_scene *scene = *state;
	struct calling calls[2];
	begin_call(&calls[0]);
	begin_call(&calls[1]);
	wait_for_tasks(scene, 2);
	assert_ok(relevo_pool_terminate(scene->pool));
	expect_gone(&calls[0]);
	expect_gone(&calls[1]);
}

static void who_maps_hears_that_the_pool_was_freed(void **state)
{
	struct pool_scene *scene = *state;
	struct calling calling;
	begin_call(&calling);
	wait_for_tasks(scene, 1);
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	expect_gone(&calling);
}

static void a_job_ends_with_the_pool(void **state)
{
	struct pool_scene *scene = *state;
	const struct relevo_bytes argument = { "", 0 };
	const struct relevo_result *results;
	relevo_job *job;
	assert_ok(relevo_pool_apply_async(attached, "square", &argument, NULL, &job));
	wait_for_tasks(scene, 1);
	assert_ok(relevo_pool_terminate(scene->pool));
	assert_ok(relevo_job_get(job, SOON, &results, NULL));
	assert_status(results[0].status, RELEVO_GONE);
	relevo_job_free(job);
}

static int give_one(struct relevo_bytes *argument, void *user)
{
	int *left = user;
	*argument = (struct relevo_bytes){ "", 0 };
	return (*left)-- > 0 ? RELEVO_OK : RELEVO_END_OF_STREAM;
}

static void an_iteration_ends_with_the_pool(void **state)
{
	struct pool_scene *scene = *state;
	int left = 1;
	const struct relevo_input input = { give_one, &left };
	struct relevo_result result;
	relevo_imap *imap;
	assert_ok(relevo_pool_imap(attached, "square", &input, NULL, &imap));
	assert_status(relevo_imap_next(imap, 1, &result), RELEVO_TIMED_OUT);
	assert_ok(relevo_pool_terminate(scene->pool));
	assert_status(relevo_imap_next(imap, SOON, &result), RELEVO_GONE);
	relevo_imap_free(imap);
}

/* What follows is told at once, also of another pool of that name. */
static void a_pool_that_has_ended_takes_nothing(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result result;
	relevo_pool_close(scene->pool);
	scene->pool = NULL;
	for (int i = 0; i < 2; i++) {
		assert_fails(relevo_pool_apply(attached, "square", "", 0, SOON, &result),
			     RELEVO_GONE, "the pool \"p\" has ended");
		if (i == 0)
			pool_open(scene, RELEVO_POOL_NO_WORKERS);
	}
}

struct keeping {
	const char *url;
	struct gate ready;
};

static void keep_pool(void *argument)
{
	struct keeping *keeping = argument;
	const struct relevo_pool_options options = {
		.name = "kept",
		.processes = RELEVO_POOL_NO_WORKERS,
	};
	relevo_session *own;
	relevo_pool *pool;
	child_check(relevo_session_open(keeping->url, NULL, &own) == RELEVO_OK);
	child_check(relevo_pool_open(own, &options, &pool) == RELEVO_OK);
	gate_open(&keeping->ready);
	pause();
}

static void who_maps_hears_that_the_owner_was_killed(void **state)
{
	struct pool_scene *scene = *state;
	struct keeping keeping = { .url = scene->broker.url };
	struct relevo_result result;
	relevo_pool *pool;
	gate_make(&keeping.ready);
	pid_t owner = child_start(keep_pool, &keeping);
	gate_pass(&keeping.ready);
	assert_ok(relevo_pool_attach(session, "kept", &pool));
	struct calling calling = { .pool = pool };
	assert_int_equal(pthread_create(&calling.thread, NULL, call, &calling), 0);
	wait_for_tasks_of(scene, "pool/kept", 1);
	child_kill(owner);
	thread_join(calling.thread, "the caller does not hear of the owner's end");
	assert_status(calling.status, RELEVO_GONE);
	assert_status(relevo_pool_apply(pool, "square", "", 0, SOON, &result), RELEVO_GONE);
	relevo_pool_close(pool);
	gate_close(&keeping.ready);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		attached_unit_test(who_maps_hears_that_the_pool_was_terminated),
		attached_unit_test(who_maps_hears_that_the_pool_was_freed),
		attached_unit_test(a_job_ends_with_the_pool),
		attached_unit_test(an_iteration_ends_with_the_pool),
		attached_unit_test(a_pool_that_has_ended_takes_nothing),
		attached_unit_test(who_maps_hears_that_the_owner_was_killed),
	};
	return cmocka_run_group_tests_name("pool attached", tests, NULL, NULL);
}
