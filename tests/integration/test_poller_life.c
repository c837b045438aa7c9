/* Pollers: removing, closing, forking, threads, pools, and what it costs. */
#include "support/polling.h"
#include "support/pools.h"

#include <pthread.h>
#include <relevo/pool_async.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- going ------------------------------------------------------------------- */

static void what_is_unread_goes_back(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *there = queue_open(other, "q");
	relevo_queue *second = queue_open(scene->session, "q");
	relevo_poller *poller;
	assert_ok(relevo_poller_new(&poller));
	/* Removed. */
	put_text(there, "x");
	assert_ok(relevo_poller_add_queue(poller, scene->queue, NULL));
	polling_expect(poller, scene->queue, RELEVO_OK);
	assert_int_equal(counts_of(there).ready, 0);
	assert_ok(relevo_poller_remove(poller, scene->queue));
	expect_text(there, "x");
	/* Closed, told and not told. */
	put_text(there, "y");
	assert_ok(relevo_poller_add_queue(poller, second, NULL));
	polling_expect(poller, second, RELEVO_OK);
	relevo_queue_close(second);
	expect_text(there, "y");
	put_text(there, "z");
	second = queue_open(scene->session, "q");
	assert_ok(relevo_poller_add_queue(poller, second, NULL));
	assert_true(polling_readable(poller, TEST_PATIENCE));
	relevo_queue_close(second);
	expect_text(there, "z");
	/* With the poller. */
	put_text(there, "w");
	assert_ok(relevo_poller_add_queue(poller, scene->queue, NULL));
	polling_expect(poller, scene->queue, RELEVO_OK);
	relevo_poller_free(poller);
	expect_text(there, "w");
	assert_int_equal(counts_of(there).redelivered, 0);
	relevo_queue_close(there);
	relevo_session_close(other);
}

/* Nobody comes for it. */
static void what_was_told_goes_back_after_a_while(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *there = queue_open(other, "q");
	relevo_poller *poller;
	assert_ok(relevo_poller_new(&poller));
	assert_ok(relevo_poller_add_queue(poller, scene->queue, NULL));
	put_text(there, "x");
	polling_expect(poller, scene->queue, RELEVO_OK);
	expect_text(there, "x");
	polling_expect_nothing(poller);
	put_text(there, "y");
	polling_expect(poller, scene->queue, RELEVO_OK);
	expect_text(scene->queue, "y");
	relevo_poller_free(poller);
	relevo_queue_close(there);
	relevo_session_close(other);
}

/* Removed or freed where it has been read, and not told. */
static void what_another_call_has_read_goes_back(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *there = queue_open(other, "q"), *third = queue_open(scene->session, "third");
	for (int i = 0; i < 2; i++) {
		relevo_poller *poller;
		assert_ok(relevo_poller_new(&poller));
		assert_ok(relevo_poller_add_queue(poller, scene->queue, NULL));
		put_text(there, "x");
		assert_true(polling_readable(poller, TEST_PATIENCE));
		(void)counts_of(third);
		if (i == 0)
			assert_ok(relevo_poller_remove(poller, scene->queue));
		relevo_poller_free(poller);
		expect_text(there, "x");
	}
	assert_int_equal(counts_of(there).redelivered, 0);
	relevo_queue_close(third);
	relevo_queue_close(there);
	relevo_session_close(other);
}

static void an_object_stands_in_one_poller(void **state)
{
	struct scene *scene = *state;
	relevo_poller *first, *second;
	size_t ready;
	assert_ok(relevo_poller_new(&first));
	assert_ok(relevo_poller_new(&second));
	assert_ok(relevo_poller_add_queue(first, scene->queue, NULL));
	assert_status(relevo_poller_add_queue(first, scene->queue, NULL), RELEVO_BAD_STATE);
	assert_status(relevo_poller_add_queue(second, scene->queue, NULL), RELEVO_BAD_STATE);
	struct relevo_wait_entry entry = { RELEVO_WAIT_FOR_QUEUE, .queue = scene->queue };
	assert_fails(relevo_wait(&entry, 1, 0, &ready), RELEVO_BAD_STATE, "entry 0");
	put_text(scene->queue, "x");
	polling_expect(first, scene->queue, RELEVO_OK);
	assert_ok(relevo_poller_remove(first, scene->queue));
	assert_ok(relevo_poller_add_queue(second, scene->queue, NULL));
	polling_expect(second, scene->queue, RELEVO_OK);
	expect_text(scene->queue, "x");
	relevo_poller_free(second);
	relevo_poller_free(first);
}

