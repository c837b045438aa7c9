#ifndef SUPPORT_LEAKS_H
#define SUPPORT_LEAKS_H

/*
 * Tests that leave descriptors open fail. Wrap each test:
 *
 *	const struct CMUnitTest tests[] = {
 *		leaks_unit_test(test_accept),
 *	};
 *
 * or, with a setup and a teardown of its own, call leaks_setup() first and
 * leaks_teardown() last in those. What a test opens for good (a library that
 * starts once) has to be opened in the group's setup. Include <cmocka.h> first.
 */
#define leaks_unit_test(function)                                                                  \
	cmocka_unit_test_setup_teardown(function, leaks_setup, leaks_teardown)

/* Remember what is open. Uses one static record: tests run one by one. */
int leaks_setup(void **state);

/* Compare, and name each descriptor that was left open, closed or replaced. */
int leaks_teardown(void **state);

#endif
