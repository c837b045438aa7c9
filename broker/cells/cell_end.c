/* The end of a cell: see cell_end.h. */
#include "cells/cell_end.h"

#include "cells/cell_record.h"
#include "cells/cell_watch.h"

void cell_end(struct cell *cell)
{
	cell_record_deleted(cell);
	cell_forget(cell);
}

void cell_forget(struct cell *cell)
{
	/* First of all, so that no will changes it any more. */
	cell->deleted = true;
	watches_dismiss(cell);
	map_remove(&cell->engine->cells, &cell->node);
	list_remove(&cell->in_owner);
	cell->account->queues--;
	cell_drop(cell);
}
