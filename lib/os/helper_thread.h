#ifndef OS_HELPER_THREAD_H
#define OS_HELPER_THREAD_H

#include "base/error.h"

/*
 * A thread that lasts as long as the process, for what has to be done by such a one;
 * started when first needed, with all signals blocked. It does one thing at a time. A
 * child that was forked gets its own when it needs one.
 */

/* Let it do that, and wait until it has. LIMIT: it cannot be started. */
int helper_thread_run(void (*work)(void *argument), void *argument, struct error *error);

#endif
