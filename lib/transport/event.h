#ifndef TRANSPORT_EVENT_H
#define TRANSPORT_EVENT_H

#include <stdbool.h>

/*
 * A descriptor that is readable exactly while it is raised: how what happens in
 * other threads becomes visible to poll(2). Not thread-safe.
 */
struct event {
	int fd; /* -1: none */
	bool raised;
};

/* False, with errno set, when descriptors or memory ran out. */
bool event_init(struct event *event);
void event_fini(struct event *event);

void event_set(struct event *event, bool raised);

#endif
