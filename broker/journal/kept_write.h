/* Writing what is kept into another store. */
#ifndef JOURNAL_KEPT_WRITE_H
#define JOURNAL_KEPT_WRITE_H

#include "journal/kept_walk.h"

/* Zero but for the store, which was recovered, and had nothing. */
struct kept_writer {
	struct store *store;
	uint64_t queues, cells, items; /* that were written */
	bool told;                     /* of the last commit, and how it went */
	int status;
};

/*
 * Queues, cells and numbers, and with the walk, which this gives its see() and context, the items.
 * NO_MEMORY; STORAGE: the store cannot write. Items that cannot be read are gaps of the walk.
 * It waits for the store.
 */
int kept_write(struct kept_writer *writer, const struct kept *kept, struct kept_walk *walk,
	       struct error *error);

/* When all is written: it is durable. STORAGE. */
int kept_write_end(struct kept_writer *writer, struct error *error);

#endif
