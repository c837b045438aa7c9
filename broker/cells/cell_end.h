#ifndef CELLS_CELL_END_H
#define CELLS_CELL_END_H

#include "cells/cell.h"

/* Delete: its name is free, those who wait will be told. */
void cell_end(struct cell *cell);

/* The same, but not on record. */
void cell_forget(struct cell *cell);

#endif
