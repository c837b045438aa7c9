/* Telling the recorder what changes in a cell, if it is durable. */
#ifndef CELLS_CELL_RECORD_H
#define CELLS_CELL_RECORD_H

#include "cells/cell.h"

/* Why it cannot be changed now: see recorder.h. */
int cell_record_check(const struct cell *cell, struct error *error);

/* `owner`: the id of the client with which it ends, or NULL. NO_MEMORY, or why nothing new can be
 * recorded now. */
int cell_record_created(struct cell *cell, const uint8_t *owner, struct error *error);

/* So many of its elements are as they are now. */
void cell_record_changed(struct cell *cell, uint32_t first, uint32_t count);
void cell_record_deleted(struct cell *cell);

#endif
