#ifndef WIRE_HEADER_H
#define WIRE_HEADER_H

#include "header.pb-c.h"

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

#endif
