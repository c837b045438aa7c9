#include "examples/words/word_table.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1024, FIRST_LETTERS = 8192 };

/* FNV-1a */
static uint32_t hash_of(const char *letters, size_t length)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)letters[i]) * 16777619u;
	return hash;
}

/* The slot of a word, or the free one where it belongs. The table has one. */
static struct word *find(const struct word_table *table, const char *letters, size_t length,
			 uint32_t hash)
{
	size_t i = hash & (table->capacity - 1);
	for (;;) {
		struct word *slot = &table->slots[i];
		if (slot->count == 0)
			return slot;
		if (slot->hash == hash && slot->length == length &&
		    memcmp(table->letters + slot->at, letters, length) == 0)
			return slot;
		i = (i + 1) & (table->capacity - 1);
	}
}

static bool grow_slots(struct word_table *table)
{
	size_t capacity = table->capacity == 0 ? FIRST_CAPACITY : 2 * table->capacity;
	struct word *slots = calloc(capacity, sizeof *slots);
	if (slots == NULL)
		return false;
	word_table_each(table, word)
	{
		size_t i = word->hash & (capacity - 1);
		while (slots[i].count > 0)
			i = (i + 1) & (capacity - 1);
		slots[i] = *word;
	}
	free(table->slots);
	table->slots = slots;
	table->capacity = capacity;
	return true;
}

static bool keep_letters(struct word_table *table, const char *letters, size_t length, size_t *at)
{
	size_t capacity = table->letters_capacity;
	while (capacity - table->letters_size < length)
		capacity = capacity == 0 ? FIRST_LETTERS : 2 * capacity;
	if (capacity > table->letters_capacity) {
		char *grown = realloc(table->letters, capacity);
		if (grown == NULL)
			return false;
		table->letters = grown;
		table->letters_capacity = capacity;
	}
	*at = table->letters_size;
	memcpy(table->letters + *at, letters, length);
	table->letters_size += length;
	return true;
}

bool word_table_add(struct word_table *table, const char *letters, size_t length, uint64_t count)
{
	if (count == 0)
		return true;
	/* A quarter of the slots stays free, so that searches stay short. */
	if (table->words >= table->capacity / 4 * 3 && !grow_slots(table))
		return false;
	uint32_t hash = hash_of(letters, length);
	struct word *slot = find(table, letters, length, hash);
	if (slot->count == 0) {
		if (!keep_letters(table, letters, length, &slot->at))
			return false;
		slot->hash = hash;
		slot->length = (uint32_t)length;
		table->words++;
	}
	slot->count += count;
	table->total += count;
	return true;
}

uint64_t word_table_count(const struct word_table *table, const char *letters, size_t length)
{
	if (table->capacity == 0)
		return 0;
	return find(table, letters, length, hash_of(letters, length))->count;
}

const char *word_table_letters(const struct word_table *table, const struct word *word)
{
	return table->letters + word->at;
}

static bool comes_before(const struct word_table *table, const struct word *a, const struct word *b)
{
	if (a->count != b->count)
		return a->count > b->count;
	size_t shorter = a->length < b->length ? a->length : b->length;
	int order = memcmp(table->letters + a->at, table->letters + b->at, shorter);
	return order != 0 ? order < 0 : a->length < b->length;
}

size_t word_table_top(const struct word_table *table, struct word *top, size_t most)
{
	size_t found = 0;
	word_table_each(table, word)
	{
		size_t place = found;
		while (place > 0 && comes_before(table, word, &top[place - 1]))
			place--;
		if (place == most)
			continue;
		if (found < most)
			found++;
		memmove(top + place + 1, top + place, (found - place - 1) * sizeof *top);
		top[place] = *word;
	}
	return found;
}

void word_table_free(struct word_table *table)
{
	free(table->slots);
	free(table->letters);
	*table = (struct word_table){ 0 };
}