/* ---- forks -------------------------------------------------------------------- */

struct family {
	struct scene *scene;
	relevo_poller *poller;
	relevo_lock *lock;
};

static void use_the_parents(void *argument)
{
	const struct family *family = argument;
	struct relevo_ready ready;
	relevo_poller *own;
	size_t count;
	int fd;
	child_check(relevo_poller_wait(family->poller, 0, &ready, 1, &count) == RELEVO_FORKED);
	child_check(relevo_poller_fd(family->poller, &fd) == RELEVO_FORKED);
	child_check(relevo_poller_remove(family->poller, family->lock) == RELEVO_FORKED);
	child_check(relevo_poller_add_queue(family->poller, family->scene->queue, NULL) ==
		    RELEVO_FORKED);
	child_check(relevo_lock_release(family->lock) != RELEVO_OK);
	child_check(relevo_poller_new(&own) == RELEVO_OK);
	child_check(relevo_poller_add_queue(own, family->scene->queue, NULL) == RELEVO_OK);
	relevo_poller_free(family->poller);
	relevo_lock_close(family->lock);
	relevo_queue_close(family->scene->queue);
	relevo_poller_free(own);
}

static void a_child_has_no_part_in_it(void **state)
{
	struct scene *scene = *state;
	struct family family = { .scene = scene };
	assert_ok(relevo_poller_new(&family.poller));
	assert_ok(relevo_lock_open(scene->session, "l", NULL, &family.lock));
	assert_ok(relevo_poller_add_queue(family.poller, scene->queue, NULL));
	child_join(child_start(use_the_parents, &family));
	/* The parent's still waits. */
	put_text(scene->queue, "x");
	polling_expect(family.poller, scene->queue, RELEVO_OK);
	expect_text(scene->queue, "x");
	assert_ok(relevo_poller_add_lock(family.poller, family.lock, NULL));
	polling_expect(family.poller, family.lock, RELEVO_OK);
	assert_ok(relevo_lock_release(family.lock));
	relevo_poller_free(family.poller);
	relevo_lock_close(family.lock);
}

enum { FORKS = 60 };

static void *wait_until_put(void *argument)
{
	const struct family *family = argument;
	for (;;) {
		struct relevo_ready ready;
		relevo_item item;
		size_t count;
		child_check(relevo_poller_wait(family->poller, TEST_PATIENCE, &ready, 1, &count) ==
			    RELEVO_OK);
		if (relevo_queue_get(family->scene->queue, 0, &item) != RELEVO_OK)
			continue;
		bool last = item.size == 4;
		relevo_item_free(&item);
		if (last)
			return NULL;
	}
}

static void put_and_close(void *argument)
{
	const struct family *family = argument;
	child_check(relevo_queue_put(family->scene->queue, "x", 1, TEST_PATIENCE) == RELEVO_OK);
	child_check(relevo_session_flush(family->scene->session, TEST_PATIENCE) == RELEVO_OK);
	relevo_lock_close(family->lock);
	relevo_queue_close(family->scene->queue);
	relevo_poller_free(family->poller);
}

