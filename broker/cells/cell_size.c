/* How much is read of a cell, before it is. */
#include "cells/cell_size.h"

#include "cells/cell_handle.h"
#include "core/peer.h"

size_t cell_reading_size(struct engine_peer *peer, uint32_t handle, uint32_t count)
{
	struct cell *cell;
	if (cell_find_handle(peer, handle, &cell, NULL) != RELEVO_OK || count > cell->options.count)
		return 0;
	return (size_t)count * cell->options.width;
}
