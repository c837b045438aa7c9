/* relevo as the first process of a container. */
#include "integration/cli/client.h"

#include <signal.h>

/* In namespaces of its own, where it is process 1. NULL ends the words. */
static pid_t first_begin(const char *program, const char *const *words)
{
	const char *argv[16] = { "unshare",      "--pid",        "--fork",
				 "--mount-proc", "--kill-child", program };
	for (int i = 0; words[i] != NULL; i++) {
		assert_in_range(i, 0, 8);
		argv[i + 6] = words[i];
		argv[i + 7] = NULL;
	}
	pid_t pid = fork();
	if (pid == 0) {
		execvp(argv[0], (char *const *)argv);
		child_check(!"no unshare");
	}
	assert_true(pid > 0);
	return pid;
}

#define first(...) first_begin(RELEVO_EXE, (const char *const[]){ __VA_ARGS__, NULL })

/* It takes the right to make namespaces, which root has not in every container, and a root
 * folder that is a mount. */
static bool has_namespaces(void)
{
	return geteuid() == 0 &&
	       child_wait(first_begin("true", (const char *const[]){ NULL })) == 0;
}

static void what_loses_its_parent_is_waited_for(void **state)
{
	(void)state;
	if (!has_namespaces())
		skip();
	/* Ends as soon as the process has gone for good, and fails when that takes 20 s. */
	pid_t pid = first("lock", "run", "l", "--", "sh", "-c",
			  "p=$(sh -c 'echo $$; exec sleep 0.2 >/dev/null' &); n=0;"
			  "while [ -e /proc/$p ]; do n=$((n + 1)); [ $n -lt 400 ] || exit 7;"
			  "sleep 0.05; done");
	assert_int_equal(child_wait(pid), 0);
}

static void its_command_s_status_is_its_own(void **state)
{
	(void)state;
	if (!has_namespaces())
		skip();
	assert_int_equal(child_wait(first("lock", "run", "l", "--", "sh", "-c", "exit 5")), 5);
}

static bool is_there(void *argument)
{
	pid_t *pids = argument;
	return process_children(pids[0], &pids[1], 1) == 1;
}

/* By default a first process does not hear signals. */
static void sigterm_is_obeyed(void **state)
{
	struct scene *scene = *state;
	relevo_lock *lock;
	if (!has_namespaces())
		skip();
	assert_ok(relevo_lock_open(scene->session, "l", NULL, &lock));
	assert_ok(relevo_lock_acquire(lock, TEST_PATIENCE, NULL));
	pid_t pids[2] = { first("lock", "run", "l", "--", "true") };
	assert_true(eventually(is_there, pids));
	int64_t until = test_now() + TEST_PATIENCE;
	do
		kill(pids[1], SIGTERM);
	while (!process_ends(pids[1], 50) && test_now() < until);
	assert_false(process_runs(pids[1]));
	child_wait(pids[0]);
	assert_ok(relevo_lock_release(lock));
	relevo_lock_close(lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(what_loses_its_parent_is_waited_for),
		client_unit_test(its_command_s_status_is_its_own),
		client_unit_test(sigterm_is_obeyed),
	};
	return cmocka_run_group_tests_name("cli/first_process", tests, NULL, NULL);
}
