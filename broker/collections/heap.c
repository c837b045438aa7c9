/* A binary min-heap in an array of pointers: see heap.h. */
#include "collections/heap.h"

#include <assert.h>
#include <stdlib.h>

void heap_fini(struct heap *heap)
{
	free(heap->nodes);
	*heap = (struct heap){ 0 };
}

bool heap_reserve(struct heap *heap, uint32_t more)
{
	uint64_t needed = (uint64_t)heap->count + more + 1;
	if (needed <= heap->capacity)
		return true;
	uint64_t capacity = heap->capacity > 0 ? heap->capacity : 16;
	while (capacity < needed)
		capacity *= 2;
	if (capacity > UINT32_MAX)
		return false;
	struct heap_node **nodes = realloc(heap->nodes, capacity * sizeof *nodes);
	if (nodes == NULL)
		return false;
	heap->nodes = nodes;
	heap->capacity = (uint32_t)capacity;
	return true;
}

static bool heap_precedes(const struct heap *heap, const struct heap_node *one,
			  const struct heap_node *other)
{
	if (heap->ranked && one->rank != other->rank)
		return one->rank < other->rank;
	return one->key < other->key;
}

static void heap_set(struct heap *heap, uint32_t place, struct heap_node *node)
{
	heap->nodes[place] = node;
	node->place = place;
}

static void sift_up(struct heap *heap, struct heap_node *node, uint32_t place)
{
	while (place > 1 && heap_precedes(heap, node, heap->nodes[place / 2])) {
		heap_set(heap, place, heap->nodes[place / 2]);
		place /= 2;
	}
	heap_set(heap, place, node);
}

static void sift_down(struct heap *heap, struct heap_node *node, uint32_t place)
{
	for (;;) {
		uint32_t child = place * 2;
		if (child > heap->count)
			break;
		if (child < heap->count &&
		    heap_precedes(heap, heap->nodes[child + 1], heap->nodes[child]))
			child++;
		if (!heap_precedes(heap, heap->nodes[child], node))
			break;
		heap_set(heap, place, heap->nodes[child]);
		place = child;
	}
	heap_set(heap, place, node);
}

void heap_push_reserved(struct heap *heap, struct heap_node *node, uint64_t key)
{
	assert(heap->count + 1 < heap->capacity);
	node->key = key;
	heap->count++;
	sift_up(heap, node, heap->count);
}

bool heap_push(struct heap *heap, struct heap_node *node, uint64_t key)
{
	if (!heap_reserve(heap, 1))
		return false;
	heap_push_reserved(heap, node, key);
	return true;
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
	uint32_t place = node->place;
	if (place == 0)
		return;
	node->place = 0;
	struct heap_node *last = heap->nodes[heap->count--];
	if (last == node)
		return;
	if (place > 1 && heap_precedes(heap, last, heap->nodes[place / 2]))
		sift_up(heap, last, place);
	else
		sift_down(heap, last, place);
}
