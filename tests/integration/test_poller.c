/* Pollers: what of each kind of object is ready, and when. */
#include "support/pipes.h"
#include "support/polling.h"

#include <fcntl.h>
#include <unistd.h>

/* A poller, and another session that makes things ready. */
struct loop {
	struct scene *scene;
	relevo_poller *poller;
	relevo_session *other;
	relevo_queue *there; /* the scene's queue */
};

static struct loop the_loop;

static int setup(void **state)
{
	struct loop *loop = &the_loop;
	if (scene_setup(state) != 0)
		return -1;
	loop->scene = *state;
	loop->other = session_open(loop->scene->broker.url);
	loop->there = queue_open(loop->other, "q");
	assert_ok(relevo_poller_new(&loop->poller));
	*state = loop;
	return 0;
}

static int teardown(void **state)
{
	struct loop *loop = *state;
	relevo_poller_free(loop->poller);
	relevo_queue_close(loop->there);
	relevo_session_close(loop->other);
	*state = loop->scene;
	return scene_teardown(state);
}

/* ---- queues ---------------------------------------------------------------- */

static void a_queue_is_ready_while_there_are_items(void **state)
{
	struct loop *loop = *state;
	relevo_queue *queue = loop->scene->queue;
	assert_ok(relevo_poller_add_queue(loop->poller, queue, loop));
	polling_expect_nothing(loop->poller);
	put_text(loop->there, "first");
	struct relevo_ready ready = polling_next(loop->poller, NULL);
	assert_int_equal(ready.what, RELEVO_WAIT_FOR_QUEUE);
	assert_ptr_equal(ready.user, loop);
	assert_int_equal(ready.descriptor, -1);
	/* Nobody has come for it: it is told again. */
	polling_expect(loop->poller, queue, RELEVO_OK);
	put_text(loop->there, "second");
	put_text(loop->there, "third");
	for (int i = 0; i < 3; i++) {
		static const char *const texts[] = { "first", "second", "third" };
		relevo_item item;
		polling_expect(loop->poller, queue, RELEVO_OK);
		assert_ok(relevo_queue_get(queue, 0, &item));
		assert_string_equal(item.data, texts[i]);
		relevo_item_free(&item);
	}
	assert_true(polling_expect_nothing(loop->poller) <= 2);
	assert_int_equal(counts_of(loop->there).acknowledged, 3);
	assert_int_equal(counts_of(loop->there).redelivered, 0);
}

static void what_is_there_before_is_found(void **state)
{
	struct loop *loop = *state;
	put_text(loop->there, "early");
	assert_ok(relevo_session_flush(loop->other, TEST_PATIENCE));
	assert_ok(relevo_poller_add_queue(loop->poller, loop->scene->queue, NULL));
	polling_expect(loop->poller, loop->scene->queue, RELEVO_OK);
	expect_text(loop->scene->queue, "early");
}

/* Many items come with few questions: by the pace, as to any reader. */
static void a_busy_queue_brings_items_ahead(void **state)
{
	struct loop *loop = *state;
	relevo_queue *queue = loop->scene->queue;
	enum { ITEMS = 2000 };
	for (int i = 0; i < ITEMS; i++)
		put_text(loop->there, "item");
	assert_ok(relevo_session_flush(loop->other, TEST_PATIENCE));
	assert_ok(relevo_poller_add_queue(loop->poller, queue, NULL));
	int got = 0, tells = 0;
	while (got < ITEMS) {
		relevo_item item;
		polling_expect(loop->poller, queue, RELEVO_OK);
		tells++;
		while (relevo_queue_get(queue, 0, &item) == RELEVO_OK) {
			got++;
			relevo_item_free(&item);
		}
	}
	assert_int_equal(got, ITEMS);
	assert_true(tells <= ITEMS);
	assert_int_equal(counts_of(loop->there).redelivered, 0);
}

