#ifndef WORKER_BACKOFF_H
#define WORKER_BACKOFF_H

#include "base/clock.h"

/* How long to wait before something that failed is tried again: 50 ms at first, twice as long
 * each time, 5 s at most; and of that any part from a half on, so that not all who
 * lost the same broker come back in one moment. */
struct backoff {
	nsec_t pause; /* 0: it has not failed yet */
};

#define BACKOFF_FIRST   (50 * NSEC_PER_MSEC)
#define BACKOFF_LONGEST (5 * NSEC_PER_SEC)

/* It has failed once more. `chance` is any number. */
nsec_t backoff_next(struct backoff *backoff, uint64_t chance);

/* It went well. */
static inline void backoff_reset(struct backoff *backoff)
{
	backoff->pause = 0;
}

#endif
