/* The handles that a session has of cells: adding, finding, inheriting, closing. */
#include "cells/cell_handle.h"

#include "cells/cell_end.h"
#include "core/client.h"
#include "core/peer.h"
#include "core/work.h"

#include <inttypes.h>

uint32_t cell_add_handle(struct engine_peer *peer, struct cell *cell)
{
	cell_hold(cell);
	cell->handles++;
	/* It waited for somebody who opens it. */
	if (cell->options.lifetime == QUEUE_HANDLES)
		list_remove(&cell->in_owner);
	return handle_add(&peer->cells, cell);
}

/* The session goes, with which it would end: it does, or its client cares for it. */
static void leave_cell(struct engine_peer *peer, struct cell *cell)
{
	struct client *heir = cell->options.durable ? client_heir(peer) : NULL;
	if (heir == NULL) {
		cell_end(cell);
		return;
	}
	list_remove(&cell->in_owner);
	list_append(client_cells(heir), &cell->in_owner);
}

void cell_remove_handle(struct engine_peer *peer, uint32_t handle)
{
	struct cell *cell = handle_find(&peer->cells, handle);
	handle_remove(&peer->cells, handle);
	cell->handles--;
	if (cell->handles == 0 && cell->options.lifetime == QUEUE_HANDLES && !cell->deleted)
		leave_cell(peer, cell);
	cell_drop(cell);
}

int cell_find_handle(struct engine_peer *peer, uint32_t handle, struct cell **cell,
		     struct error *error)
{
	*cell = handle_find(&peer->cells, handle);
	if (*cell == NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the session has no cell with the number %" PRIu32 " open",
				 handle);
	return RELEVO_OK;
}

int cell_of_handle(struct engine_peer *peer, uint32_t handle, struct cell **cell,
		   struct error *error)
{
	int status = cell_find_handle(peer, handle, cell, error);
	if (status == RELEVO_OK && (*cell)->deleted)
		return error_set(error, RELEVO_GONE, "the %s \"%s\" was deleted", cell_noun(*cell),
				 (*cell)->name);
	return status;
}

int cells_inherit(struct engine_peer *peer, const struct engine_peer *from, struct error *error)
{
	int status = handle_table_copy(&peer->cells, &from->cells, peer->account, error);
	for (uint32_t handle = 1; handle <= peer->cells.capacity; handle++) {
		struct cell *cell = handle_find(&peer->cells, handle);
		if (cell == NULL)
			continue;
		cell_hold(cell);
		cell->handles++;
	}
	return status;
}

bool cells_leave(struct engine_peer *peer)
{
	struct list *node = NULL;
	uint32_t handle = 0;
	while ((node = list_first(&peer->owned_cells)) != NULL ||
	       (handle = handle_next(&peer->cells)) != 0) {
		if (work_over(peer->engine))
			return false;
		work_spend(peer->engine, 1);
		if (node != NULL)
			leave_cell(peer, container_of(node, struct cell, in_owner));
		else
			cell_remove_handle(peer, handle);
	}
	return true;
}
