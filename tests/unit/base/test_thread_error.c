#include "base/thread_error.h"

#include <relevo/session.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_empty_at_first(void **state)
{
	(void)state;
	assert_string_equal(relevo_error_detail(), "");
}

static void test_names_the_culprit(void **state)
{
	(void)state;
	error_set(thread_error(), RELEVO_NOT_FOUND, "there is no queue \"%s\"", "jobs");
	assert_string_equal(relevo_error_detail(), "there is no queue \"jobs\"");
}

static void test_general_sentence_without_text(void **state)
{
	(void)state;
	error_set(thread_error(), RELEVO_NO_MEMORY, "%s", "");
	assert_string_equal(relevo_error_detail(), relevo_error_message(RELEVO_NO_MEMORY));
}

static void test_next_call_clears(void **state)
{
	(void)state;
	error_set(thread_error(), RELEVO_GONE, "gone");
	thread_error();
	assert_string_equal(relevo_error_detail(), "");
}

/* A call may be handed what the last one failed with, to say it or to send it. */
static void test_text_outlives_the_next_call(void **state)
{
	(void)state;
	error_set(thread_error(), RELEVO_GONE, "the queue was deleted");
	const char *detail = relevo_error_detail();
	struct error *error = thread_error();
	assert_string_equal(detail, "the queue was deleted");
	error_set(error, RELEVO_NOT_FOUND, "no task: %s", detail);
	assert_string_equal(relevo_error_detail(), "no task: the queue was deleted");
	error_set_errno(thread_error(), RELEVO_SYSTEM, 2, "%s", detail);
	assert_string_equal(relevo_error_detail(),
			    "no task: the queue was deleted: No such file or directory");
}

static void *fail_in_thread(void *unused)
{
	(void)unused;
	error_set(thread_error(), RELEVO_FULL, "the other thread's");
	return NULL;
}

static void test_threads_do_not_see_each_other(void **state)
{
	(void)state;
	error_set(thread_error(), RELEVO_TIMED_OUT, "mine");
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, fail_in_thread, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(relevo_error_detail(), "mine");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_at_first),
		cmocka_unit_test(test_names_the_culprit),
		cmocka_unit_test(test_general_sentence_without_text),
		cmocka_unit_test(test_next_call_clears),
		cmocka_unit_test(test_text_outlives_the_next_call),
		cmocka_unit_test(test_threads_do_not_see_each_other),
	};
	return cmocka_run_group_tests_name("client/error", tests, NULL, NULL);
}
