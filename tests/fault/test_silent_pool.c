/* Pools at a broker that says nothing: one deadline holds for all that a call is made of. */
#include "support/pools.h"
#include "support/silence.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* In ms: of calls that have a time-out, and of those that have the session's. */
enum { TIME = 300, SESSION_TIME = 800 };

/* More than may be on its way without the broker. */
enum { LARGE = 1024 * 1024, MANY = 12 };

/* A process that was forked from one with threads may not start any under the thread sanitizer,
 * and a session has some. */
#ifdef __SANITIZE_THREAD__
static const enum relevo_start_method how_workers_start = RELEVO_START_SPAWN;
#else
static const enum relevo_start_method how_workers_start = RELEVO_START_FORK;
#endif

static struct test_broker broker;
static struct silence silence;
static relevo_session *session;
static relevo_pool *pool;
static relevo_imap *begun;
static relevo_job *job;
static char *bytes;

/* ---- the calls --------------------------------------------------------------------- */

static int map(void)
{
	const struct relevo_bytes arguments[] = { { "a", 1 }, { "b", 1 } };
	const struct relevo_map_options options = { .timeout = TIME };
	struct relevo_result results[2];
	return relevo_pool_map(pool, "f", arguments, 2, &options, results);
}

static int apply(void)
{
	struct relevo_result result;
	return relevo_pool_apply(pool, "f", "a", 1, TIME, &result);
}

/* Nothing more can be sent. */
static int map_much(void)
{
	struct relevo_bytes arguments[MANY];
	struct relevo_result results[MANY];
	const struct relevo_map_options options = { .timeout = TIME, .chunk = 1 };
	for (int i = 0; i < MANY; i++)
		arguments[i] = (struct relevo_bytes){ bytes, LARGE };
	return relevo_pool_map(pool, "f", arguments, MANY, &options, results);
}

static int next_result(void)
{
	struct relevo_result result;
	return relevo_imap_next(begun, TIME, &result);
}

static int give_much(struct relevo_bytes *argument, void *user)
{
	int *left = user;
	*argument = (struct relevo_bytes){ bytes, LARGE };
	return (*left)-- > 0 ? RELEVO_OK : RELEVO_END_OF_STREAM;
}

/* What could not be sent in time is not lost with that: it may be tried again. */
static int imap_much(void)
{
	int left = MANY;
	const struct relevo_input input = { give_much, &left };
	struct relevo_result result;
	relevo_imap *imap;
	int status = relevo_pool_imap(pool, "f", &input, NULL, &imap);
	if (status != RELEVO_OK)
		return status;
	status = relevo_imap_next(imap, TIME / 2, &result);
	if (status == RELEVO_TIMED_OUT)
		status = relevo_imap_next(imap, TIME / 2, &result);
	relevo_imap_free(imap);
	return status;
}

static int wait_for_job(void)
{
	return relevo_job_wait(job, TIME);
}

/* The job has the time-out, not those who wait for it. */
static int submit(void)
{
	const struct relevo_async_options options = { .map.timeout = TIME };
	const struct relevo_bytes argument = { "a", 1 };
	const struct relevo_result *results;
	relevo_job *late;
	int status = relevo_pool_apply_async(pool, "f", &argument, &options, &late);
	if (status != RELEVO_OK)
		return status;
	status = relevo_job_get(late, RELEVO_FOREVER, &results, NULL);
	if (status == RELEVO_OK)
		status = results[0].status;
	relevo_job_free(late);
	return status;
}

/* Whether it can be taken back or is in doubt depends on what stands before it. */
static int undone(int status)
{
	return status == RELEVO_UNANSWERED ? RELEVO_TIMED_OUT : status;
}

static int cancel(void)
{
	return undone(relevo_job_cancel(job));
}

static int open_another(void)
{
	const struct relevo_pool_options options = { .processes = RELEVO_POOL_NO_WORKERS };
	relevo_pool *another;
	return relevo_pool_open(session, &options, &another);
}

static int attach(void)
{
	relevo_pool *attached;
	return relevo_pool_attach(session, "silent", &attached);
}

