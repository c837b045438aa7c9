#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "os/thread.h"

#include <signal.h>

static void *note_mask(void *argument)
{
	pthread_sigmask(SIG_SETMASK, NULL, argument);
	return argument;
}

static void test_it_takes_no_signals(void **state)
{
	sigset_t before, its, after;
	pthread_t thread;
	void *returned;
	(void)state;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	assert_int_equal(sigismember(&before, SIGUSR1), 0);
	assert_int_equal(thread_start(&thread, NULL, note_mask, &its), 0);
	assert_int_equal(pthread_join(thread, &returned), 0);
	assert_ptr_equal(returned, &its);
	assert_int_equal(sigismember(&its, SIGUSR1), 1);
	assert_int_equal(sigismember(&its, SIGTERM), 1);
	/* Whoever started it does. */
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	assert_int_equal(sigismember(&after, SIGUSR1), 0);
	assert_int_equal(sigismember(&after, SIGTERM), 0);
}

static void test_a_failure_is_told(void **state)
{
	sigset_t after;
	pthread_t thread;
	pthread_attr_t attributes;
	(void)state;
	pthread_attr_init(&attributes);
	/* No host has as much. */
	assert_int_equal(pthread_attr_setstacksize(&attributes, SIZE_MAX / 4 & ~(size_t)65535), 0);
	assert_int_not_equal(thread_start(&thread, &attributes, note_mask, NULL), 0);
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	assert_int_equal(sigismember(&after, SIGUSR1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_takes_no_signals),
		cmocka_unit_test(test_a_failure_is_told),
	};
	return cmocka_run_group_tests_name("thread", tests, NULL, NULL);
}
