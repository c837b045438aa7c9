/* Numbers and texts in the records of the journal: little-endian, and never read past their end. */
#ifndef JOURNAL_BYTES_H
#define JOURNAL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Writes into a buffer that is known to be large enough. */
struct byte_writer {
	uint8_t *at;
};

static inline void byte_put(struct byte_writer *writer, const void *bytes, size_t size)
{
	if (size > 0)
		memcpy(writer->at, bytes, size);
	writer->at += size;
}

static inline void byte_put_number(struct byte_writer *writer, uint64_t number, size_t size)
{
	for (size_t i = 0; i < size; i++)
		writer->at[i] = (uint8_t)(number >> (8 * i));
	writer->at += size;
}

/* Once something was missing, all that follows is 0 or NULL. */
struct byte_reader {
	const uint8_t *at, *end;
	bool failed;
};

static inline size_t byte_left(const struct byte_reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

static inline const uint8_t *byte_get(struct byte_reader *reader, size_t size)
{
	if (reader->failed || byte_left(reader) < size) {
		reader->failed = true;
		return NULL;
	}
	const uint8_t *bytes = reader->at;
	reader->at += size;
	return bytes;
}

static inline uint64_t byte_get_number(struct byte_reader *reader, size_t size)
{
	const uint8_t *bytes = byte_get(reader, size);
	uint64_t number = 0;
	for (size_t i = 0; bytes != NULL && i < size; i++)
		number |= (uint64_t)bytes[i] << (8 * i);
	return number;
}

#endif