/* Where a lease ends by itself, what lies here is not handed out by this program alone. */
static void a_lease_that_runs_out_hands_out_nothing_twice(void **state)
{
	struct loop *loop = *state;
	const struct relevo_queue_options options = { .lease = 100 };
	relevo_queue *here, *there;
	relevo_item item, twice;
	assert_ok(relevo_queue_open(loop->scene->session, "timed", &options, &here));
	assert_ok(relevo_queue_open(loop->other, "timed", &options, &there));
	assert_ok(relevo_poller_add_queue(loop->poller, here, NULL));
	put_text(there, "once");
	/* It has come, and nobody looks until its lease has run out. */
	assert_true(polling_readable(loop->poller, TEST_PATIENCE));
	assert_ok(relevo_queue_lease(there, TEST_PATIENCE, &item, 1, &(size_t){ 0 }));
	struct relevo_ready ready;
	size_t count;
	assert_ok(relevo_poller_wait(loop->poller, 0, &ready, 1, &count));
	assert_status(relevo_queue_get(here, 0, &twice), RELEVO_TIMED_OUT);
	assert_ok(relevo_queue_ack(there, &item, 1));
	relevo_item_free(&item);
	relevo_queue_close(there);
	relevo_queue_close(here);
}

static void a_joinable_queue_and_leases(void **state)
{
	struct loop *loop = *state;
	const struct relevo_queue_options options = { .joinable = true };
	relevo_queue *queue;
	relevo_item item;
	size_t got;
	assert_ok(relevo_queue_open(loop->scene->session, "j", &options, &queue));
	assert_ok(relevo_poller_add_queue(loop->poller, queue, NULL));
	put_text(queue, "task");
	polling_expect(loop->poller, queue, RELEVO_OK);
	assert_ok(relevo_queue_get(queue, 0, &item));
	relevo_item_free(&item);
	assert_ok(relevo_queue_task_done(queue));
	put_text(queue, "leased");
	polling_expect(loop->poller, queue, RELEVO_OK);
	assert_ok(relevo_queue_lease(queue, 0, &item, 1, &got));
	assert_int_equal(item.deliveries, 1);
	assert_ok(relevo_queue_ack(queue, &item, 1));
	relevo_item_free(&item);
	relevo_queue_close(queue);
}

static void the_end_of_a_queue_is_told_once(void **state)
{
	struct loop *loop = *state;
	relevo_queue *shut = queue_open(loop->scene->session, "shut");
	relevo_queue *gone = queue_open(loop->scene->session, "gone");
	assert_ok(relevo_poller_add_queue(loop->poller, shut, NULL));
	assert_ok(relevo_queue_shutdown(shut, RELEVO_SHUTDOWN_DRAIN));
	polling_expect(loop->poller, shut, RELEVO_SHUT_DOWN);
	assert_ok(relevo_poller_add_queue(loop->poller, gone, NULL));
	assert_ok(relevo_queue_delete(loop->other, "gone"));
	polling_expect(loop->poller, gone, RELEVO_GONE);
	polling_expect_nothing(loop->poller);
	assert_status(relevo_poller_remove(loop->poller, gone), RELEVO_NOT_FOUND);
	relevo_queue_close(gone);
	relevo_queue_close(shut);
}

/* ---- locks and semaphores ---------------------------------------------------- */

static void a_lock_is_acquired_once(void **state)
{
	struct loop *loop = *state;
	relevo_lock *here, *there;
	assert_ok(relevo_lock_open(loop->scene->session, "l", NULL, &here));
	assert_ok(relevo_lock_open(loop->other, "l", NULL, &there));
	assert_ok(relevo_lock_acquire(there, TEST_PATIENCE, NULL));
	assert_ok(relevo_poller_add_lock(loop->poller, here, NULL));
	polling_expect_nothing(loop->poller);
	assert_ok(relevo_lock_release(there));
	struct relevo_ready ready = polling_next(loop->poller, NULL);
	assert_ptr_equal(ready.object, here);
	assert_ok(ready.status);
	assert_true(ready.grant.token > 0 && !ready.grant.owner_died);
	polling_expect_nothing(loop->poller);
	assert_status(relevo_lock_acquire(there, 0, NULL), RELEVO_TIMED_OUT);
	assert_ok(relevo_lock_release(here));
	assert_ok(relevo_lock_acquire(there, 0, NULL));
	assert_ok(relevo_lock_release(there));
	/* Once more. */
	assert_ok(relevo_poller_add_lock(loop->poller, here, NULL));
	polling_expect(loop->poller, here, RELEVO_OK);
	relevo_lock_close(here);
	assert_ok(relevo_lock_acquire(there, 0, NULL));
	relevo_lock_close(there);
}

