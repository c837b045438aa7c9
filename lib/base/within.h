#ifndef BASE_WITHIN_H
#define BASE_WITHIN_H

#include "base/clock.h"

/*
 * One call is made of others, some of which have no time-out of their own (open, delete, a put
 * that may take any time). Between these two, whatever this thread does waits for the broker
 * until `limit` at most, or an earlier one that holds already; what would be waited for
 * later is sent, and not waited for. NSEC_NEVER: the calls' own limits. The second takes what the
 * first returned.
 */
nsec_t within(nsec_t limit);
void within_end(nsec_t before);

/* For a callback of the program, or its child by fork, there is none; returns what
 * within_end() takes. */
nsec_t within_nothing(void);

/* The earlier of that and this. */
nsec_t within_limit(nsec_t deadline);

#endif
