#ifndef COLLECTIONS_HEAP_H
#define COLLECTIONS_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A binary min-heap whose nodes live inside the elements and know their place,
 * so that any of them leaves in O(log n). Equal keys come out in no particular
 * order: put a sequence number into the key where order matters. In a ranked heap
 * the rank, which is the element's, counts first, and the key among equals.
 */
struct heap_node {
	uint64_t key;
	uint32_t place; /* 1-based; 0: in no heap */
	uint32_t rank;
};

struct heap {
	struct heap_node **nodes; /* nodes[0] is not used */
	uint32_t count;
	uint32_t capacity;
	bool ranked;
};

void heap_fini(struct heap *heap);

/* False when memory ran out: the node is not in the heap then. */
bool heap_push(struct heap *heap, struct heap_node *node, uint64_t key);

/* Memory for `more` pushes that then cannot fail; false when it ran out. */
bool heap_reserve(struct heap *heap, uint32_t more);

/* One of the pushes that heap_reserve() was called for. */
void heap_push_reserved(struct heap *heap, struct heap_node *node, uint64_t key);

/* The node with the smallest key, or NULL. */
static inline struct heap_node *heap_first(const struct heap *heap)
{
	return heap->count > 0 ? heap->nodes[1] : NULL;
}

/* Take a node out, wherever it is. A node that is in no heap is left alone. */
void heap_remove(struct heap *heap, struct heap_node *node);

static inline bool heap_holds(const struct heap_node *node)
{
	return node->place != 0;
}

#endif
