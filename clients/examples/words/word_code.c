#include "examples/words/word_code.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of a number of 64 bits, at most. */
enum { NUMBER_MAX = 10 };

static char *put_number(char *at, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*at++ = (char)(number | 0x80);
	*at++ = (char)number;
	return at;
}

char *word_code_encode(const struct word_table *table, size_t *size)
{
	/* At least one, since malloc(0) may give NULL. */
	size_t most = 1 + table->letters_size + table->words * 2 * NUMBER_MAX;
	char *data = malloc(most);
	if (data == NULL)
		return NULL;
	char *at = data;
	word_table_each(table, word)
	{
		at = put_number(at, word->length);
		at = mempcpy(at, word_table_letters(table, word), word->length);
		at = put_number(at, word->count);
	}
	*size = (size_t)(at - data);
	return data;
}

/* What is still to be read. */
struct reader {
	const char *at;
	const char *end;
};

static bool get_number(struct reader *reader, uint64_t *number)
{
	*number = 0;
	for (int shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
		unsigned char byte = (unsigned char)*reader->at++;
		*number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

const char *word_code_merge(struct word_table *table, const void *data, size_t size)
{
	struct reader reader = { data, (const char *)data + size };
	while (reader.at < reader.end) {
		uint64_t length, count;
		if (!get_number(&reader, &length) || length > (size_t)(reader.end - reader.at))
			return "a result is no word table: it ends inside a word";
		const char *letters = reader.at;
		reader.at += length;
		if (!get_number(&reader, &count))
			return "a result is no word table: it ends inside a count";
		if (!word_table_add(table, letters, length, count))
			return "no memory for the words";
	}
	return NULL;
}
