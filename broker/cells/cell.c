/* How cells come to be, are found by name, and last as long as somebody refers to them. */
#include "cells/cell.h"

#include "collections/populate.h"
#include "core/charge.h"
#include "core/peer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static size_t cell_cost(const struct cell *cell)
{
	return sizeof *cell + strlen(cell->name) + 1 + cell->size + 2 * CHARGE_OVERHEAD;
}

static struct cell *cell_allocate(struct engine *engine, struct account *account, const char *name,
				  const struct cell_options *options)
{
	size_t name_size = strlen(name) + 1;
	struct cell *cell = calloc(1, sizeof *cell + name_size);
	if (cell == NULL)
		return NULL;
	cell->engine = engine;
	cell->account = account;
	cell->options = *options;
	cell->references = 1;
	cell->size = (size_t)options->width * options->count;
	memcpy(cell->purpose, options->purpose, strlen(options->purpose) + 1);
	cell->options.purpose = cell->purpose;
	memcpy(cell->name, name, name_size);
	return cell;
}

/* Its value, and its place in the map. It has been paid for. */
static int cell_enter(struct cell *cell, const uint8_t *initial, struct error *error)
{
	struct engine *engine = cell->engine;
	cell->bytes = calloc(1, cell->size);
	if (cell->bytes == NULL ||
	    !map_insert(&engine->cells, &cell->node, cell->name, strlen(cell->name)))
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the %s \"%s\"",
				 cell_noun(cell), cell->name);
	if (initial != NULL) {
		populate(cell->bytes, cell->size);
		memcpy(cell->bytes, initial, cell->size);
	}
	account_hold(cell->account);
	cell->account->queues++;
	return RELEVO_OK;
}

static void cell_release(struct cell *cell)
{
	free(cell->bytes);
	free(cell);
}

int cell_new(struct engine_peer *peer, const char *name, const struct cell_open_request *request,
	     struct cell **created, struct error *error)
{
	struct account *account = peer->account;
	if (account->queues >= account->registry->queue_limit)
		return error_set(error, RELEVO_QUOTA,
				 "user %u asks for a cell beside the %u queues and cells allowed",
				 account->uid, account->registry->queue_limit);
	struct cell *cell = cell_allocate(peer->engine, account, name, &request->options);
	if (cell == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the cell \"%s\"", name);
	size_t cost = cell_cost(cell);
	int status = charge(account, cost, "a cell", error);
	if (status == RELEVO_OK) {
		status = cell_enter(cell, request->initial_size > 0 ? request->initial : NULL,
				    error);
		if (status != RELEVO_OK)
			account_release(account, cost);
	}
	if (status != RELEVO_OK) {
		cell_release(cell);
		return status;
	}
	cell->identity = ++cell->engine->last_identity;
	if (cell->options.lifetime == QUEUE_SESSION)
		list_append(&peer->owned_cells, &cell->in_owner);
	*created = cell;
	return RELEVO_OK;
}

int cell_new_again(struct engine *engine, const struct cell_again *again, struct cell **cell,
		   struct error *error)
{
	struct account *account = again->account;
	struct cell *new = cell_allocate(engine, account, again->name, again->options);
	if (new == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the cell \"%s\"",
				 again->name);
	size_t cost = cell_cost(new);
	/* It was within the limits when it was made. */
	account_charge_anyhow(account, cost);
	int status = cell_enter(new, again->bytes, error);
	if (status != RELEVO_OK) {
		account_release(account, cost);
		cell_release(new);
		return status;
	}
	*cell = new;
	return RELEVO_OK;
}

struct cell *cell_find(struct engine *engine, const char *name)
{
	struct map_node *node = map_find(&engine->cells, name, strlen(name));
	return node != NULL ? container_of(node, struct cell, node) : NULL;
}

void cell_hold(struct cell *cell)
{
	cell->references++;
}

void cell_drop(struct cell *cell)
{
	if (--cell->references > 0)
		return;
	assert(cell->deleted && cell->waiter_count == 0);
	struct account *account = cell->account;
	account_release(account, cell_cost(cell));
	cell_release(cell);
	account_drop(account);
}

const char *cell_noun(const struct cell *cell)
{
	return cell->purpose[0] != '\0' ? cell->purpose : "cell";
}
