#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bytes that grow at the end and are consumed at the front. Zero-initialised
 * is empty and valid. Not thread-safe.
 */
struct buffer {
	uint8_t *bytes; /* allocation */
	size_t start;   /* first byte not consumed */
	size_t end;     /* one past the last byte */
	size_t capacity;
};

void buffer_fini(struct buffer *buffer);

static inline size_t buffer_size(const struct buffer *buffer)
{
	return buffer->end - buffer->start;
}

static inline uint8_t *buffer_data(const struct buffer *buffer)
{
	/* Empty, it may have no memory. */
	return buffer->bytes != NULL ? buffer->bytes + buffer->start : NULL;
}

/* Bytes that its memory will have when buffer_reserve() has made room for `size` more; 0:
 * more than there can be. */
size_t buffer_capacity_with(const struct buffer *buffer, size_t size);

/* Room for `size` more bytes at the end; NULL when memory ran out. The bytes
 * count only once buffer_commit() says so. */
uint8_t *buffer_reserve(struct buffer *buffer, size_t size);

static inline size_t buffer_room(const struct buffer *buffer)
{
	return buffer->capacity - buffer->end;
}

static inline void buffer_commit(struct buffer *buffer, size_t size)
{
	buffer->end += size;
}

/* False when memory ran out; the buffer is as before then. */
bool buffer_append(struct buffer *buffer, const void *bytes, size_t size);

/* Drop `size` bytes from the front. */
void buffer_consume(struct buffer *buffer, size_t size);

/* Keep the first `size` bytes only. */
void buffer_truncate(struct buffer *buffer, size_t size);

/* Give the memory back if the buffer is empty and holds more than `keep`. */
void buffer_shrink(struct buffer *buffer, size_t keep);

/* The same, but a spare buffer gets the memory if it has less and that is not more than
 * `most`: for the next one that needs much for a while, of the many that share the spare. */
void buffer_shrink_to_spare(struct buffer *buffer, size_t keep, struct buffer *spare, size_t most);

/* Swap an empty buffer with the spare one, if only that has room for `size` bytes. */
void buffer_use_spare(struct buffer *buffer, struct buffer *spare, size_t size);

#endif
