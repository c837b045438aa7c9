/* Blocks of memory out of slabs, with a list of slabs for each size: see slab.h. */
#include "collections/slab.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* As those of malloc(3), a block has 8 bytes before what its user sees. */
struct block {
	struct slab *slab;  /* NULL: it came from malloc(3) */
	struct block *next; /* while it is not out: the user's */
};

enum { BEFORE = sizeof(struct slab *) };

struct slab {
	struct slab *next, *previous; /* among those with room */
	struct block *given_back;
	uint32_t size; /* blocks that it has */
	uint32_t used; /* of them, those that have ever been out */
	uint32_t out;
	_Alignas(SLAB_UNIT) uint8_t blocks[];
};

/* With what malloc(3) adds, 16 KiB. */
enum { SLAB_BYTES = 16 * 1024 - 16 };

/* Whoever uses a block that was given back is found out only if it is really freed. */
#ifdef __SANITIZE_ADDRESS__
enum { LARGEST = 0 };
#else
enum { LARGEST = SLAB_LARGEST };
#endif

/* Blocks, with their slab before them, are of 16, 32, 48 ... bytes. */
static size_t bin_of(size_t size)
{
	return size > 8 ? (size - 8 + SLAB_UNIT - 1) / SLAB_UNIT : 0;
}

static size_t slab_block_size(size_t bin)
{
	return (bin + 1) * SLAB_UNIT;
}

static void link_slab(struct slabs *slabs, struct slab *slab, size_t bin)
{
	struct slab *next = slabs->with_room[bin];
	slab->next = next;
	slab->previous = NULL;
	if (next != NULL)
		next->previous = slab;
	slabs->with_room[bin] = slab;
}

static void unlink_slab(struct slabs *slabs, struct slab *slab, size_t bin)
{
	if (slab->previous != NULL)
		slab->previous->next = slab->next;
	else
		slabs->with_room[bin] = slab->next;
	if (slab->next != NULL)
		slab->next->previous = slab->previous;
}

/* NULL: memory ran out, or enough of it is in slabs. */
static struct slab *slab_new(struct slabs *slabs, size_t bin)
{
	bool enough = slabs->held > 2 * slabs->out + SLAB_WASTE;
	struct slab *slab = enough ? NULL : malloc(SLAB_BYTES);
	if (slab == NULL)
		return NULL;
	*slab = (struct slab){
		.size = (uint32_t)((SLAB_BYTES - sizeof *slab) / slab_block_size(bin)),
	};
	link_slab(slabs, slab, bin);
	slabs->empty++;
	slabs->held += SLAB_BYTES;
	return slab;
}

static void slab_free(struct slabs *slabs, struct slab *slab, size_t bin)
{
	unlink_slab(slabs, slab, bin);
	slabs->held -= SLAB_BYTES;
	free(slab);
}

static void *single_block(size_t bin)
{
	struct block *block = malloc(slab_block_size(bin));
	if (block == NULL)
		return NULL;
	block->slab = NULL;
	return (uint8_t *)block + BEFORE;
}

static struct block *take_block(struct slab *slab, size_t bin)
{
	struct block *block = slab->given_back;
	if (block != NULL) {
		slab->given_back = block->next;
		return block;
	}
	block = (struct block *)(slab->blocks + slab->used++ * slab_block_size(bin));
	block->slab = slab;
	return block;
}

void *slab_take(struct slabs *slabs, size_t size)
{
	if (size > LARGEST)
		return malloc(size);
	size_t bin = bin_of(size);
	struct slab *slab = slabs->with_room[bin];
	if (slab == NULL && (slab = slab_new(slabs, bin)) == NULL)
		return single_block(bin);
	struct block *block = take_block(slab, bin);
	slabs->out += slab_block_size(bin);
	if (slab->out++ == 0)
		slabs->empty--;
	if (slab->out == slab->size)
		unlink_slab(slabs, slab, bin);
	return (uint8_t *)block + BEFORE;
}

static void give_block(struct slabs *slabs, struct slab *slab, struct block *block, size_t bin)
{
	block->next = slab->given_back;
	slab->given_back = block;
	slabs->out -= slab_block_size(bin);
	if (slab->out-- == slab->size)
		link_slab(slabs, slab, bin);
	if (slab->out > 0)
		return;
	if (slabs->empty < SLAB_KEPT)
		slabs->empty++;
	else
		slab_free(slabs, slab, bin);
}

void slab_give(struct slabs *slabs, void *bytes, size_t size)
{
	if (bytes == NULL || size > LARGEST) {
		free(bytes);
		return;
	}
	struct block *block = (struct block *)((uint8_t *)bytes - BEFORE);
	if (block->slab != NULL)
		give_block(slabs, block->slab, block, bin_of(size));
	else
		free(block);
}

void slab_fini(struct slabs *slabs)
{
	for (size_t bin = 0; bin < SLAB_SIZES; bin++) {
		struct slab *slab;
		while ((slab = slabs->with_room[bin]) != NULL) {
			assert(slab->out == 0);
			slab_free(slabs, slab, bin);
		}
	}
	slabs->empty = 0;
}
