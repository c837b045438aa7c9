#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collections/sorted.h"
#include "support/random.h"

#include <stdlib.h>
#include <string.h>

enum { ELEMENTS = 3000 };

static int compare(const void *key, const void *element)
{
	const int *one = key, *other = element;
	return (*one > *other) - (*one < *other);
}

/* A plain picture of what is in: element i is i. */
struct picture {
	struct sorted sorted;
	int elements[ELEMENTS];
	bool in[ELEMENTS];
	uint64_t count;
};

static struct picture *picture_new(void)
{
	struct picture *picture = calloc(1, sizeof *picture);
	assert_non_null(picture);
	picture->sorted.compare = compare;
	for (int i = 0; i < ELEMENTS; i++)
		picture->elements[i] = i;
	return picture;
}

static void picture_free(struct picture *picture)
{
	sorted_fini(&picture->sorted);
	free(picture);
}

/* Walk from a place on: all that are in, and nothing else, in order. */
static void assert_rest(const struct picture *picture, struct sorted_place place, int from)
{
	for (int i = from; i < ELEMENTS; i++) {
		if (picture->in[i])
			assert_ptr_equal(sorted_next(&picture->sorted, &place),
					 &picture->elements[i]);
	}
	assert_null(sorted_next(&picture->sorted, &place));
}

static void toggle(struct picture *picture, int i)
{
	if (picture->in[i])
		assert_true(sorted_remove(&picture->sorted, &picture->elements[i]));
	else
		assert_true(sorted_insert(&picture->sorted, &picture->elements[i]));
	picture->in[i] = !picture->in[i];
	picture->count += picture->in[i] ? 1 : -1;
	assert_int_equal(picture->sorted.count, picture->count);
}

static void test_elements_come_and_go_in_any_order(void **state)
{
	struct picture *picture = picture_new();
	struct random random = { 3 };
	(void)state;
	for (int step = 0; step < 100000; step++) {
		/* By turns it grows and shrinks. */
		int i = (int)random_below(&random, ELEMENTS);
		if (picture->in[i] == (step / 10000 % 2 == 0) && random_percent(&random, 80))
			continue;
		toggle(picture, i);
		if (step % 1000 == 0) {
			int key = (int)random_below(&random, ELEMENTS);
			assert_rest(picture, (struct sorted_place){ 0 }, 0);
			assert_rest(picture, sorted_find(&picture->sorted, &key, false), key);
			assert_rest(picture, sorted_find(&picture->sorted, &key, true), key + 1);
		}
	}
	picture_free(picture);
}

static void test_first_in_first_out(void **state)
{
	struct picture *picture = picture_new();
	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < ELEMENTS; i++)
			toggle(picture, i);
		for (int i = 0; i < ELEMENTS; i++) {
			assert_ptr_equal(sorted_first(&picture->sorted), &picture->elements[i]);
			toggle(picture, i);
		}
		assert_null(sorted_first(&picture->sorted));
	}
	picture_free(picture);
}

static void test_what_is_not_there_is_not_removed(void **state)
{
	struct picture *picture = picture_new();
	int other = 5;
	(void)state;
	assert_false(sorted_remove(&picture->sorted, &other));
	toggle(picture, 5);
	assert_false(sorted_remove(&picture->sorted, &other));
	other = 6;
	assert_false(sorted_remove(&picture->sorted, &other));
	picture_free(picture);
}

/* With every block full, each of the reserved insertions splits another. */
static void test_what_is_reserved_never_fails(void **state)
{
	struct picture *picture = picture_new();
	(void)state;
	for (int i = 0; i < ELEMENTS; i += 2)
		toggle(picture, i);
	assert_true(sorted_reserve(&picture->sorted, ELEMENTS / 2));
	size_t blocks = picture->sorted.block_count + picture->sorted.spare_count;
	struct random random = { 4 };
	for (int left = ELEMENTS / 2; left > 0;) {
		int i = (int)random_below(&random, ELEMENTS);
		if (picture->in[i])
			continue;
		toggle(picture, i);
		left--;
	}
	assert_int_equal(picture->sorted.block_count + picture->sorted.spare_count, blocks);
	assert_rest(picture, (struct sorted_place){ 0 }, 0);
	picture_free(picture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements_come_and_go_in_any_order),
		cmocka_unit_test(test_first_in_first_out),
		cmocka_unit_test(test_what_is_not_there_is_not_removed),
		cmocka_unit_test(test_what_is_reserved_never_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
