/* A system that gives no random numbers. */
#include "process/self.h"

#include "support/test.h"

#include <errno.h>
#include <sys/random.h>

static int calls;

/* In place of the C library's: a signal first, then for good. */
ssize_t getrandom(void *bytes, size_t size, unsigned flags)
{
	(void)bytes, (void)size, (void)flags;
	errno = calls++ == 0 ? EINTR : ENOSYS;
	return -1;
}

static void there_is_no_key_then(void **state)
{
	(void)state;
	assert_int_equal(relevo_process_key().size, 0);
	assert_int_equal(calls, 2);
	assert_int_equal(relevo_process_key().size, 0);
	assert_int_equal(calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_no_key_then),
	};
	return cmocka_run_group_tests_name("self", tests, NULL, NULL);
}
