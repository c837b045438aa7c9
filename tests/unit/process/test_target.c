/* Functions, told by where they are in the program. */
#include "process/target.h"

#include "support/test.h"

#include <stdlib.h>
#include <string.h>

static int here(relevo_tuple *arguments)
{
	(void)arguments;
	return 1;
}

static void a_function_of_the_program_is_found(void **state)
{
	struct target target;
	relevo_target *found = NULL;
	struct error error = { 0 };
	(void)state;
	assert_int_equal(target_describe(here, &target, &error), RELEVO_OK);
	assert_string_equal(target.module, "");
	assert_true(target.build_size > 0);
	assert_int_equal(target_find(&target, &found, &error), RELEVO_OK);
	assert_true(found == here);
}

static void one_of_a_library_is_found(void **state)
{
	struct target target;
	relevo_target *function = (relevo_target *)(uintptr_t)qsort, *found = NULL;
	struct error error = { 0 };
	(void)state;
	assert_int_equal(target_describe(function, &target, &error), RELEVO_OK);
	assert_string_not_equal(target.module, "");
	assert_int_equal(target_find(&target, &found, &error), RELEVO_OK);
	assert_true(found == function);
}

static void another_build_is_refused(void **state)
{
	struct target target;
	relevo_target *found = NULL;
	struct error error = { 0 };
	(void)state;
	assert_int_equal(target_describe(here, &target, &error), RELEVO_OK);
	target.build[0] ^= 1;
	assert_int_equal(target_find(&target, &found, &error), RELEVO_NOT_FOUND);
	assert_non_null(strstr(error.text, "has been changed"));
	target.build[0] ^= 1;
	target.build_size--;
	assert_int_equal(target_find(&target, &found, &error), RELEVO_NOT_FOUND);
	assert_null(found);
}

static void a_place_beyond_is_refused(void **state)
{
	struct target target;
	relevo_target *found = NULL;
	struct error error = { 0 };
	(void)state;
	assert_int_equal(target_describe(here, &target, &error), RELEVO_OK);
	target.offset = UINT64_C(1) << 40;
	assert_int_equal(target_find(&target, &found, &error), RELEVO_NOT_FOUND);
	strcpy(target.module, "/nowhere/libnothing.so");
	assert_int_equal(target_find(&target, &found, &error), RELEVO_NOT_FOUND);
	assert_non_null(strstr(error.text, "/nowhere/libnothing.so"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_of_the_program_is_found),
		cmocka_unit_test(one_of_a_library_is_found),
		cmocka_unit_test(another_build_is_refused),
		cmocka_unit_test(a_place_beyond_is_refused),
	};
	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
