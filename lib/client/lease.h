#ifndef CLIENT_LEASE_H
#define CLIENT_LEASE_H

#include "client/session.h"
#include "queue.pb-c.h"

/* Items came for a call that has given up: back to the queue with them, as if
 * they had never been handed out. The session is locked. */
void lease_give_back(struct relevo_session *session, const Relevo__QueueItems *items);

#endif
