/* Looking at processes in a program that has threads and forks. */
#include "support/programs.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>

static void look_at_ourselves(void)
{
	relevo_system_process *process = NULL;
	struct relevo_system_info *info;
	child_check(relevo_system_open(getpid(), 0, &process) == RELEVO_OK);
	child_check(relevo_system_inspect(process, &info) == RELEVO_OK);
	child_check(info->pid == getpid() && info->parent == getppid());
	relevo_system_info_free(info);
	relevo_system_close(process);
}

/* A child that was forked while another thread allocated waits for ever in the allocator
 * of the address sanitizer, which knows nothing of fork(2): there nobody looks meanwhile. */
static pthread_rwlock_t looking = PTHREAD_RWLOCK_INITIALIZER;

static pid_t fork_meanwhile(void)
{
#ifdef __SANITIZE_ADDRESS__
	pthread_rwlock_wrlock(&looking);
	pid_t child = fork();
	if (child != 0)
		pthread_rwlock_unlock(&looking);
	return child;
#else
	return fork();
#endif
}

static void *look_and_fork(void *unused)
{
	for (int i = 0; i < 20; i++) {
		pthread_rwlock_rdlock(&looking);
		look_at_ourselves();
		pthread_rwlock_unlock(&looking);
		if (i % 5 != 0)
			continue;
		pid_t child = fork_meanwhile();
		if (child == 0) {
			look_at_ourselves();
			_exit(EXIT_SUCCESS);
		}
		int status;
		child_check(waitpid(child, &status, 0) == child && status == 0);
	}
	return unused;
}

/* From several threads, of which each forks while others look. */
static void test_threads_and_forks(void **state)
{
	(void)state;
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look_and_fork, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* A child that ends with exit(), where a checker for leaks looks, has nothing of what its
 * parent's thread left. */
static void test_child_that_exits(void **state)
{
	(void)state;
	look_at_ourselves();
	fflush(stdout);
	for (int looks = 0; looks < 2; looks++) {
		pid_t child = fork();
		if (child == 0) {
			if (looks > 0)
				look_at_ourselves();
			exit(EXIT_SUCCESS);
		}
		assert_int_equal(child_wait(child), EXIT_SUCCESS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_child_that_exits),
		leaks_unit_test(test_threads_and_forks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