static void what_is_removed_is_not_held(void **state)
{
	struct loop *loop = *state;
	relevo_lock *here, *there;
	assert_ok(relevo_lock_open(loop->scene->session, "l", NULL, &here));
	assert_ok(relevo_lock_open(loop->other, "l", NULL, &there));
	/* Granted, and not told; read by another call, or not yet. */
	for (int i = 0; i < 2; i++) {
		assert_ok(relevo_poller_add_lock(loop->poller, here, NULL));
		assert_true(polling_readable(loop->poller, TEST_PATIENCE));
		if (i == 0)
			(void)counts_of(loop->scene->queue);
		assert_ok(relevo_poller_remove(loop->poller, here));
		assert_ok(relevo_lock_acquire(there, TEST_PATIENCE, NULL));
		assert_ok(relevo_lock_release(there));
	}
	assert_ok(relevo_lock_acquire(there, TEST_PATIENCE, NULL));
	/* Not granted yet, or on its way. */
	for (int i = 0; i < 50; i++) {
		assert_ok(relevo_poller_add_lock(loop->poller, here, NULL));
		assert_ok(relevo_lock_release(there));
		assert_ok(relevo_poller_remove(loop->poller, here));
		assert_ok(relevo_lock_acquire(there, TEST_PATIENCE, NULL));
	}
	polling_expect_nothing(loop->poller);
	relevo_lock_close(there);
	relevo_lock_close(here);
}

static void a_recursive_lock_is_taken_once_more(void **state)
{
	struct loop *loop = *state;
	relevo_rlock *here, *there;
	assert_ok(relevo_rlock_open(loop->scene->session, "r", NULL, &here));
	assert_ok(relevo_rlock_open(loop->other, "r", NULL, &there));
	assert_ok(relevo_poller_add_rlock(loop->poller, here, NULL));
	polling_expect(loop->poller, here, RELEVO_OK);
	assert_ok(relevo_poller_add_rlock(loop->poller, here, NULL));
	polling_expect(loop->poller, here, RELEVO_OK);
	assert_ok(relevo_rlock_release(here));
	assert_status(relevo_rlock_acquire(there, 0, NULL), RELEVO_TIMED_OUT);
	assert_ok(relevo_rlock_release(here));
	assert_status(relevo_rlock_release(here), RELEVO_NOT_OWNER);
	/* It was held when it was added, and is not any more when somebody looks. */
	assert_ok(relevo_rlock_acquire(here, TEST_PATIENCE, NULL));
	assert_ok(relevo_poller_add_rlock(loop->poller, here, NULL));
	assert_ok(relevo_rlock_release(here));
	assert_ok(relevo_rlock_acquire(there, TEST_PATIENCE, NULL));
	polling_expect_nothing(loop->poller);
	assert_ok(relevo_rlock_release(there));
	polling_expect(loop->poller, here, RELEVO_OK);
	assert_ok(relevo_rlock_release(here));
	relevo_rlock_close(there);
	relevo_rlock_close(here);
}

static void permits_are_taken_one_by_one(void **state)
{
	struct loop *loop = *state;
	const struct relevo_semaphore_options one = { .value = 1, .bounded = true };
	relevo_semaphore *here;
	uint64_t value;
	assert_ok(relevo_semaphore_open(loop->scene->session, "s", &one, &here));
	assert_ok(relevo_poller_add_semaphore(loop->poller, here, NULL));
	polling_expect(loop->poller, here, RELEVO_OK);
	assert_ok(relevo_poller_add_semaphore(loop->poller, here, NULL));
	polling_expect_nothing(loop->poller);
	assert_ok(relevo_semaphore_release(here));
	polling_expect(loop->poller, here, RELEVO_OK);
	assert_ok(relevo_semaphore_release(here));
	assert_ok(relevo_semaphore_value(here, &value));
	assert_int_equal(value, 1);
	relevo_semaphore_close(here);
}

/* ---- events ---------------------------------------------------------------------- */