static int end_iteration(void)
{
	relevo_imap_free(begun);
	begun = NULL;
	return RELEVO_TIMED_OUT;
}

static int join(void)
{
	relevo_pool_shutdown(pool);
	return relevo_pool_join(pool, TIME);
}

static int terminate(void)
{
	return undone(relevo_pool_terminate(pool));
}

static int end_pool(void)
{
	relevo_pool_close(pool);
	pool = NULL;
	return RELEVO_OK;
}

static const struct silence_trial trials[] = {
	{ "map", map, TIME, RELEVO_TIMED_OUT },
	{ "apply", apply, TIME, RELEVO_TIMED_OUT },
	{ "next result", next_result, TIME, RELEVO_TIMED_OUT },
	{ "wait for a job", wait_for_job, TIME, RELEVO_TIMED_OUT },
	{ "a job's own time", submit, TIME, RELEVO_TIMED_OUT },
	{ "attach", attach, SESSION_TIME, RELEVO_TIMED_OUT },
	{ "open", open_another, SESSION_TIME, RELEVO_UNANSWERED },
	{ "map much", map_much, TIME, RELEVO_TIMED_OUT },
	{ "iterate over much", imap_much, TIME + 500 + SESSION_TIME, RELEVO_TIMED_OUT },
	{ "cancel", cancel, SESSION_TIME, RELEVO_TIMED_OUT },
	{ "end an iteration", end_iteration, SESSION_TIME, RELEVO_TIMED_OUT },
	{ "join", join, TIME, RELEVO_OK },
	{ "terminate", terminate, SESSION_TIME, RELEVO_TIMED_OUT },
	{ "free", end_pool, 2 * SESSION_TIME, RELEVO_OK },
};

/* ---- scenes ------------------------------------------------------------------------ */

static int give_one(struct relevo_bytes *argument, void *user)
{
	bool *given = user;
	*argument = (struct relevo_bytes){ "x", 1 };
	bool last = *given;
	*given = true;
	return last ? RELEVO_END_OF_STREAM : RELEVO_OK;
}

/* What is there before: nobody serves the pool, so all of it is under way. */
static void begin_some(void)
{
	static bool given;
	const struct relevo_bytes argument = { "a", 1 };
	const struct relevo_input input = { give_one, &given };
	struct relevo_result result;
	given = false;
	assert_ok(relevo_pool_apply_async(pool, "f", &argument, NULL, &job));
	assert_ok(relevo_pool_imap(pool, "f", &input, NULL, &begun));
	assert_status(relevo_imap_next(begun, 1, &result), RELEVO_TIMED_OUT);
}

static int setup(void **state, bool of_line, int workers)
{
	const struct relevo_session_options options = { .timeout = SESSION_TIME };
	const struct relevo_pool_options how = {
		.name = "silent",
		.processes = workers,
		.method = how_workers_start,
	};
	if (leaks_setup(state) != 0)
		return -1;
	bytes = calloc(1, LARGE);
	assert_non_null(bytes);
	test_broker_start(&broker, of_line ? silence_of_line : NULL);
	silence_prepare(&silence, &broker, of_line);
	assert_ok(relevo_session_open(silence.url, &options, &session));
	assert_ok(relevo_pool_open(session, &how, &pool));
	begun = NULL;
	job = NULL;
	return 0;
}

static int broker_setup(void **state)
{
	return setup(state, false, RELEVO_POOL_NO_WORKERS);
}

static int line_setup(void **state)
{
	return setup(state, true, RELEVO_POOL_NO_WORKERS);
}

static int workers_setup(void **state)
{
	return setup(state, false, 2);
}

static int teardown(void **state)
{
	silence_break(&silence);
	relevo_imap_free(begun);
	relevo_pool_close(pool);
	relevo_job_free(job);
	relevo_session_close(session);
	silence_end(&silence);
	test_broker_stop(&broker);
	free(bytes);
	return leaks_teardown(state);
}

/* ---- tests ------------------------------------------------------------------------- */

