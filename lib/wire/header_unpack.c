/* Unpacking the header of a frame. */
#include "wire/header.h"

#include "wire/header_fields.h"

#include <endian.h>
#include <string.h>

/* The parts of a packed header. */
struct parts {
	uint64_t call;
	struct scan sizes, acks;
	struct header_operation operation;
};

/* Go past the tag of that field, if it is there. All below 16 have tags of one byte. */
static bool take_tag(struct scan *scan, uint32_t field, uint32_t wire_type)
{
	return scan->left > 0 && *scan->next == header_tag(field, wire_type) && scan_skip(scan, 1);
}

/* Fixed-width numbers; false: not so many that they fill the field. */
static bool take_numbers(struct scan *scan, size_t width, struct scan *numbers)
{
	return scan_bytes(scan, numbers) && numbers->left % width == 0;
}

static bool take_operation(struct scan *scan, struct header_operation *operation)
{
	uint64_t tag;
	if (!scan_varint(scan, &tag) || tag > UINT32_MAX || (tag & 7) != WIRE_BYTES ||
	    !scan_bytes(scan, &operation->bytes))
		return false;
	operation->field = protobuf_c_message_descriptor_get_field(&relevo__header__descriptor,
								   (unsigned)(tag >> 3));
	return operation->field != NULL && operation->field->type == PROTOBUF_C_TYPE_MESSAGE;
}

static bool header_unpack_take_parts(struct scan scan, struct parts *parts)
{
	if (take_tag(&scan, FIELD_CALL, WIRE_VARINT) && !scan_varint(&scan, &parts->call))
		return false;
	if (take_tag(&scan, FIELD_SIZES, WIRE_BYTES) &&
	    !take_numbers(&scan, sizeof(uint32_t), &parts->sizes))
		return false;
	if (take_tag(&scan, FIELD_ACKS, WIRE_BYTES) &&
	    !take_numbers(&scan, sizeof(uint64_t), &parts->acks))
		return false;
	return take_operation(&scan, &parts->operation) && scan.left == 0;
}

static bool unpack_sizes(const struct scan *packed, struct arena *arena, Relevo__Header *header)
{
	if (packed->left == 0)
		return true;
	header->sizes = arena_alloc(arena, packed->left);
	if (header->sizes == NULL)
		return false;
	memcpy(header->sizes, packed->next, packed->left);
	header->n_sizes = packed->left / sizeof *header->sizes;
	for (size_t i = 0; i < header->n_sizes; i++)
		header->sizes[i] = le32toh(header->sizes[i]);
	return true;
}

static bool unpack_acks(const struct scan *packed, struct arena *arena, Relevo__Header *header)
{
	if (packed->left == 0)
		return true;
	header->acks = arena_alloc(arena, packed->left);
	if (header->acks == NULL)
		return false;
	memcpy(header->acks, packed->next, packed->left);
	header->n_acks = packed->left / sizeof *header->acks;
	for (size_t i = 0; i < header->n_acks; i++)
		header->acks[i] = le64toh(header->acks[i]);
	return true;
}

static bool unpack_operation(const struct header_operation *operation, struct arena *arena,
			     Relevo__Header *header)
{
	ProtobufCMessage *message =
		protobuf_c_message_unpack(operation->field->descriptor, &arena->allocator,
					  operation->bytes.left, operation->bytes.next);
	header->op_case = (Relevo__Header__OpCase)operation->field->id;
	header->hello = (Relevo__Hello *)message; /* all members of the oneof share one pointer */
	return message != NULL;
}

Relevo__Header *header_unpack(const uint8_t *bytes, size_t size, struct arena *arena,
			      struct header_operation *operation)
{
	static const Relevo__Header empty = RELEVO__HEADER__INIT;
	struct parts parts = { 0 };
	if (!header_unpack_take_parts((struct scan){ bytes, size }, &parts))
		return NULL;
	Relevo__Header *header = arena_alloc(arena, sizeof *header);
	if (header == NULL)
		return NULL;
	*header = empty;
	header->call = parts.call;
	if (!unpack_sizes(&parts.sizes, arena, header) ||
	    !unpack_acks(&parts.acks, arena, header) ||
	    !unpack_operation(&parts.operation, arena, header))
		return NULL;
	*operation = parts.operation;
	return header;
}
