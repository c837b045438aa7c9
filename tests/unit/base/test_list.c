#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

struct element {
	int number;
	struct list link;
};

static int number_of(const struct list *node)
{
	return container_of(node, struct element, link)->number;
}

static void test_elements_stay_in_order(void **state)
{
	(void)state;
	struct list head;
	struct element elements[5] = { { 0 }, { 1 }, { 2 }, { 3 }, { 4 } };
	list_init(&head);
	assert_true(list_empty(&head));
	assert_null(list_first(&head));
	for (int i = 0; i < 4; i++)
		list_append(&head, &elements[i].link);
	list_insert_before(&elements[2].link, &elements[4].link);
	assert_int_equal(number_of(list_first(&head)), 0);
	const int expected[] = { 0, 1, 4, 2, 3 };
	int i = 0;
	list_for_each (node, &head)
		assert_int_equal(number_of(node), expected[i++]);
	assert_int_equal(i, 5);
}

static void test_an_element_leaves_from_anywhere(void **state)
{
	(void)state;
	struct list head;
	struct element elements[3] = { { 0 }, { 1 }, { 2 } };
	list_init(&head);
	for (int i = 0; i < 3; i++)
		list_append(&head, &elements[i].link);
	assert_true(list_linked(&elements[1].link));
	list_remove(&elements[1].link);
	assert_false(list_linked(&elements[1].link));
	assert_ptr_equal(elements[0].link.next, &elements[2].link);
	list_remove(&elements[0].link);
	assert_int_equal(number_of(list_first(&head)), 2);
	list_remove(&elements[2].link);
	assert_true(list_empty(&head));
	/* It can go into a list again. */
	list_append(&head, &elements[1].link);
	assert_int_equal(number_of(list_first(&head)), 1);
}

static void test_removing_what_is_in_no_list_does_nothing(void **state)
{
	(void)state;
	struct list zero = { 0 };
	struct list alone;
	list_init(&alone);
	list_remove(&zero);
	list_remove(&alone);
	assert_false(list_linked(&zero));
	assert_false(list_linked(&alone));
}

static void test_elements_may_leave_inside_the_loop(void **state)
{
	(void)state;
	struct list head;
	struct element elements[6] = { { 0 }, { 1 }, { 2 }, { 3 }, { 4 }, { 5 } };
	list_init(&head);
	for (int i = 0; i < 6; i++)
		list_append(&head, &elements[i].link);
	int seen = 0;
	list_for_each (node, &head) {
		seen++;
		if (number_of(node) % 2 == 0)
			list_remove(node);
	}
	assert_int_equal(seen, 6);
	int odd = 1;
	list_for_each (node, &head) {
		assert_int_equal(number_of(node), odd);
		odd += 2;
	}
	assert_int_equal(odd, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements_stay_in_order),
		cmocka_unit_test(test_an_element_leaves_from_anywhere),
		cmocka_unit_test(test_removing_what_is_in_no_list_does_nothing),
		cmocka_unit_test(test_elements_may_leave_inside_the_loop),
	};
	return cmocka_run_group_tests_name("base/list", tests, NULL, NULL);
}
