/* Ending what was handed out ahead: by closing the handle, or when its time is over. */
#include "leases/ahead_back.h"

#include "core/peer.h"
#include "leases/lease_return.h"
#include "stock/queue.h"

#include <stdlib.h>

static void give_all_back(struct ahead *ahead)
{
	struct list *node;
	while ((node = list_first(&ahead->leases)) != NULL)
		lease_return_unread(container_of(node, struct lease, in_ahead));
}

static void ahead_free(struct ahead *ahead)
{
	struct engine_peer *peer = ahead->peer;
	give_all_back(ahead);
	ahead->queue->reader_count--;
	peer->engine->ahead_count--;
	account_release(peer->account, sizeof *ahead);
	free(ahead);
}

void ahead_close(struct engine_peer *peer, uint32_t handle)
{
	struct handle *entry = &peer->queues.handles[handle - 1];
	struct queue *queue = entry->object;
	if (entry->ahead != NULL)
		ahead_free(entry->ahead);
	entry->ahead = NULL;
	queue->strict_handles -= entry->strict;
	entry->strict = false;
}

void ahead_due(struct ahead *ahead)
{
	if (ahead->recalled)
		give_all_back(ahead);
	else
		ahead_recall_one(ahead);
}
