/* Which extents there are. */
#include "store/store_extents.h"

#include <stdlib.h>
#include <string.h>

void store_extents_fini(struct store_extents *extents)
{
	free(extents->states);
	*extents = (struct store_extents){ .states = NULL };
}

bool store_extents_add(struct store_extents *extents, uint32_t number)
{
	if (extents->count == extents->capacity) {
		size_t capacity = extents->capacity == 0 ? 16 : extents->capacity * 2;
		void *states = realloc(extents->states, capacity * sizeof *extents->states);
		if (states == NULL)
			return false;
		extents->states = states;
		extents->capacity = capacity;
	}
	extents->states[extents->count++] = (struct store_extent_state){ .number = number };
	return true;
}

/* Where the first from that number on is. */
static size_t extents_find(const struct store_extents *extents, uint32_t from)
{
	size_t low = 0, high = extents->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (extents->states[middle].number < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t store_extents_next(const struct store_extents *extents, uint32_t from)
{
	for (size_t i = extents_find(extents, from); i < extents->count; i++) {
		if (!extents->states[i].trimmed)
			return extents->states[i].number;
	}
	return 0;
}

void store_extents_trim(struct store_extents *extents, uint32_t number)
{
	size_t i = extents_find(extents, number);
	if (i < extents->count && extents->states[i].number == number)
		extents->states[i].trimmed = true;
}

uint32_t store_extents_trimmed(const struct store_extents *extents, uint32_t below)
{
	for (size_t i = 0; i < extents->count && extents->states[i].number < below; i++) {
		if (extents->states[i].trimmed)
			return extents->states[i].number;
	}
	return 0;
}

void store_extents_remove(struct store_extents *extents, uint32_t number)
{
	size_t i = extents_find(extents, number);
	if (i == extents->count || extents->states[i].number != number)
		return;
	extents->count--;
	memmove(extents->states + i, extents->states + i + 1,
		(extents->count - i) * sizeof *extents->states);
}
