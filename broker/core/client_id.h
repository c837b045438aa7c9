#ifndef CORE_CLIENT_ID_H
#define CORE_CLIENT_ID_H

#include "base/bounds.h"
#include "base/clock.h"

/* How long a client is remembered after its last session. */
#define CLIENT_MEMORY (3600 * NSEC_PER_SEC)

/* How long what is durable, and would end with its session, waits for the client: as long as it
 * has not come back. */
#define CLIENT_CARE   (30 * NSEC_PER_SEC)

#endif
