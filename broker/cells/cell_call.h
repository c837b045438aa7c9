/* What can be asked of cells. */
#ifndef CELLS_CELL_CALL_H
#define CELLS_CELL_CALL_H

#include "base/bounds.h"
#include "base/element.h"
#include "base/error.h"
#include "core/object.h"
#include "core/wait.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct engine_peer;

/*
 * A cell is a value: elements of one type, and how often they have been changed.
 * Sessions change it in atomic steps and wait for it to meet a condition.
 */

struct cell_options {
	enum queue_lifetime lifetime; /* the same as those of queues */
	enum element_type type;
	uint32_t width;      /* bytes of an element; numbers know theirs */
	uint32_t count;      /* elements */
	const char *purpose; /* what it serves as, such as "event"; "": nothing special */
	bool durable;        /* kept on disk */
};

struct cell_open_request {
	const char *name;
	enum queue_open_mode mode;
	struct cell_options options;
	const uint8_t *initial; /* what it starts with, if it is created */
	size_t initial_size;    /* that of all elements; 0: they are zero */
};

struct cell_opened {
	uint32_t handle;  /* number of the cell in this session, never 0 */
	const char *name; /* valid until the engine is called again */
	bool created;
	uint64_t identity; /* tells it from any other that ever bears the name */
	struct cell_options options;
};

/*
 * Open a cell, as queue_open() does a queue. One that exists is left as it is.
 *   BAD_NAME, BAD_ARGUMENT, NOT_FOUND, EXISTS, QUOTA, LIMIT (handles of this
 *   session), NO_MEMORY, OPTION_MISMATCH (it serves another purpose; or, in mode
 *   OPEN_OR_CREATE, has another type, width, count or lifetime)
 */
int cell_open(struct engine_peer *peer, const struct cell_open_request *request,
	      struct cell_opened *opened, struct error *error);

/* Calls that wait for the cell, and wills, outlive the handle. BAD_ARGUMENT. */
int cell_close(struct engine_peer *peer, uint32_t handle, struct error *error);

/* Everybody who waits for it is answered with GONE. NOT_FOUND, BAD_NAME,
 * OPTION_MISMATCH (it serves another purpose). */
int cell_delete(struct engine *engine, const char *name, const char *purpose, struct error *error);

/* What can be done with elements: an enum element_comparison, or one of these. */
enum cell_operation {
	CELL_SET = ELEMENT_COMPARISONS,
	CELL_ADD,     /* numbers only */
	CELL_CHANGED, /* of a wait: the version is not the one given */
};

/* A check or a change of one or more elements. */
struct cell_term {
	uint32_t first;         /* the first of the elements */
	uint8_t operation;      /* an enum element_comparison, CELL_SET or CELL_ADD */
	const uint8_t *operand; /* one element for each of them */
	size_t size;            /* bytes of the operand: this tells how many they are */
};

/*
 * If every check holds, do all changes, in order; otherwise do none. Checks look
 * at the cell as it was before.
 *
 * A will is an update left with the engine, for a session that may die in between:
 * it is carried out when the session ends, whether in order or not, or when a wait
 * that names it comes to nothing. Like any update it does nothing when a check of
 * its own fails. It is made if the update is done, in the same step.
 */
struct cell_update {
	uint32_t handle;
	const struct cell_term *terms;
	size_t count;
	const struct cell_term *will;
	size_t will_count;               /* 0: no will */
	uint64_t withdraw;               /* a will of this session, void now in any case; 0: none */
	uint32_t read_first, read_count; /* elements to tell, as they are afterwards */
};

/*
 * Always answered before it returns, with OK, whether it was done or not: see the
 * reading, which is valid until the answer returns. BAD_ARGUMENT (no such handle,
 * element, operation or will; an operand of the wrong size), GONE, LIMIT (terms or
 * wills), QUOTA, NO_MEMORY.
 */
void cell_update(struct engine_peer *peer, const struct cell_update *update, nsec_t now,
		 struct waiter *waiter);

/* Have a will of the session carried out now. One that is void already is not. */
void cell_give_up(struct engine_peer *peer, uint64_t will, nsec_t now);

struct cell_wait {
	uint32_t handle;
	uint8_t operation; /* a comparison of one element that is a number, or CELL_CHANGED */
	uint32_t first;
	const uint8_t *operand;
	size_t size;
	uint64_t version; /* for CELL_CHANGED */
	uint64_t will;    /* one for this cell; 0: none */
	nsec_t deadline;  /* 0: do not wait */
};

/*
 * Wait until the condition holds. It is looked at after every change, so that no
 * change goes by unseen, however soon the next one follows. Answered with OK and,
 * in the reading, the element that made it hold and the version; the will, if there
 * is one, is withdrawn then. TIMED_OUT (also when it did not wait), GONE, LIMIT
 * (waiting calls), CANCELLED, QUOTA, NO_MEMORY: the will has been carried out.
 * BAD_ARGUMENT.
 */
void cell_wait(struct engine_peer *peer, const struct cell_wait *request, nsec_t now,
	       struct waiter *waiter);

#endif
