#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

#include <errno.h>
#include <string.h>

static void test_the_status_comes_back(void **state)
{
	(void)state;
	struct error error;
	assert_int_equal(error_set(&error, RELEVO_GONE, "queue %d", 7), RELEVO_GONE);
	assert_int_equal(error.status, RELEVO_GONE);
	assert_string_equal(error.text, "queue 7");
	assert_string_equal(error_text(&error), "queue 7");
}

static void test_nobody_needs_to_listen(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, RELEVO_GONE, "x"), RELEVO_GONE);
	assert_int_equal(error_set_errno(NULL, RELEVO_SYSTEM, ENOENT, "x"), RELEVO_SYSTEM);
}

static void test_a_long_text_is_cut(void **state)
{
	(void)state;
	struct error error;
	char text[1000];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	error_set(&error, RELEVO_SYSTEM, "%s", text);
	assert_int_equal(strlen(error.text), sizeof error.text - 1);
	error_set_errno(&error, RELEVO_SYSTEM, ENOENT, "%s", text);
	assert_int_equal(strlen(error.text), sizeof error.text - 1);
	/* The reason is cut when it does not fit whole. */
	text[sizeof error.text - 8] = '\0';
	error_set_errno(&error, RELEVO_SYSTEM, ENOENT, "%s", text);
	assert_int_equal(strlen(error.text), sizeof error.text - 1);
	assert_string_equal(error.text + sizeof error.text - 8, ": No su");
}

static void test_a_failed_system_call_is_explained(void **state)
{
	(void)state;
	struct error error;
	assert_int_equal(error_set_errno(&error, RELEVO_SYSTEM, ENOENT, "open %s", "/x"),
			 RELEVO_SYSTEM);
	assert_string_equal(error.text, "open /x: No such file or directory");
}

static void test_a_shortage_says_of_what(void **state)
{
	(void)state;
	assert_int_equal(error_descriptor_status(EMFILE), RELEVO_NO_DESCRIPTORS);
	assert_int_equal(error_descriptor_status(ENFILE), RELEVO_NO_DESCRIPTORS);
	assert_int_equal(error_descriptor_status(ENOMEM), RELEVO_NO_MEMORY);
	assert_int_equal(error_descriptor_status(ENOBUFS), RELEVO_NO_MEMORY);
	assert_int_equal(error_descriptor_status(EINVAL), RELEVO_SYSTEM);
	/* Whatever else it was to mean. */
	struct error error;
	assert_int_equal(error_set_errno(&error, RELEVO_NOT_FOUND, EMFILE, "x"),
			 RELEVO_NO_DESCRIPTORS);
	assert_int_equal(error.status, RELEVO_NO_DESCRIPTORS);
	assert_int_equal(error_set_errno(NULL, RELEVO_GONE, ENOMEM, "x"), RELEVO_NO_MEMORY);
}

static void test_without_a_text_there_is_the_general_one(void **state)
{
	(void)state;
	const struct error error = { .status = RELEVO_FULL };
	assert_string_equal(error_text(&error), relevo_error_message(RELEVO_FULL));
}

static void test_every_status_has_a_name_and_a_sentence(void **state)
{
	(void)state;
	assert_string_equal(relevo_error_name(RELEVO_OK), "OK");
	assert_string_equal(relevo_error_name(RELEVO_NOT_LOCAL), "NOT_LOCAL");
	for (int status = RELEVO_OK; status <= RELEVO_UNANSWERED; status++) {
		const char *message = relevo_error_message(status);
		assert_string_not_equal(message, "Unknown status.");
		assert_int_equal(message[strlen(message) - 1], '.');
	}
	assert_string_equal(relevo_error_message(-1), "Unknown status.");
	assert_string_equal(relevo_error_name(10000), "UNKNOWN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_status_comes_back),
		cmocka_unit_test(test_nobody_needs_to_listen),
		cmocka_unit_test(test_a_long_text_is_cut),
		cmocka_unit_test(test_a_failed_system_call_is_explained),
		cmocka_unit_test(test_a_shortage_says_of_what),
		cmocka_unit_test(test_without_a_text_there_is_the_general_one),
		cmocka_unit_test(test_every_status_has_a_name_and_a_sentence),
	};
	return cmocka_run_group_tests_name("base/error", tests, NULL, NULL);
}
