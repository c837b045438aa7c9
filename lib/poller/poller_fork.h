#ifndef POLLER_POLLER_FORK_H
#define POLLER_POLLER_FORK_H

#include "poller/poller_set.h"

/* All pollers of this process, so that fork(2) finds each of them in one piece. In the child the
 * objects know nothing of them. False: memory ran out. */
bool poller_register(relevo_poller *poller);

/* Between watch_lock_all() and watch_unlock_all(). */
void poller_unregister(relevo_poller *poller);

#endif
