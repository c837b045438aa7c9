/* A growing buffer of bytes: see buffer.h. */
#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 512 };

void buffer_fini(struct buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct buffer){ 0 };
}

static void move_to_front(struct buffer *buffer)
{
	size_t size = buffer_size(buffer);
	if (size > 0 && buffer->start > 0)
		memmove(buffer->bytes, buffer_data(buffer), size);
	buffer->start = 0;
	buffer->end = size;
}

/* Moving is worth it when it frees at least half: a byte is then moved at most once
 * for every byte consumed. */
static bool is_worth_moving(const struct buffer *buffer, size_t size)
{
	size_t used = buffer_size(buffer);
	return buffer->start >= used && buffer->capacity - used >= size;
}

size_t buffer_capacity_with(const struct buffer *buffer, size_t size)
{
	size_t used = buffer_size(buffer);
	if (buffer->bytes != NULL && (buffer_room(buffer) >= size || is_worth_moving(buffer, size)))
		return buffer->capacity;
	if (size > SIZE_MAX / 4 - used)
		return 0;
	size_t capacity = buffer->capacity > SMALLEST ? buffer->capacity : SMALLEST;
	while (capacity < used + size)
		capacity *= 2;
	return capacity;
}

uint8_t *buffer_reserve(struct buffer *buffer, size_t size)
{
	size_t used = buffer_size(buffer);
	/* Room for nothing is room, too: never NULL. */
	if (buffer->bytes != NULL && buffer_room(buffer) >= size)
		return buffer->bytes + buffer->end;
	size_t capacity = buffer_capacity_with(buffer, size);
	if (capacity == 0)
		return NULL;
	if (capacity == buffer->capacity) {
		move_to_front(buffer);
		return buffer->bytes + buffer->end;
	}
	/* What is large is not copied: its pages move. */
	move_to_front(buffer);
	uint8_t *bytes = realloc(buffer->bytes, capacity);
	if (bytes == NULL)
		return NULL;
	*buffer = (struct buffer){ .bytes = bytes, .end = used, .capacity = capacity };
	return bytes + used;
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
	/* An empty buffer has no memory to reserve nothing in. */
	if (size == 0)
		return true;
	uint8_t *room = buffer_reserve(buffer, size);
	if (room == NULL)
		return false;
	memcpy(room, bytes, size);
	buffer_commit(buffer, size);
	return true;
}

void buffer_consume(struct buffer *buffer, size_t size)
{
	buffer->start += size;
	if (buffer->start == buffer->end)
		buffer->start = buffer->end = 0;
}

void buffer_truncate(struct buffer *buffer, size_t size)
{
	buffer->end = buffer->start + size;
}

void buffer_shrink(struct buffer *buffer, size_t keep)
{
	if (buffer_size(buffer) == 0 && buffer->capacity > keep)
		buffer_fini(buffer);
}

static void swap(struct buffer *one, struct buffer *other)
{
	struct buffer third = *one;
	*one = *other;
	*other = third;
}

void buffer_shrink_to_spare(struct buffer *buffer, size_t keep, struct buffer *spare, size_t most)
{
	bool too_large = buffer_size(buffer) == 0 && buffer->capacity > keep;
	if (too_large && buffer->capacity > spare->capacity && buffer->capacity <= most)
		swap(buffer, spare);
	buffer_shrink(buffer, keep);
}

void buffer_use_spare(struct buffer *buffer, struct buffer *spare, size_t size)
{
	if (buffer_size(buffer) == 0 && buffer->capacity < size && spare->capacity >= size)
		swap(buffer, spare);
}
