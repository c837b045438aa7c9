/* A broker is killed while everybody waits: two processes, and a thread for each call
 * that can wait. */
#include "support/queues.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { PROCESSES = 2, MOST_WAITS = 16 };

/* How long a process may not be busy once it has been told, in ms, and how much of that
 * time it may spend computing. */
enum { IDLE_TIME = 700, IDLE_CPU = 150 };

#define IDLE_POOL "idle"

/* What became of a wait. */
struct outcome {
	int status;
	bool told; /* there was a sentence about it */
	int64_t at;
};

/* What all processes see. */
struct board {
	struct outcome outcomes[PROCESSES][MOST_WAITS];
	int64_t idle_cpu[PROCESSES]; /* ms */
	int served[PROCESSES];       /* what relevo_worker_serve() returned */
	int64_t served_at[PROCESSES];
};

struct play {
	struct scene scene;
	struct board *board;
	const char *url; /* of the processes */
	struct gate scene_is_set;
	relevo_lock *door;
	relevo_pool *pool; /* nobody works for it */
	int process;
};

/* ---- the calls ------------------------------------------------------------ */

static int wait_get(relevo_session *session)
{
	relevo_item item;
	relevo_queue *queue = queue_open_existing(session, "empty");
	int status = relevo_queue_get(queue, RELEVO_FOREVER, &item);
	relevo_queue_close(queue);
	return status;
}

static int wait_lease(relevo_session *session)
{
	relevo_item item;
	size_t got;
	relevo_queue *queue = queue_open_existing(session, "empty");
	int status = relevo_queue_lease(queue, 600000, &item, 1, &got);
	relevo_queue_close(queue);
	return status;
}

static int wait_get_any(relevo_session *session)
{
	relevo_item item;
	relevo_queue *queues[] = { queue_open_existing(session, "empty"),
				   queue_open_existing(session, "empty") };
	int status = relevo_queue_get_any(queues, 2, RELEVO_FOREVER, &item, NULL);
	relevo_queue_close(queues[0]);
	relevo_queue_close(queues[1]);
	return status;
}

static int wait_put(relevo_session *session)
{
	relevo_queue *queue = queue_open_existing(session, "full");
	int status = relevo_queue_put(queue, "x", 1, RELEVO_FOREVER);
	relevo_queue_close(queue);
	return status;
}

static int wait_join(relevo_session *session)
{
	relevo_queue *queue = queue_open_existing(session, "full");
	int status = relevo_queue_join(queue, RELEVO_FOREVER);
	relevo_queue_close(queue);
	return status;
}

static int wait_lock(relevo_session *session)
{
	relevo_lock *lock;
	child_check(relevo_lock_open(session, "door", NULL, &lock) == RELEVO_OK);
	int status = relevo_lock_acquire(lock, RELEVO_FOREVER, NULL);
	relevo_lock_close(lock);
	return status;
}

static int wait_semaphore(relevo_session *session)
{
	const struct relevo_semaphore_options options = { .value = 0 };
	relevo_semaphore *semaphore;
	child_check(relevo_semaphore_open(session, "none", &options, &semaphore) == RELEVO_OK);
	int status = relevo_semaphore_acquire(semaphore, RELEVO_FOREVER, NULL);
	relevo_semaphore_close(semaphore);
	return status;
}

static int wait_condition(relevo_session *session)
{
	relevo_condition *condition;
	child_check(relevo_condition_open(session, "news", NULL, &condition) == RELEVO_OK);
	child_check(relevo_condition_acquire(condition, RELEVO_FOREVER, NULL) == RELEVO_OK);
	int status = relevo_condition_wait(condition, RELEVO_FOREVER);
	relevo_condition_close(condition);
	return status;
}

static int wait_event(relevo_session *session)
{
	relevo_event *event;
	child_check(relevo_event_open(session, "flag", NULL, &event) == RELEVO_OK);
	int status = relevo_event_wait(event, RELEVO_FOREVER);
	relevo_event_close(event);
	return status;
}

static int wait_barrier(relevo_session *session)
{
	const struct relevo_barrier_options options = { .parties = 100 };
	relevo_barrier *barrier;
	uint32_t index;
	child_check(relevo_barrier_open(session, "meeting", &options, &barrier) == RELEVO_OK);
	int status = relevo_barrier_wait(barrier, RELEVO_FOREVER, &index);
	relevo_barrier_close(barrier);
	return status;
}

static int wait_value(relevo_session *session)
{
	const struct relevo_value_options options = { .type = RELEVO_TYPE_INT64 };
	const int64_t wanted = 7;
	relevo_value *value;
	child_check(relevo_value_open(session, "count", &options, &value) == RELEVO_OK);
	int status = relevo_value_wait_until(value, RELEVO_COMPARISON_EQUAL, &wanted, sizeof wanted,
					     RELEVO_FOREVER);
	relevo_value_close(value);
	return status;
}

