/* Encoding and decoding tasks and results as items. */
#include "worker/task.h"

#include "wire/text.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* What a header needs at most besides its names and five bytes an argument. */
enum { HEADER_ROOM = 128, LENGTH_SIZE = 4 };

/* Arguments of a task that are encoded without an allocation. */
enum { FEW_SIZES = 16 };

size_t task_size(const struct relevo_bytes *arguments, size_t count, size_t names)
{
	size_t size = LENGTH_SIZE + HEADER_ROOM + names;
	for (size_t i = 0; i < count; i++)
		size += arguments[i].size + 5;
	return size;
}

/* Room for the header behind its length, which is filled in. */
static uint8_t *append_length(struct buffer *out, size_t header_size)
{
	uint8_t *room = buffer_reserve(out, LENGTH_SIZE + header_size);
	if (room == NULL)
		return NULL;
	uint32_t length = htonl((uint32_t)header_size);
	memcpy(room, &length, sizeof length);
	buffer_commit(out, LENGTH_SIZE + header_size);
	return room + LENGTH_SIZE;
}

bool task_encode(struct buffer *out, Relevo__TaskHeader *header,
		 const struct relevo_bytes *arguments, size_t count)
{
	uint32_t few[FEW_SIZES];
	uint32_t *sizes = count <= FEW_SIZES ? few : malloc(count * sizeof *sizes);
	if (sizes == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		sizes[i] = (uint32_t)arguments[i].size;
	header->sizes = sizes;
	header->n_sizes = count;
	uint8_t *place = append_length(out, relevo__task_header__get_packed_size(header));
	if (place != NULL)
		relevo__task_header__pack(header, place);
	if (sizes != few)
		free(sizes);
	header->sizes = NULL;
	header->n_sizes = 0;
	if (place == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!buffer_append(out, arguments[i].data, arguments[i].size))
			return false;
	}
	return true;
}

bool result_encode(struct buffer *out, const Relevo__ResultHeader *header,
		   const struct buffer *bodies)
{
	uint8_t *place = append_length(out, relevo__result_header__get_packed_size(header));
	if (place == NULL)
		return false;
	relevo__result_header__pack(header, place);
	return buffer_append(out, buffer_data(bodies), buffer_size(bodies));
}

/* Where the header of an item is, and how long; false when it is cut short. */
static bool find_header(const relevo_item *item, const uint8_t **header, size_t *size)
{
	uint32_t length;
	if (item->size < LENGTH_SIZE)
		return false;
	memcpy(&length, item->data, sizeof length);
	*header = (const uint8_t *)item->data + LENGTH_SIZE;
	*size = ntohl(length);
	return *size <= item->size - LENGTH_SIZE;
}

/* Whether the bodies have the sizes that the header says. */
static bool bodies_match(const relevo_item *item, size_t header_size, const uint32_t *sizes,
			 size_t count)
{
	size_t left = item->size - LENGTH_SIZE - header_size;
	for (size_t i = 0; i < count; i++) {
		if (sizes[i] > left)
			return false;
		left -= sizes[i];
	}
	return left == 0;
}

void task_room_init(struct task_room *room)
{
	arena_init_with(&room->arena, room->block, sizeof room->block, ARENA_LIMIT_FOR_HEADERS);
}

void task_room_fini(struct task_room *room)
{
	arena_fini(&room->arena);
}

Relevo__TaskHeader *task_decode(const relevo_item *item, struct task_room *room,
				const uint8_t **bodies, struct error *error)
{
	const uint8_t *packed;
	size_t size;
	Relevo__TaskHeader *header = NULL;
	if (find_header(item, &packed, &size))
		header = text_unpack(&relevo__task_header__descriptor, &room->arena.allocator, size,
				     packed);
	if (header == NULL || !bodies_match(item, size, header->sizes, header->n_sizes)) {
		error_set(error, RELEVO_BAD_FRAME, "an item of %zu bytes in the pool is no task",
			  item->size);
		return NULL;
	}
	*bodies = packed + size;
	return header;
}

Relevo__ResultHeader *result_decode(const relevo_item *item, struct task_room *room,
				    const uint8_t **bodies, struct error *error)
{
	const uint8_t *packed;
	size_t size;
	Relevo__ResultHeader *header = NULL;
	if (find_header(item, &packed, &size))
		header = text_unpack(&relevo__result_header__descriptor, &room->arena.allocator,
				     size, packed);
	if (header == NULL || !bodies_match(item, size, header->sizes, header->n_sizes) ||
	    (header->n_statuses != 0 && header->n_statuses != header->n_sizes)) {
		error_set(error, RELEVO_BAD_FRAME, "an item of %zu bytes is no result of a task",
			  item->size);
		return NULL;
	}
	*bodies = packed + size;
	return header;
}
