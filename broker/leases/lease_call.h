/* What can be asked of leases. */
#ifndef LEASES_LEASE_CALL_H
#define LEASES_LEASE_CALL_H

#include "base/clock.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine_peer;

/*
 * Acknowledge leases: their items are gone for good. NOT_OWNER when one is not
 * held (never was, ended, expired); the text names the first such. The others
 * are acknowledged all the same. BAD_ARGUMENT: it is that of a token, which is released
 * instead; so too for lease_nack(), unless it is `unread` and at once, and lease_reject().
 * Or the recorder's reason for not recording it.
 */
int lease_ack(struct engine_peer *peer, const uint64_t *leases, size_t count, nsec_t now,
	      struct error *error);

/* An item that came ahead is not unread any more. Nothing happens if the lease is not held,
 * or was never unread. */
void lease_begin(struct engine_peer *peer, uint64_t lease);

/* Give items back to their place, to be handed out not before `not_before`
 * (0: at once). `unread`: takes back the count of the delivery too. NOT_OWNER
 * as for lease_ack(); NO_MEMORY: those that could not be delayed are still held. */
int lease_nack(struct engine_peer *peer, const uint64_t *leases, size_t count, nsec_t not_before,
	       bool unread, nsec_t now, struct error *error);

/* Make the items dead letters now. NOT_OWNER as for lease_ack(); NO_MEMORY or QUOTA:
 * the dead-letter queue does not take them, and they are back in their place. */
int lease_reject(struct engine_peer *peer, const uint64_t *leases, size_t count, nsec_t now,
		 struct error *error);

/* Hold items until `time` from now, 0: as long as their queue says. Nothing changes
 * where leases last as long as their session. NOT_OWNER as for lease_ack(). */
int lease_extend(struct engine_peer *peer, const uint64_t *leases, size_t count, nsec_t time,
		 nsec_t now, struct error *error);

#endif
