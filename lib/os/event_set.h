#ifndef OS_EVENT_SET_H
#define OS_EVENT_SET_H

#include "base/clock.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Descriptors to wait for, of any number: poll(2) takes no more than there may be
 * descriptors, and refuses all of them then.
 */
struct event_set {
	int fd;
};

/* How many are told at one time. */
enum { EVENT_SET_MOST = 64 };

/* NO_DESCRIPTORS, SYSTEM. */
int event_set_open(struct event_set *events, struct error *error);
void event_set_close(struct event_set *events);

/* From now on it is waited until the descriptor is readable; `name` stands for it. Closing
 * it, where nobody else has it, takes it out. NO_MEMORY, LIMIT, SYSTEM. */
int event_set_add(const struct event_set *events, int fd, uint64_t name, struct error *error);
void event_set_remove(const struct event_set *events, int fd);

/* While it is muted, having something to read is no event. */
void event_set_mute(const struct event_set *events, int fd, uint64_t name, bool muted);

/* Wait. `names` gets those that are readable, *count how many; 0: the time has come, or
 * a signal. SYSTEM when it cannot be waited at all, and never will be. */
int event_set_wait(const struct event_set *events, nsec_t deadline, uint64_t names[EVENT_SET_MOST],
		   int *count, struct error *error);

#endif
