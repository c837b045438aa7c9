#ifndef CLI_TOP_SCREEN_H
#define CLI_TOP_SCREEN_H

#include "cli/top_table.h"

/* Take the terminal over; false: there is none that can be used. */
bool top_screen_open(void);

/* Show the table and wait so long; false: the user wants to leave. */
bool top_screen_show(const struct top_table *table, const char *url, int msec);

/* Give the terminal back. */
void top_screen_close(void);

/* One line of the table, or the heads of its columns (NULL), without an end. */
void top_line(const struct top_row *row, char *text, size_t size);

/* The line above: what all of it comes to. */
void top_summary(const struct top_table *table, const char *url, char *text, size_t size);

#endif
