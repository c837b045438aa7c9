#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include "base/buffer.h"
#include "base/error.h"
#include "header.pb-c.h"
#include "wire/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A frame is `u32 length | u32 header length | protobuf header | bodies`, both
 * numbers big-endian; `length` counts everything behind itself.
 */
struct frame {
	const Relevo__Header *header; /* in the arena */
	const uint8_t *bodies;        /* in the input, one behind the other */
	size_t bodies_size;
	size_t size; /* of the whole frame */
};

struct frame_limits {
	uint32_t max_frame; /* bytes of a whole frame */
	uint32_t max_item;  /* bytes of one body */
};

/*
 * The first frame in `bytes`. Returns
 *   OK                 *frame is filled and valid until the arena is reset or
 *                      the bytes change
 *   TRY_AGAIN          incomplete; frame->size tells how many bytes it takes in
 *                      all, as far as that is known
 *   UNKNOWN_OPERATION  as OK, but header->op_case is NOT_SET: the caller can
 *                      answer and go on
 *   TOO_LARGE          as OK, but a body, or the number of leases, is over the limit
 *   BAD_NAME           as OK, but a string holds a NUL byte, where C would end it
 *   BAD_FRAME          the stream cannot be followed any further
 *   NO_MEMORY
 * Every length is checked before it is believed; `error` names what is wrong.
 */
int frame_read(const uint8_t *bytes, size_t size, const struct frame_limits *limits,
	       struct arena *arena, struct frame *frame, struct error *error);

/* Bytes of a frame's prefix and header. */
size_t frame_head_size(const Relevo__Header *header);

/* Append a frame's prefix and header, of that size, to `out`; `bodies_size` bytes of bodies,
 * as header->sizes tells them, have to follow. False when memory ran out, or when
 * no reader would take so large a header or frame. */
bool frame_append_sized_head(struct buffer *out, const Relevo__Header *header, size_t head_size,
			     size_t bodies_size);

/* The same for who does not know the size yet. */
bool frame_append_head(struct buffer *out, const Relevo__Header *header, size_t bodies_size);

/* The sum of header->sizes. */
uint64_t frame_bodies_size(const Relevo__Header *header);

#endif
