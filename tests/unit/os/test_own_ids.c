#include "os/own_ids.h"

#include "support/broker.h"
#include "support/namespace.h"
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of this system, which may have set another. */
static uid_t overflow(void)
{
	unsigned id = 0;
	FILE *file = fopen("/proc/sys/kernel/overflowuid", "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%u", &id), 1);
	fclose(file);
	return id;
}

struct expected {
	uid_t overflow;
	uid_t uid; /* what the child is to be; 0: what it is */
	bool overflow_known, own_known;
};

static void look(void *argument)
{
	const struct expected *expected = argument;
	char text[USER_TEXT_ROOM];
	if (expected->uid != 0 && (setgid(expected->uid) != 0 || setuid(expected->uid) != 0))
		_exit(2);
	if (user_is_known(expected->overflow) != expected->overflow_known ||
	    user_is_own(geteuid()) != expected->own_known ||
	    group_is_own(getegid()) != expected->own_known)
		_exit(3);
	user_text(expected->overflow, text);
	if ((strstr(text, "without a uid") == NULL) != expected->overflow_known)
		_exit(4);
	if (!user_is_known(expected->overflow - 1) || user_is_own(geteuid() + 1))
		_exit(5);
}

static void look_in(const char *map, struct expected expected)
{
	expected.overflow = overflow();
	pid_t pid = namespace_child(map, look, &expected);
	if (pid < 0)
		skip();
	assert_int_equal(test_wait(pid), 0);
}

static void test_every_number_counts_in_the_first_namespace(void **state)
{
	struct stat namespace;
	(void)state;
	assert_int_equal(stat("/proc/self/ns/user", &namespace), 0);
	if (namespace.st_ino != 0xEFFFFFFD)
		skip();
	assert_true(user_is_known(overflow()));
	assert_true(user_is_own(geteuid()));
	assert_false(user_is_own(geteuid() + 1));
	assert_true(group_is_own(getegid()));
}

static void test_without_a_map_nobody_is_known(void **state)
{
	(void)state;
	look_in(NULL, (struct expected){ .overflow_known = false, .own_known = false });
}

static void test_who_has_a_number_is_known(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	look_in("0 200000 65534", (struct expected){ .uid = 1000, .own_known = true });
}

/* Others of the host, who have no number, are shown by the same. */
static void test_a_number_of_its_own_does_not_make_the_overflow_uid_known(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	look_in("0 200000 65535", (struct expected){ .uid = overflow(), .own_known = false });
}

static void test_where_all_have_numbers_all_are_known(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	look_in("0 0 4294967295", (struct expected){
					  .uid = overflow(),
					  .overflow_known = true,
					  .own_known = true,
				  });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_number_counts_in_the_first_namespace),
		cmocka_unit_test(test_without_a_map_nobody_is_known),
		cmocka_unit_test(test_who_has_a_number_is_known),
		cmocka_unit_test(test_a_number_of_its_own_does_not_make_the_overflow_uid_known),
		cmocka_unit_test(test_where_all_have_numbers_all_are_known),
	};
	return cmocka_run_group_tests_name("base/own_ids", tests, NULL, NULL);
}
