/* Adding and comparing many elements of a cell, with a loop for each type. */
#include "cells/element_many.h"

#include <string.h>

/* A loop for each type, which the compiler knows: deciding anew for each element takes
 * thirty times as long. They read numbers as they are in memory. */
static bool are_native(void)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
}

/* ---- adding ------------------------------------------------------------- */

/* By blocks, of which the compiler adds many numbers at once. What is narrower than an int is
 * added as one, and cut. */
enum { BLOCK = 64 };

#define DEFINE_ADD(name, ctype)                                                                    \
	static void name##_block(uint8_t *elements, const uint8_t *addends)                        \
	{                                                                                          \
		ctype sums[BLOCK / sizeof(ctype)], more[BLOCK / sizeof(ctype)];                    \
		memcpy(sums, elements, BLOCK);                                                     \
		memcpy(more, addends, BLOCK);                                                      \
		for (size_t i = 0; i < BLOCK / sizeof(ctype); i++)                                 \
			sums[i] = (ctype)(sums[i] + more[i]);                                      \
		memcpy(elements, sums, BLOCK);                                                     \
	}                                                                                          \
	static void name(uint8_t *elements, const uint8_t *addends, size_t size)                   \
	{                                                                                          \
		size_t at = 0;                                                                     \
		for (; at + BLOCK <= size; at += BLOCK)                                            \
			name##_block(elements + at, addends + at);                                 \
		for (; at < size; at += sizeof(ctype)) {                                           \
			ctype sum, more;                                                           \
			memcpy(&sum, elements + at, sizeof sum);                                   \
			memcpy(&more, addends + at, sizeof more);                                  \
			sum = (ctype)(sum + more);                                                 \
			memcpy(elements + at, &sum, sizeof sum);                                   \
		}                                                                                  \
	}

DEFINE_ADD(add_8, uint8_t)
DEFINE_ADD(add_16, uint16_t)
DEFINE_ADD(add_32, uint32_t)
DEFINE_ADD(add_64, uint64_t)
DEFINE_ADD(add_float, float)
DEFINE_ADD(add_double, double)

typedef void add_function(uint8_t *elements, const uint8_t *addends, size_t size);

void element_add_all(enum element_type type, uint8_t *elements, const uint8_t *addends, size_t size)
{
	static add_function *const functions[ELEMENT_TYPES] = {
		[ELEMENT_CHAR] = add_8,        [ELEMENT_INT8] = add_8,
		[ELEMENT_INT16] = add_16,      [ELEMENT_INT32] = add_32,
		[ELEMENT_INT64] = add_64,      [ELEMENT_UINT8] = add_8,
		[ELEMENT_UINT16] = add_16,     [ELEMENT_UINT32] = add_32,
		[ELEMENT_UINT64] = add_64,     [ELEMENT_FLOAT] = add_float,
		[ELEMENT_DOUBLE] = add_double,
	};
	if (are_native()) {
		functions[type](elements, addends, size);
		return;
	}
	for (size_t at = 0; at < size; at += element_width(type))
		element_add(type, elements + at, addends + at);
}

/* ---- comparing ---------------------------------------------------------- */

#define HOLDS_FOR_ALL(ctype, comparison)                                                           \
	do {                                                                                       \
		for (size_t at = 0; at < pairs->size; at += sizeof(ctype)) {                       \
			ctype first, second;                                                       \
			memcpy(&first, pairs->left + at, sizeof first);                            \
			memcpy(&second, pairs->right + at, sizeof second);                         \
			if (!(first comparison second))                                            \
				return false;                                                      \
		}                                                                                  \
		return true;                                                                       \
	} while (0)

#define DEFINE_HOLD(name, ctype)                                                                   \
	static bool name(enum element_comparison comparison, const struct element_pairs *pairs)    \
	{                                                                                          \
		switch (comparison) {                                                              \
		case ELEMENT_EQUAL:                                                                \
			HOLDS_FOR_ALL(ctype, ==);                                                  \
		case ELEMENT_NOT_EQUAL:                                                            \
			HOLDS_FOR_ALL(ctype, !=);                                                  \
		case ELEMENT_LESS:                                                                 \
			HOLDS_FOR_ALL(ctype, <);                                                   \
		case ELEMENT_LESS_EQUAL:                                                           \
			HOLDS_FOR_ALL(ctype, <=);                                                  \
		case ELEMENT_GREATER:                                                              \
			HOLDS_FOR_ALL(ctype, >);                                                   \
		case ELEMENT_GREATER_EQUAL:                                                        \
			HOLDS_FOR_ALL(ctype, >=);                                                  \
		case ELEMENT_COMPARISONS:                                                          \
			break;                                                                     \
		}                                                                                  \
		return false;                                                                      \
	}

DEFINE_HOLD(hold_int8, int8_t)
DEFINE_HOLD(hold_int16, int16_t)
DEFINE_HOLD(hold_int32, int32_t)
DEFINE_HOLD(hold_int64, int64_t)
DEFINE_HOLD(hold_uint8, uint8_t)
DEFINE_HOLD(hold_uint16, uint16_t)
DEFINE_HOLD(hold_uint32, uint32_t)
DEFINE_HOLD(hold_uint64, uint64_t)
DEFINE_HOLD(hold_float, float)
DEFINE_HOLD(hold_double, double)

typedef bool hold_function(enum element_comparison comparison, const struct element_pairs *pairs);

bool element_holds_for_all(enum element_type type, uint32_t width,
			   enum element_comparison comparison, const struct element_pairs *pairs)
{
	static hold_function *const functions[ELEMENT_TYPES] = {
		[ELEMENT_CHAR] = hold_uint8,    [ELEMENT_INT8] = hold_int8,
		[ELEMENT_INT16] = hold_int16,   [ELEMENT_INT32] = hold_int32,
		[ELEMENT_INT64] = hold_int64,   [ELEMENT_UINT8] = hold_uint8,
		[ELEMENT_UINT16] = hold_uint16, [ELEMENT_UINT32] = hold_uint32,
		[ELEMENT_UINT64] = hold_uint64, [ELEMENT_FLOAT] = hold_float,
		[ELEMENT_DOUBLE] = hold_double,
	};
	if (type == ELEMENT_BYTES && comparison == ELEMENT_EQUAL)
		return memcmp(pairs->left, pairs->right, pairs->size) == 0;
	if (functions[type] != NULL && are_native())
		return functions[type](comparison, pairs);
	for (size_t at = 0; at < pairs->size; at += width) {
		if (!element_holds(type, width, comparison, pairs->left + at, pairs->right + at))
			return false;
	}
	return true;
}
