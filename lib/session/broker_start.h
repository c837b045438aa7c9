#ifndef SESSION_BROKER_START_H
#define SESSION_BROKER_START_H

#include "base/clock.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { BROKER_START_ARGUMENTS = 4, BROKER_START_INHERITED = 2 };

/* How to start a relevod --private. */
struct broker_start {
	const char *program; /* NULL: what there is */
	const char *why;     /* there is no other broker: errors begin with it */
	nsec_t deadline;
	const char *arguments[BROKER_START_ARGUMENTS];
	int inherited[BROKER_START_INHERITED]; /* are 3 and 4 there; made by those below */
	size_t inherited_count;
};

/* Returns when the broker is ready, in the background. NO_BROKER (it cannot be started; the text
 * says why, and *told is the status that it gave as its reason, or NO_BROKER), TIMED_OUT (it does
 * not come to listen; it is ended if nothing else holds it), NO_DESCRIPTORS, NO_MEMORY, SYSTEM. */
int broker_start(const struct broker_start *start, int *told, struct error *error);

/* Descriptors out of the way of the numbers that they will have in the broker. The first closes
 * `fd`; -1 and errno. */
int broker_start_move_up(int fd);
bool broker_start_pipe(int *read_end, int *write_end);

#endif
