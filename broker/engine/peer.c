#include "engine/peer.h"

#include "base/mutant.h"
#include "engine/cell.h"
#include "engine/exclusive.h"
#include "engine/pipe.h"
#include "engine/queue.h"
#include "engine/shared.h"
#include "engine/token.h"
#include "engine/waiter.h"
#include "engine/will.h"

#include <assert.h>
#include <stdlib.h>

struct engine_peer *engine_peer_new(struct engine *engine, struct account *account)
{
	struct engine_peer *peer = calloc(1, sizeof *peer);
	if (peer == NULL)
		return NULL;
	peer->engine = engine;
	peer->number = ++engine->last_peer;
	peer->account = account;
	account_hold(account);
	list_init(&peer->waits);
	list_init(&peer->waiters);
	list_init(&peer->owned);
	list_init(&peer->owned_cells);
	list_init(&peer->made_shared);
	list_init(&peer->relays);
	list_init(&peer->wills);
	map_init(&peer->wills_by_number, engine_random(engine));
	engine->peers++;
	return peer;
}

static void drop_waiters(struct engine *engine, struct list *waiters)
{
	struct list *node;
	while ((node = list_first(waiters)) != NULL) {
		waiter_drop(container_of(node, struct waiter, in_peer));
		work_spend(engine, 1);
	}
}

static bool end_owned_queues(struct engine_peer *peer)
{
	struct list *node;
	while ((node = list_first(&peer->owned)) != NULL && !MUTANT(owned_outlives_owner)) {
		if (work_over(peer->engine))
			return false;
		work_spend(peer->engine, 1);
		queue_end(container_of(node, struct queue, in_owner));
	}
	return true;
}

static bool close_handles(struct engine_peer *peer)
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

static int queues_inherit(struct engine_peer *peer, const struct engine_peer *from,
			  struct error *error)
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

void engine_peer_hush(struct engine_peer *peer)
{
	peer->silent = true;
}

void engine_peer_speak(struct engine_peer *peer)
{
	for (uint32_t handle = 1; handle <= peer->queues.capacity && peer->silent; handle++) {
		struct queue *queue = handle_find(&peer->queues, handle);
		if (queue != NULL)
			queue->silent_handles--;
	}
	peer->silent = false;
}

int engine_peer_inherit(struct engine_peer *peer, const struct engine_peer *from,
			struct error *error)
{
	int status =
		MUTANT(children_inherit_nothing) ? RELEVO_OK : queues_inherit(peer, from, error);
	if (status == RELEVO_OK)
		status = cells_inherit(peer, from, error);
	if (status == RELEVO_OK)
		status = shared_inherit(peer, from, error);
	work_spend(peer->engine,
		   (uint64_t)peer->queues.count + peer->cells.count + peer->shared.count);
	return status;
}

static size_t count_objects(const struct engine *engine)
{
	return engine->queues.count + engine->cells.count + engine->shared.count;
}

bool engine_peer_busy(const struct engine_peer *peer)
{
	return peer->busy > 0;
}

/* ---- the end ------------------------------------------------------------ */

/* A piece of it. False: the next has to follow. */
static bool end_piece(struct engine_peer *peer)
{
	if (MUTANT(ends_in_one_turn))
		peer->engine->work.end = UINT64_MAX;
	return leases_return(peer) && wills_execute(peer) && end_owned_queues(peer) &&
	       pipes_leave(peer) && close_handles(peer) && cells_leave(peer) &&
	       shared_leave(peer) && leases_free(peer);
}

static void peer_free(struct engine_peer *peer)
{
	handle_table_fini(&peer->queues, peer->account);
	handle_table_fini(&peer->cells, peer->account);
	handle_table_fini(&peer->shared, peer->account);
	map_fini(&peer->wills_by_number);
	account_drop(peer->account);
	peer->engine->peers--;
	free(peer);
}

static void go_on_ending(struct work *work)
{
	struct engine_peer *peer = container_of(work, struct engine_peer, end);
	struct engine *engine = peer->engine;
	size_t objects = count_objects(engine);
	bool ended = end_piece(peer);
	peer->remains.objects += (uint32_t)(objects - count_objects(engine));
	if (!ended) {
		work_later(engine, work);
		return;
	}
	if (peer->on_end != NULL)
		peer->on_end(peer->end_context, &peer->remains);
	peer_free(peer);
}

void engine_peer_on_end(struct engine_peer *peer,
			void (*on_end)(void *context, const struct peer_remains *remains),
			void *context)
{
	peer->on_end = on_end;
	peer->end_context = context;
}

void engine_peer_leave(struct engine_peer *peer)
{
	peer->orderly = true;
}

void engine_peer_gone(struct engine_peer *peer, nsec_t now)
{
	struct engine *engine = peer->engine;
	engine_at(engine, now);
	peer->gone = true;
	peer->on_recall = NULL;
	peer->remains.leases = peer->leases.used;
	peer->end.go_on = go_on_ending;
	work_begin_call(engine);
	drop_waiters(engine, &peer->waits);
	drop_waiters(engine, &peer->waiters);
	work_start(engine, &peer->end);
	engine_run(engine);
}

/* ---- handles ------------------------------------------------------------ */

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

void peer_remove_handle(struct engine_peer *peer, uint32_t handle)
{
	struct queue *queue = handle_find(&peer->queues, handle);
	ahead_close(peer, handle);
	handle_remove(&peer->queues, handle);
	exclusive_leave(peer, queue);
	queue->handles--;
	queue->silent_handles -= peer->silent;
	if (queue->handles == 0 && queue->options.lifetime == QUEUE_HANDLES && !queue->deleted)
		queue_end(queue);
	queue_drop(queue);
}