static void an_event_is_ready_while_it_is_set(void **state)
{
	struct loop *loop = *state;
	relevo_event *here, *there;
	assert_ok(relevo_event_open(loop->scene->session, "e", NULL, &here));
	assert_ok(relevo_event_open(loop->other, "e", NULL, &there));
	assert_ok(relevo_poller_add_event(loop->poller, here, NULL));
	polling_expect_nothing(loop->poller);
	assert_ok(relevo_event_set(there));
	for (int i = 0; i < 3; i++)
		polling_expect(loop->poller, here, RELEVO_OK);
	assert_ok(relevo_event_clear(there));
	polling_expect_nothing(loop->poller);
	assert_ok(relevo_event_set(there));
	polling_expect(loop->poller, here, RELEVO_OK);
	assert_ok(relevo_poller_remove(loop->poller, here));
	polling_expect_nothing(loop->poller);
	assert_ok(relevo_poller_add_event(loop->poller, here, NULL));
	assert_ok(relevo_event_clear(there));
	assert_ok(relevo_event_delete(loop->other, "e"));
	while (polling_next(loop->poller, NULL).status == RELEVO_OK)
		continue;
	relevo_event_close(there);
	relevo_event_close(here);
}

/* ---- pipes, listeners, descriptors --------------------------------------------------- */

static void pipes_and_listeners(void **state)
{
	struct loop *loop = *state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	relevo_listener *listener = NULL;
	char byte[1];
	void *data;
	size_t got;
	assert_ok(relevo_listener_open(NULL, NULL, &listener));
	assert_ok(relevo_poller_add_pipe(loop->poller, made.ends[0], NULL));
	assert_ok(relevo_poller_add_listener(loop->poller, listener, NULL));
	polling_expect_nothing(loop->poller);
	pipe_send_text(made.ends[1], "a message");
	polling_expect(loop->poller, made.ends[0], RELEVO_OK);
	/* It is kept here, where no descriptor tells of it. */
	assert_status(relevo_pipe_recv_into(made.ends[0], 0, byte, 1, &got), RELEVO_TOO_SHORT);
	polling_expect(loop->poller, made.ends[0], RELEVO_OK);
	polling_expect(loop->poller, made.ends[0], RELEVO_OK);
	pipe_expect_text(made.ends[0], "a message");
	polling_expect_nothing(loop->poller);
	relevo_pipe *there = NULL, *here = NULL;
	assert_ok(relevo_pipe_connect(relevo_listener_address(listener), NULL, TEST_PATIENCE,
				      &there));
	polling_expect(loop->poller, listener, RELEVO_OK);
	assert_ok(relevo_listener_accept(listener, 0, &here));
	polling_expect_nothing(loop->poller);
	relevo_pipe_close(made.ends[1]);
	polling_expect(loop->poller, made.ends[0], RELEVO_OK);
	assert_status(relevo_pipe_recv(made.ends[0], 0, &data, &got), RELEVO_END_OF_STREAM);
	relevo_pipe_close(made.ends[0]);
	relevo_listener_close(listener);
	polling_expect_nothing(loop->poller);
	relevo_pipe_close(there);
	relevo_pipe_close(here);
}

static void descriptors_and_files(void **state)
{
	struct loop *loop = *state;
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_ok(relevo_poller_add_fd(loop->poller, ends[0], loop));
	assert_status(relevo_poller_add_fd(loop->poller, ends[0], loop), RELEVO_BAD_STATE);
	polling_expect_nothing(loop->poller);
	assert_int_equal(write(ends[1], "x", 1), 1);
	struct relevo_ready ready = polling_next(loop->poller, NULL);
	assert_int_equal(ready.descriptor, ends[0]);
	assert_true(ready.object == NULL && ready.user == loop);
	assert_ok(relevo_poller_remove_fd(loop->poller, ends[0]));
	assert_status(relevo_poller_remove_fd(loop->poller, ends[0]), RELEVO_NOT_FOUND);
	polling_expect_nothing(loop->poller);
	/* A file has always something to read. */
	assert_ok(relevo_poller_add_fd(loop->poller, file, NULL));
	for (int i = 0; i < 2; i++)
		assert_int_equal(polling_next(loop->poller, NULL).descriptor, file);
	assert_ok(relevo_poller_remove_fd(loop->poller, file));
	close(file);
	close(ends[0]);
	close(ends[1]);
	assert_fails(relevo_poller_add_fd(loop->poller, file, NULL), RELEVO_BAD_ARGUMENT,
		     "is not open");
}

/* ---- many at once ---------------------------------------------------------------------- */

