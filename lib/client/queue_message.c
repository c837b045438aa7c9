#include "client/error.h"
#include "client/queue.h"

#include <relevo/protobuf.h>
#include <stdlib.h>

int relevo_put_message(relevo_queue *queue, const ProtobufCMessage *message, size_t max_size,
		       int64_t timeout)
{
	struct error *error = client_error();
	const char *type = message->descriptor->name;
	if (!protobuf_c_message_check(message))
		return error_set(error, RELEVO_CANNOT_ENCODE,
				 "a %s for \"%s\" lacks a field that it must have", type,
				 queue->handle.name);
	size_t size = protobuf_c_message_get_packed_size(message);
	if (max_size > 0 && size > max_size)
		return error_set(error, RELEVO_TOO_LARGE,
				 "a %s for \"%s\" has %zu bytes, more than the limit of %zu", type,
				 queue->handle.name, size, max_size);
	uint8_t *bytes = malloc(size > 0 ? size : 1);
	if (bytes == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a %s of %zu bytes", type,
				 size);
	protobuf_c_message_pack(message, bytes);
	int status = relevo_queue_put(queue, bytes, size, timeout);
	free(bytes);
	return status;
}

/* Why the item cannot be had as that type; *message, if it can. */
static int unpack(const relevo_item *item, size_t max_size, const ProtobufCMessageDescriptor *type,
		  ProtobufCMessage **message, struct error *error)
{
	if (max_size > 0 && item->size > max_size)
		return error_set(error, RELEVO_TOO_LARGE,
				 "an item has %zu bytes, more than the limit of %zu, in the queue",
				 item->size, max_size);
	*message = protobuf_c_message_unpack(type, NULL, item->size, item->data);
	if (*message == NULL)
		return error_set(error, RELEVO_CANNOT_ENCODE, "an item is no %s, in the queue",
				 type->name);
	return RELEVO_OK;
}

/* Out of the way if there is a place for it, else back. */
static int refuse(relevo_queue *queue, relevo_item *item, const struct error *why)
{
	if (queue->has_dead_letters)
		(void)relevo_queue_reject(queue, item, 1);
	else
		(void)relevo_queue_nack(queue, item, 1, 0);
	/* If that failed the item goes back with its lease. */
	return error_set(client_error(), why->status, "%s \"%s\"", why->text, queue->handle.name);
}

int relevo_get_message(relevo_queue *queue, const ProtobufCMessageDescriptor *type, size_t max_size,
		       ProtobufCMessage **message, int64_t timeout)
{
	relevo_item item = { 0 };
	size_t got;
	*message = NULL;
	int status = relevo_queue_lease(queue, &item, 1, timeout, &got);
	if (status != RELEVO_OK)
		return status;
	struct error why;
	status = unpack(&item, max_size, type, message, &why);
	if (status == RELEVO_OK)
		queue_finish(queue, &item);
	else
		status = refuse(queue, &item, &why);
	relevo_item_free(&item);
	return status;
}
