/* The handles that a session has of queues: adding, finding, inheriting, closing. */
#include "queues/queue_handle.h"

#include "base/mutant.h"
#include "core/client.h"
#include "core/peer.h"
#include "core/work.h"
#include "leases/ahead_back.h"
#include "queues/exclusive.h"
#include "queues/queue_end.h"
#include "stock/queue_kind.h"
#include "stock/queue_life.h"

int peer_reserve_handle(struct engine_peer *peer, struct error *error)
{
	return handle_reserve(&peer->queues, peer->account, peer->engine->config.peer_handles,
			      "queues", error);
}

uint32_t peer_add_handle(struct engine_peer *peer, struct queue *queue)
{
	queue_hold(queue);
	queue->handles++;
	queue->silent_handles += peer->silent;
	/* It waited for somebody who opens it. */
	if (queue->options.lifetime == QUEUE_HANDLES)
		list_remove(&queue->in_owner);
	return handle_add(&peer->queues, queue);
}

int peer_find_handle(struct engine_peer *peer, uint32_t handle, struct queue **queue,
		     struct error *error)
{
	*queue = handle_find(&peer->queues, handle);
	if (*queue == NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the session has no queue with the number %u open", handle);
	return RELEVO_OK;
}

int peer_find_queue(struct engine_peer *peer, uint32_t handle, struct queue **queue,
		    struct error *error)
{
	int status = peer_find_handle(peer, handle, queue, error);
	if (status == RELEVO_OK && (*queue)->deleted)
		return error_set(error, RELEVO_GONE, "the %s \"%s\" was deleted",
				 queue_noun(*queue), (*queue)->name);
	return status;
}

/* The session goes, with which it would end: it does, or its client cares for it. */
static void leave_queue(struct engine_peer *peer, struct queue *queue)
{
	struct client *heir = queue->options.durable ? client_heir(peer) : NULL;
	if (heir == NULL) {
		queue_end(queue);
		return;
	}
	list_remove(&queue->in_owner);
	list_append(client_queues(heir), &queue->in_owner);
}

void peer_remove_handle(struct engine_peer *peer, uint32_t handle)
{
	struct queue *queue = handle_find(&peer->queues, handle);
	ahead_close(peer, handle);
	handle_remove(&peer->queues, handle);
	exclusive_leave(peer, queue);
	queue->handles--;
	queue->silent_handles -= peer->silent;
	if (queue->handles == 0 && queue->options.lifetime == QUEUE_HANDLES && !queue->deleted)
		leave_queue(peer, queue);
	queue_drop(queue);
}

int queues_inherit(struct engine_peer *peer, const struct engine_peer *from, struct error *error)
{
	int status = handle_table_copy(&peer->queues, &from->queues, peer->account, error);
	for (uint32_t handle = 1; handle <= peer->queues.capacity; handle++) {
		struct queue *queue = handle_find(&peer->queues, handle);
		if (queue == NULL)
			continue;
		queue_hold(queue);
		queue->handles++;
		queue->silent_handles += peer->silent;
		queue->strict_handles += peer->queues.handles[handle - 1].strict;
	}
	return status;
}

void queues_speak(struct engine_peer *peer)
{
	for (uint32_t handle = 1; handle <= peer->queues.capacity; handle++) {
		struct queue *queue = handle_find(&peer->queues, handle);
		if (queue != NULL)
			queue->silent_handles--;
	}
}

bool queues_end_owned(struct engine_peer *peer)
{
	struct list *node;
	while ((node = list_first(&peer->owned)) != NULL && !MUTANT(owned_outlives_owner)) {
		if (work_over(peer->engine))
			return false;
		work_spend(peer->engine, 1);
		leave_queue(peer, container_of(node, struct queue, in_owner));
	}
	return true;
}

bool queues_close(struct engine_peer *peer)
{
	uint32_t handle;
	while ((handle = handle_next(&peer->queues)) != 0) {
		if (work_over(peer->engine))
			return false;
		work_spend(peer->engine, 1);
		peer_remove_handle(peer, handle);
	}
	return true;
}
