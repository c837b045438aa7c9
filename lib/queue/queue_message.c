/* Protobuf messages as items: putting, getting and leasing them. */
#include "base/mutant.h"
#include "base/thread_error.h"
#include "queue/queue.h"
#include "wire/protocol.h"

#include <relevo/protobuf.h>
#include <stdbool.h>
#include <stdlib.h>

int relevo_queue_put_message(relevo_queue *queue, const ProtobufCMessage *message, size_t max_size,
			     int64_t timeout)
{
	if (!given(queue, message))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	const char *type = message->descriptor->name;
	if (!protobuf_c_message_check(message))
		return error_set(error, RELEVO_CANNOT_ENCODE,
				 "a %s for \"%s\" lacks a field that it must have", type,
				 queue->handle.name);
	size_t size = protobuf_c_message_get_packed_size(message);
	if (max_size > 0 && size > max_size)
		return error_set(
			error, RELEVO_TOO_LARGE,
			"a %s for \"%s\" has %zu bytes, more than the limit of %zu " ITEM_MAX_HOW,
			type, queue->handle.name, size, max_size);
	uint8_t *bytes = malloc(size > 0 ? size : 1);
	if (bytes == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a %s of %zu bytes", type,
				 size);
	protobuf_c_message_pack(message, bytes);
	int status = relevo_queue_put(queue, bytes, size, timeout);
	free(bytes);
	return status;
}

/* The C library's memory, so that the message can be freed without this allocator; it
 * tells a lack of it from bytes that are no message. */
static void *queue_message_allocate(void *missed, size_t size)
{
	void *memory = malloc(size);
	if (memory == NULL)
		*(bool *)missed = true;
	return memory;
}

static void queue_message_release(void *missed, void *memory)
{
	(void)missed;
	free(memory);
}

/* What an item is expected to be. */
struct message_type {
	const ProtobufCMessageDescriptor *descriptor;
	size_t max_size; /* packed bytes; 0: any number */
};

/* Why the item cannot be had as that type; *message, if it can. */
static int unpack(const relevo_queue *queue, const struct message_type *type,
		  const relevo_item *item, ProtobufCMessage **message, struct error *error)
{
	const char *name = type->descriptor->name;
	if (type->max_size > 0 && item->size > type->max_size)
		return error_set(error, RELEVO_TOO_LARGE,
				 "an item has %zu bytes, more than the limit of %zu " ITEM_MAX_HOW
				 ", in the queue \"%s\"",
				 item->size, type->max_size, queue->handle.name);
	bool missed = false;
	ProtobufCAllocator allocator = { queue_message_allocate, queue_message_release, &missed };
	*message = protobuf_c_message_unpack(type->descriptor, &allocator, item->size, item->data);
	if (*message == NULL && missed)
		return error_set(error, RELEVO_NO_MEMORY,
				 "no memory for a %s of %zu bytes, in the queue \"%s\"", name,
				 item->size, queue->handle.name);
	if (*message == NULL)
		return error_set(error, RELEVO_CANNOT_ENCODE,
				 "an item is no %s, in the queue \"%s\"", name, queue->handle.name);
	return RELEVO_OK;
}

static int lease_item(relevo_queue *queue, relevo_item *item, int64_t timeout)
{
	size_t got;
	*item = (relevo_item){ 0 };
	return relevo_queue_lease(queue, timeout, item, 1, &got);
}

int relevo_queue_lease_message(relevo_queue *queue, const ProtobufCMessageDescriptor *type,
			       size_t max_size, int64_t timeout, relevo_item *item,
			       ProtobufCMessage **message)
{
	if (!given(queue, type, item, message))
		return RELEVO_BAD_ARGUMENT;
	const struct message_type wanted = { .descriptor = type, .max_size = max_size };
	*message = NULL;
	int status = lease_item(queue, item, timeout);
	if (status != RELEVO_OK)
		return status;
	return unpack(queue, &wanted, item, message, thread_error());
}

/* What is no such message is out of the way, so that the next call gets the next item.
 * If that fails, the item goes back with its lease. */
static int put_aside(relevo_queue *queue, relevo_item *item, const struct error *why)
{
	if (why->status == RELEVO_NO_MEMORY || MUTANT(no_message_comes_again))
		(void)relevo_queue_nack(queue, item, 1, 0);
	else
		(void)relevo_queue_reject(queue, item, 1);
	return error_set(thread_error(), why->status, "%s", why->text);
}

int relevo_queue_get_message(relevo_queue *queue, const ProtobufCMessageDescriptor *type,
			     size_t max_size, int64_t timeout, ProtobufCMessage **message)
{
	if (!given(queue, type, message))
		return RELEVO_BAD_ARGUMENT;
	const struct message_type wanted = { .descriptor = type, .max_size = max_size };
	relevo_item item;
	*message = NULL;
	int status = lease_item(queue, &item, timeout);
	if (status != RELEVO_OK)
		return status;
	struct error why;
	status = unpack(queue, &wanted, &item, message, &why);
	if (status == RELEVO_OK)
		queue_finish(queue, &item);
	else
		status = put_aside(queue, &item, &why);
	relevo_item_free(&item);
	return status;
}
