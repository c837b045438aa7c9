/* Elements in order, in blocks of pointers that are split and merged as they fill and empty. */
#include "collections/sorted.h"

#include <stdlib.h>
#include <string.h>

/* Two neighbours have more than half a block together, so that few blocks do. */
enum { BLOCK = 254, HALF = BLOCK / 2 };

struct sorted_block {
	size_t first; /* those before it have left */
	union {
		size_t end;
		struct sorted_block *next; /* of the spare ones */
	};
	void *elements[BLOCK];
};

static size_t sorted_block_size(const struct sorted_block *block)
{
	return block->end - block->first;
}

void sorted_fini(struct sorted *sorted)
{
	for (size_t i = 0; i < sorted->block_count; i++)
		free(sorted->blocks[i]);
	while (sorted->spare != NULL) {
		struct sorted_block *next = sorted->spare->next;
		free(sorted->spare);
		sorted->spare = next;
	}
	free(sorted->blocks);
	*sorted = (struct sorted){ .compare = sorted->compare };
}

/* ---- blocks ------------------------------------------------------------- */

static bool reserve_places(struct sorted *sorted, size_t blocks)
{
	size_t capacity = sorted->block_capacity > 0 ? sorted->block_capacity : 8;
	while (capacity < blocks)
		capacity *= 2;
	if (capacity == sorted->block_capacity)
		return true;
	struct sorted_block **new =
		realloc(sorted->blocks, capacity * sizeof(struct sorted_block *));
	if (new == NULL)
		return false;
	sorted->blocks = new;
	sorted->block_capacity = capacity;
	return true;
}

/* Each block that there is may be full, and split by one insertion; a half takes many more. */
bool sorted_reserve(struct sorted *sorted, uint64_t more)
{
	size_t splits = more < sorted->block_count ? (size_t)more : sorted->block_count;
	size_t needed = splits + (size_t)(more / HALF) + 1;
	if (sorted->spare_count >= needed)
		return true;
	if (!reserve_places(sorted, sorted->block_count + needed))
		return false;
	while (sorted->spare_count < needed) {
		struct sorted_block *block = malloc(sizeof *block);
		if (block == NULL)
			return false;
		block->next = sorted->spare;
		sorted->spare = block;
		sorted->spare_count++;
	}
	return true;
}

/* There is one: see sorted_reserve(). */
static struct sorted_block *insert_block(struct sorted *sorted, size_t at)
{
	struct sorted_block *block = sorted->spare;
	sorted->spare = block->next;
	sorted->spare_count--;
	memmove(sorted->blocks + at + 1, sorted->blocks + at,
		(sorted->block_count++ - at) * sizeof(struct sorted_block *));
	sorted->blocks[at] = block;
	block->first = block->end = 0;
	return block;
}

/* It stays for later: it may have been reserved. */
static void remove_block(struct sorted *sorted, size_t at)
{
	struct sorted_block *block = sorted->blocks[at];
	memmove(sorted->blocks + at, sorted->blocks + at + 1,
		(--sorted->block_count - at) * sizeof(struct sorted_block *));
	block->next = sorted->spare;
	sorted->spare = block;
	sorted->spare_count++;
}

/* To its front, so that there is room behind. */
static void close_gap(struct sorted_block *block)
{
	memmove(block->elements, block->elements + block->first,
		sorted_block_size(block) * sizeof(void *));
	block->end -= block->first;
	block->first = 0;
}

/* The upper half of a full block; all that comes behind the last stands in a new one. */
static void sorted_split(struct sorted *sorted, size_t at, bool last)
{
	struct sorted_block *upper = insert_block(sorted, at + 1);
	struct sorted_block *lower = sorted->blocks[at];
	if (last)
		return;
	upper->end = BLOCK - HALF;
	memcpy(upper->elements, lower->elements + HALF, upper->end * sizeof(void *));
	lower->end = HALF;
}

