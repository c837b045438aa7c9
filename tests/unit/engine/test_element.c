#include "support/test.h"

#include "base/element.h"
#include "cells/element_many.h"

#include <math.h>
#include <string.h>

static bool holds(enum element_type type, enum element_comparison comparison, const void *left,
		  const void *right)
{
	uint8_t first[ELEMENT_MAX_NUMBER], second[ELEMENT_MAX_NUMBER];
	uint32_t width = element_width(type);
	element_copy(type, first, left, width);
	element_copy(type, second, right, width);
	return element_holds(type, width, comparison, first, second);
}

/* `less` is below `more`, by each comparison. */
static void assert_less(enum element_type type, const void *less, const void *more)
{
	static const bool expected[3][ELEMENT_COMPARISONS] = {
		{ false, true, true, true, false, false }, /* less, more */
		{ true, false, false, true, false, true }, /* the same */
		{ false, true, false, false, true, true }, /* more, less */
	};
	const void *const pairs[3][2] = { { less, more }, { less, less }, { more, less } };
	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < ELEMENT_COMPARISONS; j++)
			assert_int_equal(
				holds(type, (enum element_comparison)j, pairs[i][0], pairs[i][1]),
				expected[i][j]);
	}
}

#define ASSERT_LESS(type, ctype, less, more)                                                       \
	do {                                                                                       \
		ctype first_ = (less), second_ = (more);                                           \
		assert_int_equal(element_width(type), sizeof first_);                              \
		assert_less((type), &first_, &second_);                                            \
	} while (0)

static void test_numbers_have_their_order(void **state)
{
	(void)state;
	ASSERT_LESS(ELEMENT_CHAR, unsigned char, 'a', 0xff);
	ASSERT_LESS(ELEMENT_INT8, int8_t, INT8_MIN, INT8_MAX);
	ASSERT_LESS(ELEMENT_INT8, int8_t, -1, 0);
	ASSERT_LESS(ELEMENT_INT16, int16_t, INT16_MIN, -1);
	ASSERT_LESS(ELEMENT_INT32, int32_t, -256, 255);
	ASSERT_LESS(ELEMENT_INT64, int64_t, INT64_MIN, INT64_MAX);
	ASSERT_LESS(ELEMENT_INT64, int64_t, -1, 1);
	ASSERT_LESS(ELEMENT_UINT8, uint8_t, 127, 128);
	ASSERT_LESS(ELEMENT_UINT16, uint16_t, 255, 256);
	ASSERT_LESS(ELEMENT_UINT32, uint32_t, 0, UINT32_MAX);
	ASSERT_LESS(ELEMENT_UINT64, uint64_t, INT64_MAX, UINT64_MAX);
	ASSERT_LESS(ELEMENT_FLOAT, float, -1.5f, 0.25f);
	ASSERT_LESS(ELEMENT_DOUBLE, double, -INFINITY, -1e300);
}

static void test_reals_compare_as_numbers(void **state)
{
	(void)state;
	const double zero = 0.0, negative = -0.0, none = NAN, one = 1.0;
	assert_true(holds(ELEMENT_DOUBLE, ELEMENT_EQUAL, &zero, &negative));
	assert_false(holds(ELEMENT_DOUBLE, ELEMENT_EQUAL, &none, &none));
	assert_true(holds(ELEMENT_DOUBLE, ELEMENT_NOT_EQUAL, &none, &one));
	assert_false(holds(ELEMENT_DOUBLE, ELEMENT_LESS_EQUAL, &none, &one));
	assert_false(holds(ELEMENT_DOUBLE, ELEMENT_GREATER_EQUAL, &none, &one));
}

static void test_bytes_are_the_same_or_not(void **state)
{
	(void)state;
	const uint8_t left[] = "the same length", right[] = "the same lengtH";
	assert_true(element_holds(ELEMENT_BYTES, sizeof left, ELEMENT_EQUAL, left, left));
	assert_true(element_holds(ELEMENT_BYTES, sizeof left, ELEMENT_NOT_EQUAL, left, right));
	assert_true(element_holds(ELEMENT_BYTES, 4, ELEMENT_EQUAL, left, right));
	assert_false(element_holds(ELEMENT_BYTES, sizeof left, ELEMENT_LESS, left, right));
	assert_true(element_suits(ELEMENT_BYTES, ELEMENT_NOT_EQUAL));
	assert_false(element_suits(ELEMENT_BYTES, ELEMENT_LESS));
	assert_true(element_suits(ELEMENT_CHAR, ELEMENT_GREATER_EQUAL));
}

#define ASSERT_SUM(type, ctype, first, second, sum)                                                \
	do {                                                                                       \
		ctype first_ = (first), second_ = (second), sum_ = (sum), found_;                  \
		uint8_t element_[ELEMENT_MAX_NUMBER], addend_[ELEMENT_MAX_NUMBER];                 \
		element_copy((type), element_, &first_, sizeof first_);                            \
		element_copy((type), addend_, &second_, sizeof second_);                           \
		element_add((type), element_, addend_);                                            \
		element_copy((type), &found_, element_, sizeof found_);                            \
		assert_memory_equal(&found_, &sum_, sizeof sum_);                                  \
	} while (0)

