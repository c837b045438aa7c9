#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "os/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

/* The test's own streams, while they are closed. */
static int kept[3];

static int close_streams(void **state)
{
	(void)state;
	for (int fd = 0; fd < 3; fd++) {
		kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
		close(fd);
	}
	return 0;
}

static int restore_streams(void **state)
{
	(void)state;
	for (int fd = 0; fd < 3; fd++) {
		dup2(kept[fd], fd);
		close(kept[fd]);
	}
	return 0;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_what_is_made_leaves_the_streams_alone(void **state)
{
	(void)state;
	int fd = descriptor_raise(open("/", O_PATH | O_CLOEXEC));
	assert_true(fd > 2);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	/* One that is out of the way stays what it is. */
	assert_int_equal(descriptor_raise(fd), fd);
	close(fd);
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(descriptor_raise_pair(ends));
	assert_true(ends[0] > 2 && ends[1] > 2);
	assert_int_equal(write(ends[1], "x", 1), 1);
	close(ends[0]);
	close(ends[1]);
	for (int i = 0; i < 3; i++)
		assert_false(is_open(i));
}

static void test_what_failed_stays_a_failure(void **state)
{
	(void)state;
	errno = ENOENT;
	assert_int_equal(descriptor_raise(-1), -1);
	assert_int_equal(errno, ENOENT);
}

/* Where only the numbers of the streams are left, nothing is made, and nothing is left open. */
static void test_none_is_left(void **state)
{
	(void)state;
	struct rlimit before, few;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ 3, before.rlim_max };
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	bool raised = descriptor_raise_pair(ends);
	int trouble = errno;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_false(raised);
	/* A limit that leaves no number at all is an error of the argument to fcntl(2). */
	assert_int_equal(trouble, EMFILE);
	assert_int_equal(ends[0], -1);
	assert_int_equal(ends[1], -1);
	for (int i = 0; i < 3; i++)
		assert_false(is_open(i));
}

int main(void)
{
#define closed_unit_test(function)                                                                 \
	cmocka_unit_test_setup_teardown(function, close_streams, restore_streams)
	const struct CMUnitTest tests[] = {
		closed_unit_test(test_what_is_made_leaves_the_streams_alone),
		closed_unit_test(test_what_failed_stays_a_failure),
		closed_unit_test(test_none_is_left),
	};
	return cmocka_run_group_tests_name("descriptor", tests, NULL, NULL);
}
