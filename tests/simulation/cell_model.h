#ifndef SIMULATION_CELL_MODEL_H
#define SIMULATION_CELL_MODEL_H

#include "base/clock.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Cells as one would explain them: arrays, and loops over all there is. Elements
 * are numbers of 64 bits. Sessions, handles, calls and wills have fixed places.
 */
enum {
	CELLS_PEERS = 4,
	CELLS_NAMES = 3,
	CELLS_HANDLES = 3,
	CELLS_ELEMENTS = 3,
	CELLS_CALLS = 24,
	CELLS_WILLS = 16,
	CELLS_TERMS = 4,
	CELLS_MOST = 20000, /* cells that are made in one world */
};

struct model_cell {
	bool deleted;
	int name;
	int owner; /* the session that it ends with; -1: none */
	enum queue_lifetime lifetime;
	uint32_t handles;
	uint64_t version;
	int64_t values[CELLS_ELEMENTS];
};

struct model_term {
	uint32_t first;
	uint8_t operation;
	int64_t operand;
};

struct model_will {
	bool valid;
	int peer;
	uint64_t number;
	struct model_cell *cell;
	struct model_term terms[CELLS_TERMS];
	uint32_t count;
};

enum model_call_state { CALL_FREE, CALL_WAITS, CALL_ANSWERED };

struct model_call {
	enum model_call_state state;
	int peer;
	struct model_cell *cell;
	struct model_term term;
	uint64_t version; /* not this one; then, the one found */
	int will;         /* its place; -1: none */
	nsec_t deadline;
	/* When it is answered, add this to element 0 of its cell, from inside. */
	int64_t inside;
	uint64_t turn; /* of the answer */
	int status;
	int64_t found;
};

struct cell_model {
	nsec_t now;
	struct model_cell *cells; /* CELLS_MOST of them */
	uint32_t cell_count;
	struct model_cell *handles[CELLS_PEERS][CELLS_HANDLES];
	struct model_will wills[CELLS_WILLS]; /* in order of their numbers, by session */
	struct model_call calls[CELLS_CALLS];
	uint64_t last_turn;
	uint64_t answered_turn;
};

/* The cell that has the name, or NULL. */
struct model_cell *cell_model_named(struct cell_model *model, int name);

struct model_cell *cell_model_create(struct cell_model *model, int name, int peer,
				     enum queue_lifetime lifetime);
void cell_model_close(struct cell_model *model, int peer, int handle);
void cell_model_delete(struct cell_model *model, struct model_cell *cell);

/* Whether the update was done. Serves those who wait. */
bool cell_model_apply(struct cell_model *model, struct model_cell *cell,
		      const struct model_term *terms, uint32_t count);

/* The call has been filled in. */
void cell_model_wait(struct cell_model *model, struct model_call *call);
void cell_model_cancel(struct cell_model *model, struct model_call *call);
void cell_model_give_up(struct cell_model *model, struct model_will *will);
void cell_model_tick(struct cell_model *model, nsec_t now);
void cell_model_gone(struct cell_model *model, int peer);

/* After each of these: give the answers, with what is done from inside them. */
void cell_model_answer(struct cell_model *model);

nsec_t cell_model_next_deadline(const struct cell_model *model);
uint32_t cell_model_waiters(const struct cell_model *model, const struct model_cell *cell);

#endif
