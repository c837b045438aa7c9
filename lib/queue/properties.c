/* Properties of items, a reply queue and headers: packing and unpacking them. */
#include "queue/properties.h"

#include "base/bounds.h"
#include "base/name.h"
#include "base/thread_error.h"
#include "wire/text.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* More of them hardly fit. */
enum { MOST_HEADERS = 1024 };

static int check_headers(const struct relevo_header *headers, size_t count, struct error *error)
{
	int status = RELEVO_OK;
	if (count > 0 && !given(headers))
		return RELEVO_BAD_ARGUMENT;
	for (size_t i = 0; i < count && status == RELEVO_OK; i++) {
		const struct relevo_bytes value = { headers[i].value, headers[i].size };
		if (!known(relevo_header, &headers[i]) || !given(headers[i].name) ||
		    !given_bytes(&value, 1))
			return RELEVO_BAD_ARGUMENT;
		status = name_check(headers[i].name, "header", error);
	}
	return status;
}

static int check_names(const struct relevo_put_options *options, struct error *error)
{
	int status = RELEVO_OK;
	if (options->reply_to != NULL)
		status = name_check(options->reply_to, "queue to reply to", error);
	if (status == RELEVO_OK && options->header_count > MOST_HEADERS)
		status = error_set(error, RELEVO_TOO_LARGE,
				   "an item with %zu headers: %d are the most",
				   options->header_count, MOST_HEADERS);
	if (status == RELEVO_OK)
		status = check_headers(options->headers, options->header_count, error);
	return status;
}

static int properties_pack_here(const Relevo__ItemProperties *message, ProtobufCBinaryData *packed,
				struct error *error)
{
	size_t size = relevo__item_properties__get_packed_size(message);
	if (size > ITEM_MAX_PROPERTIES)
		return error_set(error, RELEVO_TOO_LARGE,
				 "headers of %zu bytes for one item: %d are the most", size,
				 ITEM_MAX_PROPERTIES);
	packed->data = malloc(size);
	if (packed->data == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for an item's headers");
	packed->len = relevo__item_properties__pack(message, packed->data);
	return RELEVO_OK;
}

int properties_pack(const struct relevo_put_options *options, ProtobufCBinaryData *packed,
		    struct error *error)
{
	size_t count = options->header_count;
	*packed = (ProtobufCBinaryData){ 0 };
	int status = check_names(options, error);
	if (status != RELEVO_OK || (options->reply_to == NULL && count == 0))
		return status;
	char *names[MOST_HEADERS];
	ProtobufCBinaryData values[MOST_HEADERS];
	for (size_t i = 0; i < count; i++) {
		const struct relevo_header *header = &options->headers[i];
		names[i] = (char *)header->name;
		values[i] = (ProtobufCBinaryData){ header->size, (uint8_t *)header->value };
	}
	Relevo__ItemProperties message = RELEVO__ITEM_PROPERTIES__INIT;
	if (options->reply_to != NULL)
		message.reply_to = (char *)options->reply_to;
	message.n_header_names = message.n_header_values = count;
	message.header_names = names;
	message.header_values = values;
	return properties_pack_here(&message, packed, error);
}

/* A value, like an item, is aligned for anything and has a byte 0 behind it. */
static size_t properties_room_for(size_t size)
{
	size_t unit = _Alignof(max_align_t);
	return (size + 1 + unit - 1) & ~(unit - 1);
}

/* Copies `size` bytes and a 0 behind them to *place, and moves it on. */
static char *properties_copy(char **place, const void *bytes, size_t size)
{
	char *copied = *place;
	if (size > 0)
		memcpy(copied, bytes, size);
	copied[size] = '\0';
	*place += properties_room_for(size);
	return copied;
}

static struct relevo_properties *flatten(const Relevo__ItemProperties *message)
{
	size_t count = message->n_header_names;
	size_t head = properties_room_for(sizeof(struct relevo_properties) +
					  count * sizeof(struct relevo_header));
	size_t size = head + properties_room_for(strlen(message->reply_to));
	for (size_t i = 0; i < count; i++)
		size += properties_room_for(strlen(message->header_names[i])) +
			properties_room_for(message->header_values[i].len);
	struct relevo_properties *properties = calloc(1, size);
	if (properties == NULL)
		return NULL;
	char *place = (char *)properties + head;
	properties->header_count = count;
	if (message->reply_to[0] != '\0')
		properties->reply_to =
			properties_copy(&place, message->reply_to, strlen(message->reply_to));
	for (size_t i = 0; i < count; i++) {
		const ProtobufCBinaryData *value = &message->header_values[i];
		const char *name = message->header_names[i];
		properties->headers[i] = (struct relevo_header){
			.name = properties_copy(&place, name, strlen(name)),
			.value = properties_copy(&place, value->data, value->len),
			.size = value->len,
		};
	}
	return properties;
}

struct relevo_properties *properties_unpack(const ProtobufCBinaryData *packed)
{
	Relevo__ItemProperties *message =
		text_unpack(&relevo__item_properties__descriptor, NULL, packed->len, packed->data);
	struct relevo_properties *properties = NULL;
	if (message != NULL && message->n_header_names == message->n_header_values)
		properties = flatten(message);
	relevo__item_properties__free_unpacked(message, NULL);
	return properties;
}