static int wait_change(relevo_session *session)
{
	const struct relevo_value_options options = { .type = RELEVO_TYPE_INT64 };
	uint64_t version = 0;
	relevo_value *value;
	child_check(relevo_value_open(session, "count", &options, &value) == RELEVO_OK);
	int status = relevo_value_wait_change(value, RELEVO_FOREVER, &version);
	relevo_value_close(value);
	return status;
}

static int wait_map(relevo_session *session)
{
	const struct relevo_pool_options options = { .processes = RELEVO_POOL_NO_WORKERS };
	const struct relevo_bytes argument = { "x", 1 };
	struct relevo_result result;
	relevo_pool *pool;
	child_check(relevo_pool_open(session, &options, &pool) == RELEVO_OK);
	int status = relevo_pool_map(pool, "nothing", &argument, 1, NULL, &result);
	relevo_pool_close(pool);
	return status;
}

static int (*const waits[])(relevo_session *session) = {
	wait_get,   wait_lease,     wait_get_any,   wait_put,   wait_join,
	wait_lock,  wait_semaphore, wait_condition, wait_event, wait_barrier,
	wait_value, wait_change,    wait_map,
};

enum { WAITS = sizeof waits / sizeof waits[0] };

/* ---- a process -------------------------------------------------------------- */

struct waiter {
	relevo_session *session;
	int (*wait)(relevo_session *session);
	struct outcome *outcome;
};

static void *be_waiter(void *argument)
{
	struct waiter *waiter = argument;
	struct outcome outcome = { .status = waiter->wait(waiter->session), .at = test_now() };
	outcome.told = relevo_error_detail()[0] != '\0';
	*waiter->outcome = outcome;
	return NULL;
}

