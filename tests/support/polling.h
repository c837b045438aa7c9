#ifndef SUPPORT_POLLING_H
#define SUPPORT_POLLING_H

#include "support/queues.h"

/* Wait with a poller as an event loop does: by its descriptor alone. */

/* Whether the descriptor is readable, within `msec`. */
bool polling_readable(relevo_poller *poller, int msec);

/* Turns of a loop until something is told: that; *turns, if not NULL, gets one more for each. */
struct relevo_ready polling_next(relevo_poller *poller, int *turns);

/* The next thing is this object, with that status. */
void polling_expect(relevo_poller *poller, const void *object, int status);

/* Nothing is ready: turns of the loop find nothing until it has nothing to do any more, within
 * a second. Returns their number. */
int polling_expect_nothing(relevo_poller *poller);

#endif
