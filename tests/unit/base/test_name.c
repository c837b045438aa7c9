#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/name.h"

#include <string.h>

static void assert_good(const char *name)
{
	struct error error;
	if (name_check(name, "queue", &error) != RELEVO_OK)
		fail_msg("refused: %s", error.text);
}

static void assert_bad(const char *name, const char *part)
{
	struct error error = { 0 };
	assert_int_equal(name_check(name, "queue", &error), RELEVO_BAD_NAME);
	if (strstr(error.text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.text, part);
	for (const char *byte = error.text; *byte != '\0'; byte++)
		assert_in_range(*byte, 0x20, 0x7e);
}

static void test_good_names(void **state)
{
	(void)state;
	assert_good("q");
	assert_good("with spaces / and \"quotes\"");
	assert_good("gr\xc3\xbc\xc3\x9f");               /* 2 bytes */
	assert_good("\xe2\x82\xac");                     /* 3 bytes */
	assert_good("\xf0\x9f\x98\x80");                 /* 4 bytes */
	assert_good("\xc2\xa0\xed\x9f\xbf\xee\x80\x80"); /* just outside what is refused */
	assert_good("\xf4\x8f\xbf\xbf");                 /* U+10FFFF */
}

static void test_lengths(void **state)
{
	(void)state;
	char name[NAME_MAX_BYTES + 2];
	memset(name, 'x', sizeof name);
	name[NAME_MAX_BYTES] = '\0';
	assert_good(name);
	name[NAME_MAX_BYTES] = 'x';
	name[NAME_MAX_BYTES + 1] = '\0';
	assert_bad(name, "256 bytes, more than 255");
	assert_bad("", "the queue name is empty");
}

static void test_control_characters(void **state)
{
	(void)state;
	assert_bad("a\nb", "a\\x0ab");
	assert_bad("\x1b[2J", "control character");
	assert_bad("\x7f", "control character");
	assert_bad("\xc2\x85", "control character"); /* NEL, of C1 */
}

static void test_bytes_that_are_not_utf8(void **state)
{
	(void)state;
	const char *const names[] = {
		"\x80",             /* continues nothing */
		"a\xff",            /* never occurs */
		"\xc3",             /* cut */
		"\xe2\x82",         /* cut */
		"\xf0\x9f\x98",     /* cut */
		"\xc3(",            /* does not continue */
		"\xc0\xaf",         /* overlong */
		"\xe0\x80\xaf",     /* overlong */
		"\xf0\x80\x80\xaf", /* overlong */
		"\xed\xa0\x80",     /* surrogate */
		"\xf4\x90\x80\x80", /* beyond U+10FFFF */
		"\xf5\x80\x80\x80",
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_bad(names[i], "not valid UTF-8");
}

static void test_what_is_shown_is_short(void **state)
{
	(void)state;
	char name[200];
	memset(name, '\x01', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	struct error error;
	assert_int_equal(name_check(name, "queue", &error), RELEVO_BAD_NAME);
	assert_non_null(strstr(error.text, "..."));
	assert_true(strlen(error.text) < 150);
}

static void test_text(void **state)
{
	(void)state;
	assert_true(utf8_is_valid("", 0));
	assert_true(utf8_is_valid("with\0zeros\n\xf4\x8f\xbf\xbf", 15));
	/* Cut off, whatever follows in memory. */
	assert_false(utf8_is_valid("\xf4\x8f\xbf\xbf", 3));
	assert_false(utf8_is_valid("a\xc3\xbc", 2));
	assert_false(utf8_is_valid("\xc0\x80", 2));
	assert_false(utf8_is_valid("\xed\xa0\x80", 3));
	assert_false(utf8_is_valid("\x80", 1));
}

/* What others chose comes as it is, cut between characters, or printable. */
static void test_what_others_chose(void **state)
{
	static const struct {
		const char *name, *adapted;
	} cases[] = {
		{ "", "" },
		{ "host", "host" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "caf\xe9", "caf\\xe9" },
		{ "a\nb", "a\\x0ab" },
		{ "12345678901234\xc3\xa9", "12345678901234" },
		{ "1234567890123\xc3\xa9xyz", "1234567890123\xc3\xa9" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char adapted[16];
		name_adapt(cases[i].name, adapted, sizeof adapted);
		assert_string_equal(adapted, cases[i].adapted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_names),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_bytes_that_are_not_utf8),
		cmocka_unit_test(test_what_is_shown_is_short),
		cmocka_unit_test(test_what_others_chose),
	};
	return cmocka_run_group_tests_name("base/name", tests, NULL, NULL);
}
