#ifndef EXAMPLES_WORD_CODE_H
#define EXAMPLES_WORD_CODE_H

#include "examples/words/word_table.h"

/*
 * A word table as bytes, to travel from a worker to whoever asked. Word by word,
 * in any order:
 *
 *	length | letters | count
 *
 * Both numbers have seven bits a byte, the lowest first; the eighth bit says
 * that more follow (as in protobuf). Most words take two bytes beside their
 * letters, and no machine's byte order matters.
 */

/* Encode into memory that the caller frees. NULL when there is none. */
char *word_code_encode(const struct word_table *table, size_t *size);

/* Add an encoded table to another. It may come from another host, so that
 * nothing in it is trusted. Returns NULL, or what is wrong. */
const char *word_code_merge(struct word_table *table, const void *data, size_t size);

#endif
