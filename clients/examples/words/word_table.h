#ifndef EXAMPLES_WORD_TABLE_H
#define EXAMPLES_WORD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How often each word occurs: a hash table with open addressing. The letters of
 * all words stand one behind the other in a block of their own, so that a table
 * of 100,000 words is two allocations. A zeroed table is an empty one.
 */
struct word {
	uint64_t count; /* 0: the slot is free */
	size_t at;      /* of its letters, in the block */
	uint32_t length;
	uint32_t hash;
};

struct word_table {
	struct word *slots;
	size_t capacity; /* of the slots: 0 or a power of two */
	size_t words;    /* different ones */
	uint64_t total;  /* all counts together */
	char *letters;
	size_t letters_size;
	size_t letters_capacity;
};

/* Count a word so many times more. False when memory ran out. */
bool word_table_add(struct word_table *table, const char *letters, size_t length, uint64_t count);

/* How often a word has been counted. */
uint64_t word_table_count(const struct word_table *table, const char *letters, size_t length);

/* The letters of a word of this table; no 0 byte follows. Valid until the next
 * word is added. */
const char *word_table_letters(const struct word_table *table, const struct word *word);

/* Find the `most` commonest words, commonest first, and those of one count in
 * alphabetical order. Returns how many there are. */
size_t word_table_top(const struct word_table *table, struct word *top, size_t most);

void word_table_free(struct word_table *table);

/* For each word of a table. */
#define word_table_each(table, word)                                                               \
	for (const struct word *word = (table)->slots; word < (table)->slots + (table)->capacity;  \
	     word++)                                                                               \
		if (word->count > 0)

#endif
