/* Strings of a packed message that would be cut short in C. */
#include "wire/text.h"

#include "base/mutant.h"
#include "wire/scan.h"

#include <string.h>

/* Any field but those with bytes. */
static bool text_take_number(struct scan *scan, unsigned wire_type)
{
	uint64_t ignored;
	switch (wire_type) {
	case WIRE_VARINT:
		return scan_varint(scan, &ignored);
	case WIRE_64_BITS:
		return scan_skip(scan, 8);
	case WIRE_32_BITS:
		return scan_skip(scan, 4);
	default:
		return false;
	}
}

/* Whatever it is, this is all that most fields cost. */
static bool has_nul(const uint8_t *bytes, size_t size)
{
	return memchr(bytes, 0, size) != NULL;
}

bool text_field_is_whole(const ProtobufCFieldDescriptor *field, const uint8_t *bytes, size_t size,
			 struct text_place *place)
{
	if (!has_nul(bytes, size))
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
	struct scan scan = { bytes, size }, content;
	struct text_place found;
	uint64_t tag;
	/* Most messages have no such byte anywhere, numbers included. */
	const uint8_t *first = size > 0 ? memchr(bytes, 0, size) : NULL;
	if (first == NULL)
		return true;
	while (scan.left > 0 && scan_varint(&scan, &tag)) {
		if ((tag & 7) != WIRE_BYTES) {
			if (!text_take_number(&scan, tag & 7))
				break;
			continue;
		}
		if (!scan_bytes(&scan, &content))
			break;
		if (content.next + content.left <= first || !has_nul(content.next, content.left))
			continue;
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
		if (field != NULL && !text_field_is_whole(field, content.next, content.left,
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
