/* Waiting for a descriptor with a limit of theirs that poll(2) does not take. */
#include "os/readable.h"
#include "support/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define MOMENT (50 * NSEC_PER_MSEC)

static struct rlimit usual;

static void limit(rlim_t most)
{
	const struct rlimit all = { most, usual.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
}

static int make_pipe(void **state)
{
	int *ends = malloc(2 * sizeof *ends);
	*state = ends;
	return getrlimit(RLIMIT_NOFILE, &usual) == 0 && ends != NULL ? pipe2(ends, O_CLOEXEC) : -1;
}

static int close_pipe(void **state)
{
	int *ends = *state;
	close(ends[0]);
	close(ends[1]);
	free(ends);
	return 0;
}

static void expect_readable(int fd, rlim_t most, bool expected)
{
	nsec_t begin = clock_now();
	limit(most);
	bool readable = readable_until(fd, begin + MOMENT);
	nsec_t end = clock_now();
	limit(usual.rlim_cur);
	assert_int_equal(readable, expected);
	/* It has waited, and not given up at once; or has not waited. */
	if (expected)
		assert_true(end < begin + MOMENT);
	else
		assert_true(end >= begin + MOMENT);
}

static void what_is_ready_and_what_is_not(void **state)
{
	const int *ends = *state;
	expect_readable(ends[0], usual.rlim_cur, false);
	assert_int_equal(write(ends[1], "x", 1), 1);
	expect_readable(ends[0], usual.rlim_cur, true);
	assert_true(readable_until(ends[0], 0));
	assert_true(readable_until(ends[0], NSEC_NEVER));
}

static void a_limit_of_none(void **state)
{
	const int *ends = *state;
	/* More than a set of select(2) holds. */
	const struct rlimit many = { usual.rlim_max, usual.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &many), 0);
	int high = fcntl(ends[0], F_DUPFD_CLOEXEC, usual.rlim_max > 3000 ? 3000 : 0);
	assert_true(high >= 0);
	expect_readable(ends[0], 0, false);
	expect_readable(high, 0, false);
	assert_int_equal(write(ends[1], "x", 1), 1);
	expect_readable(ends[0], 0, true);
	expect_readable(high, 0, true);
	close(high);
}

static void what_is_not_open(void **state)
{
	(void)state;
	assert_false(readable_until(-1, NSEC_NEVER));
	int fd = dup(STDERR_FILENO);
	close(fd);
	assert_false(readable_until(fd, NSEC_NEVER));
	limit(0);
	bool readable = readable_until(fd, NSEC_NEVER);
	limit(usual.rlim_cur);
	assert_false(readable);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_ready_and_what_is_not, make_pipe,
						close_pipe),
		cmocka_unit_test_setup_teardown(a_limit_of_none, make_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(what_is_not_open, make_pipe, close_pipe),
	};
	return cmocka_run_group_tests_name("base/readable", tests, NULL, NULL);
}
