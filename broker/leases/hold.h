#ifndef LEASES_HOLD_H
#define LEASES_HOLD_H

#include "core/lease_table.h"
#include "stock/queue.h"

/*
 * Items that may be held for a time of their own. Whoever put such a one wants to hear that
 * its holder is late: then it goes to the queue that it names, if that is still there.
 */

/* How long a lease of the item lasts in the queue; 0: as long as the session. */
nsec_t hold_time(const struct queue *queue, const struct item *item);

/* An item that came ahead is worked on from now on, and its time begins. */
void hold_begin(struct lease *lease);

#endif
