/* How leases end: the item comes back, or is done with. */
#ifndef LEASES_LEASE_RETURN_H
#define LEASES_LEASE_RETURN_H

#include "core/lease_table.h"

/* End a lease by giving its item back to its place. */
void lease_return(struct lease *lease);

/* The same for an item that was never looked at. */
void lease_return_unread(struct lease *lease);

/* End a lease because its item is done with. */
void lease_acknowledge(struct lease *lease);

/* The delivery of an item that is given back unread has not taken place. */
void lease_undo_delivery(struct queue *queue, struct item *item);

#endif
