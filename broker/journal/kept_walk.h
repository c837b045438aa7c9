/* Reading the items that are kept, run by run, from the store where they stand. */
#ifndef JOURNAL_KEPT_WALK_H
#define JOURNAL_KEPT_WALK_H

#include "base/buffer.h"
#include "journal/kept.h"

/* Items that could not be read. */
struct kept_gap {
	uint64_t queue;
	struct kept_run run;
};

struct kept_gaps {
	struct kept_gap *all;
	size_t count, capacity;
	uint64_t items;
};

/* A run that was read. */
struct kept_view {
	const struct kept_queue *queue;
	const struct kept_run *run;
	const struct items_record *head; /* what its items have in common */
	struct byte_reader entries;      /* at the first of its items; all of them are there */
};

/*
 * What cannot be read is noted as a gap, and the walk goes on. If a broker uses the store
 * meanwhile, such items may only have left, or stand elsewhere: kept_walk_again() tells.
 */
struct kept_walk {
	struct store *store;
	/* A status other than OK ends the walk with that. The view is valid until it returns. */
	int (*see)(void *context, const struct kept_view *view, struct error *error);
	void *context;

	struct buffer record;
	store_position at; /* of the record that is in there; 0: none */
	struct kept_gaps gaps;
	struct error first; /* why the first of the gaps was not read */
};

/* All of these: what see() returned, or NO_MEMORY. */
int kept_walk_run(struct kept_walk *walk, const struct kept_queue *queue,
		  const struct kept_run *run, struct error *error);
int kept_walk_queue(struct kept_walk *walk, const struct kept_queue *queue, struct error *error);

/* `newer` is what is kept by now. Of the gaps, those that stand elsewhere are seen now, and those
 * that have left are no gaps; the others stay. */
int kept_walk_again(struct kept_walk *walk, const struct kept *newer, struct error *error);

/* Gaps and memory, not the store. */
void kept_walk_fini(struct kept_walk *walk);

#endif