static void merge(struct sorted *sorted, size_t lower_at)
{
	struct sorted_block *lower = sorted->blocks[lower_at];
	struct sorted_block *upper = sorted->blocks[lower_at + 1];
	if (sorted_block_size(lower) + sorted_block_size(upper) > HALF)
		return;
	close_gap(lower);
	memcpy(lower->elements + lower->end, upper->elements + upper->first,
	       sorted_block_size(upper) * sizeof(void *));
	lower->end += sorted_block_size(upper);
	remove_block(sorted, lower_at + 1);
}

/* ---- elements ------------------------------------------------------------ */

/* The key is behind the element. */
static bool is_behind(const struct sorted *sorted, const void *key, const void *element,
		      bool behind)
{
	int order = sorted->compare(key, element);
	return order > 0 || (behind && order == 0);
}

struct sorted_place sorted_find(const struct sorted *sorted, const void *key, bool behind)
{
	/* The first block whose last element is not before the key. */
	size_t low = 0, high = sorted->block_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct sorted_block *block = sorted->blocks[middle];
		if (is_behind(sorted, key, block->elements[block->end - 1], behind))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == sorted->block_count)
		return (struct sorted_place){ low, 0 };
	const struct sorted_block *block = sorted->blocks[low];
	size_t from = block->first, to = block->end - 1;
	while (from < to) {
		size_t middle = (from + to) / 2;
		if (is_behind(sorted, key, block->elements[middle], behind))
			from = middle + 1;
		else
			to = middle;
	}
	return (struct sorted_place){ low, from - block->first };
}

void *sorted_next(const struct sorted *sorted, struct sorted_place *place)
{
	if (place->block >= sorted->block_count)
		return NULL;
	const struct sorted_block *block = sorted->blocks[place->block];
	void *element = block->elements[block->first + place->at++];
	if (place->at == sorted_block_size(block))
		*place = (struct sorted_place){ place->block + 1, 0 };
	return element;
}

void *sorted_first(const struct sorted *sorted)
{
	struct sorted_place place = { 0 };
	return sorted_next(sorted, &place);
}

/* Where the element goes: behind the last one stays in its block. */
static struct sorted_place insertion_place(const struct sorted *sorted, const void *element)
{
	const struct sorted_block *last = sorted->blocks[sorted->block_count - 1];
	if (sorted->compare(element, last->elements[last->end - 1]) <= 0)
		return sorted_find(sorted, element, true);
	return (struct sorted_place){ sorted->block_count - 1, sorted_block_size(last) };
}

static void put_at(struct sorted_block *block, size_t at, void *element)
{
	if (block->end == BLOCK)
		close_gap(block);
	void **slot = block->elements + block->first + at;
	memmove(slot + 1, slot, (block->end++ - block->first - at) * sizeof(void *));
	*slot = element;
}

bool sorted_insert(struct sorted *sorted, void *element)
{
	struct sorted_place place = { 0 };
	if (sorted->count > 0)
		place = insertion_place(sorted, element);
	bool full = sorted->count > 0 && sorted_block_size(sorted->blocks[place.block]) == BLOCK;
	if ((full || sorted->count == 0) && sorted->spare_count == 0 && !sorted_reserve(sorted, 1))
		return false;
	if (sorted->count == 0)
		insert_block(sorted, 0);
	if (full) {
		bool last = place.at == BLOCK;
		size_t half = last ? BLOCK : HALF;
		sorted_split(sorted, place.block, last);
		if (place.at > half || last)
			place = (struct sorted_place){ place.block + 1, place.at - half };
	}
	put_at(sorted->blocks[place.block], place.at, element);
	sorted->count++;
	return true;
}

bool sorted_remove(struct sorted *sorted, const void *element)
{
	struct sorted_place place = sorted_find(sorted, element, false);
	struct sorted_place next = place;
	if (sorted_next(sorted, &next) != element)
		return false;
	struct sorted_block *block = sorted->blocks[place.block];
	void **slot = block->elements + block->first + place.at;
	if (place.at == 0)
		block->first++;
	else
		memmove(slot, slot + 1, (--block->end - block->first - place.at) * sizeof(void *));
	sorted->count--;
	if (sorted_block_size(block) == 0)
		remove_block(sorted, place.block);
	else if (place.block > 0 && sorted_block_size(block) <= HALF)
		merge(sorted, place.block - 1);
	return true;
}
