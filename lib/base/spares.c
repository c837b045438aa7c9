#include "base/spares.h"

#include <stdlib.h>

struct spare {
	struct spare *next;
};

/* Whoever uses a block that was given back is found out only if it is really freed. */
#ifdef __SANITIZE_ADDRESS__
enum { KEPT_MOST = 0 };
#else
enum { KEPT_MOST = SPARES_MOST };
#endif

/* Blocks are as large as those of malloc(3), which has 8 bytes of its own: 8, 24, 40 ... */
static size_t bin_of(size_t size)
{
	return size > 8 ? (size - 8 + SPARES_UNIT - 1) / SPARES_UNIT : 0;
}

static size_t block_size(size_t bin)
{
	return bin * SPARES_UNIT + 8;
}

void *spares_take(struct spares *spares, size_t size)
{
	if (size > SPARES_LARGEST)
		return malloc(size);
	size_t bin = bin_of(size);
	struct spare *spare = spares->blocks[bin];
	if (spare == NULL)
		return malloc(block_size(bin));
	spares->blocks[bin] = spare->next;
	spares->kept -= block_size(bin);
	return spare;
}

void spares_give(struct spares *spares, void *block, size_t size)
{
	size_t bin = bin_of(size);
	if (block == NULL || size > SPARES_LARGEST || spares->kept + block_size(bin) > KEPT_MOST) {
		free(block);
		return;
	}
	struct spare *spare = block;
	spare->next = spares->blocks[bin];
	spares->blocks[bin] = spare;
	spares->kept += block_size(bin);
}

void spares_fini(struct spares *spares)
{
	for (size_t bin = 0; bin < SPARES_SIZES; bin++) {
		struct spare *spare;
		while ((spare = spares->blocks[bin]) != NULL) {
			spares->blocks[bin] = spare->next;
			free(spare);
		}
	}
	spares->kept = 0;
}
