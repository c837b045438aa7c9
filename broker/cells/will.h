#ifndef CELLS_WILL_H
#define CELLS_WILL_H

#include "base/list.h"
#include "base/map.h"
#include "cells/cell_call.h"

/* An update of a cell that waits for its session to end. */
struct will {
	struct list in_peer;
	struct map_node by_number; /* in peer->wills_by_number */
	struct list watches;       /* waits that decide on it */
	struct engine_peer *peer;
	struct cell *cell;
	uint64_t number;
	size_t cost;
	size_t count;
	struct cell_term terms[]; /* their operands stand behind them */
};

/* A will of the session, with a copy of the terms. LIMIT, QUOTA, NO_MEMORY. */
int will_new(struct engine_peer *peer, struct cell *cell, const struct cell_update *update,
	     struct will **will, struct error *error);

/* The session's will of that number, or NULL. */
struct will *will_find(const struct engine_peer *peer, uint64_t number);

/* It is void. NULL is allowed. */
void will_free(struct will *will);

/* Carry it out; it is gone then. */
void will_execute(struct will *will);

/* The session has ended: carry out a piece of them. False: there are more. */
bool wills_execute(struct engine_peer *peer);

#endif
