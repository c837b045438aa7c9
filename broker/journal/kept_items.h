/* The items of queues that are kept, and where they stand. */
#ifndef JOURNAL_KEPT_ITEMS_H
#define JOURNAL_KEPT_ITEMS_H

#include "journal/kept_parts.h"

/* The runs of a queue begin empty, and end. */
void kept_items_init(struct kept_queue *queue);
void kept_items_fini(struct kept *kept, struct kept_queue *queue);

/* All of these: false when memory ran out, and nothing was changed. */

/* Those of the items that are not there yet. `run` says all about them. */
bool kept_add(struct kept *kept, struct kept_queue *queue, const struct kept_run *run);

/* They are there, or not; from now on they are as `run` says. */
bool kept_replace(struct kept *kept, struct kept_queue *queue, const struct kept_run *run);

/* Those of them that are there. */
bool kept_remove(struct kept *kept, struct kept_queue *queue, uint64_t first, uint64_t count);

/* What became of one item, if it is there. */
struct kept_fate {
	uint16_t deliveries;
	uint64_t due;
	bool immortal;
};

bool kept_tell(struct kept *kept, struct kept_queue *queue, uint64_t sequence,
	       const struct kept_fate *fate);

/* The run that the item is in; NULL: it is not there. */
struct kept_run *kept_find(const struct kept_queue *queue, uint64_t sequence);

/* The first run that ends at or behind the sequence; NULL: there is none. */
struct kept_run *kept_next(const struct kept_queue *queue, uint64_t sequence);

/* How often an item of the run was handed out. */
uint16_t kept_deliveries(const struct kept_queue *queue, const struct kept_run *run,
			 uint64_t sequence);

#endif
