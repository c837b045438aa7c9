/* How many items still need each extent of the log. */
#ifndef JOURNAL_SPACE_H
#define JOURNAL_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct extent {
	uint64_t live;    /* items whose bodies stand there */
	uint64_t total;   /* that ever did */
	uint64_t emptied; /* the epoch in which the last of them left */
	bool trimmed;
};

/* Zero is empty and valid. */
struct space {
	struct extent *extents; /* from number `first` on */
	uint32_t first;
	uint32_t count, capacity;
	uint32_t forgotten; /* all before that one are */
	uint64_t epoch;     /* the owner's: what happens now belongs to it */
};

void space_fini(struct space *space);

/* Know the extent, even if nothing is there yet. False when memory ran out. */
bool space_reach(struct space *space, uint32_t extent);

/* So many items more. Those of an extent that was forgotten are not counted: a recovery may still
 * read of them, and of their end. */
void space_add(struct space *space, uint32_t extent, uint64_t items);
void space_remove(struct space *space, uint32_t extent, uint64_t items);

/* NULL: it is not known, or was forgotten. */
struct extent *space_extent(const struct space *space, uint32_t extent);

/* Forget all before that one. */
void space_forget(struct space *space, uint32_t before);

#endif