/* Whatever the thread that waits is doing at that moment. */
static void forks_beside_a_thread_that_waits(void **state)
{
	struct scene *scene = *state;
	struct family family = { .scene = scene };
	pid_t children[FORKS];
	pthread_t thread;
	assert_ok(relevo_poller_new(&family.poller));
	assert_ok(relevo_lock_open(scene->session, "l", NULL, &family.lock));
	assert_ok(relevo_poller_add_queue(family.poller, scene->queue, NULL));
	assert_int_equal(pthread_create(&thread, NULL, wait_until_put, &family), 0);
	for (int i = 0; i < FORKS; i++) {
		put_text(scene->queue, "x");
		children[i] = child_start(put_and_close, &family);
	}
	for (int i = 0; i < FORKS; i++)
		child_join(children[i]);
	put_text(scene->queue, "last");
	pthread_join(thread, NULL);
	relevo_poller_free(family.poller);
	relevo_lock_close(family.lock);
}

/* What lies unread with the parent is the parent's. */
static void read_in_child(void *argument)
{
	struct scene *scene = argument;
	relevo_item item;
	child_check(relevo_queue_get(scene->queue, 0, &item) != RELEVO_OK);
}

static void a_fork_hands_out_nothing_twice(void **state)
{
	struct scene *scene = *state;
	relevo_poller *poller;
	assert_ok(relevo_poller_new(&poller));
	assert_ok(relevo_poller_add_queue(poller, scene->queue, NULL));
	put_text(scene->queue, "once");
	polling_expect(poller, scene->queue, RELEVO_OK);
	child_join(child_start(read_in_child, scene));
	expect_text(scene->queue, "once");
	relevo_poller_free(poller);
}

/* ---- threads -------------------------------------------------------------------- */

static void *add_and_put(void *argument)
{
	const struct family *family = argument;
	child_check(relevo_poller_add_queue(family->poller, family->scene->queue, NULL) ==
		    RELEVO_OK);
	struct relevo_ready ready;
	size_t count;
	/* The waiting thread is not there yet, or it is. */
	int status = relevo_poller_wait(family->poller, 0, &ready, 1, &count);
	child_check(status == RELEVO_BAD_STATE || status == RELEVO_TIMED_OUT);
	child_check(relevo_queue_put(family->scene->queue, "x", 1, TEST_PATIENCE) == RELEVO_OK);
	return NULL;
}

static void one_waits_and_others_add(void **state)
{
	struct scene *scene = *state;
	struct family family = { .scene = scene };
	struct relevo_ready ready;
	pthread_t thread;
	size_t count;
	assert_ok(relevo_poller_new(&family.poller));
	assert_int_equal(pthread_create(&thread, NULL, add_and_put, &family), 0);
	int status = relevo_poller_wait(family.poller, TEST_PATIENCE, &ready, 1, &count);
	while (status == RELEVO_BAD_STATE)
		status = relevo_poller_wait(family.poller, TEST_PATIENCE, &ready, 1, &count);
	assert_ok(status);
	assert_true(count == 1 && ready.object == scene->queue);
	pthread_join(thread, NULL);
	expect_text(scene->queue, "x");
	relevo_poller_free(family.poller);
}

static void *read_for_all(void *queue)
{
	relevo_item item;
	child_check(relevo_queue_get(queue, TEST_PATIENCE, &item) == RELEVO_OK);
	relevo_item_free(&item);
	return NULL;
}

/* Another thread of the session is the reader, for as long as it waits for its item: what comes
 * for the poller is told all the same, and without busy turns. */
static void another_thread_reads(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_queue *there = queue_open(other, "q"), *its = queue_open(other, "its");
	relevo_queue *mine = queue_open(scene->session, "its");
	relevo_poller *poller;
	pthread_t thread;
	int turns = 0;
	assert_ok(relevo_poller_new(&poller));
	assert_ok(relevo_poller_add_queue(poller, scene->queue, NULL));
	assert_int_equal(pthread_create(&thread, NULL, read_for_all, mine), 0);
	wait_for_getters(its, 1);
	for (int i = 0; i < 50; i++) {
		relevo_item item;
		put_text(there, "x");
		assert_ptr_equal(polling_next(poller, &turns).object, scene->queue);
		assert_ok(relevo_queue_get(scene->queue, 0, &item));
		relevo_item_free(&item);
	}
	assert_true(turns < 50 * 10);
	put_text(its, "x");
	pthread_join(thread, NULL);
	/* And now nobody does but the loop. */
	polling_expect_nothing(poller);
	put_text(there, "y");
	polling_expect(poller, scene->queue, RELEVO_OK);
	expect_text(scene->queue, "y");
	relevo_poller_free(poller);
	relevo_queue_close(mine);
	relevo_queue_close(its);
	relevo_queue_close(there);
	relevo_session_close(other);
}

