/* Comparing, adding and copying the elements of cells. */
#include "base/element.h"

#include <endian.h>
#include <string.h>

static const struct {
	const char *name;
	uint32_t width;
} types[ELEMENT_TYPES] = {
	[ELEMENT_BYTES] = { "bytes", 0 },   [ELEMENT_CHAR] = { "char", 1 },
	[ELEMENT_INT8] = { "int8", 1 },     [ELEMENT_INT16] = { "int16", 2 },
	[ELEMENT_INT32] = { "int32", 4 },   [ELEMENT_INT64] = { "int64", 8 },
	[ELEMENT_UINT8] = { "uint8", 1 },   [ELEMENT_UINT16] = { "uint16", 2 },
	[ELEMENT_UINT32] = { "uint32", 4 }, [ELEMENT_UINT64] = { "uint64", 8 },
	[ELEMENT_FLOAT] = { "float", 4 },   [ELEMENT_DOUBLE] = { "double", 8 },
};

uint32_t element_width(enum element_type type)
{
	return types[type].width;
}

const char *element_name(enum element_type type)
{
	return types[type].name;
}

bool element_suits(enum element_type type, enum element_comparison comparison)
{
	return type != ELEMENT_BYTES || comparison <= ELEMENT_NOT_EQUAL;
}

/* ---- numbers ---------------------------------------------------------- */

static bool is_signed(enum element_type type)
{
	return type >= ELEMENT_INT8 && type <= ELEMENT_INT64;
}

static bool is_integer(enum element_type type)
{
	return type < ELEMENT_FLOAT;
}

static uint64_t load_bits(const uint8_t *element, uint32_t width)
{
	uint64_t bits = 0;
	memcpy(&bits, element, width);
	return le64toh(bits);
}

static void store_bits(uint8_t *element, uint32_t width, uint64_t bits)
{
	bits = htole64(bits);
	memcpy(element, &bits, width);
}

/* An integer with its sign, shifted so that all integers of one type compare as
 * unsigned ones: the most negative is 0. */
static uint64_t load_rank(enum element_type type, const uint8_t *element)
{
	uint32_t width = element_width(type);
	uint64_t bits = load_bits(element, width);
	return is_signed(type) ? bits ^ UINT64_C(1) << (8 * width - 1) : bits;
}

static double load_real(enum element_type type, const uint8_t *element)
{
	uint64_t bits = load_bits(element, element_width(type));
	uint32_t low = (uint32_t)bits;
	float narrow;
	double wide;
	if (type == ELEMENT_DOUBLE) {
		memcpy(&wide, &bits, sizeof wide);
		return wide;
	}
	memcpy(&narrow, &low, sizeof narrow);
	return (double)narrow;
}

static void store_real(enum element_type type, uint8_t *element, double real)
{
	uint64_t bits = 0;
	uint32_t low;
	float narrow = (float)real;
	memcpy(&low, &narrow, sizeof low);
	if (type == ELEMENT_DOUBLE)
		memcpy(&bits, &real, sizeof bits);
	else
		bits = low;
	store_bits(element, element_width(type), bits);
}

/* ---- comparing, adding, copying --------------------------------------- */

enum order { ORDER_LESS, ORDER_EQUAL, ORDER_GREATER, ORDER_NONE };

static enum order element_compare(enum element_type type, uint32_t width, const uint8_t *left,
				  const uint8_t *right)
{
	if (type == ELEMENT_BYTES)
		return memcmp(left, right, width) == 0 ? ORDER_EQUAL : ORDER_NONE;
	if (is_integer(type)) {
		uint64_t first = load_rank(type, left);
		uint64_t second = load_rank(type, right);
		return first < second ? ORDER_LESS : first > second ? ORDER_GREATER : ORDER_EQUAL;
	}
	double first = load_real(type, left);
	double second = load_real(type, right);
	if (first < second)
		return ORDER_LESS;
	if (first > second)
		return ORDER_GREATER;
	return first == second ? ORDER_EQUAL : ORDER_NONE;
}

bool element_holds(enum element_type type, uint32_t width, enum element_comparison comparison,
		   const uint8_t *left, const uint8_t *right)
{
	enum order order = element_compare(type, width, left, right);
	switch (comparison) {
	case ELEMENT_EQUAL:
		return order == ORDER_EQUAL;
	case ELEMENT_NOT_EQUAL:
		return order != ORDER_EQUAL;
	case ELEMENT_LESS:
		return order == ORDER_LESS;
	case ELEMENT_LESS_EQUAL:
		return order == ORDER_LESS || order == ORDER_EQUAL;
	case ELEMENT_GREATER:
		return order == ORDER_GREATER;
	case ELEMENT_GREATER_EQUAL:
		return order == ORDER_GREATER || order == ORDER_EQUAL;
	case ELEMENT_COMPARISONS:
		break;
	}
	return false;
}

void element_add(enum element_type type, uint8_t *element, const uint8_t *addend)
{
	uint32_t width = element_width(type);
	if (is_integer(type))
		store_bits(element, width, load_bits(element, width) + load_bits(addend, width));
	else
		store_real(type, element, load_real(type, element) + load_real(type, addend));
}

void element_copy(enum element_type type, void *to, const void *from, size_t size)
{
	uint32_t width = element_width(type);
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ || width <= 1) {
		memcpy(to, from, size);
		return;
	}
	for (size_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = ((const uint8_t *)from)[i - i % width + width - 1 - i % width];
}
