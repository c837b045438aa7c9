#ifndef ENGINE_CELL_END_H
#define ENGINE_CELL_END_H

#include "engine/cell.h"

/* Delete: its name is free, those who wait will be told. */
void cell_end(struct cell *cell);

#endif
