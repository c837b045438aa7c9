/*
 * Queues of protobuf messages, as protobuf-c has them. Not part of <relevo/relevo.h>:
 * a program that includes this needs the headers of protobuf-c, and links with it.
 */
#ifndef RELEVO_PROTOBUF_H
#define RELEVO_PROTOBUF_H

#include <protobuf-c/protobuf-c.h>
#include <relevo/queue.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Put a message, packed: &message->base of any generated type. It stays the caller's.
 * `max_size` bounds the packed bytes; 0: the broker's limit alone does. Thread-safe;
 * waits as relevo_queue_put() does.
 *
 * Errors: TOO_LARGE (nothing is sent), CANNOT_ENCODE (a required field is missing), and
 * those of relevo_queue_put().
 */
RELEVO_API int relevo_queue_put_message(relevo_queue *queue, const ProtobufCMessage *message,
					size_t max_size, int64_t timeout);

/*
 * Take the next item and unpack it as a message of that type, of `max_size` packed bytes
 * at most; 0: any number. Free it with protobuf_c_message_free_unpacked(*message, NULL).
 * It is acknowledged when it has been unpacked. Thread-safe; blocks.
 *
 * Errors: TOO_LARGE, CANNOT_ENCODE (it is no such message): *message is NULL, and the item
 * is rejected. So it is a dead letter, or dropped if the queue has no place for these, and the next
 * call gets the next item; callers that decide about it themselves use
 * relevo_queue_lease_message(). NO_MEMORY: it is back in its place. And those of
 * relevo_queue_get().
 */
RELEVO_API int relevo_queue_get_message(relevo_queue *queue, const ProtobufCMessageDescriptor *type,
					size_t max_size, int64_t timeout,
					ProtobufCMessage **message);

/*
 * As relevo_queue_get_message(), but the item stays leased and is handed over too, with its
 * headers and reply-to: acknowledge, give back or reject it, and free it. So it is with
 * TOO_LARGE and CANNOT_ENCODE: *message is NULL then, and the item has the bytes that are
 * no such message. After any other error there may be no item: its lease is 0 then. Free *message
 * as there; it does not need the item. Thread-safe; blocks.
 *
 * Errors as relevo_queue_get_message().
 */
RELEVO_API int relevo_queue_lease_message(relevo_queue *queue,
					  const ProtobufCMessageDescriptor *type, size_t max_size,
					  int64_t timeout, relevo_item *item,
					  ProtobufCMessage **message);

#ifdef __cplusplus
}
#endif

#endif
