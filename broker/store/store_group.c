/* Groups in memory: adding records, and using their memory again. */
#include "store/store_group.h"

#include "store/store_format.h"

#include <relevo/status.h>
#include <stdlib.h>
#include <string.h>

/* A lone small record fits in the least. What is kept is as much as clients have on their way
 * when they put as fast as they can: new memory costs a fault for every page. */
enum { BYTES_LEAST = 512, BYTES_KEPT_MOST = 8 << 20, GROUPS_KEPT_MOST = 32 };

void store_group_free(struct store_group *group)
{
	if (group == NULL)
		return;
	free(group->bytes);
	free(group);
}

void store_group_pool_fini(struct store_group_pool *pool)
{
	while (pool->free != NULL) {
		struct store_group *group = pool->free;
		pool->free = group->next;
		store_group_free(group);
	}
	pool->count = 0;
	pool->bytes = 0;
}

static struct store_group *group_make(void)
{
	struct store_group *group = calloc(1, sizeof *group);
	if (group == NULL)
		return NULL;
	group->bytes = malloc(BYTES_LEAST);
	group->capacity = BYTES_LEAST;
	if (group->bytes == NULL) {
		free(group);
		return NULL;
	}
	return group;
}

struct store_group *store_group_new(struct store_group_pool *pool)
{
	struct store_group *group = pool->free;
	if (group != NULL) {
		pool->free = group->next;
		pool->count--;
		pool->bytes -= group->capacity;
	} else {
		group = group_make();
		if (group == NULL)
			return NULL;
	}
	*group = (struct store_group){ .bytes = group->bytes, .capacity = group->capacity };
	/* Written later, but never out of what was there. */
	memset(group->bytes, 0, STORE_GROUP_HEAD);
	group->size = STORE_GROUP_HEAD;
	return group;
}

void store_group_done(struct store_group_pool *pool, struct store_group *group)
{
	if (pool->count >= GROUPS_KEPT_MOST || pool->bytes + group->capacity > BYTES_KEPT_MOST) {
		store_group_free(group);
		return;
	}
	group->next = pool->free;
	pool->free = group;
	pool->count++;
	pool->bytes += group->capacity;
}

size_t store_record_size(const struct store_part *parts, size_t count)
{
	size_t size = STORE_RECORD_HEAD;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].size > STORE_RECORD_MOST - (size - STORE_RECORD_HEAD))
			return 0;
		size += parts[i].size;
	}
	return size;
}

static int group_reserve(struct store_group *group, size_t size)
{
	if (size <= group->capacity - group->size)
		return RELEVO_OK;
	if (size > STORE_GROUP_MOST - group->size)
		return RELEVO_TOO_LARGE;
	size_t capacity = group->capacity * 2;
	if (capacity < group->size + size)
		capacity = group->size + size;
	uint8_t *bytes = realloc(group->bytes, capacity);
	if (bytes == NULL)
		return RELEVO_NO_MEMORY;
	group->bytes = bytes;
	group->capacity = capacity;
	return RELEVO_OK;
}

static void group_put(struct store_group *group, const struct store_part *parts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (parts[i].size == 0)
			continue;
		memcpy(group->bytes + group->size, parts[i].bytes, parts[i].size);
		group->size += parts[i].size;
	}
}

int store_group_add(struct store_group *group, uint8_t type, const struct store_part *parts,
		    size_t count, size_t size)
{
	if (size == 0)
		return RELEVO_TOO_LARGE;
	int status = group_reserve(group, size);
	if (status != RELEVO_OK)
		return status;
	const struct store_record_head head = {
		.size = (uint32_t)(size - STORE_RECORD_HEAD),
		.type = type,
	};
	group->last = group->size;
	store_record_head_put(group->bytes + group->size, &head);
	group->size += STORE_RECORD_HEAD;
	group_put(group, parts, count);
	return RELEVO_OK;
}

int store_group_extend(struct store_group *group, const struct store_part *parts, size_t count)
{
	struct store_record_head head = store_record_head_get(group->bytes + group->last);
	size_t size = store_record_size(parts, count);
	if (size == 0 || size - STORE_RECORD_HEAD > STORE_RECORD_MOST - head.size)
		return RELEVO_TOO_LARGE;
	size -= STORE_RECORD_HEAD;
	int status = group_reserve(group, size);
	if (status != RELEVO_OK)
		return status;
	head.size += (uint32_t)size;
	store_record_head_put(group->bytes + group->last, &head);
	group_put(group, parts, count);
	return RELEVO_OK;
}
