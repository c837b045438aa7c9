/* Strings of a packed message that would be cut short in C. */
#include "wire/text.h"

#include "base/mutant.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_64_BITS = 1, WIRE_BYTES = 2, WIRE_32_BITS = 5 };

/* What is left to read. */
struct scan {
	const uint8_t *next;
	size_t left;
};

static bool take(struct scan *scan, uint64_t size)
{
	if (size > scan->left)
		return false;
	scan->next += size;
	scan->left -= (size_t)size;
	return true;
}

static bool take_varint(struct scan *scan, uint64_t *number)
{
	*number = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (scan->left == 0)
			return false;
		uint8_t byte = *scan->next;
		take(scan, 1);
		*number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

/* Any field but those with bytes. */
static bool take_number(struct scan *scan, unsigned wire_type)
{
	uint64_t ignored;
	switch (wire_type) {
	case WIRE_VARINT:
		return take_varint(scan, &ignored);
	case WIRE_64_BITS:
		return take(scan, 8);
	case WIRE_32_BITS:
		return take(scan, 4);
	default:
		return false;
	}
}

static bool field_is_whole(const ProtobufCMessageDescriptor *type, uint64_t id,
			   const uint8_t *bytes, size_t size, struct text_place *place)
{
	/* Whatever it is: this is all that most fields cost. */
	if (memchr(bytes, 0, size) == NULL)
		return true;
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field(type, (unsigned)id);
	if (field == NULL)
		return true;
	if (field->type == PROTOBUF_C_TYPE_STRING) {
		*place = (struct text_place){ "", field->name };
		return false;
	}
	if (field->type != PROTOBUF_C_TYPE_MESSAGE ||
	    text_is_whole(field->descriptor, bytes, size, place))
		return true;
	place->within = field->name;
	return false;
}

bool text_is_whole(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size,
		   struct text_place *place)
{
	struct scan scan = { bytes, size };
	struct text_place found;
	uint64_t tag, length;
	while (scan.left > 0 && take_varint(&scan, &tag)) {
		if ((tag & 7) != WIRE_BYTES) {
			if (!take_number(&scan, tag & 7))
				break;
			continue;
		}
		if (!take_varint(&scan, &length))
			break;
		const uint8_t *start = scan.next;
		if (!take(&scan, length))
			break;
		if (!field_is_whole(type, tag >> 3, start, (size_t)length,
				    place != NULL ? place : &found))
			return MUTANT(strings_are_cut);
	}
	return true;
}

void *text_unpack(const ProtobufCMessageDescriptor *type, ProtobufCAllocator *allocator,
		  size_t size, const uint8_t *bytes)
{
	if (!text_is_whole(type, bytes, size, NULL))
		return NULL;
	return protobuf_c_message_unpack(type, allocator, size, bytes);
}
