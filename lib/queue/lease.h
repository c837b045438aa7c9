#ifndef QUEUE_LEASE_H
#define QUEUE_LEASE_H

#include "session/session.h"

/* Back to the queue with items that nobody has looked at, as if they had never
 * been handed out. The session is locked. */
void lease_give_back(struct relevo_session *session, uint64_t *leases, size_t count);

#endif
