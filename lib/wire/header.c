/* Packing the header of a frame. */
#include "wire/header.h"

#include "wire/header_fields.h"

#include <endian.h>
#include <string.h>

static size_t varint_size(uint64_t number)
{
	size_t size = 1;
	while (number >= 0x80) {
		number >>= 7;
		size++;
	}
	return size;
}

static uint8_t *write_varint(uint8_t *out, uint64_t number)
{
	while (number >= 0x80) {
		*out++ = (uint8_t)(number | 0x80);
		number >>= 7;
	}
	*out++ = (uint8_t)number;
	return out;
}

/* Fixed-width numbers, little-endian. */
static uint8_t *write_fixed32(uint8_t *out, const uint32_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++, out += sizeof *numbers) {
		const uint32_t number = htole32(numbers[i]);
		memcpy(out, &number, sizeof number);
	}
	return out;
}

static uint8_t *write_fixed64(uint8_t *out, const uint64_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++, out += sizeof *numbers) {
		const uint64_t number = htole64(numbers[i]);
		memcpy(out, &number, sizeof number);
	}
	return out;
}

static size_t sizes_size(const Relevo__Header *header)
{
	return header->n_sizes * sizeof *header->sizes;
}

static size_t acks_size(const Relevo__Header *header)
{
	return header->n_acks * sizeof *header->acks;
}

/* All members of the oneof are messages, and share one pointer. */
static const ProtobufCMessage *operation(const Relevo__Header *header)
{
	return header->op_case != RELEVO__HEADER__OP__NOT_SET ? &header->hello->base : NULL;
}

static size_t bytes_field_size(uint32_t field, size_t size)
{
	return varint_size(header_tag(field, WIRE_BYTES)) + varint_size(size) + size;
}

size_t header_packed_size(const Relevo__Header *header)
{
	const ProtobufCMessage *message = operation(header);
	size_t size = 0;
	if (header->call != 0)
		size += varint_size(header_tag(FIELD_CALL, WIRE_VARINT)) +
			varint_size(header->call);
	if (header->n_sizes > 0)
		size += bytes_field_size(FIELD_SIZES, sizes_size(header));
	if (header->n_acks > 0)
		size += bytes_field_size(FIELD_ACKS, acks_size(header));
	if (message != NULL)
		size += bytes_field_size(header->op_case,
					 protobuf_c_message_get_packed_size(message));
	return size;
}

void header_pack(const Relevo__Header *header, uint8_t *out)
{
	const ProtobufCMessage *message = operation(header);
	if (header->call != 0) {
		out = write_varint(out, header_tag(FIELD_CALL, WIRE_VARINT));
		out = write_varint(out, header->call);
	}
	if (header->n_sizes > 0) {
		out = write_varint(out, header_tag(FIELD_SIZES, WIRE_BYTES));
		out = write_varint(out, sizes_size(header));
		out = write_fixed32(out, header->sizes, header->n_sizes);
	}
	if (header->n_acks > 0) {
		out = write_varint(out, header_tag(FIELD_ACKS, WIRE_BYTES));
		out = write_varint(out, acks_size(header));
		out = write_fixed64(out, header->acks, header->n_acks);
	}
	if (message != NULL) {
		out = write_varint(out, header_tag(header->op_case, WIRE_BYTES));
		out = write_varint(out, protobuf_c_message_get_packed_size(message));
		protobuf_c_message_pack(message, out);
	}
}
