/* How items that were handed out ahead come back. */
#ifndef LEASES_AHEAD_BACK_H
#define LEASES_AHEAD_BACK_H

#include "leases/ahead.h"

/* The handle is closed: give back what is unread, and free the record. */
void ahead_close(struct engine_peer *peer, uint32_t handle);

/* The time for its unread items is over: call them back. A session that has not given them
 * back in time is stopped or stuck: take them. */
void ahead_due(struct ahead *ahead);

#endif
