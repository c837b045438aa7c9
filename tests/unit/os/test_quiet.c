/* Calls whose failure raises no signal, and takes away none that others have raised. */
#include "os/quiet.h"
#include "support/broker.h"
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LIMIT = 4096 };

#define quiet_check(condition)                                                                     \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                    \
			_exit(EXIT_FAILURE);                                                       \
		}                                                                                  \
	} while (0)

/* ---- each in a process of its own: a signal ends it ----------------------------- */

static int file_with_limit(void)
{
	const struct rlimit limit = { LIMIT, LIMIT };
	int fd = memfd_create("test", MFD_CLOEXEC);
	quiet_check(fd >= 0 && setrlimit(RLIMIT_FSIZE, &limit) == 0);
	return fd;
}

static void play_growing(void)
{
	int fd = file_with_limit();
	quiet_check(quiet_truncate(fd, LIMIT + 1) == -1 && errno == EFBIG);
	quiet_check(quiet_truncate(fd, LIMIT) == 0);
	quiet_check(quiet_pwrite(fd, "x", 1, LIMIT) == -1 && errno == EFBIG);
	/* As much as there is room for. */
	quiet_check(quiet_pwrite(fd, "xy", 2, LIMIT - 1) == 1);
	quiet_check(lseek(fd, 0, SEEK_END) == LIMIT);
	quiet_check(quiet_write(fd, "x", 1) == -1 && errno == EFBIG);
}

static void play_pipe(void)
{
	int ends[2];
	quiet_check(pipe2(ends, O_CLOEXEC) == 0);
	quiet_check(quiet_write(ends[1], "x", 1) == 1);
	close(ends[0]);
	quiet_check(quiet_write(ends[1], "x", 1) == -1 && errno == EPIPE);
}

/* What is pending before is another's, and is still there. */
static void play_pending(void)
{
	sigset_t both, pending;
	sigemptyset(&both);
	sigaddset(&both, SIGXFSZ);
	sigaddset(&both, SIGPIPE);
	quiet_check(pthread_sigmask(SIG_BLOCK, &both, NULL) == 0);
	int fd = file_with_limit();
	quiet_check(quiet_truncate(fd, LIMIT + 1) == -1);
	quiet_check(sigpending(&pending) == 0 && !sigismember(&pending, SIGXFSZ));
	raise(SIGXFSZ);
	quiet_check(quiet_truncate(fd, LIMIT + 1) == -1 && errno == EFBIG);
	quiet_check(sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ));
	quiet_check(!sigismember(&pending, SIGPIPE));
	/* And still blocked. */
	quiet_check(pthread_sigmask(SIG_BLOCK, NULL, &pending) == 0);
	quiet_check(sigismember(&pending, SIGXFSZ) && sigismember(&pending, SIGPIPE));
}

static void expect_success(void (*play)(void))
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		play();
		_exit(EXIT_SUCCESS);
	}
	assert_int_equal(test_wait(pid), EXIT_SUCCESS);
}

/* ---- the tests ------------------------------------------------------------------ */

static void files_beyond_the_limit(void **state)
{
	(void)state;
	expect_success(play_growing);
}

static void pipes_that_nobody_reads(void **state)
{
	(void)state;
	expect_success(play_pipe);
}

static void signals_of_others(void **state)
{
	(void)state;
	expect_success(play_pending);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_beyond_the_limit),
		cmocka_unit_test(pipes_that_nobody_reads),
		cmocka_unit_test(signals_of_others),
	};
	return cmocka_run_group_tests_name("base/quiet", tests, NULL, NULL);
}
