#ifndef POLLER_POLLER_DUE_H
#define POLLER_POLLER_DUE_H

#include "poller/poller_set.h"

/* The list of what may be ready: from any thread, whatever locks it holds. */
void poller_due(relevo_poller *poller, struct watch *watch);
void poller_not_due(relevo_poller *poller, struct watch *watch);

/* Somebody is about to look, and need not be woken; and takes all there is into `list`. */
void poller_look(relevo_poller *poller);
void poller_take_due(relevo_poller *poller, struct list *list);

/* He has looked: the rest of `list` stays due, before all others, and the descriptor says whether
 * anything is. */
void poller_looked(relevo_poller *poller, struct list *list);

#endif
