/* Elements in order, for those who want the next few behind any place. */
#ifndef COLLECTIONS_SORTED_H
#define COLLECTIONS_SORTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pointers to elements of the owner's, all of them different to `compare`. They stand in
 * blocks of a few hundred, so that an element comes, goes or is found in O(log n) and a
 * block's length, and one that is added last or leaves first in less. Zero but for
 * `compare` is empty and valid.
 */
struct sorted_block;

struct sorted {
	/* Of a key and an element, as for bsearch(); an element is a key, too. */
	int (*compare)(const void *key, const void *element);
	struct sorted_block **blocks;
	size_t block_count, block_capacity;
	struct sorted_block *spare; /* blocks for later */
	size_t spare_count;
	uint64_t count;
};

/* The elements are the owner's. */
void sorted_fini(struct sorted *sorted);

/* Memory for `more` insertions that then cannot fail, whatever leaves in between; false
 * when it ran out. */
bool sorted_reserve(struct sorted *sorted, uint64_t more);

/* False when memory ran out. */
bool sorted_insert(struct sorted *sorted, void *element);

/* False: it is not there. */
bool sorted_remove(struct sorted *sorted, const void *element);

/* A place between elements, until one comes or goes. */
struct sorted_place {
	size_t block, at;
};

/* Before the first element that is not less than the key; with `behind`, that is greater. */
struct sorted_place sorted_find(const struct sorted *sorted, const void *key, bool behind);

/* The element behind the place, which moves on; NULL: there is none. The first place is zero. */
void *sorted_next(const struct sorted *sorted, struct sorted_place *place);

/* The first, or NULL. */
void *sorted_first(const struct sorted *sorted);

#endif
