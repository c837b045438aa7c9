/* Descriptors to wait for, and waits that cannot be. */
#include "os/event_set.h"

#include "support/process.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

static struct event_set the_events;

static int open_events(void **state)
{
	struct error error;
	(void)state;
	return event_set_open(&the_events, &error) == RELEVO_OK ? 0 : -1;
}

static int close_events(void **state)
{
	(void)state;
	event_set_close(&the_events);
	return 0;
}

static void what_is_readable_is_named(void **state)
{
	uint64_t names[EVENT_SET_MOST];
	struct error error;
	int count, fds[2] = { eventfd(0, EFD_CLOEXEC), eventfd(1, EFD_CLOEXEC) };
	(void)state;
	assert_int_equal(event_set_add(&the_events, fds[0], 5, &error), RELEVO_OK);
	assert_int_equal(event_set_wait(&the_events, 0, names, &count, &error), RELEVO_OK);
	assert_int_equal(count, 0);
	assert_int_equal(event_set_add(&the_events, fds[1], 7, &error), RELEVO_OK);
	assert_int_equal(event_set_wait(&the_events, NSEC_NEVER, names, &count, &error), RELEVO_OK);
	assert_int_equal(count, 1);
	assert_int_equal(names[0], 7);
	event_set_remove(&the_events, fds[1]);
	assert_int_equal(event_set_wait(&the_events, 0, names, &count, &error), RELEVO_OK);
	assert_int_equal(count, 0);
	close(fds[0]);
	close(fds[1]);
}

/* What is muted is not told, but for the end; heard again, it is told as if it had just come. */
static void what_is_muted_is_not_told(void **state)
{
	uint64_t names[EVENT_SET_MOST];
	struct error error;
	int count, fd = eventfd(1, EFD_CLOEXEC);
	(void)state;
	assert_int_equal(event_set_add(&the_events, fd, 9, &error), RELEVO_OK);
	event_set_mute(&the_events, fd, 9, true);
	assert_int_equal(event_set_wait(&the_events, 0, names, &count, &error), RELEVO_OK);
	assert_int_equal(count, 0);
	event_set_mute(&the_events, fd, 9, false);
	assert_int_equal(event_set_wait(&the_events, NSEC_NEVER, names, &count, &error), RELEVO_OK);
	assert_true(count == 1 && names[0] == 9);
	close(fd);
}

/* As many as there are, with a limit that has been lowered below that. */
static void there_may_be_more_than_descriptors(void **state)
{
	enum { MANY = 40 };
	struct rlimit before, few;
	uint64_t names[EVENT_SET_MOST];
	struct error error;
	int fds[MANY], count;
	(void)state;
	for (int i = 0; i < MANY; i++) {
		fds[i] = eventfd(1, EFD_CLOEXEC);
		assert_int_equal(event_set_add(&the_events, fds[i], (uint64_t)i, &error),
				 RELEVO_OK);
	}
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 8;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	int status = event_set_wait(&the_events, NSEC_NEVER, names, &count, &error);
	struct event_set more;
	int more_status = event_set_open(&more, &error);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(status, RELEVO_OK);
	assert_int_equal(count, MANY);
	assert_int_equal(more_status, RELEVO_NO_DESCRIPTORS);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
}

static void a_wait_that_always_fails_is_an_error(void **state)
{
	uint64_t names[EVENT_SET_MOST];
	struct error error = { 0 };
	int count;
	(void)state;
	event_set_close(&the_events);
	assert_int_equal(event_set_wait(&the_events, NSEC_NEVER, names, &count, &error),
			 RELEVO_SYSTEM);
	assert_non_null(strstr(error.text, "Bad file descriptor"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_readable_is_named, open_events,
						close_events),
		cmocka_unit_test_setup_teardown(what_is_muted_is_not_told, open_events,
						close_events),
		cmocka_unit_test_setup_teardown(there_may_be_more_than_descriptors, open_events,
						close_events),
		cmocka_unit_test_setup_teardown(a_wait_that_always_fails_is_an_error, open_events,
						close_events),
	};
	return cmocka_run_group_tests_name("process/events", tests, NULL, NULL);
}
