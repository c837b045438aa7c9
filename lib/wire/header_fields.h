#ifndef WIRE_HEADER_FIELDS_H
#define WIRE_HEADER_FIELDS_H

#include "wire/scan.h"

/* See header.proto. */
enum { FIELD_CALL = 1, FIELD_SIZES = 2, FIELD_ACKS = 3 };

static inline uint32_t header_tag(uint32_t field, uint32_t wire_type)
{
	return field << 3 | wire_type;
}

#endif
