/* Reading frames, with all checks of what came in, and writing the heads of frames. */
#include "wire/frame.h"

#include "base/mutant.h"
#include "wire/header.h"
#include "wire/protocol.h"
#include "wire/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

/* Field numbers below it are of the header itself, see header.proto. */
enum { FIRST_OPERATION = 10 };

static uint32_t read_u32(const uint8_t *bytes)
{
	uint32_t number;
	memcpy(&number, bytes, sizeof number);
	return ntohl(number);
}

static void write_u32(uint8_t *bytes, size_t number)
{
	uint32_t big_endian = htonl((uint32_t)number);
	memcpy(bytes, &big_endian, sizeof big_endian);
}

uint64_t frame_bodies_size(const Relevo__Header *header)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < header->n_sizes; i++)
		sum += header->sizes[i];
	return sum;
}

/* Check the two lengths, as far as they are there. */
static int check_prefix(const uint8_t *bytes, size_t size, const struct frame_limits *limits,
			size_t *frame_size, struct error *error)
{
	*frame_size = FRAME_PREFIX_SIZE;
	if (size < sizeof(uint32_t))
		return TRY_AGAIN;
	uint32_t length = read_u32(bytes);
	if (length < sizeof(uint32_t) || length > limits->max_frame - sizeof(uint32_t))
		return error_set(error, RELEVO_BAD_FRAME,
				 "a frame announces %u bytes; 4 to %zu are allowed", length,
				 limits->max_frame - sizeof(uint32_t));
	*frame_size = length + sizeof(uint32_t);
	if (size < FRAME_PREFIX_SIZE)
		return TRY_AGAIN;
	uint32_t header = read_u32(bytes + sizeof(uint32_t));
	if (header > length - sizeof(uint32_t) || header > FRAME_MAX_HEADER)
		return error_set(
			error, RELEVO_BAD_FRAME,
			"a frame of %u bytes announces a header of %u; at most %u are allowed",
			length, header, FRAME_MAX_HEADER);
	return size < *frame_size ? TRY_AGAIN : RELEVO_OK;
}

static int check_bodies(const struct frame *frame, const struct frame_limits *limits,
			struct error *error)
{
	const Relevo__Header *header = frame->header;
	if (header->n_sizes > FRAME_MAX_ITEMS)
		return error_set(error, RELEVO_BAD_FRAME, "a frame holds %zu bodies, more than %u",
				 header->n_sizes, FRAME_MAX_ITEMS);
	uint64_t sum = frame_bodies_size(header);
	if (sum != frame->bodies_size)
		return error_set(error, RELEVO_BAD_FRAME,
				 "the bodies of a frame have %zu bytes, its header says %" PRIu64,
				 frame->bodies_size, sum);
	for (size_t i = 0; i < header->n_sizes; i++) {
		if (header->sizes[i] > limits->max_item)
			return error_set(
				error, RELEVO_TOO_LARGE,
				"item %zu has %u bytes, more than the limit of %u " ITEM_MAX_HOW, i,
				header->sizes[i], limits->max_item);
	}
	return RELEVO_OK;
}

/* How many leases the operation names. */
static size_t count_leases(const Relevo__Header *header)
{
	switch (header->op_case) {
	case RELEVO__HEADER__OP_QUEUE_PUT:
		return header->queue_put->n_acks;
	case RELEVO__HEADER__OP_QUEUE_ACK:
		return header->queue_ack->n_leases;
	case RELEVO__HEADER__OP_QUEUE_NACK:
		return header->queue_nack->n_leases;
	case RELEVO__HEADER__OP_QUEUE_REJECT:
		return header->queue_reject->n_leases;
	case RELEVO__HEADER__OP_QUEUE_EXTEND:
		return header->queue_extend->n_leases;
	default:
		return 0;
	}
}

/* Those in the header belong to no call that could fail. */
static int check_leases(const Relevo__Header *header, struct error *error)
{
	if (header->n_acks > FRAME_MAX_LEASES)
		return error_set(error, RELEVO_BAD_FRAME,
				 "the header of a frame acknowledges %zu leases, more than %u",
				 header->n_acks, FRAME_MAX_LEASES);
	size_t count = count_leases(header);
	if (count > FRAME_MAX_LEASES && !MUTANT(leases_without_bound))
		return error_set(error, RELEVO_TOO_LARGE,
				 "an operation names %zu leases, more than %u", count,
				 FRAME_MAX_LEASES);
	return RELEVO_OK;
}

