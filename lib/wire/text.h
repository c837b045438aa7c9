#ifndef WIRE_TEXT_H
#define WIRE_TEXT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * protobuf-c makes C strings of the strings of a message, so one with a NUL byte would be
 * taken for the shorter one before it. Who unpacks what others have packed asks here first.
 */

/* Which field it is: `name` of the message `within`, which is a field of the whole; "" if it
 * is the whole itself. */
struct text_place {
	const char *within, *name;
};

/*
 * Whether no string in `bytes`, a packed message of that type, holds a NUL byte; *place (may
 * be NULL) tells which one does. What is not valid protobuf is left to who unpacks it. For
 * types of messages that do not hold themselves.
 */
bool text_is_whole(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size,
		   struct text_place *place);

/* The same for one field of a message, whose content is `bytes`. */
bool text_field_is_whole(const ProtobufCFieldDescriptor *field, const uint8_t *bytes, size_t size,
			 struct text_place *place);

/* As protobuf_c_message_unpack(), but NULL also for a string with a NUL byte. */
void *text_unpack(const ProtobufCMessageDescriptor *type, ProtobufCAllocator *allocator,
		  size_t size, const uint8_t *bytes);

#endif
