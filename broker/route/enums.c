/* Enums of what clients send: each has a value that is known. */
#include "route/enums.h"

#include <string.h>

static const ProtobufCFieldDescriptor *enums_operation(unsigned operation)
{
	return protobuf_c_message_descriptor_get_field(&relevo__header__descriptor, operation);
}

bool enums_in(unsigned operation)
{
	const ProtobufCFieldDescriptor *field = enums_operation(operation);
	if (field == NULL || field->type != PROTOBUF_C_TYPE_MESSAGE)
		return false;
	const ProtobufCMessageDescriptor *message = field->descriptor;
	for (unsigned i = 0; i < message->n_fields; i++) {
		if (message->fields[i].type == PROTOBUF_C_TYPE_ENUM)
			return true;
	}
	return false;
}

/* None of them is repeated, in what clients send. */
static int enums_check_field(const ProtobufCFieldDescriptor *operation, const char *message,
			     const ProtobufCFieldDescriptor *field, struct error *error)
{
	int value;
	memcpy(&value, message + field->offset, sizeof value);
	if (field->label == PROTOBUF_C_LABEL_REPEATED ||
	    protobuf_c_enum_descriptor_get_value(field->descriptor, value) != NULL)
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_ARGUMENT, "%s: %s %d is not known", operation->name,
			 field->name, value);
}

int enums_check(const Relevo__Header *header, struct error *error)
{
	const ProtobufCFieldDescriptor *operation = enums_operation(header->op_case);
	const ProtobufCMessageDescriptor *type = operation->descriptor;
	const char *message;
	int status = RELEVO_OK;
	memcpy(&message, (const char *)header + operation->offset, sizeof message);
	for (unsigned i = 0; i < type->n_fields && status == RELEVO_OK; i++) {
		if (type->fields[i].type == PROTOBUF_C_TYPE_ENUM)
			status = enums_check_field(operation, message, &type->fields[i], error);
	}
	return status;
}
