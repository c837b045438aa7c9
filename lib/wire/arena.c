#include "wire/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum { BLOCK_SIZE = 16 * 1024 };

struct arena_chunk {
	struct arena_chunk *next;
	alignas(max_align_t) char bytes[];
};

static void *allocate(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

/* protobuf-c frees when it fails half way; the reset does it for us. */
static void leave(void *arena, void *pointer)
{
	(void)arena;
	(void)pointer;
}

bool arena_init(struct arena *arena, size_t limit)
{
	*arena = (struct arena){
		.allocator = { .alloc = allocate, .free = leave, .allocator_data = arena },
		.block = malloc(BLOCK_SIZE),
		.limit = limit,
	};
	return arena->block != NULL;
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
	free(arena->block);
	arena->block = NULL;
}

void arena_reset(struct arena *arena)
{
	free_chunks(arena);
	arena->used = 0;
	arena->total = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size > arena->limit)
		return NULL;
	size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (rounded > arena->limit - arena->total)
		return NULL;
	if (rounded <= BLOCK_SIZE - arena->used) {
		void *bytes = arena->block + arena->used;
		arena->used += rounded;
		arena->total += rounded;
		return bytes;
	}
	struct arena_chunk *chunk = malloc(sizeof *chunk + rounded);
	if (chunk == NULL)
		return NULL;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->total += rounded;
	return chunk->bytes;
}
