#ifndef CELLS_CELL_H
#define CELLS_CELL_H

#include "cells/cell_call.h"
#include "collections/account.h"
#include "collections/tree.h"
#include "core/core.h"

/* Those who wait stand by what they wait for: a comparison, or one of these. */
enum {
	WATCHES_CHANGED = ELEMENT_COMPARISONS,
	WATCHES_NEVER, /* what cannot be */
	WATCHES_TREES,
};

/* Some who wait; or, with a decision, who have an outcome and are still to be told. */
struct watches {
	struct tree tree; /* of struct watch, see cell_watch.h */
	struct decision *decision;
};

/*
 * A cell lives as long as it has a name, and its memory as long as handles, wills
 * or waiters refer to it after that.
 */
struct cell {
	struct map_node node; /* in engine->cells, until it is deleted */
	struct engine *engine;
	struct account *account; /* who pays for it */
	struct cell_options options;
	uint64_t identity;
	uint32_t references; /* its name, handles, wills, waiters, whoever works on it */
	uint32_t handles;
	bool deleted;
	struct list in_owner; /* if it ends with the session that created it */

	struct watches watches[WATCHES_TREES]; /* who waits */
	uint32_t waiter_count;
	uint64_t version;
	size_t size;
	uint8_t *bytes;
	char purpose[CELL_MAX_PURPOSE + 1]; /* options.purpose points here */
	char name[];
};

/* A cell under a name that is not taken, charged to the peer's user. The request
 * has been checked. QUOTA, NO_MEMORY. */
int cell_new(struct engine_peer *peer, const char *name, const struct cell_open_request *request,
	     struct cell **cell, struct error *error);

/* One that is on record. */
struct cell_again {
	struct account *account;
	const char *name;
	const struct cell_options *options;
	const uint8_t *bytes; /* all of them */
};

/* Make it again, whatever it costs. NO_MEMORY. */
int cell_new_again(struct engine *engine, const struct cell_again *again, struct cell **cell,
		   struct error *error);

/* The cell of that name, or NULL. */
struct cell *cell_find(struct engine *engine, const char *name);

void cell_hold(struct cell *cell);
void cell_drop(struct cell *cell);

/* What to call it in a message: its purpose, or "cell". */
const char *cell_noun(const struct cell *cell);

#endif
