#ifndef PROCESS_EVENTS_H
#define PROCESS_EVENTS_H

#include "base/clock.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Descriptors to wait for, of any number: poll(2) takes no more than there may be
 * descriptors, and refuses all of them then.
 */
struct events {
	int fd;
};

/* How many are told at one time. */
enum { MOST_EVENTS = 64 };

/* NO_DESCRIPTORS, SYSTEM. */
int events_open(struct events *events, struct error *error);
void events_close(struct events *events);

/* From now on it is waited until the descriptor is readable; `name` stands for it. Closing
 * it, where nobody else has it, takes it out. NO_MEMORY, LIMIT, SYSTEM. */
int events_add(const struct events *events, int fd, uint64_t name, struct error *error);
void events_remove(const struct events *events, int fd);

/* Wait. `names` gets those that are readable, *count how many; 0: the time has come, or
 * a signal. SYSTEM when it cannot be waited at all, and never will be. */
int events_wait(const struct events *events, nsec_t deadline, uint64_t names[MOST_EVENTS],
		int *count, struct error *error);

#endif
