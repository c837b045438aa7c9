/* Counting the items in each extent: see space.h. */
#include "journal/space.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void space_fini(struct space *space)
{
	free(space->extents);
	*space = (struct space){ .epoch = space->epoch };
}

static bool space_grow(struct space *space, uint32_t count)
{
	if (count <= space->capacity)
		return true;
	uint32_t capacity = space->capacity > 0 ? space->capacity : 16;
	while (capacity < count)
		capacity *= 2;
	struct extent *extents = realloc(space->extents, capacity * sizeof *extents);
	if (extents == NULL)
		return false;
	space->extents = extents;
	space->capacity = capacity;
	return true;
}

/* Items are found in the order of their queues, not of their extents. */
static bool space_grow_down(struct space *space, uint32_t extent)
{
	uint32_t more = space->first - extent;
	if (!space_grow(space, space->count + more))
		return false;
	memmove(space->extents + more, space->extents, space->count * sizeof *space->extents);
	memset(space->extents, 0, more * sizeof *space->extents);
	space->count += more;
	space->first = extent;
	return true;
}

bool space_reach(struct space *space, uint32_t extent)
{
	/* One that was forgotten is not needed any more by anybody. */
	if (extent < space->forgotten)
		return true;
	if (space->count == 0)
		space->first = extent;
	if (extent < space->first)
		return space_grow_down(space, extent);
	uint32_t count = extent - space->first + 1;
	if (count <= space->count)
		return true;
	if (!space_grow(space, count))
		return false;
	memset(space->extents + space->count, 0, (count - space->count) * sizeof *space->extents);
	space->count = count;
	return true;
}

struct extent *space_extent(const struct space *space, uint32_t extent)
{
	if (extent < space->first || extent - space->first >= space->count)
		return NULL;
	return &space->extents[extent - space->first];
}

void space_add(struct space *space, uint32_t extent, uint64_t items)
{
	struct extent *found = space_extent(space, extent);
	if (found == NULL)
		return;
	found->live += items;
	found->total += items;
}

void space_remove(struct space *space, uint32_t extent, uint64_t items)
{
	struct extent *found = space_extent(space, extent);
	if (found == NULL)
		return;
	assert(found->live >= items);
	found->live -= items;
	if (found->live == 0)
		found->emptied = space->epoch;
}

void space_forget(struct space *space, uint32_t before)
{
	if (before > space->forgotten)
		space->forgotten = before;
	if (before <= space->first)
		return;
	uint32_t gone = before - space->first;
	if (gone > space->count)
		gone = space->count;
	space->count -= gone;
	space->first = before;
	memmove(space->extents, space->extents + gone, space->count * sizeof *space->extents);
}