static void every_call_ends_in_time(void **state)
{
	(void)state;
	begin_some();
	silence_fall(&silence);
	silence_try(trials, sizeof trials / sizeof trials[0]);
}

/* The first call finds nothing prepared: its own queues have to be made first. */
static void the_first_call_ends_in_time(void **state)
{
	(void)state;
	silence_fall(&silence);
	int64_t before = test_now();
	assert_status(map(), RELEVO_TIMED_OUT);
	assert_between(test_now() - before, TIME, TIME + SILENCE_SLACK);
}

/* A broker that is only slow: it works for a moment, again and again. */
static atomic_bool is_slow;

static void *slow_down(void *unused)
{
	enum { NAP = 450, WORK = 3 };
	while (atomic_load(&is_slow)) {
		process_stop(broker.pid);
		process_ends(getppid(), NAP);
		process_go_on(broker.pid);
		process_ends(getppid(), WORK);
	}
	return unused;
}

static int give_for_ever(struct relevo_bytes *argument, void *unused)
{
	(void)unused;
	*argument = (struct relevo_bytes){ bytes, LARGE };
	return RELEVO_OK;
}

/* However many chunks are sent, each of which is taken in time. */
static void an_iteration_has_one_deadline(void **state)
{
	const struct relevo_input input = { give_for_ever, NULL };
	struct relevo_result result;
	pthread_t thread;
	(void)state;
	assert_ok(relevo_pool_imap(pool, "f", &input, NULL, &begun));
	atomic_store(&is_slow, true);
	assert_int_equal(pthread_create(&thread, NULL, slow_down, NULL), 0);
	int64_t before = test_now();
	assert_status(relevo_imap_next(begun, TIME, &result), RELEVO_TIMED_OUT);
	int64_t after = test_now();
	atomic_store(&is_slow, false);
	pthread_join(thread, NULL);
	assert_between(after - before, TIME, TIME + 500 + SILENCE_SLACK);
}

static void *submit_large(void *unused)
{
	const struct relevo_bytes argument = { bytes, LARGE };
	relevo_job *large = NULL;
	(void)unused;
	relevo_pool_apply_async(pool, "f", &argument, NULL, &large);
	relevo_job_free(large);
	return NULL;
}

/* Each waits for those before it, and that is part of its own time. */
static void those_who_submit_at_once_wait_at_once(void **state)
{
	enum { THREADS = 6 };
	pthread_t threads[THREADS];
	(void)state;
	begin_some();
	silence_fall(&silence);
	/* From here on there is no room for what is to be sent. */
	assert_status(map_much(), RELEVO_TIMED_OUT);
	int64_t before = test_now();
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, submit_large, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_between(test_now() - before, 0, 2 * SESSION_TIME + SILENCE_SLACK);
}

/* Its workers end as ever, whatever the broker does. */
static void the_end_of_a_pool_has_a_bound(void **state)
{
	int pids[2];
	(void)state;
	assert_int_equal(relevo_pool_workers(pool, pids, 2), 2);
	silence_fall(&silence);
	int64_t before = test_now();
	assert_status(relevo_pool_terminate(pool), RELEVO_UNANSWERED);
	assert_status(relevo_pool_join(pool, TEST_PATIENCE), RELEVO_OK);
	relevo_pool_close(pool);
	pool = NULL;
	assert_between(test_now() - before, 0, 3 * SESSION_TIME + SILENCE_SLACK);
}

#define silent_unit_test(function, setup) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		silent_unit_test(those_who_submit_at_once_wait_at_once, broker_setup),
		silent_unit_test(every_call_ends_in_time, broker_setup),
		silent_unit_test(every_call_ends_in_time, line_setup),
		silent_unit_test(the_first_call_ends_in_time, broker_setup),
		silent_unit_test(the_first_call_ends_in_time, line_setup),
		silent_unit_test(an_iteration_has_one_deadline, broker_setup),
		silent_unit_test(the_end_of_a_pool_has_a_bound, workers_setup),
	};
	return cmocka_run_group_tests_name("silent pool", tests, silence_start_lines, NULL);
}