/* Milliseconds that this process has been computing. */
static int64_t computed(void)
{
	struct rusage usage;
	child_check(getrusage(RUSAGE_SELF, &usage) == 0);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static void wait_for_everything(void *argument)
{
	struct play *play = argument;
	struct waiter waiters[WAITS];
	pthread_t threads[WAITS];
	relevo_session *session = NULL;
	gate_pass(&play->scene_is_set);
	child_check(relevo_session_open(play->url, NULL, &session) == RELEVO_OK);
	for (int i = 0; i < WAITS; i++) {
		waiters[i] = (struct waiter){ session, waits[i],
					      &play->board->outcomes[play->process][i] };
		child_check(pthread_create(&threads[i], NULL, be_waiter, &waiters[i]) == 0);
	}
	for (int i = 0; i < WAITS; i++)
		pthread_join(threads[i], NULL);
	/* What the session has of its own goes on without a broker: asleep. */
	int64_t before = computed();
	poll(NULL, 0, IDLE_TIME);
	play->board->idle_cpu[play->process] = computed() - before;
	child_check(relevo_session_close(session) == RELEVO_DISCONNECTED);
}

static void serve(void *argument)
{
	struct play *play = argument;
	const struct relevo_worker_options options = { .processes = 2, .give_up = true };
	gate_pass(&play->scene_is_set);
	play->board->served[play->process] = relevo_worker_serve(play->url, IDLE_POOL, &options);
	play->board->served_at[play->process] = test_now();
}

/* ---- the play ---------------------------------------------------------------- */

static struct play the_play;

/* For those that wait: a pool without workers, a lock that is taken, a queue that is full. */
static void set_scene(struct play *play)
{
	static const struct relevo_pool_options workerless = {
		.name = IDLE_POOL,
		.processes = RELEVO_POOL_NO_WORKERS,
	};
	struct scene *scene = &play->scene;
	scene->session = session_open(scene->broker.url);
	scene->queue = queue_open(scene->session, "empty");
	relevo_queue *full = queue_open_bounded(scene->session, "full", 1);
	put_text(full, "x");
	relevo_queue_close(full);
	assert_ok(relevo_lock_open(scene->session, "door", NULL, &play->door));
	assert_ok(relevo_lock_acquire(play->door, 0, NULL));
	assert_ok(relevo_pool_open(scene->session, &workerless, &play->pool));
}

static int play_setup(void **state)
{
	static const char *const listen[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	struct play *play = &the_play;
	if (leaks_setup(state) != 0)
		return -1;
	*play = (struct play){ 0 };
	play->board = mmap(NULL, sizeof *play->board, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(play->board != MAP_FAILED);
	test_broker_start(&play->scene.broker, listen);
	gate_make(&play->scene_is_set);
	*state = play;
	return 0;
}

static int play_teardown(void **state)
{
	struct play *play = &the_play;
	relevo_pool_close(play->pool);
	relevo_lock_close(play->door);
	relevo_queue_close(play->scene.queue);
	assert_status(relevo_session_close(play->scene.session), RELEVO_DISCONNECTED);
	test_folder_remove(play->scene.broker.folder);
	gate_close(&play->scene_is_set);
	munmap(play->board, sizeof *play->board);
	return leaks_teardown(state);
}

static int count_waits(const struct relevo_session_info *info, void *user)
{
	*(uint64_t *)user += info->waits;
	return 0;
}

struct expectation {
	relevo_session *session;
	uint64_t waits;
};

static bool all_wait(void *argument)
{
	const struct expectation *expected = argument;
	uint64_t waiting = 0;
	assert_ok(relevo_session_list(expected->session, count_waits, &waiting));
	return waiting == expected->waits;
}

static void wait_for_waits(struct play *play, uint64_t count)
{
	struct expectation expected = { play->scene.session, count };
	assert_true(eventually(all_wait, &expected));
}

static void check_outcomes(const struct play *play, int64_t killed)
{
	for (int i = 0; i < PROCESSES; i++) {
		for (int j = 0; j < WAITS; j++) {
			const struct outcome *outcome = &play->board->outcomes[i][j];
			if (outcome->status != RELEVO_DISCONNECTED)
				fail_msg("wait %d: %s", j, relevo_error_name(outcome->status));
			assert_true(outcome->told);
			assert_between(outcome->at - killed, 0, 2000);
		}
		assert_in_range(play->board->idle_cpu[i], 0, IDLE_CPU);
	}
}

/* Forked before this process has a session, whose thread may be in the middle of something:
 * sanitizers do not get over that. */
static void start_children(struct play *play, const char *url, void (*body)(void *argument),
			   pid_t children[PROCESSES])
{
	play->url = url;
	for (int i = 0; i < PROCESSES; i++) {
		play->process = i;
		children[i] = child_start(body, play);
	}
	set_scene(play);
	for (int i = 0; i < PROCESSES; i++)
		gate_open(&play->scene_is_set);
}

static void everybody_is_told(struct play *play, const char *url)
{
	pid_t children[PROCESSES];
	start_children(play, url, wait_for_everything, children);
	/* The map waits for two things: its results, and the end of its pool. */
	wait_for_waits(play, PROCESSES * (WAITS + 1));
	int64_t killed = test_now();
	broker_kill(&play->scene.broker);
	for (int i = 0; i < PROCESSES; i++)
		child_join(children[i]);
	check_outcomes(play, killed);
}

static void everybody_is_told_within_2_seconds(void **state)
{
	struct play *play = *state;
	everybody_is_told(play, play->scene.broker.url);
}

static void everybody_is_told_within_2_seconds_tcp(void **state)
{
	struct play *play = *state;
	everybody_is_told(play, play->scene.broker.more);
}

static void workers_leave(struct play *play, const char *url)
{
	pid_t children[PROCESSES];
	start_children(play, url, serve, children);
	wait_for_waits(play, PROCESSES * 2);
	int64_t killed = test_now();
	broker_kill(&play->scene.broker);
	for (int i = 0; i < PROCESSES; i++) {
		child_join(children[i]);
		assert_status(play->board->served[i], RELEVO_DISCONNECTED);
		assert_between(play->board->served_at[i] - killed, 0, 2000);
	}
}

static void workers_that_give_up_leave_within_2_seconds(void **state)
{
	struct play *play = *state;
	workers_leave(play, play->scene.broker.url);
}

static void workers_that_give_up_leave_within_2_seconds_tcp(void **state)
{
	struct play *play = *state;
	workers_leave(play, play->scene.broker.more);
}

/* The workers of a pool end with the broker; its owner is told why when it maps, and is
 * not kept waiting at the end. */
static void a_pool_loses_its_workers(void **state)
{
	struct play *play = *state;
	const struct relevo_pool_options options = { .processes = 2 };
	const struct relevo_bytes argument = { "x", 1 };
	struct relevo_result result;
	relevo_pool *pool;
	set_scene(play);
	assert_ok(relevo_pool_open(play->scene.session, &options, &pool));
	wait_for_waits(play, 2);
	int64_t killed = test_now();
	broker_kill(&play->scene.broker);
	assert_status(relevo_pool_map(pool, "nothing", &argument, 1, NULL, &result),
		      RELEVO_DISCONNECTED);
	assert_true(relevo_error_detail()[0] != '\0');
	assert_int_not_equal(relevo_pool_map(pool, "nothing", &argument, 1, NULL, &result),
			     RELEVO_OK);
	relevo_pool_close(pool);
	assert_between(test_now() - killed, 0, 2000);
}

int main(void)
{
#define play_unit_test(function)                                                                   \
	cmocka_unit_test_setup_teardown(function, play_setup, play_teardown)
	const struct CMUnitTest tests[] = {
		play_unit_test(everybody_is_told_within_2_seconds),
		play_unit_test(everybody_is_told_within_2_seconds_tcp),
		play_unit_test(workers_that_give_up_leave_within_2_seconds),
		play_unit_test(workers_that_give_up_leave_within_2_seconds_tcp),
		play_unit_test(a_pool_loses_its_workers),
	};
	return cmocka_run_group_tests_name("broker_gone_waits", tests, NULL, NULL);
}
