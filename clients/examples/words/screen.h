#ifndef EXAMPLES_SCREEN_H
#define EXAMPLES_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Standard output, as a terminal or as the lines of a log: bars, headings and
 * numbers that are easy to read on both.
 */

/* Find out what it is. Call it before word_text_prepare(), which changes the
 * locale. */
void screen_open(void);

bool screen_is_terminal(void);

/* A line that starts a part of the output. */
void screen_heading(const char *text);

/* So many cells, of which the share `part` of 1 is full; with `rest` the others
 * are drawn faintly. */
void screen_bar(int cells, double part, bool rest);

/* A number with its thousands set apart; valid for the next seven calls. */
const char *screen_number(uint64_t number);

#endif
