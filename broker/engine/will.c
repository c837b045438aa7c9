#include "engine/will.h"

#include "base/mutant.h"
#include "engine/cell.h"
#include "engine/charge.h"
#include "engine/peer.h"

#include <stdlib.h>
#include <string.h>

static int admit(const struct engine_peer *peer, size_t cost, struct error *error)
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

int will_new(struct engine_peer *peer, struct cell *cell, const struct cell_update *update,
	     struct will **created, struct error *error)
{
	size_t size = sizeof(struct will) + update->will_count * sizeof *update->will;
	for (size_t i = 0; i < update->will_count; i++)
		size += update->will[i].size;
	int status = admit(peer, size + CHARGE_OVERHEAD, error);
	if (status != RELEVO_OK)
		return status;
	struct will *will = malloc(size);
	if (will == NULL) {
		account_release(peer->account, size + CHARGE_OVERHEAD);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a will");
	}
	*will = (struct will){
		.peer = peer,
		.cell = cell,
		.number = ++peer->last_will,
		.cost = size + CHARGE_OVERHEAD,
		.count = update->will_count,
	};
	copy_terms(will, update->will);
	cell_hold(cell);
	list_append(&peer->wills, &will->in_peer);
	peer->will_count++;
	*created = will;
	return RELEVO_OK;
}

struct will *will_find(const struct engine_peer *peer, uint64_t number)
{
	list_for_each (node, &peer->wills) {
		struct will *will = container_of(node, struct will, in_peer);
		if (will->number == number)
			return will;
	}
	return NULL;
}

void will_free(struct will *will)
{
	if (will == NULL)
		return;
	list_remove(&will->in_peer);
	will->peer->will_count--;
	account_release(will->peer->account, will->cost);
	cell_drop(will->cell);
	free(will);
}

void will_execute(struct will *will)
{
	/* It must not be found again by whoever is served. */
	list_remove(&will->in_peer);
	if (!will->cell->deleted)
		cell_apply(will->cell, will->terms, will->count);
	will_free(will);
}

void wills_execute(struct engine_peer *peer)
{
	struct list *node;
	while ((node = list_first(&peer->wills)) != NULL && !MUTANT(wills_forgotten))
		will_execute(container_of(node, struct will, in_peer));
}
