/* A ring buffer of bytes: see ring.h. */
#include "transport/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool ring_init(struct ring *ring, size_t capacity)
{
	*ring = (struct ring){ .bytes = malloc(capacity), .capacity = capacity };
	return ring->bytes != NULL;
}

void ring_fini(struct ring *ring)
{
	free(ring->bytes);
	*ring = (struct ring){ 0 };
}

/* The circle from `from` on, `size` bytes long, as it lies in memory. */
static int ring_cut(const struct ring *ring, size_t from, size_t size, struct iovec pieces[2])
{
	if (size == 0)
		return 0;
	from %= ring->capacity;
	size_t first = ring->capacity - from < size ? ring->capacity - from : size;
	pieces[0] = (struct iovec){ ring->bytes + from, first };
	pieces[1] = (struct iovec){ ring->bytes, size - first };
	return first < size ? 2 : 1;
}

int ring_used_pieces(const struct ring *ring, struct iovec pieces[2])
{
	return ring_cut(ring, ring->start, ring->size, pieces);
}

int ring_free_pieces(const struct ring *ring, struct iovec pieces[2])
{
	return ring_cut(ring, ring->start + ring->size, ring_room(ring), pieces);
}

void ring_commit(struct ring *ring, size_t size)
{
	assert(size <= ring_room(ring));
	ring->size += size;
}

void ring_consume(struct ring *ring, size_t size)
{
	assert(size <= ring->size);
	ring->start = (ring->start + size) % ring->capacity;
	ring->size -= size;
}

size_t ring_write(struct ring *ring, const void *bytes, size_t size)
{
	struct iovec pieces[2];
	int count = ring_free_pieces(ring, pieces);
	size_t done = 0;
	for (int i = 0; i < count && done < size; i++) {
		size_t part = size - done < pieces[i].iov_len ? size - done : pieces[i].iov_len;
		memcpy(pieces[i].iov_base, (const uint8_t *)bytes + done, part);
		done += part;
	}
	ring_commit(ring, done);
	return done;
}

size_t ring_read(struct ring *ring, void *bytes, size_t size)
{
	struct iovec pieces[2];
	int count = ring_used_pieces(ring, pieces);
	size_t done = 0;
	for (int i = 0; i < count && done < size; i++) {
		size_t part = size - done < pieces[i].iov_len ? size - done : pieces[i].iov_len;
		memcpy((uint8_t *)bytes + done, pieces[i].iov_base, part);
		done += part;
	}
	ring_consume(ring, done);
	return done;
}

bool ring_resize(struct ring *ring, size_t capacity)
{
	struct ring other;
	assert(ring->size <= capacity);
	if (!ring_init(&other, capacity)) {
		ring_fini(&other);
		return false;
	}
	ring_commit(&other, ring_read(ring, other.bytes, ring->size));
	ring_fini(ring);
	*ring = other;
	return true;
}
