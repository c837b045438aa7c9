/* The wills of a session: leaving one, finding it, executing it. */
#include "cells/will.h"

#include "base/mutant.h"
#include "cells/cell_apply.h"
#include "cells/cell_watch.h"
#include "collections/populate.h"
#include "core/charge.h"
#include "core/peer.h"
#include "core/work.h"

#include <stdlib.h>
#include <string.h>

static int will_admit(const struct engine_peer *peer, size_t cost, struct error *error)
{
	if (peer->will_count >= peer->engine->config.peer_waiters)
		return error_set(error, RELEVO_LIMIT,
				 "the session has %u wills, the most that it may have",
				 peer->will_count);
	return charge(peer->account, cost, "a will", error);
}

/* The operands go behind the terms. */
static void copy_terms(struct will *will, const struct cell_term *terms)
{
	uint8_t *room = (uint8_t *)(will->terms + will->count);
	for (size_t i = 0; i < will->count; i++) {
		will->terms[i] = terms[i];
		will->terms[i].operand = room;
		memcpy(room, terms[i].operand, terms[i].size);
		room += terms[i].size;
	}
}

static struct will *will_allocate(struct engine_peer *peer, size_t size)
{
	struct will *will = malloc(size);
	if (will == NULL)
		return NULL;
	populate(will, size);
	*will = (struct will){ .peer = peer, .number = peer->last_will + 1 };
	if (map_insert(&peer->wills_by_number, &will->by_number, &will->number,
		       sizeof will->number))
		return will;
	free(will);
	return NULL;
}

int will_new(struct engine_peer *peer, struct cell *cell, const struct cell_update *update,
	     struct will **created, struct error *error)
{
	size_t size = sizeof(struct will) + update->will_count * sizeof *update->will;
	for (size_t i = 0; i < update->will_count; i++)
		size += update->will[i].size;
	size_t cost = size + CHARGE_OVERHEAD + 2 * sizeof(struct map_node *);
	int status = will_admit(peer, cost, error);
	if (status != RELEVO_OK)
		return status;
	struct will *will = will_allocate(peer, size);
	if (will == NULL) {
		account_release(peer->account, cost);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a will");
	}
	peer->last_will++;
	will->cell = cell;
	will->cost = cost;
	will->count = update->will_count;
	list_init(&will->watches);
	copy_terms(will, update->will);
	cell_hold(cell);
	list_append(&peer->wills, &will->in_peer);
	peer->will_count++;
	*created = will;
	return RELEVO_OK;
}

/* A wait that names it has been served, and only not been told yet. */
static bool is_void(const struct will *will)
{
	list_for_each (node, &will->watches) {
		const struct watch *watch = container_of(node, struct watch, in_will);
		if (watch_is_served(watch))
			return !MUTANT(will_outlives_wait);
	}
	return false;
}

struct will *will_find(const struct engine_peer *peer, uint64_t number)
{
	struct map_node *node = map_find(&peer->wills_by_number, &number, sizeof number);
	struct will *will = node != NULL ? container_of(node, struct will, by_number) : NULL;
	if (will == NULL || !is_void(will))
		return will;
	will_free(will);
	return NULL;
}

/* Nobody finds it any more, or decides on it. */
static void detach(struct will *will)
{
	if (!list_linked(&will->in_peer))
		return;
	list_remove(&will->in_peer);
	map_remove(&will->peer->wills_by_number, &will->by_number);
	list_for_each (node, &will->watches) {
		list_remove(node);
		container_of(node, struct watch, in_will)->will = NULL;
	}
}

void will_free(struct will *will)
{
	if (will == NULL)
		return;
	detach(will);
	will->peer->will_count--;
	account_release(will->peer->account, will->cost);
	cell_drop(will->cell);
	free(will);
}

void will_execute(struct will *will)
{
	/* It must not be found again by whoever is served. */
	detach(will);
	if (!will->cell->deleted)
		cell_apply(will->cell, will->terms, will->count);
	will_free(will);
}

bool wills_execute(struct engine_peer *peer)
{
	struct list *node;
	while ((node = list_first(&peer->wills)) != NULL && !MUTANT(wills_forgotten)) {
		if (work_over(peer->engine))
			return false;
		work_spend(peer->engine, 1);
		will_execute(container_of(node, struct will, in_peer));
	}
	return true;
}
