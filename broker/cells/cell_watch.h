#ifndef CELLS_CELL_WATCH_H
#define CELLS_CELL_WATCH_H

#include "cells/cell.h"
#include "collections/tree.h"

/*
 * Who waits for a cell, in order of what each waits for: a change touches those that it
 * serves, however many others there are.
 */
struct watch {
	struct tree_node node; /* in cell->watches */
	struct waiter *waiter;
	struct cell *cell;
	struct will *will; /* withdrawn if it is served, else carried out; NULL: none is left */
	struct list in_will;
	uint64_t version;                    /* not this one; then, the one found */
	uint32_t first;                      /* the element that it looks at */
	uint32_t left;                       /* how many others were, when it was served */
	uint8_t operand[ELEMENT_MAX_NUMBER]; /* then, what was found */
	uint8_t operation;
};

/* With its waiter among the others, as the last of those that wait for the same; and: out. */
void watch_enter(struct watch *watch);
void watch_leave(struct watch *watch);

/* What it waits for holds now. */
bool watch_is_over(const struct watch *watch);

/* It ends with that outcome, or with the one that has been decided on before, which is
 * returned. Notes what there was to see when it was. */
int watch_decide(struct watch *watch, int status);

/* It has been served, and only not been told yet. */
bool watch_is_served(const struct watch *watch);

/* Those elements have changed: whoever waited for what they are now is served. */
void watches_serve(struct cell *cell, uint32_t first, uint32_t count);

/* The cell has changed: whoever waited for any change is served. */
void watches_serve_changed(struct cell *cell);

/* The cell is gone, all are told. */
void watches_dismiss(struct cell *cell);

#endif
