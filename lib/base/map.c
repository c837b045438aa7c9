/* A hash map with keys of bytes, which grows a few buckets at a time. */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

enum { FEWEST_BUCKETS = 16 };

/* FNV-1a from a secret start, finished with a multiply-shift mix: short names
 * only, and cheap. The secret start is what keeps chosen names apart. */
static uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;
	uint64_t hash = seed ^ 0xcbf29ce484222325U;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3U;
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15U;
	return hash ^ (hash >> 29);
}

void map_init(struct map *map, uint64_t seed)
{
	*map = (struct map){ .seed = seed };
}

void map_fini(struct map *map)
{
	free(map->buckets);
	free(map->old);
	*map = (struct map){ .seed = map->seed };
}

static size_t old_count(const struct map *map)
{
	return map->old != NULL ? map->bucket_count / 2 : 0;
}

static struct map_node **bucket_of(const struct map *map, uint64_t hash)
{
	size_t old = old_count(map);
	if (old > 0 && (hash & (old - 1)) >= map->moved)
		return &map->old[hash & (old - 1)];
	return &map->buckets[hash & (map->bucket_count - 1)];
}

struct map_node *map_find(const struct map *map, const void *key, size_t key_size)
{
	if (map->bucket_count == 0)
		return NULL;
	uint64_t hash = hash_bytes(map->seed, key, key_size);
	struct map_node *node = *bucket_of(map, hash);
	while (node != NULL && (node->hash != hash || node->key_size != key_size ||
				memcmp(node->key, key, key_size) != 0))
		node = node->next;
	return node;
}

static void move_bucket(struct map *map)
{
	struct map_node *node = map->old[map->moved++], *next;
	for (; node != NULL; node = next) {
		next = node->next;
		struct map_node **bucket = bucket_of(map, node->hash);
		node->next = *bucket;
		*bucket = node;
	}
}

/* Twice as many buckets are wanted only after so many insertions that all have been moved. */
static void go_on_growing(struct map *map)
{
	enum { MOVED_AT_ONCE = 2 };
	for (int i = 0; i < MOVED_AT_ONCE && map->old != NULL; i++) {
		move_bucket(map);
		if (map->moved < old_count(map))
			continue;
		free(map->old);
		map->old = NULL;
		map->moved = 0;
	}
}

static bool map_grow(struct map *map)
{
	size_t count = map->bucket_count > 0 ? map->bucket_count * 2 : FEWEST_BUCKETS;
	struct map_node **buckets = calloc(count, sizeof(struct map_node *));
	if (buckets == NULL)
		return false;
	map->old = map->buckets;
	map->buckets = buckets;
	map->bucket_count = count;
	return true;
}

size_t map_growth(const struct map *map)
{
	if (map->count < map->bucket_count)
		return 0;
	return (map->bucket_count > 0 ? map->bucket_count : FEWEST_BUCKETS) * sizeof *map->buckets;
}

bool map_insert(struct map *map, struct map_node *node, const void *key, size_t key_size)
{
	go_on_growing(map);
	if (map->count >= map->bucket_count && !map_grow(map))
		return false;
	node->hash = hash_bytes(map->seed, key, key_size);
	node->key = key;
	node->key_size = key_size;
	struct map_node **bucket = bucket_of(map, node->hash);
	node->next = *bucket;
	*bucket = node;
	map->count++;
	return true;
}

void map_remove(struct map *map, struct map_node *node)
{
	struct map_node **link = bucket_of(map, node->hash);
	while (*link != node)
		link = &(*link)->next;
	*link = node->next;
	map->count--;
}

static struct map_node *map_first_from(struct map_node *const *buckets, size_t from, size_t count)
{
	for (size_t i = from; i < count; i++) {
		if (buckets[i] != NULL)
			return buckets[i];
	}
	return NULL;
}

/* First those that have not been moved, then the others. */
struct map_node *map_next(const struct map *map, const struct map_node *node)
{
	size_t old = old_count(map);
	size_t from = map->moved, next = 0;
	if (node != NULL && node->next != NULL)
		return node->next;
	if (node != NULL && old > 0 && (node->hash & (old - 1)) >= map->moved) {
		from = (node->hash & (old - 1)) + 1;
	} else if (node != NULL) {
		from = old;
		next = (node->hash & (map->bucket_count - 1)) + 1;
	}
	struct map_node *found = map_first_from(map->old, from, old);
	return found != NULL ? found : map_first_from(map->buckets, next, map->bucket_count);
}
