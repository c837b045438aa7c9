#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A hash map from byte strings to elements that hold the node. The key's bytes
 * belong to the element and must stay where they are while it is in the map.
 * The hash is seeded at random for each map, so that nobody outside can choose
 * names that collide.
 */
struct map_node {
	struct map_node *next;
	uint64_t hash;
	const void *key;
	size_t key_size;
};

struct map {
	struct map_node **buckets;
	size_t bucket_count; /* a power of two, or 0 */
	/* While it grows, a few at each insertion, so that none takes long: half as many, of
	 * which those in front have been moved. */
	struct map_node **old;
	size_t moved;
	size_t count;
	uint64_t seed;
};

void map_init(struct map *map, uint64_t seed);

/* Frees the table; the elements are the caller's. */
void map_fini(struct map *map);

/* The node with that key, or NULL. */
struct map_node *map_find(const struct map *map, const void *key, size_t key_size);

/* Bytes that the table will grow by with the next insertion, if any. */
size_t map_growth(const struct map *map);

/* The key must not be in the map yet. False when memory ran out. */
bool map_insert(struct map *map, struct map_node *node, const void *key, size_t key_size);

/* The node must be in the map. */
void map_remove(struct map *map, struct map_node *node);

/* Walk over all: `node` = map_next(map, NULL) is the first, NULL ends. The map
 * must not change in between, except that `node` itself may be removed after
 * its successor has been fetched. */
struct map_node *map_next(const struct map *map, const struct map_node *node);

#endif
