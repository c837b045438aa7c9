/* Commands that wait do nothing meanwhile, and see at once what they wait for. */
#include "integration/cli/pool_server.h"

#include <fcntl.h>
#include <signal.h>

/* How long nobody may do anything, in ms: longer than any pause between two looks. */
enum { QUIET = 1500 };

/* Nobody has done anything for a moment: it waits. */
static bool rests(void *argument)
{
	const pid_t *pid = argument;
	long before = process_sleeps(*pid);
	return !process_ends(*pid, 50) && process_sleeps(*pid) == before;
}

static void expect_quiet(pid_t pid)
{
	assert_true(eventually(rests, &pid));
	long before = process_sleeps(pid);
	assert_false(process_ends(pid, QUIET));
	assert_int_equal(process_sleeps(pid), before);
}

static void a_lock_is_held_quietly(void **state)
{
	struct scene *scene = *state;
	relevo_lock *lock;
	int input[2];
	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	pid_t holder = client_begin(input[0], -1, "lock", "run", "l", "--", "cat");
	close(input[0]);
	expect_quiet(holder);
	/* It is held. */
	assert_ok(relevo_lock_open(scene->session, "l", NULL, &lock));
	assert_status(relevo_lock_acquire(lock, 0, NULL), RELEVO_TIMED_OUT);
	relevo_lock_close(lock);
	close(input[1]);
	child_join(holder);
}

static void a_map_waits_quietly_for_a_server(void **state)
{
	struct scene *scene = *state;
	int fd = barrier_make(scene);
	pid_t caller = caller_begin("-w", "100000", "a");
	expect_quiet(caller);
	pid_t server = server_begin(scene, 1, "-j", "1", WAITS, scratch(scene, "pids"),
				    scratch(scene, "fifo"));
	server_wait_running(scene, 1);
	expect_quiet(caller);
	barrier_open(fd);
	child_join(caller);
	server_stop(server);
	close(fd);
}

/* Not while it has nothing to do, and from the end of the last worker on. */
static void patience_begins_when_the_server_goes(void **state)
{
	struct scene *scene = *state;
	int input[2];
	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	pid_t server = server_begin(scene, 1, "-j", "1", "--", "sleep", "1000", "{}");
	pid_t caller = client_begin(input[0], -1, "pool", "map", "w", "-w", "400");
	close(input[0]);
	assert_false(process_ends(caller, 600));
	assert_int_equal(write(input[1], "1\n", 2), 2);
	server_wait_running(scene, 1);
	assert_false(process_ends(caller, 600));
	int64_t before = test_now();
	child_kill(server);
	assert_int_equal(child_wait(caller), 4);
	assert_between(test_now() - before, 400, 5000);
	close(input[1]);
}

/* Whatever the reason: here somebody has deleted it. */
static void the_end_of_a_pool_is_seen_at_once(void **state)
{
	struct scene *scene = *state;
	pid_t caller = caller_begin("a");
	server_wait_waiting(scene, 1);
	expect_quiet(caller);
	assert_ok(relevo_queue_delete(scene->session, "pool/w"));
	assert_int_equal(child_wait(caller), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(a_lock_is_held_quietly),
		client_unit_test(a_map_waits_quietly_for_a_server),
		client_unit_test(patience_begins_when_the_server_goes),
		client_unit_test(the_end_of_a_pool_is_seen_at_once),
	};
	return cmocka_run_group_tests_name("cli/waits", tests, NULL, NULL);
}
