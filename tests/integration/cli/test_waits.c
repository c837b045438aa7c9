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

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(a_lock_is_held_quietly),
	};
	return cmocka_run_group_tests_name("cli/waits", tests, NULL, NULL);
}
