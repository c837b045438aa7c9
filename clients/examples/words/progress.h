#ifndef EXAMPLES_PROGRESS_H
#define EXAMPLES_PROGRESS_H

#include <stddef.h>

/*
 * How far a work of many steps is: a bar that is drawn anew in its line on a
 * terminal, and a line at each quarter elsewhere.
 */
struct progress {
	size_t total;
	size_t done;
	size_t drawn; /* what the last drawing said */
	double started;
	double drawn_at;
};

/* Seconds on a clock that nobody sets. */
double progress_clock(void);

void progress_begin(struct progress *progress, size_t total);
void progress_step(struct progress *progress);

/* Print a line of its own above the bar. */
void progress_say(struct progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Leave the bar as it is and go on below. */
void progress_end(struct progress *progress);

/* Seconds since it began. */
double progress_seconds(const struct progress *progress);

#endif
