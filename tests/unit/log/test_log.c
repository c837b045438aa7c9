#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "log/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Standard error goes into a pipe while a test writes. */
static int read_end, saved_stderr;

static int setup(void **state)
{
	(void)state;
	int ends[2];
	log_set_level(LOG_LEVEL_INFO);
	fflush(stderr);
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
		return -1;
	saved_stderr = dup(STDERR_FILENO);
	read_end = ends[0];
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	return saved_stderr < 0 ? -1 : 0;
}

/* Puts standard error back, so that a failed assertion can be seen. */
static const char *written(void)
{
	static char text[4096];
	ssize_t size = read(read_end, text, sizeof text - 1);
	text[size > 0 ? size : 0] = '\0';
	dup2(saved_stderr, STDERR_FILENO);
	return text;
}

static int teardown(void **state)
{
	(void)state;
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(read_end);
	return 0;
}

static void test_a_line_has_time_level_event_and_fields(void **state)
{
	(void)state;
	log_info("peer-gone", LOG_NUMBER("session", -7), LOG_TEXT("name", "a b"));
	const char *text = written();
	int year, month, day, hour, minute, second, msec, end = 0;
	assert_int_equal(sscanf(text, "time=%d-%d-%dT%d:%d:%d.%3dZ%n", &year, &month, &day, &hour,
				&minute, &second, &msec, &end),
			 7);
	assert_string_equal(text + end, " level=info event=peer-gone session=-7 name=\"a b\"\n");
}

static void test_text_cannot_forge_a_line(void **state)
{
	(void)state;
	log_warning("x", LOG_TEXT("name", "a\nlevel=\"error\"\\\x7f"));
	const char *text = written();
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_non_null(strstr(text, " name=\"a\\x0alevel=\\\"error\\\"\\\\\\x7f\"\n"));
}

static void test_text_cannot_deceive_a_reader(void **state)
{
	(void)state;
	log_warning("x", LOG_TEXT("name", "a\xe2\x80\xae\xc2\x9b"
					  "b"));
	assert_non_null(strstr(written(), " name=\"a\\xe2\\x80\\xae\\xc2\\x9bb\"\n"));
}

static void test_a_long_line_is_cut_and_still_a_line(void **state)
{
	(void)state;
	char name[3000];
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	log_error("x", LOG_TEXT("name", name));
	const char *text = written();
	assert_int_equal(strlen(text), 1024);
	assert_int_equal(text[1023], '\n');
	assert_int_equal(text[1022], 'x');
}

static void test_less_urgent_events_are_dropped(void **state)
{
	(void)state;
	log_debug("dropped", LOG_NUMBER("n", 1));
	log_set_level(LOG_LEVEL_ERROR);
	log_warning("dropped", LOG_NUMBER("n", 2));
	log_error("kept", LOG_NUMBER("n", 3));
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("kept", LOG_NUMBER("n", 4));
	const char *text = written();
	assert_null(strstr(text, "dropped"));
	assert_non_null(strstr(text, "level=error event=kept n=3\n"));
	assert_non_null(strstr(text, "level=debug event=kept n=4\n"));
}

static void test_levels_have_names(void **state)
{
	(void)state;
	assert_int_equal(log_level_of("error"), LOG_LEVEL_ERROR);
	assert_int_equal(log_level_of("debug"), LOG_LEVEL_DEBUG);
	assert_int_equal(log_level_of("Debug"), -1);
	assert_int_equal(log_level_of(""), -1);
}

#define log_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		log_test(test_a_line_has_time_level_event_and_fields),
		log_test(test_text_cannot_forge_a_line),
		log_test(test_text_cannot_deceive_a_reader),
		log_test(test_a_long_line_is_cut_and_still_a_line),
		log_test(test_less_urgent_events_are_dropped),
		cmocka_unit_test(test_levels_have_names),
	};
	return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
