#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/visible.h"

#include <string.h>

static void test_text_stays(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"jobs/today \"a\\b\"",
		"caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x90\x98",
		"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_string_equal(visible(texts[i]), texts[i]);
}

static void test_what_acts_or_deceives_is_spelled_out(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{ "\033[2J\r\n\t\177", "\\x1b[2J\\x0d\\x0a\\x09\\x7f" },
		{ "a\xc2\x9b"
		  "31m",
		  "a\\u009b31m" }, /* a control of one character */
		{ "\xe2\x80\xae"
		  "fdp.exe",
		  "\\u202efdp.exe" },                               /* right to left */
		{ "\xe2\x81\xa6x\xe2\x81\xa9", "\\u2066x\\u2069" }, /* isolated */
		{ "a\xe2\x80\x8b"
		  "b",
		  "a\\u200bb" }, /* no width */
		{ "a\xe2\x80\xa8"
		  "b",
		  "a\\u2028b" }, /* a line's end */
		{ "\xef\xbb\xbfq", "\\ufeffq" },
		{ "\xf3\xa0\x81\x81", "\\U000e0041" }, /* a tag */
		/* What is no UTF-8. */
		{ "\xff\x9b[", "\\xff\\x9b[" },
		{ "\xc0\x9b", "\\xc0\\x9b" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xe2\x80", "\\xe2\\x80" },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
	};
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		assert_string_equal(visible(pairs[i][0]), pairs[i][1]);
}

static void test_modes(void **state)
{
	(void)state;
	static const char text[] = "a\n\t\"\\\r";
	char shown[64];
	assert_int_equal(visible_text(shown, sizeof shown, text, 6, VISIBLE_LINE), 6);
	assert_string_equal(shown, "a\\x0a\\x09\"\\\\x0d");
	assert_int_equal(visible_text(shown, sizeof shown, text, 6, VISIBLE_LINES), 6);
	assert_string_equal(shown, "a\n\t\"\\\\x0d");
	assert_int_equal(visible_text(shown, sizeof shown, text, 6, VISIBLE_QUOTE), 6);
	assert_string_equal(shown, "a\\x0a\\x09\\\"\\\\\\x0d");
	assert_int_equal(visible_text(shown, sizeof shown, "a\0b", 3, VISIBLE_LINE), 3);
	assert_string_equal(shown, "a\\x00b");
}

/* A character is shown whole, or not at all. */
static void test_too_little_room(void **state)
{
	(void)state;
	char shown[8];
	assert_int_equal(visible_text(shown, 4, "a\033b", 3, VISIBLE_LINE), 1);
	assert_string_equal(shown, "a");
	assert_int_equal(visible_text(shown, 6, "a\033b", 3, VISIBLE_LINE), 2);
	assert_string_equal(shown, "a\\x1b");
	assert_int_equal(visible_text(shown, 4, "caf\xc3\xa9", 5, VISIBLE_LINE), 3);
	assert_string_equal(shown, "caf");
	/* What it may come to at most. */
	char name[256];
	memset(name, 1, 255);
	name[255] = '\0';
	assert_int_equal(strlen(visible(name)), 255 * VISIBLE_MOST);
}

static void test_several_in_one_line(void **state)
{
	(void)state;
	const char *first = visible("1"), *second = visible("2");
	for (int i = 0; i < 6; i++)
		visible("another");
	assert_string_equal(first, "1");
	assert_string_equal(second, "2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_stays),
		cmocka_unit_test(test_what_acts_or_deceives_is_spelled_out),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_too_little_room),
		cmocka_unit_test(test_several_in_one_line),
	};
	return cmocka_run_group_tests_name("visible", tests, NULL, NULL);
}
