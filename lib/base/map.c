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
	map->buckets = NULL;
	map->bucket_count = map->count = 0;
}

static struct map_node **bucket_of(const struct map *map, uint64_t hash)
{
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

static bool grow(struct map *map)
{
	size_t old_count = map->bucket_count;
	struct map_node **old = map->buckets;
	size_t count = old_count > 0 ? old_count * 2 : FEWEST_BUCKETS;
	struct map_node **buckets = calloc(count, sizeof(struct map_node *));
	if (buckets == NULL)
		return false;
	map->buckets = buckets;
	map->bucket_count = count;
	for (size_t i = 0; i < old_count; i++) {
		for (struct map_node *node = old[i], *next; node != NULL; node = next) {
			next = node->next;
			struct map_node **bucket = bucket_of(map, node->hash);
			node->next = *bucket;
			*bucket = node;
		}
	}
	free(old);
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
	if (map->count >= map->bucket_count && !grow(map))
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

struct map_node *map_next(const struct map *map, const struct map_node *node)
{
	if (node != NULL && node->next != NULL)
		return node->next;
	size_t i = node != NULL ? (node->hash & (map->bucket_count - 1)) + 1 : 0;
	for (; i < map->bucket_count; i++) {
		if (map->buckets[i] != NULL)
			return map->buckets[i];
	}
	return NULL;
}
