#ifndef EXAMPLES_WORD_TEXT_H
#define EXAMPLES_WORD_TEXT_H

#include "examples/words/word_table.h"

/*
 * Words in a text of UTF-8. A word is a run of letters of any script, as the C
 * library's locale knows them, in lower case; bytes that are no UTF-8 stand
 * between words. A word of more than 100 bytes or so counts as several.
 */

/* Make the C library read UTF-8, whatever the user's language is: all who count
 * have to agree on what a letter is. False when it cannot. */
bool word_text_prepare(void);

/* Count the words of a text. False when memory ran out. */
bool word_text_count(struct word_table *table, const char *text, size_t size);

/* Where to cut a text so that the first piece has about `most` bytes and no word
 * is cut in two: right behind a space or a line's end. */
size_t word_text_cut(const char *text, size_t size, size_t most);

#endif