static void all_that_is_ready_has_its_turn(void **state)
{
	struct loop *loop = *state;
	relevo_event *events[3];
	int told[3] = { 0 };
	for (int i = 0; i < 3; i++) {
		const struct relevo_event_options set = { .set = true };
		assert_ok(relevo_event_open(loop->scene->session, NULL, &set, &events[i]));
		assert_ok(relevo_poller_add_event(loop->poller, events[i], &told[i]));
	}
	for (int i = 0; i < 9; i++)
		++*(int *)polling_next(loop->poller, NULL).user;
	for (int i = 0; i < 3; i++) {
		assert_true(told[i] >= 2);
		relevo_event_close(events[i]);
	}
}

static void one_wait_tells_all(void **state)
{
	struct loop *loop = *state;
	struct relevo_wait_entry entries[4] = {
		{ RELEVO_WAIT_FOR_QUEUE, .queue = loop->scene->queue },
		{ RELEVO_WAIT_FOR_LOCK },
		{ RELEVO_WAIT_FOR_SEMAPHORE },
		{ RELEVO_WAIT_FOR_EVENT },
	};
	const struct relevo_semaphore_options none = { .value = 0 };
	relevo_lock *lock;
	size_t ready;
	assert_ok(relevo_lock_open(loop->scene->session, "l", NULL, &entries[1].lock));
	assert_ok(relevo_semaphore_open(loop->scene->session, "s", &none, &entries[2].semaphore));
	assert_ok(relevo_event_open(loop->scene->session, "e", NULL, &entries[3].event));
	assert_ok(relevo_lock_open(loop->other, "l", NULL, &lock));
	assert_ok(relevo_lock_acquire(lock, TEST_PATIENCE, NULL));
	assert_status(relevo_wait(entries, 4, 0, &ready), RELEVO_TIMED_OUT);
	assert_status(relevo_wait(entries, 4, 100, &ready), RELEVO_TIMED_OUT);
	/* What has given up waiting has got nothing. */
	assert_ok(relevo_lock_release(lock));
	assert_ok(relevo_lock_acquire(lock, TEST_PATIENCE, NULL));
	/* All are asked, also by who does not wait. */
	put_text(loop->there, "x");
	assert_ok(relevo_session_flush(loop->other, TEST_PATIENCE));
	assert_ok(relevo_event_set(entries[3].event));
	assert_ok(relevo_wait(entries, 4, 0, &ready));
	assert_int_equal(ready, 2);
	assert_true(entries[0].ready && entries[3].ready && entries[0].status == RELEVO_OK);
	relevo_item item;
	assert_ok(relevo_queue_get(loop->scene->queue, 0, &item));
	relevo_item_free(&item);
	assert_ok(relevo_event_clear(entries[3].event));
	assert_ok(relevo_lock_release(lock));
	assert_ok(relevo_wait(entries, 4, TEST_PATIENCE, &ready));
	assert_true(ready == 1 && entries[1].ready && entries[1].grant.token > 0);
	assert_status(relevo_lock_acquire(lock, 0, NULL), RELEVO_TIMED_OUT);
	assert_ok(relevo_lock_release(entries[1].lock));
	assert_fails(relevo_wait(&(struct relevo_wait_entry){ 0 }, 1, 0, &ready),
		     RELEVO_BAD_ARGUMENT, "entry 0: 0 is no kind");
	relevo_lock_close(lock);
	relevo_lock_close(entries[1].lock);
	relevo_semaphore_close(entries[2].semaphore);
	relevo_event_close(entries[3].event);
}

#define LOOP_CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_CASE(a_queue_is_ready_while_there_are_items),
		LOOP_CASE(what_is_there_before_is_found),
		LOOP_CASE(a_busy_queue_brings_items_ahead),
		LOOP_CASE(a_lease_that_runs_out_hands_out_nothing_twice),
		LOOP_CASE(a_joinable_queue_and_leases),
		LOOP_CASE(the_end_of_a_queue_is_told_once),
		LOOP_CASE(a_lock_is_acquired_once),
		LOOP_CASE(what_is_removed_is_not_held),
		LOOP_CASE(a_recursive_lock_is_taken_once_more),
		LOOP_CASE(permits_are_taken_one_by_one),
		LOOP_CASE(an_event_is_ready_while_it_is_set),
		LOOP_CASE(pipes_and_listeners),
		LOOP_CASE(descriptors_and_files),
		LOOP_CASE(all_that_is_ready_has_its_turn),
		LOOP_CASE(one_wait_tells_all),
	};
	return cmocka_run_group_tests_name("poller", tests, NULL, NULL);
}