enum { COMERS = 3, TIMES = 200 };

/* Adds, removes and closes, again and again. */
static void *come_and_go(void *argument)
{
	const struct family *family = argument;
	for (int i = 0; i < TIMES; i++) {
		relevo_event *event;
		relevo_lock *lock;
		child_check(relevo_lock_open(family->scene->session, NULL, NULL, &lock) ==
			    RELEVO_OK);
		child_check(relevo_event_open(family->scene->session, NULL, NULL, &event) ==
			    RELEVO_OK);
		child_check(relevo_poller_add_event(family->poller, event, NULL) == RELEVO_OK);
		child_check(relevo_poller_add_lock(family->poller, lock, NULL) == RELEVO_OK);
		if (i % 3 == 0)
			child_check(relevo_event_set(event) == RELEVO_OK);
		int status = relevo_poller_remove(family->poller, lock);
		child_check(status == RELEVO_OK || status == RELEVO_NOT_FOUND);
		relevo_event_close(event);
		relevo_lock_close(lock);
	}
	child_check(relevo_queue_put(family->scene->queue, "x", 1, TEST_PATIENCE) == RELEVO_OK);
	return NULL;
}

/* The thread that waits is told nothing of what has gone. */
static void threads_come_and_go(void **state)
{
	struct scene *scene = *state;
	struct family family = { .scene = scene };
	pthread_t threads[COMERS];
	int gone = 0;
	assert_ok(relevo_poller_new(&family.poller));
	assert_ok(relevo_poller_add_queue(family.poller, scene->queue, NULL));
	for (int i = 0; i < COMERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &family), 0);
	while (gone < COMERS) {
		struct relevo_ready ready[4];
		relevo_item item;
		size_t count;
		assert_ok(relevo_poller_wait(family.poller, TEST_PATIENCE, ready, 4, &count));
		for (size_t i = 0; i < count; i++)
			assert_ok(ready[i].status);
		while (relevo_queue_get(scene->queue, 0, &item) == RELEVO_OK) {
			relevo_item_free(&item);
			gone++;
		}
	}
	for (int i = 0; i < COMERS; i++)
		pthread_join(threads[i], NULL);
	polling_expect_nothing(family.poller);
	relevo_poller_free(family.poller);
}

/* ---- jobs -------------------------------------------------------------------------- */

static void jobs_are_told_once(void **state)
{
	struct pool_scene *scene = *state;
	const uint32_t number = 7;
	const struct relevo_bytes argument = { &number, sizeof number };
	const struct relevo_result *results;
	relevo_job *jobs[2];
	relevo_poller *poller;
	pool_open(scene, 1);
	assert_ok(relevo_poller_new(&poller));
	for (int i = 0; i < 2; i++)
		assert_ok(
			relevo_pool_apply_async(scene->pool, "square", &argument, NULL, &jobs[i]));
	assert_ok(relevo_poller_add_job(poller, jobs[0], NULL));
	polling_expect(poller, jobs[0], RELEVO_OK);
	assert_ok(relevo_job_get(jobs[0], 0, &results, NULL));
	assert_int_equal(*(uint64_t *)results[0].data, 49);
	/* It has ended before it is added. */
	assert_ok(relevo_job_wait(jobs[1], TEST_PATIENCE));
	assert_ok(relevo_poller_add_job(poller, jobs[1], NULL));
	polling_expect(poller, jobs[1], RELEVO_OK);
	polling_expect_nothing(poller);
	/* It is freed while it is waited for. */
	relevo_job *third;
	assert_ok(relevo_pool_apply_async(scene->pool, "square", &argument, NULL, &third));
	assert_ok(relevo_poller_add_job(poller, third, NULL));
	relevo_job_free(third);
	struct relevo_wait_entry entry = { RELEVO_WAIT_FOR_JOB };
	size_t ready;
	assert_ok(relevo_pool_apply_async(scene->pool, "square", &argument, NULL, &entry.job));
	assert_ok(relevo_wait(&entry, 1, TEST_PATIENCE, &ready));
	polling_expect_nothing(poller);
	relevo_poller_free(poller);
	relevo_job_free(entry.job);
	relevo_job_free(jobs[0]);
	relevo_job_free(jobs[1]);
}

