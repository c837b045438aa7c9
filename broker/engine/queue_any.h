#ifndef ENGINE_QUEUE_ANY_H
#define ENGINE_QUEUE_ANY_H

#include "engine/peer.h"

/*
 * A get from the first ready of several queues: one getter stands in the line of each,
 * and the first that is answered decides; the others leave without an answer. The call
 * itself stands in no line.
 */
void any_get(struct engine_peer *peer, const struct get_request *request, nsec_t now,
	     struct waiter *waiter);

/* Whether the waiter is one of those that stand in line for such a call. */
bool any_is_member(const struct waiter *waiter);

#endif