static void test_sums_wrap_around(void **state)
{
	(void)state;
	ASSERT_SUM(ELEMENT_CHAR, unsigned char, 'a', 2, 'c');
	ASSERT_SUM(ELEMENT_INT8, int8_t, INT8_MAX, 1, INT8_MIN);
	ASSERT_SUM(ELEMENT_INT8, int8_t, 5, -7, -2);
	ASSERT_SUM(ELEMENT_INT16, int16_t, INT16_MIN, -1, INT16_MAX);
	ASSERT_SUM(ELEMENT_INT32, int32_t, INT32_MAX, INT32_MAX, -2);
	ASSERT_SUM(ELEMENT_INT64, int64_t, INT64_MIN, -1, INT64_MAX);
	ASSERT_SUM(ELEMENT_UINT8, uint8_t, 200, 100, 44);
	ASSERT_SUM(ELEMENT_UINT16, uint16_t, UINT16_MAX, 1, 0);
	ASSERT_SUM(ELEMENT_UINT32, uint32_t, 1, UINT32_MAX, 0);
	ASSERT_SUM(ELEMENT_UINT64, uint64_t, UINT64_MAX, 3, 2);
	ASSERT_SUM(ELEMENT_FLOAT, float, 0.5f, 0.25f, 0.75f);
	ASSERT_SUM(ELEMENT_DOUBLE, double, 1e300, -1e300, 0.0);
}

/* ---- many --------------------------------------------------------------- */

enum { MANY_BYTES = 1024 + 40 };

static void fill(uint8_t *bytes, uint32_t seed)
{
	for (size_t i = 0; i < MANY_BYTES; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(seed >> 24);
	}
}

/* Of numbers of each type, whatever bits they have, and any count of them. */
static void test_many_are_added_as_one_by_one(void **state)
{
	(void)state;
	uint8_t expected[MANY_BYTES], found[MANY_BYTES], addends[MANY_BYTES];
	for (int type = ELEMENT_CHAR; type < ELEMENT_TYPES; type++) {
		size_t width = element_width((enum element_type)type);
		for (size_t size = 0; size <= MANY_BYTES; size += 5 * width) {
			fill(expected, (uint32_t)(size + 1));
			fill(addends, (uint32_t)(size + 2));
			memcpy(found, expected, sizeof found);
			for (size_t at = 0; at < size; at += width)
				element_add((enum element_type)type, expected + at, addends + at);
			element_add_all((enum element_type)type, found, addends, size);
			assert_memory_equal(found, expected, sizeof found);
		}
	}
}

static bool all_hold(enum element_type type, enum element_comparison comparison,
		     const uint8_t *left, const uint8_t *right, size_t size)
{
	const struct element_pairs pairs = { left, right, size };
	uint32_t width = type == ELEMENT_BYTES ? 3 : element_width(type);
	return element_holds_for_all(type, width, comparison, &pairs);
}

/* Many zeros, and with one other number in the midst. */
static void assert_compared(enum element_type type, enum element_comparison comparison,
			    const uint8_t *odd)
{
	static const uint8_t zeros[MANY_BYTES];
	uint8_t bytes[MANY_BYTES] = { 0 };
	uint32_t width = element_width(type);
	bool same = element_holds(type, width, comparison, zeros, zeros);
	bool one = element_holds(type, width, comparison, odd, zeros);
	memcpy(bytes + 400, odd, width);
	assert_int_equal(all_hold(type, comparison, zeros, zeros, MANY_BYTES), same);
	assert_int_equal(all_hold(type, comparison, bytes, zeros, MANY_BYTES), same && one);
	assert_int_equal(all_hold(type, comparison, odd, zeros, width), one);
}

static void test_many_are_compared_as_one_by_one(void **state)
{
	(void)state;
	for (int type = ELEMENT_CHAR; type < ELEMENT_TYPES; type++) {
		uint8_t low[ELEMENT_MAX_NUMBER] = { 1 }, high[ELEMENT_MAX_NUMBER] = { 0 };
		high[element_width((enum element_type)type) - 1] = 0xc0;
		for (int i = 0; i < ELEMENT_COMPARISONS; i++) {
			assert_compared((enum element_type)type, (enum element_comparison)i, low);
			assert_compared((enum element_type)type, (enum element_comparison)i, high);
		}
	}
}

static void test_many_bytes_are_the_same_or_not(void **state)
{
	(void)state;
	const uint8_t left[] = "abcabc", right[] = "abcabd";
	assert_true(all_hold(ELEMENT_BYTES, ELEMENT_EQUAL, left, left, 6));
	assert_false(all_hold(ELEMENT_BYTES, ELEMENT_EQUAL, left, right, 6));
	/* The first three are not different. */
	assert_false(all_hold(ELEMENT_BYTES, ELEMENT_NOT_EQUAL, left, right, 6));
	assert_true(all_hold(ELEMENT_BYTES, ELEMENT_NOT_EQUAL, left + 3, right + 3, 3));
}

static void test_the_low_byte_comes_first(void **state)
{
	(void)state;
	const uint32_t numbers[2] = { 0x04030201, 0x08070605 };
	const uint8_t expected[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t elements[8];
	element_copy(ELEMENT_UINT32, elements, numbers, sizeof numbers);
	assert_memory_equal(elements, expected, sizeof expected);
}

static void test_every_type_has_a_name(void **state)
{
	(void)state;
	for (int type = 0; type < ELEMENT_TYPES; type++)
		assert_non_null(element_name((enum element_type)type));
	assert_string_equal(element_name(ELEMENT_UINT16), "uint16");
	assert_int_equal(element_width(ELEMENT_BYTES), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_have_their_order),
		cmocka_unit_test(test_reals_compare_as_numbers),
		cmocka_unit_test(test_bytes_are_the_same_or_not),
		cmocka_unit_test(test_sums_wrap_around),
		cmocka_unit_test(test_many_are_added_as_one_by_one),
		cmocka_unit_test(test_many_are_compared_as_one_by_one),
		cmocka_unit_test(test_many_bytes_are_the_same_or_not),
		cmocka_unit_test(test_the_low_byte_comes_first),
		cmocka_unit_test(test_every_type_has_a_name),
	};
	return cmocka_run_group_tests_name("element", tests, NULL, NULL);
}