/* protobuf-c keeps the fields it does not know. The first that could stand in
 * the oneof is what a newer client may have meant as the operation. */
static int unknown_operation(const Relevo__Header *header, struct error *error)
{
	for (unsigned i = 0; i < header->base.n_unknown_fields; i++) {
		uint32_t tag = header->base.unknown_fields[i].tag;
		if (tag >= FIRST_OPERATION)
			return error_set(error, RELEVO_UNKNOWN_OPERATION,
					 "operation %u is not known", tag);
	}
	return error_set(error, RELEVO_UNKNOWN_OPERATION, "a frame names no operation");
}

static int unpack_header(const struct scan *packed, struct arena *arena, struct frame *frame,
			 struct header_operation *operation, struct error *error)
{
	const uint8_t *bytes = packed->next;
	size_t size = packed->left;
	frame->header = header_unpack(bytes, size, arena, operation);
	if (frame->header == NULL)
		frame->header = relevo__header__unpack(&arena->allocator, size, bytes);
	if (frame->header != NULL)
		return RELEVO_OK;
	if (arena->out_of_memory)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a header of %zu bytes",
				 size);
	return error_set(error, RELEVO_BAD_FRAME,
			 "the header of a frame, %zu bytes, is not valid protobuf or too complex",
			 size);
}

/* The header itself has none. `operation->field` NULL: it is somewhere in there. */
static int check_strings(const struct scan *packed, const struct header_operation *operation,
			 struct error *error)
{
	struct text_place place;
	const struct scan *bytes = &operation->bytes;
	bool whole = operation->field != NULL ? text_field_is_whole(operation->field, bytes->next,
								    bytes->left, &place)
					      : text_is_whole(&relevo__header__descriptor,
							      packed->next, packed->left, &place);
	if (whole)
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_NAME, "%s of %s holds a NUL byte", place.name,
			 place.within);
}

int frame_read(const uint8_t *bytes, size_t size, const struct frame_limits *limits,
	       struct arena *arena, struct frame *frame, struct error *error)
{
	int status = check_prefix(bytes, size, limits, &frame->size, error);
	if (status != RELEVO_OK)
		return status;

	const struct scan header = { bytes + FRAME_PREFIX_SIZE,
				     read_u32(bytes + sizeof(uint32_t)) };
	struct header_operation operation = { 0 };
	status = unpack_header(&header, arena, frame, &operation, error);
	if (status != RELEVO_OK)
		return status;
	frame->bodies = header.next + header.left;
	frame->bodies_size = frame->size - FRAME_PREFIX_SIZE - header.left;
	status = check_bodies(frame, limits, error);
	if (status == RELEVO_OK)
		status = check_leases(frame->header, error);
	if (status == RELEVO_OK && frame->header->op_case == RELEVO__HEADER__OP__NOT_SET)
		status = unknown_operation(frame->header, error);
	if (status == RELEVO_OK)
		status = check_strings(&header, &operation, error);
	return status;
}

size_t frame_head_size(const Relevo__Header *header)
{
	return FRAME_PREFIX_SIZE + header_packed_size(header);
}

bool frame_append_sized_head(struct buffer *out, const Relevo__Header *header, size_t head_size,
			     size_t bodies_size)
{
	size_t header_size = head_size - FRAME_PREFIX_SIZE;
	if (header_size > FRAME_MAX_HEADER || bodies_size > UINT32_MAX - FRAME_MAX_HEADER - 4)
		return false;
	uint8_t *room = buffer_reserve(out, head_size);
	if (room == NULL)
		return false;
	write_u32(room, sizeof(uint32_t) + header_size + bodies_size);
	write_u32(room + sizeof(uint32_t), header_size);
	header_pack(header, room + FRAME_PREFIX_SIZE);
	buffer_commit(out, head_size);
	return true;
}

bool frame_append_head(struct buffer *out, const Relevo__Header *header, size_t bodies_size)
{
	return frame_append_sized_head(out, header, frame_head_size(header), bodies_size);
}
