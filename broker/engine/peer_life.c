/* How sessions begin, and end. */
#include "base/mutant.h"
#include "cells/cell_handle.h"
#include "cells/will.h"
#include "core/client.h"
#include "core/peer.h"
#include "core/run.h"
#include "core/waiter.h"
#include "core/work.h"
#include "engine/engine.h"
#include "engine/pipe.h"
#include "engine/shared.h"
#include "leases/ahead.h"
#include "leases/lease.h"
#include "leases/lease_return.h"
#include "queues/queue_handle.h"
#include "queues/token.h"

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

void engine_peer_identify(struct engine_peer *peer, const uint8_t id[CLIENT_ID_SIZE])
{
	client_identify(peer, id);
}

void engine_peer_on_recall(struct engine_peer *peer,
			   void (*on_recall)(void *context, uint32_t handle), void *context)
{
	peer->on_recall = on_recall;
	peer->recall_context = context;
}

static void drop_waiters(struct engine *engine, struct list *waiters)
{
	struct list *node;
	while ((node = list_first(waiters)) != NULL) {
		waiter_drop(container_of(node, struct waiter, in_peer));
		work_spend(engine, 1);
	}
}

void engine_peer_hush(struct engine_peer *peer)
{
	peer->silent = true;
}

void engine_peer_speak(struct engine_peer *peer)
{
	if (peer->silent)
		queues_speak(peer);
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
	/* Slots that are free are looked at, too. */
	work_spend(peer->engine, engine_peer_weight(from));
	return status;
}

uint64_t engine_peer_weight(const struct engine_peer *peer)
{
	return (uint64_t)peer->queues.capacity + peer->cells.capacity + peer->shared.capacity;
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

/* Its session has ended. */
static void peer_life_give_up(struct lease *lease)
{
	if (lease->peer->orderly && token_leave(lease))
		return;
	/* Nobody knows what it had read, unless it said so. */
	if (lease->ahead != NULL && lease->ahead->begins)
		lease_return_unread(lease);
	else
		lease_return(lease);
}

static bool leases_return(struct engine_peer *peer)
{
	struct lease *lease;
	while ((lease = lease_next(peer, &peer->end_slot)) != NULL) {
		if (work_over(peer->engine)) {
			peer->end_slot--;
			return false;
		}
		work_spend(peer->engine, 1);
		peer_life_give_up(lease);
	}
	return true;
}

/* A piece of it. False: the next has to follow. */
static bool end_piece(struct engine_peer *peer)
{
	if (MUTANT(ends_in_one_turn))
		peer->engine->work.end = UINT64_MAX;
	return leases_return(peer) && wills_execute(peer) && queues_end_owned(peer) &&
	       pipes_leave(peer) && queues_close(peer) && cells_leave(peer) && shared_leave(peer) &&
	       leases_free(peer) && client_leave(peer);
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

static void peer_life_go_on_ending(struct work *work)
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
	client_going(peer);
	peer->on_recall = NULL;
	peer->remains.leases = peer->leases.used;
	peer->end.go_on = peer_life_go_on_ending;
	work_begin_call(engine);
	drop_waiters(engine, &peer->waits);
	drop_waiters(engine, &peer->waiters);
	work_start(engine, &peer->end);
	engine_run(engine);
}
