#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/leaks.h"

static int open_null(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void test_nothing_changed(void **state)
{
	assert_int_equal(leaks_setup(state), 0);
	close(open_null());
	assert_int_equal(leaks_teardown(state), 0);
}

static void test_left_open(void **state)
{
	assert_int_equal(leaks_setup(state), 0);
	int fd = open_null();
	assert_int_equal(leaks_teardown(state), -1);
	close(fd);
}

static void test_closed(void **state)
{
	int fd = open_null();
	assert_int_equal(leaks_setup(state), 0);
	close(fd);
	assert_int_equal(leaks_teardown(state), -1);
}

static void test_replaced(void **state)
{
	int fd = open_null();
	assert_int_equal(leaks_setup(state), 0);
	int other = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	assert_int_equal(dup2(other, fd), fd);
	close(other);
	assert_int_equal(leaks_teardown(state), -1);
	close(fd);
}

/* What one test left must not be held against the next. */
static void test_starts_anew(void **state)
{
	int fd = open_null();
	assert_int_equal(leaks_setup(state), 0);
	assert_int_equal(leaks_teardown(state), 0);
	close(fd);
}

static void test_as_fixture(void **state)
{
	(void)state;
	close(open_null());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_changed), cmocka_unit_test(test_left_open),
		cmocka_unit_test(test_closed),          cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_starts_anew),     leaks_unit_test(test_as_fixture),
	};
	return cmocka_run_group_tests_name("support/leaks", tests, NULL, NULL);
}
