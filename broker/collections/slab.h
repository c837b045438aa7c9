#ifndef COLLECTIONS_SLAB_H
#define COLLECTIONS_SLAB_H

#include <stddef.h>

/*
 * Memory for very many small things of few sizes that come and go. Blocks of a size lie in
 * slabs of 16 KiB, so that taking one and giving it back is a few steps, however many there
 * are; a slab goes back to malloc(3) with the last block of it. Zero-initialised is empty and
 * valid. Not thread-safe.
 */
enum { SLAB_UNIT = 16, SLAB_SIZES = 32, SLAB_LARGEST = SLAB_UNIT * (SLAB_SIZES - 1) + 8 };

/* Slabs of which no block is out, that are kept at most; and bytes that slabs may have more than
 * twice what is out. Beyond, blocks come from malloc(3) one by one: whoever leaves a single
 * block of every slab out must not keep all of their memory from the rest. */
enum { SLAB_KEPT = 256, SLAB_WASTE = 16 << 20 };

struct slab;

struct slabs {
	struct slab *with_room[SLAB_SIZES]; /* those of a size that have a block left */
	size_t empty;                       /* those among them of which no block is out */
	size_t held, out;                   /* bytes of slabs, and of their blocks that are out */
};

/* At least `size` bytes, not initialised, for what needs to be aligned to 8 bytes at most.
 * Any size is allowed. NULL when memory ran out. */
void *slab_take(struct slabs *slabs, size_t size);

/* Take back what slab_take() gave for that size. NULL is allowed. */
void slab_give(struct slabs *slabs, void *block, size_t size);

/* Every block must be back. */
void slab_fini(struct slabs *slabs);

#endif
