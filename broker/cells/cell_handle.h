/* The cells that a session has open. */
#ifndef CELLS_CELL_HANDLE_H
#define CELLS_CELL_HANDLE_H

#include "cells/cell.h"

/* A new handle for the cell: there is room for it, see handle_reserve(). */
uint32_t cell_add_handle(struct engine_peer *peer, struct cell *cell);

/* Forget an open handle. */
void cell_remove_handle(struct engine_peer *peer, uint32_t handle);

/* The cell behind the handle, which may have been deleted; BAD_ARGUMENT. */
int cell_find_handle(struct engine_peer *peer, uint32_t handle, struct cell **cell,
		     struct error *error);

/* The same, GONE if it was deleted. */
int cell_of_handle(struct engine_peer *peer, uint32_t handle, struct cell **cell,
		   struct error *error);

/* Have open what the other session has. QUOTA, NO_MEMORY. */
int cells_inherit(struct engine_peer *peer, const struct engine_peer *from, struct error *error);

/* The session has ended: close what it has open, delete what it owns, or a piece of these.
 * False: there is more. */
bool cells_leave(struct engine_peer *peer);

#endif
