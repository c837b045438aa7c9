/* Terms of updates, and what they do. */
#ifndef CELLS_CELL_APPLY_H
#define CELLS_CELL_APPLY_H

#include "cells/cell.h"

/* BAD_ARGUMENT: the cell has no such elements. */
int cell_check_range(const struct cell *cell, uint32_t first, size_t count, struct error *error);

/* BAD_ARGUMENT: a term that does not suit the cell. LIMIT: too many. */
int cell_check_terms(const struct cell *cell, const struct cell_term *terms, size_t count,
		     struct error *error);

/* Do the update if its checks hold, and serve those who waited for it. */
bool cell_apply(struct cell *cell, const struct cell_term *terms, size_t count);

#endif
