#ifndef TRANSPORT_RING_H
#define TRANSPORT_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * Bytes in a circle of fixed size, for a connection that somebody else reads
 * and writes: while an operation fills (or empties) the pieces it was given,
 * bytes may be taken (or added) at the other end. Not thread-safe.
 */
struct ring {
	uint8_t *bytes;
	size_t capacity;
	size_t start; /* of the bytes */
	size_t size;  /* how many there are */
};

/* False when memory ran out. */
bool ring_init(struct ring *ring, size_t capacity);
/* Give it another capacity, which must hold what is in it. False when memory ran out: it is
 * as before then. */
bool ring_resize(struct ring *ring, size_t capacity);

void ring_fini(struct ring *ring);

static inline size_t ring_room(const struct ring *ring)
{
	return ring->capacity - ring->size;
}

/* Copy in what has room, or out what is there; how much that was. */
size_t ring_write(struct ring *ring, const void *bytes, size_t size);
size_t ring_read(struct ring *ring, void *bytes, size_t size);

/* Where the bytes, or the room, are: at most two pieces; how many. */
int ring_used_pieces(const struct ring *ring, struct iovec pieces[2]);
int ring_free_pieces(const struct ring *ring, struct iovec pieces[2]);

/* `size` bytes were put into the free pieces, or taken from the used ones. */
void ring_commit(struct ring *ring, size_t size);
void ring_consume(struct ring *ring, size_t size);

#endif
