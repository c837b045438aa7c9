/* The leases of a session, as long as they last. */
#ifndef LEASES_LEASE_H
#define LEASES_LEASE_H

#include "base/error.h"
#include "core/lease_table.h"

/* Make sure that items of the queue can be leased to the peer, and come back one day:
 * *room of them, at least one. It holds until something else is done with the queue or
 * the peer. LIMIT (leases of the session), QUOTA, NO_MEMORY. */
int lease_reserve(struct engine_peer *peer, struct queue *queue, uint32_t *room);

/* Lease the item, which has just left the queue's stock. */
struct lease *lease_new(struct engine_peer *peer, struct queue *queue, struct item *item);

/* The lease of that number, or NULL. */
struct lease *lease_find(struct engine_peer *peer, uint64_t number);

/* End a lease; its item is the caller's. */
struct item *lease_end(struct lease *lease);

/* NOT_OWNER, naming the first that is not held or is named twice. */
int leases_check(struct engine_peer *peer, const uint64_t *leases, size_t count,
		 struct error *error);

/* Whether all items of the queue that are held are one session's, and whose; NULL: none is.
 * False, too, if it is not known yet, since the piece of work is used up. */
bool leases_of_one(struct queue *queue, struct engine_peer **peer);

/* The peer's next lease: in the slot `*slot` or behind it. NULL: no more. Moves
 * `*slot` on. Slots that are free cost next to nothing, 64 of them a step. */
struct lease *lease_next(struct engine_peer *peer, uint32_t *slot);

/* What the table costs. */
size_t leases_cost(const struct lease_table *table);

/* The limits that lease_reserve() meets, in words; returns the status. */
int lease_refused(struct engine_peer *peer, int status, struct error *error);

/* The session has ended: free a piece of the table, where nothing is left. False: there is
 * more. */
bool leases_free(struct engine_peer *peer);

/* Tell that the lease of that number is not held; returns NOT_OWNER. */
int lease_not_held(uint64_t number, struct error *error);

#endif
