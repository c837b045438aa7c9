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
 * makes all of it free again. Not thread-safe.
 */
struct arena {
	ProtobufCAllocator allocator; /* hand this to protobuf-c */
	char *block;                  /* the common case fits in here */
	size_t used;                  /* of the block */
	struct arena_chunk *chunks;   /* what did not fit */
	size_t total;                 /* bytes given out since the last reset */
	size_t limit;                 /* of total */
};

/* False when memory ran out. */
bool arena_init(struct arena *arena, size_t limit);
void arena_fini(struct arena *arena);

void arena_reset(struct arena *arena);

/* Aligned for anything; NULL when the limit or memory is used up. */
void *arena_alloc(struct arena *arena, size_t size);

/* A limit that suits any header of at most FRAME_MAX_HEADER bytes that one of
 * our own sides writes. */
#define ARENA_LIMIT_FOR_HEADERS (4u * 1024 * 1024)

#endif
