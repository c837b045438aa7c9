#ifndef QUEUES_ITEM_LIST_H
#define QUEUES_ITEM_LIST_H

#include "queues/queue_call.h"

/* Make items of the bodies of a put, linked by `next`, charged to the peer's
 * account, and `extra` bytes with them: all or none. QUOTA, NO_MEMORY. */
int items_new(struct engine_peer *peer, const struct put_request *request, size_t extra,
	      struct item **items, struct error *error);

/* Drop items that no queue has seen yet. */
void items_drop(struct engine *engine, struct item *items);

/* The same, from one to another, piece by piece if they are many. */
void items_discard(struct engine *engine, struct item *first, struct item *last);

#endif
