#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "log/streams.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_null(int fd)
{
	struct stat there;
	return fstat(fd, &there) == 0 && S_ISCHR(there.st_mode) && major(there.st_rdev) == 1 &&
	       minor(there.st_rdev) == 3;
}

/* In a child: close those whose bit is set, and complete. 0: as it should be. */
static int complete_without(unsigned closed)
{
	struct stat before[3], after;
	for (int fd = 0; fd < 3; fd++) {
		if (closed & 1u << fd)
			close(fd);
		else if (fstat(fd, &before[fd]) != 0)
			return 1;
	}
	if (streams_complete() != 0)
		return 2;
	for (int fd = 0; fd < 3; fd++) {
		if (closed & 1u << fd ? !is_null(fd)
				      : fstat(fd, &after) != 0 || after.st_ino != before[fd].st_ino)
			return 3;
	}
	return open("/", O_RDONLY | O_CLOEXEC) > STDERR_FILENO ? 0 : 4;
}

static void test_what_is_closed_becomes_nothing(void **state)
{
	(void)state;
	for (unsigned closed = 0; closed < 8; closed++) {
		int status;
		pid_t child = fork();
		if (child == 0)
			_exit(complete_without(closed));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_closed_becomes_nothing),
	};
	return cmocka_run_group_tests_name("base/streams", tests, NULL, NULL);
}
