#ifndef BASE_ELEMENT_H
#define BASE_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The elements that cells are made of. Outside of the program that works with
 * them, on the wire and in the broker, an element is so many bytes, the lowest
 * first.
 */
enum element_type {
	ELEMENT_BYTES, /* any number of bytes, which are only ever compared and set */
	ELEMENT_CHAR,  /* one byte of text, a number from 0 to 255 */
	ELEMENT_INT8,
	ELEMENT_INT16,
	ELEMENT_INT32,
	ELEMENT_INT64,
	ELEMENT_UINT8,
	ELEMENT_UINT16,
	ELEMENT_UINT32,
	ELEMENT_UINT64,
	ELEMENT_FLOAT,
	ELEMENT_DOUBLE,
	ELEMENT_TYPES,
};

enum element_comparison {
	ELEMENT_EQUAL,
	ELEMENT_NOT_EQUAL,
	ELEMENT_LESS,
	ELEMENT_LESS_EQUAL,
	ELEMENT_GREATER,
	ELEMENT_GREATER_EQUAL,
	ELEMENT_COMPARISONS,
};

/* Bytes of the widest number. */
enum { ELEMENT_MAX_NUMBER = 8 };

/* Bytes of one; 0 for ELEMENT_BYTES, whose width is a matter of choice. */
uint32_t element_width(enum element_type type);

/* For messages: "int32". Static. */
const char *element_name(enum element_type type);

/* Bytes have no order: only the first two comparisons suit them. */
bool element_suits(enum element_type type, enum element_comparison comparison);

/*
 * Whether `left comparison right` holds. Numbers compare as numbers: 0.0 equals
 * -0.0, and a NaN equals nothing, not even itself. Bytes compare as `width` bytes.
 */
bool element_holds(enum element_type type, uint32_t width, enum element_comparison comparison,
		   const uint8_t *left, const uint8_t *right);

/* Add a number to another in place. Integers wrap around at the ends of their
 * type, signed ones too (two's complement). */
void element_add(enum element_type type, uint8_t *element, const uint8_t *addend);

/* Copy elements between their form in this program and that outside: the same
 * work in either direction, and no work where numbers start with their low byte. */
void element_copy(enum element_type type, void *to, const void *from, size_t size);

#endif