/* Without descriptors there is no poller; one that is there takes what needs none. */
static void no_descriptor_is_left(void **state)
{
	struct scene *scene = *state;
	relevo_poller *poller, *none = NULL;
	struct rlimit before, few;
	assert_ok(relevo_poller_new(&poller));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	int refused = relevo_poller_new(&none);
	int added = relevo_poller_add_queue(poller, scene->queue, NULL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_status(refused, RELEVO_NO_DESCRIPTORS);
	assert_ok(added);
	put_text(scene->queue, "x");
	polling_expect(poller, scene->queue, RELEVO_OK);
	expect_text(scene->queue, "x");
	relevo_poller_free(poller);
}

/* ---- what it costs ------------------------------------------------------------------- */

/* Nothing happens for a second: nobody goes to sleep again and again, so nobody wakes. */
static void who_waits_does_nothing(void **state)
{
	struct scene *scene = *state;
	struct relevo_ready ready;
	relevo_poller *poller;
	relevo_event *event;
	size_t count;
	assert_ok(relevo_event_open(scene->session, NULL, NULL, &event));
	assert_ok(relevo_poller_new(&poller));
	assert_ok(relevo_poller_add_event(poller, event, NULL));
	assert_ok(relevo_poller_add_queue(poller, scene->queue, NULL));
	assert_status(relevo_poller_wait(poller, 200, &ready, 1, &count), RELEVO_TIMED_OUT);
	long broker = test_broker_status(&scene->broker, "voluntary_ctxt_switches");
	long before = process_sleeps(getpid());
	assert_status(relevo_poller_wait(poller, 1000, &ready, 1, &count), RELEVO_TIMED_OUT);
	assert_true(process_sleeps(getpid()) - before <= 2);
	assert_true(test_broker_status(&scene->broker, "voluntary_ctxt_switches") - broker <= 3);
	relevo_poller_free(poller);
	relevo_event_close(event);
}

enum { CROWD = 1000, FDS = 500, ROUNDS = 20 };

struct crowd {
	struct scene *scene;
	relevo_poller *poller;
	int size;
};

/* Wakes up some times, with so many things in the set, of which one gets ready. */
static void wake_up(void *argument)
{
	const struct crowd *crowd = argument;
	struct scene *scene = crowd->scene;
	relevo_queue *queues[CROWD];
	relevo_poller *poller;
	int ends[2];
	child_check(relevo_poller_new(&poller) == RELEVO_OK && pipe(ends) == 0);
	for (int i = 0; i < crowd->size; i++) {
		child_check(relevo_queue_open(scene->session, NULL, NULL, &queues[i]) == RELEVO_OK);
		child_check(relevo_poller_add_queue(poller, queues[i], NULL) == RELEVO_OK);
		int fd = i < FDS ? dup(ends[0]) : -1;
		child_check(fd < 0 || relevo_poller_add_fd(poller, fd, NULL) == RELEVO_OK);
	}
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	/* The tracer sees them, and keeps them to itself. */
	raise(SIGUSR1);
	for (int i = 0; i < ROUNDS; i++) {
		struct relevo_ready ready;
		relevo_item item;
		size_t count;
		child_check(relevo_queue_put(queues[0], "x", 1, RELEVO_FOREVER) == RELEVO_OK);
		child_check(relevo_poller_wait(poller, TEST_PATIENCE, &ready, 1, &count) ==
			    RELEVO_OK);
		child_check(relevo_queue_get(queues[0], 0, &item) == RELEVO_OK);
		relevo_item_free(&item);
	}
	raise(SIGUSR1);
	_exit(0);
}

/* Stops at system calls of that thread, between its two signals. */
static int count_calls(struct crowd *crowd)
{
	pid_t child = child_start(wake_up, crowd);
	int state, marks = 0, calls = 0;
	while (marks < 2) {
		assert_int_equal(waitpid(child, &state, 0), child);
		assert_true(WIFSTOPPED(state));
		marks += WSTOPSIG(state) == SIGUSR1;
		calls += WSTOPSIG(state) == SIGTRAP;
		assert_int_equal(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
	}
	while (waitpid(child, &state, 0) == child && WIFSTOPPED(state))
		assert_int_equal(ptrace(PTRACE_CONT, child, NULL, NULL), 0);
	assert_true(WIFEXITED(state) && WEXITSTATUS(state) == 0);
	return calls;
}

static void a_wake_up_costs_the_same_in_any_crowd(void **state)
{
	struct crowd crowd = { .scene = *state, .size = 1 };
	int few = count_calls(&crowd);
	crowd.size = CROWD;
	int many = count_calls(&crowd);
	assert_true(few >= ROUNDS);
	if (many > 2 * few)
		fail_msg("%d calls with 1, and %d with %d", few, many, CROWD);
}

/* All of them get ready at once, and each is told. */
static void a_thousand_wait_at_once(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_lock *locks[CROWD], *held[CROWD];
	struct relevo_ready ready[64];
	relevo_poller *poller;
	size_t count;
	int told = 0;
	assert_ok(relevo_poller_new(&poller));
	for (int i = 0; i < CROWD; i++) {
		char name[16];
		snprintf(name, sizeof name, "lock %d", i);
		assert_ok(relevo_lock_open(other, name, NULL, &held[i]));
		assert_ok(relevo_lock_acquire(held[i], TEST_PATIENCE, NULL));
		assert_ok(relevo_lock_open(scene->session, name, NULL, &locks[i]));
		assert_ok(relevo_poller_add_lock(poller, locks[i], locks[i]));
	}
	assert_status(relevo_poller_wait(poller, 0, ready, 64, &count), RELEVO_TIMED_OUT);
	for (int i = 0; i < CROWD; i++)
		assert_ok(relevo_lock_release(held[i]));
	while (told < CROWD) {
		assert_ok(relevo_poller_wait(poller, TEST_PATIENCE, ready, 64, &count));
		for (size_t i = 0; i < count; i++)
			assert_ok(relevo_lock_release(ready[i].object));
		told += (int)count;
	}
	assert_int_equal(told, CROWD);
	polling_expect_nothing(poller);
	relevo_poller_free(poller);
	for (int i = 0; i < CROWD; i++) {
		relevo_lock_close(locks[i]);
		relevo_lock_close(held[i]);
	}
	relevo_session_close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(what_is_unread_goes_back),
		scene_unit_test(what_was_told_goes_back_after_a_while),
		scene_unit_test(what_another_call_has_read_goes_back),
		scene_unit_test(an_object_stands_in_one_poller),
		scene_unit_test(a_child_has_no_part_in_it),
		scene_unit_test(forks_beside_a_thread_that_waits),
		scene_unit_test(a_fork_hands_out_nothing_twice),
		scene_unit_test(one_waits_and_others_add),
		scene_unit_test(another_thread_reads),
		scene_unit_test(threads_come_and_go),
		scene_unit_test(no_descriptor_is_left),
		pool_unit_test(jobs_are_told_once),
		scene_unit_test(who_waits_does_nothing),
		scene_unit_test(a_wake_up_costs_the_same_in_any_crowd),
		scene_unit_test(a_thousand_wait_at_once),
	};
	return cmocka_run_group_tests_name("poller_life", tests, NULL, NULL);
}
