#ifndef BASE_SPARES_H
#define BASE_SPARES_H

#include <stddef.h>

/*
 * Memory for many small things of few sizes that come and go: a block that is given back
 * is kept for the next of its size, up to a bound in all. malloc(3) keeps seven of a size
 * at hand, and then merges and splits. Zero-initialised is empty and valid. Not
 * thread-safe.
 */
enum { SPARES_UNIT = 16, SPARES_SIZES = 32, SPARES_LARGEST = SPARES_UNIT * (SPARES_SIZES - 1) + 8 };

/* Bytes that are kept, at most. */
enum { SPARES_MOST = 4 << 20 };

struct spare;

struct spares {
	struct spare *blocks[SPARES_SIZES];
	size_t kept; /* bytes */
};

/* At least `size` bytes, not initialised. NULL when memory ran out. */
void *spares_take(struct spares *spares, size_t size);

/* Take back what spares_take() gave for that size. NULL is allowed. */
void spares_give(struct spares *spares, void *block, size_t size);

void spares_fini(struct spares *spares);

#endif
