#include "engine/peer.h"

#include "engine/charge.h"
#include "engine/queue.h"
#include "engine/waiter.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_HANDLES = 8 };

struct engine_peer *engine_peer_new(struct engine *engine, struct account *account)
{
	struct engine_peer *peer = calloc(1, sizeof *peer);
	if (peer == NULL)
		return NULL;
	peer->engine = engine;
	peer->account = account;
	account_hold(account);
	list_init(&peer->waiters);
	list_init(&peer->owned);
	engine->peers++;
	return peer;
}

static void drop_waiters(struct engine_peer *peer)
{
	struct list *node;
	while ((node = list_first(&peer->waiters)) != NULL)
		waiter_drop(container_of(node, struct waiter, in_peer));
}

static void end_owned_queues(struct engine_peer *peer)
{
	struct list *node;
	while ((node = list_first(&peer->owned)) != NULL)
		queue_end(container_of(node, struct queue, in_owner));
}

static void close_handles(struct engine_peer *peer)
{
	for (uint32_t i = 0; i < peer->handle_capacity; i++) {
		if (peer->handles[i].queue != NULL)
			peer_remove_handle(peer, i + 1);
	}
	account_release(peer->account, peer->handle_capacity * sizeof *peer->handles);
	free(peer->handles);
}

void engine_peer_gone(struct engine_peer *peer, nsec_t now)
{
	struct engine *engine = peer->engine;
	engine_at(engine, now);
	drop_waiters(peer);
	leases_return(peer);
	end_owned_queues(peer);
	close_handles(peer);
	account_drop(peer->account);
	free(peer);
	engine->peers--;
	engine_run(engine);
}

uint32_t engine_peer_leases(const struct engine_peer *peer)
{
	return peer->leases.used;
}

static int grow_handles(struct engine_peer *peer, struct error *error)
{
	uint32_t capacity = peer->handle_capacity > 0 ? peer->handle_capacity * 2 : FIRST_HANDLES;
	size_t more = (capacity - peer->handle_capacity) * sizeof *peer->handles;
	int status = charge(peer->account, more, "handles", error);
	if (status != RELEVO_OK)
		return status;
	struct handle *handles = realloc(peer->handles, capacity * sizeof *handles);
	if (handles == NULL) {
		account_release(peer->account, more);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for %u handles", capacity);
	}
	/* The lowest free number comes first: handle n + 1 stands at n. */
	for (uint32_t i = peer->handle_capacity; i < capacity; i++)
		handles[i] = (struct handle){ .next_free = i + 1 < capacity ? i + 2 : 0 };
	peer->free_handle = peer->handle_capacity + 1;
	peer->handles = handles;
	peer->handle_capacity = capacity;
	return RELEVO_OK;
}

int peer_reserve_handle(struct engine_peer *peer, struct error *error)
{
	if (peer->handle_count >= peer->engine->config.peer_handles)
		return error_set(error, RELEVO_LIMIT,
				 "the session has %u queues open, the most that it may have",
				 peer->handle_count);
	return peer->free_handle != 0 ? RELEVO_OK : grow_handles(peer, error);
}

uint32_t peer_add_handle(struct engine_peer *peer, struct queue *queue)
{
	uint32_t handle = peer->free_handle;
	assert(handle != 0);
	peer->free_handle = peer->handles[handle - 1].next_free;
	peer->handles[handle - 1].queue = queue;
	peer->handle_count++;
	queue_hold(queue);
	queue->handles++;
	return handle;
}

int peer_find_handle(struct engine_peer *peer, uint32_t handle, struct queue **queue,
		     struct error *error)
{
	if (handle == 0 || handle > peer->handle_capacity ||
	    peer->handles[handle - 1].queue == NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the session has no queue with the number %u open", handle);
	*queue = peer->handles[handle - 1].queue;
	return RELEVO_OK;
}

int peer_find_queue(struct engine_peer *peer, uint32_t handle, struct queue **queue,
		    struct error *error)
{
	int status = peer_find_handle(peer, handle, queue, error);
	if (status == RELEVO_OK && (*queue)->deleted)
		return error_set(error, RELEVO_GONE, "the queue \"%s\" was deleted",
				 (*queue)->name);
	return status;
}

void peer_remove_handle(struct engine_peer *peer, uint32_t handle)
{
	struct queue *queue = peer->handles[handle - 1].queue;
	ahead_close(peer->handles[handle - 1].ahead);
	peer->handles[handle - 1] = (struct handle){ .next_free = peer->free_handle };
	peer->free_handle = handle;
	peer->handle_count--;
	queue->handles--;
	if (queue->handles == 0 && queue->options.lifetime == QUEUE_HANDLES && !queue->deleted)
		queue_end(queue);
	queue_drop(queue);
}
