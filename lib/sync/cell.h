#ifndef SYNC_CELL_H
#define SYNC_CELL_H

#include "base/element.h"
#include "session/handle.h"
#include "session/watch.h"

#include <relevo/queue.h>
#include <relevo/value.h>

/*
 * What events, barriers, values and arrays have in common: a cell of the broker.
 * Elements here are in this program's own form.
 */
struct cell {
	struct handle handle;
	watch_slot watched;
	enum element_type type;
	uint32_t width; /* bytes of an element */
	uint32_t count; /* elements */
};

/* Terms of one update, at most. */
enum { CELL_TERMS = 8 };

enum cell_operation {
	CELL_SET = ELEMENT_COMPARISONS,
	CELL_ADD,
	CELL_CHANGED, /* of a wait: the version is not the one given */
};

struct cell_spec {
	enum relevo_open_mode mode;
	enum relevo_lifetime lifetime;
	enum element_type type;
	size_t size; /* of an element, if it is bytes */
	uint32_t count;
	const char *purpose;
	const void *initial; /* all elements; NULL: zero */
	bool durable;
};

/* Open a cell; name NULL: a new one. To be closed with cell_detach(). Errors as
 * relevo_value_open(). */
int cell_attach(struct cell *cell, relevo_session *session, const char *name,
		const struct cell_spec *spec, struct error *error);

void cell_detach(struct cell *cell);

/* Delete the cell of that name and purpose. */
int cell_remove(relevo_session *session, const char *name, const char *purpose);

/* A check or a change, as in cell.proto. */
struct cell_term {
	uint32_t first;
	int operation;
	const void *operand;
	size_t size; /* a multiple of the width */
};

/* A will, which is the connection's that it was made on: with that it is carried out,
 * and its number may be another's on the next. Zero: none. */
struct cell_will {
	uint64_t number;
	uint64_t epoch;
};

/* One update, as in cell.proto; the last `will_count` of the terms are the will. */
struct cell_update {
	const struct cell_term *terms;
	size_t count;
	size_t will_count;
	struct cell_will withdraw;
	uint32_t read_first, read_count;
	void *read; /* room for these elements */

	/* The outcome. */
	bool applied;
	uint64_t version;
	struct cell_will will;
	uint32_t waiters;
};

/* DISCONNECTED: also when the will to be withdrawn was carried out since its connection
 * was lost; nothing is changed then. */

int cell_call_update(struct cell *cell, struct cell_update *change, nsec_t deadline,
		     struct error *error);

/* One wait, as in cell.proto. */
struct cell_wait {
	struct cell_term term; /* on one element */
	uint64_t version;      /* for CELL_CHANGED; then, the one found */
	struct cell_will will; /* as above, DISCONNECTED if it is of another connection */
	nsec_t deadline;

	uint8_t found[ELEMENT_MAX_NUMBER]; /* the element that was waited for */
};

int cell_call_wait(struct cell *cell, struct cell_wait *watch, struct error *error);

/* The frame of such a wait. */
struct cell_asking {
	Relevo__CellWait operation;
	Relevo__Header header;
	uint8_t operand[ELEMENT_MAX_NUMBER];
	uint32_t size;
	struct iovec body;
};
void cell_describe_wait(const struct cell *cell, const struct cell_wait *watch,
			struct cell_asking *asking);

/* Have a will carried out. */
void cell_call_give_up(struct cell *cell, struct cell_will will);

#endif
