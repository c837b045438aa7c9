#ifndef WIRE_HEADER_H
#define WIRE_HEADER_H

#include "header.pb-c.h"
#include "wire/arena.h"
#include "wire/scan.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What relevo__header__get_packed_size() and relevo__header__pack() do, byte for
 * byte. Those walk all fields that a header can have; one that is sent has three,
 * and packing it was the largest single cost of a small frame. Fields that are
 * unknown to this version are not packed.
 */
size_t header_packed_size(const Relevo__Header *header);

/* `out` has room for header_packed_size(). */
void header_pack(const Relevo__Header *header, uint8_t *out);

/* Where the operation stands in a packed header, and as which of its fields. */
struct header_operation {
	const ProtobufCFieldDescriptor *field;
	struct scan bytes;
};

/*
 * What relevo__header__unpack() does, for a header in the form that header_pack() gives it: in
 * the order of the fields, with one operation and nothing unknown. NULL for any other, for one
 * that is not valid, and when memory ran out: then protobuf-c has to have a look. It does the
 * same for all, but walks all fields that a header can have. *operation points into `bytes`.
 */
Relevo__Header *header_unpack(const uint8_t *bytes, size_t size, struct arena *arena,
			      struct header_operation *operation);

#endif
