#ifndef CELLS_CELL_SIZE_H
#define CELLS_CELL_SIZE_H

#include <stddef.h>
#include <stdint.h>

struct engine_peer;

/* How many bytes so many elements of the cell are; 0: it has fewer, or the session has no such
 * cell open. */
size_t cell_reading_size(struct engine_peer *peer, uint32_t handle, uint32_t count);

#endif
