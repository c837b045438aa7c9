/* Allocating from bounded memory that is freed all at once. */
#include "wire/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum { BLOCK_SIZE = 16 * 1024, CHUNK_SIZE = 64 * 1024 };

/* What is larger gets a chunk of its own, so that at most a quarter of a shared
 * chunk is left unused when it is given up. */
enum { SHARED_MAX = CHUNK_SIZE / 4 };

struct arena_chunk {
	struct arena_chunk *next;
	alignas(max_align_t) char bytes[];
};

static void *arena_allocate(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

/* protobuf-c frees when it fails half way; the reset does it for us. */
static void arena_leave(void *arena, void *pointer)
{
	(void)arena;
	(void)pointer;
}

static void use_block(struct arena *arena)
{
	arena->next = arena->block;
	arena->left = arena->block_size;
	arena->total = 0;
	arena->out_of_memory = false;
}

void arena_init_with(struct arena *arena, void *block, size_t size, size_t limit)
{
	*arena = (struct arena){
		.allocator = { .alloc = arena_allocate,
			       .free = arena_leave,
			       .allocator_data = arena },
		.block = block,
		.block_size = size,
		.lent = true,
		.limit = limit,
	};
	use_block(arena);
}

bool arena_init(struct arena *arena, size_t limit)
{
	void *block = malloc(BLOCK_SIZE);
	arena_init_with(arena, block, block != NULL ? BLOCK_SIZE : 0, limit);
	arena->lent = false;
	return block != NULL;
}

static void free_chunks(struct arena *arena)
{
	while (arena->chunks != NULL) {
		struct arena_chunk *next = arena->chunks->next;
		free(arena->chunks);
		arena->chunks = next;
	}
}

void arena_fini(struct arena *arena)
{
	free_chunks(arena);
	if (!arena->lent)
		free(arena->block);
	*arena = (struct arena){ 0 };
}

void arena_reset(struct arena *arena)
{
	free_chunks(arena);
	use_block(arena);
}

/* A chunk with room for `size` bytes, counted as the memory that it costs. */
static char *arena_add_chunk(struct arena *arena, size_t size)
{
	size_t cost = sizeof(struct arena_chunk) + size;
	if (cost > arena->limit - arena->total)
		return NULL;
	struct arena_chunk *chunk = malloc(cost);
	if (chunk == NULL) {
		arena->out_of_memory = true;
		return NULL;
	}
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->total += cost;
	return chunk->bytes;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size > arena->limit)
		return NULL;
	size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (rounded > arena->left) {
		if (rounded > SHARED_MAX)
			return arena_add_chunk(arena, rounded);
		char *bytes = arena_add_chunk(arena, CHUNK_SIZE);
		if (bytes == NULL)
			return NULL;
		arena->next = bytes;
		arena->left = CHUNK_SIZE;
	}
	char *bytes = arena->next;
	arena->next += rounded;
	arena->left -= rounded;
	return bytes;
}
