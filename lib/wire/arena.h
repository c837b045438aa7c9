#ifndef WIRE_ARENA_H
#define WIRE_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The bounded memory that a header is unpacked into. protobuf-c allocates far
 * more than it reads when a message is made for it (an unknown field of two
 * bytes costs about eighty), so what one frame may cost is capped here, and
 * unpacking fails when it is used up. Nothing is freed singly: arena_reset()
 * makes all of it free again. Not thread-safe; must not move.
 */
struct arena {
	ProtobufCAllocator allocator; /* hand this to protobuf-c */
	char *block;                  /* kept for ever: the common case fits in here */
	size_t block_size;            /* of it */
	bool lent;                    /* it is the caller's */
	struct arena_chunk *chunks;   /* what did not fit, until the next reset */
	char *next;                   /* free bytes, in the block or the latest chunk */
	size_t left;                  /* how many */
	size_t total;                 /* bytes of all chunks */
	size_t limit;                 /* of total */
	bool out_of_memory;           /* since the last reset: malloc() failed, not the limit */
};

/* False when memory ran out. */
bool arena_init(struct arena *arena, size_t limit);
void arena_fini(struct arena *arena);

/* The same with a block of the caller's, aligned for anything, that lasts as long: what fits
 * into it costs no allocation. */
void arena_init_with(struct arena *arena, void *block, size_t size, size_t limit);

void arena_reset(struct arena *arena);

/* Aligned for anything; NULL when the limit or memory is used up. */
void *arena_alloc(struct arena *arena, size_t size);

/* A limit that suits any header of at most FRAME_MAX_HEADER bytes that one of
 * our own sides writes. */
#define ARENA_LIMIT_FOR_HEADERS (4u * 1024 * 1024)

#endif
